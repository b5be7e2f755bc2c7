//! Zaia's list: a page, filtered, searched.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, each, text};

const PATH: &str = "/api/v1/external-users";

async fn found(server: &TestServer, query: &str) -> Vec<String> {
    each(&server.zaia().get(&format!("{PATH}{query}")).await.array(200), "externalId")
}

async fn server_with_users(count: usize) -> TestServer {
    let server = TestServer::start().await;
    for number in 1..=count {
        create(&server, json!({ "externalId": format!("u-{number}") })).await;
    }
    server
}

#[tokio::test]
async fn a_page_holds_ten_users_oldest_first_and_the_last_fewer() {
    let server = server_with_users(13).await;
    let first = server.zaia().get(PATH).await.array(200);
    assert_eq!(
        each(&first, "externalId"),
        ["u-1", "u-2", "u-3", "u-4", "u-5", "u-6", "u-7", "u-8", "u-9", "u-10"]
    );
    assert_eq!(found(&server, "?pageNumber=2").await, ["u-11", "u-12", "u-13"]);
    assert_eq!(found(&server, "?pageNumber=3").await, [""; 0]);
    assert_eq!(found(&server, "?pageNumber=100000&pageSize=100").await, [""; 0]);
    assert_eq!(found(&server, "?pageSize=5&pageNumber=2").await, ["u-6", "u-7", "u-8", "u-9", "u-10"]);
    assert_eq!(found(&server, "?pageSize=100").await.len(), 13);
}

#[tokio::test]
async fn links_visit_all_pages_and_keep_filters() {
    let server = server_with_users(5).await;
    create(&server, json!({ "externalId": "somebody else" })).await;
    let mut walked = Vec::new();
    let mut next = Some(format!("{PATH}?search=u-&pageSize=2&pageNumber=1&count=true"));
    let mut pages = 0;
    while let Some(path) = next {
        let reply = server.zaia().get(&path).await;
        assert_eq!(reply.header("x-total-count"), Some("5"), "{reply}");
        next = reply.next();
        walked.extend(each(&reply.array(200), "externalId"));
        pages += 1;
    }
    assert_eq!(walked, ["u-1", "u-2", "u-3", "u-4", "u-5"]);
    assert_eq!(pages, 3, "the last link points to the last page");
}

#[tokio::test]
async fn returns_the_total_only_on_request() {
    let server = server_with_users(3).await;
    for (query, count) in [
        ("", None),
        ("?count=false", None),
        ("?count=true&pageSize=1", Some("3")),
        ("?count=true&search=u-2", Some("1")),
    ] {
        assert_eq!(
            server.zaia().get(&format!("{PATH}{query}")).await.header("x-total-count"),
            count,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_filter_accepts_several_ids() {
    let server = TestServer::start().await;
    let (red, blue) = (create_channel(&server, "red").await, create_channel(&server, "blue").await);
    let in_default = create(&server, json!({ "externalId": "default" })).await;
    create(&server, json!({ "externalId": "in red", "channelId": red })).await;
    create(&server, json!({ "externalId": "in blue", "channelId": blue })).await;

    assert_eq!(found(&server, &format!("?channelIds={red}")).await, ["in red"]);
    assert_eq!(found(&server, &format!("?channelIds={red}&channelIds={blue}")).await, ["in red", "in blue"]);
    let person = text(&in_default, "superIdentityId");
    assert_eq!(found(&server, &format!("?superIdentityIds={person}")).await, ["default"]);
    assert_eq!(
        found(&server, &format!("?superIdentityIds={person}&channelIds={red}")).await,
        [""; 0],
        "both hold"
    );
    server.zaia().get(&format!("{PATH}?channelIds=")).await.error(400, "bad_request");
}

#[tokio::test]
async fn unknown_ids_give_an_empty_list() {
    let server = server_with_users(1).await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    for filter in ["channelIds", "externalUserGroupIds", "superIdentityIds", "tierIds"] {
        let reply = server.zaia().get(&format!("{PATH}?{filter}={nobody}&count=true")).await;
        assert_eq!(reply.header("x-total-count"), Some("0"));
        assert_eq!(reply.array(200).len(), 0, "{filter}");
    }
}

#[tokio::test]
async fn searches_all_names_and_the_email_address() {
    let server = TestServer::start().await;
    for (external_id, field, value) in [
        ("1st", "name", "Needle One"),
        ("2nd", "identifier", "needle@login"),
        ("needle-3", "lastName", "Three"),
        ("4th", "email", "a.needle@example.com"),
        ("5th", "firstName", "Needle"),
        ("6th", "lastName", "McNeedle"),
        ("7th", "phone", "+15551234567"),
        ("8th", "timezone", "Europe/Berlin"),
    ] {
        create(&server, json!({ "externalId": external_id, field: value })).await;
    }
    let with_needle = ["1st", "2nd", "needle-3", "4th", "5th", "6th"];
    for text in ["needle", "NEEDLE", "eedl", "nee"] {
        assert_eq!(found(&server, &format!("?search={text}")).await, with_needle, "{text}");
    }
    assert_eq!(
        found(&server, "?search=7").await,
        ["7th"],
        "one letter is enough; phone numbers are not searched"
    );
    assert_eq!(found(&server, "?search=555123").await, [""; 0]);
    assert_eq!(found(&server, "?search=needle%20one").await, ["1st"]);
    assert_eq!(found(&server, "?search=needle+one").await, ["1st"]);
    assert_eq!(found(&server, "?search=").await.len(), 8);
}

#[tokio::test]
async fn one_or_two_letters_find_the_beginnings_of_words() {
    let server = TestServer::start().await;
    for (external_id, field, value) in [
        ("1st", "name", "Needle One"),
        ("2nd", "lastName", "McNeedle"),
        ("3rd", "firstName", "Ñandú"),
        ("4th", "email", "one@example.com"),
        ("n-1", "name", "山 田"),
    ] {
        create(&server, json!({ "externalId": external_id, field: value })).await;
    }
    for (text, expected) in [
        ("n", vec!["1st", "n-1"]),
        ("NE", vec!["1st"]),
        ("on", vec!["1st", "4th"]),
        ("o", vec!["1st", "4th"]),
        ("%C3%B1", vec!["3rd"]),
        ("%C3%B1a", vec!["3rd"]),
        ("%E5%B1%B1", vec!["n-1"]),
        ("%E7%94%B0", vec!["n-1"]),
        ("4t", vec!["4th"]),
        ("e", vec![]),
        ("co", vec![]),
        ("%25", vec![]),
        ("%20o", vec!["1st", "4th"]),
        ("%20%20", vec!["1st", "2nd", "3rd", "4th", "n-1"]),
    ] {
        assert_eq!(found(&server, &format!("?search={text}")).await, expected, "{text}");
    }
}

#[tokio::test]
async fn search_ignores_case_and_wildcards() {
    let server = TestServer::start().await;
    for (external_id, name) in [
        ("percent", "100% sure"),
        ("underscore", "snake_case"),
        ("hyphen", "snake-case"),
        ("quote", "the \"boss\""),
        ("apostrophe", "O'Neil"),
        ("backslash", "C:\\Users"),
        ("accent", "José Ñandú"),
        ("sharp", "Straße"),
        ("greek", "ΣΊΣΥΦΟΣ"),
        ("cjk", "山田太郎"),
        ("emoji", "party 🎉 time"),
        ("star", "a*b AND c"),
    ] {
        create(&server, json!({ "externalId": external_id, "name": name })).await;
    }
    for (text, expected) in [
        ("00%25", vec!["percent"]),
        ("00%25%20s", vec!["percent"]),
        ("e_c", vec!["underscore"]),
        ("snake_case", vec!["underscore"]),
        ("%22", vec!["quote"]),
        ("%22b", vec!["quote"]),
        ("%22boss%22", vec!["quote"]),
        ("o'n", vec!["apostrophe"]),
        ("%3A%5Cu", vec!["backslash"]),
        ("c%3A%5Cu", vec!["backslash"]),
        ("JOS%C3%89", vec!["accent"]),
        ("%C3%B1AND%C3%9A", vec!["accent"]),
        ("jose%CC%81", vec!["accent"]),
        ("STRASSE", vec!["sharp"]),
        ("stra%C3%9Fe", vec!["sharp"]),
        ("%CF%83%CE%AF%CF%83", vec!["greek"]),
        ("%E5%B1%B1", vec!["cjk"]),
        ("%E5%B1%B1%E7%94%B0", vec!["cjk"]),
        ("%E7%94%B0%E5%A4%AA%E9%83%8E", vec!["cjk"]),
        ("%F0%9F%8E%89", vec!["emoji"]),
        ("y%20%F0%9F%8E%89%20t", vec!["emoji"]),
        ("a*b", vec!["star"]),
        ("a*", vec!["star"]),
        ("and c", vec!["star"]),
    ] {
        assert_eq!(
            found(&server, &format!("?search={}", text.replace(' ', "%20"))).await,
            expected,
            "{text}"
        );
    }
}

#[tokio::test]
async fn search_does_not_match_across_fields() {
    let server = TestServer::start().await;
    create(&server, json!({ "externalId": "u-1", "firstName": "Jane", "lastName": "Doe" })).await;
    assert_eq!(found(&server, "?search=janedoe").await, [""; 0]);
    assert_eq!(found(&server, "?search=jane%20doe").await, [""; 0]);
}

#[tokio::test]
async fn search_finds_new_values_and_not_old_ones() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1", "name": "Before" })).await;
    let path = crate::support::path_of(&user);
    server.zaia().patch(&path, json!({ "name": "Afterwards" })).await.is(200);
    for (text, hits) in [("before", 0), ("be", 0), ("afterw", 1), ("af", 1)] {
        assert_eq!(found(&server, &format!("?search={text}")).await.len(), hits, "{text}");
    }
    server.zaia().delete(&path).await.is(204);
    for text in ["afterw", "af"] {
        assert_eq!(found(&server, &format!("?search={text}")).await.len(), 0, "{text}");
    }
}

#[tokio::test]
async fn reports_all_invalid_parameters() {
    let server = server_with_users(1).await;
    let query = "?pageNumber=0&pageSize=101&count=yes&channelIds=1&tierIds=2&search=a&search=b";
    let fields = server.zaia().get(&format!("{PATH}{query}")).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["channelIds", "count", "pageNumber", "pageSize", "search", "tierIds"]);

    let details = server.zaia().get(&format!("{PATH}?tierIds=gold")).await.error(400, "bad_request");
    assert_eq!((&details["reason"], &details["param"]), (&json!("invalid_uuid"), &json!("tierIds")));
    let details = server.zaia().get(&format!("{PATH}?pageSize=0")).await.error(400, "bad_request");
    assert_eq!((&details["reason"], &details["param"]), (&json!("invalid_param"), &json!("pageSize")));
}

#[tokio::test]
async fn a_cursor_is_bound_to_list_and_workspace() {
    let server = server_with_users(3).await;
    let next = server.zaia().get(&format!("{PATH}?pageSize=1")).await.next().unwrap();
    assert_eq!(each(&server.zaia().get(&next).await.array(200), "externalId"), ["u-2"]);

    let other = server.new_workspace("Acme Inc").await;
    server.zaia().with_key(&other.key).get(&next).await.error(400, "bad_request");
    server.flowra().get(&next).await.error(400, "bad_request");
    server.zaia().get(&format!("{next}x")).await.error(400, "bad_request");
    let details = server.zaia().get(&format!("{next}&pageNumber=2")).await.error(400, "bad_request");
    assert_eq!(details["param"], "cursor");
}

#[tokio::test]
async fn ids_of_another_workspace_match_nothing() {
    let server = server_with_users(1).await;
    let other = server.new_workspace("Acme Inc").await;
    let filter = format!("{PATH}?channelIds={}", server.workspace.channel_id);
    assert_eq!(server.zaia().get(&filter).await.array(200).len(), 1);
    assert_eq!(server.zaia().with_key(&other.key).get(&filter).await.array(200).len(), 0);
}
