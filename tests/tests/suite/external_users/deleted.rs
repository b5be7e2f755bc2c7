//! Lists of deleted users.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, each, path_of, text, with};

const PATH: &str = "/api/v1/external-users";

const DAY: Duration = Duration::from_hours(24);

/// Creates users with these external ids, and deletes them in this order, a day after each other.
async fn deleted_users(server: &TestServer, external_ids: &[&str]) -> Vec<Value> {
    let mut users = Vec::new();
    for external_id in external_ids {
        users.push(create(server, json!({ "externalId": external_id, "name": "Jane" })).await);
    }
    for user in &users {
        server.zaia().delete(&path_of(user)).await.is(204);
        server.advance(DAY);
    }
    users
}

/// A user as lists of deleted users show it.
fn as_deleted(user: &Value, deleted_at: &str) -> Value {
    let mut user = with(user.clone(), json!({ "deletedAt": deleted_at }));
    user.as_object_mut().unwrap().remove("accessToken");
    user
}

#[tokio::test]
async fn both_lists_show_what_can_be_restored() {
    let server = TestServer::with_fixed_time().await;
    let users = deleted_users(&server, &["first", "second", "third"]).await;
    create(&server, json!({ "externalId": "alive" })).await;
    let zaia = server.zaia().get(&format!("{PATH}?deleted=true&count=true")).await.is(200);
    assert_eq!(zaia.header("x-total-count"), Some("3"));
    let days = ["15", "16", "17"].map(|day| format!("2024-01-{day}T10:30:00.000000Z"));
    let expected: Vec<_> = users.iter().zip(&days).map(|(user, day)| as_deleted(user, day)).collect();
    assert_eq!(zaia.body, json!(expected));
    for query in ["deleted=true", "deleted=true&limit=10", "deleted=1&page=1"] {
        let flowra = server.flowra().get(&format!("{PATH}?{query}&count=true")).await.is(200);
        assert_eq!(flowra.header("x-total-count"), Some("3"), "{query}");
        let flowra = flowra.array(200);
        assert_eq!(each(&flowra, "externalId"), ["first", "second", "third"], "{query}");
        assert_eq!(each(&flowra, "name"), ["first", "second", "third"], "the username of Flowra");
        assert_eq!(each(&flowra, "deletedAt"), days, "{query}");
    }
    let newest = server.flowra().get(&format!("{PATH}?deleted=true&sortOrder=desc")).await.array(200);
    assert_eq!(each(&newest, "externalId"), ["third", "second", "first"]);

    // What is listed can be restored, and is no longer listed then.
    let restore = format!("{}/restore", path_of(&newest[0]));
    let restored = server.zaia().send("POST", &restore, None).await.json(200);
    assert!(restored.get("deletedAt").is_none(), "{restored:#}");
    for query in ["deleted=false", ""] {
        let alive = server.zaia().get(&format!("{PATH}?{query}")).await.array(200);
        assert_eq!(each(&alive, "externalId"), ["third", "alive"], "{query}");
    }
    let left = server.zaia().get(&format!("{PATH}?deleted=true")).await.array(200);
    assert_eq!(each(&left, "externalId"), ["first", "second"]);
}

#[tokio::test]
async fn what_cannot_be_restored_is_not_listed() {
    let server = TestServer::with_fixed_time_and(&["--restore-period=3d"]).await;
    let users = deleted_users(&server, &["first", "second", "third"]).await;
    let listed = async || {
        let reply = server.zaia().get(&format!("{PATH}?deleted=true&count=true")).await.is(200);
        let count = reply.header("x-total-count").map(str::to_owned);
        let ids = each(&reply.array(200), "externalId");
        assert_eq!(count, Some(ids.len().to_string()));
        ids
    };
    assert_eq!(listed().await, ["second", "third"], "the first was deleted three days ago");
    server.zaia().send("POST", &format!("{}/erase", path_of(&users[1])), None).await.is(200);
    assert_eq!(listed().await, ["third"]);
    let other = server.new_workspace("Acme").await;
    for client in [server.zaia(), server.flowra()] {
        let theirs = client.with_key(&other.key).get(&format!("{PATH}?deleted=true")).await;
        assert_eq!(theirs.json(200), json!([]));
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let server = TestServer::with_fixed_time().await;
    let names: Vec<_> = (10..17).map(|number| format!("u-{number}")).collect();
    deleted_users(&server, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (client, size, number) in
        [(server.zaia(), "pageSize", "pageNumber"), (server.flowra(), "limit", "page")]
    {
        let (mut walked, mut next) = (Vec::new(), Some(format!("{PATH}?deleted=true&{size}=3&{number}=1")));
        while let Some(path) = next {
            let page = client.get(&path).await.is(200);
            next = page.next();
            assert!(next.as_ref().is_none_or(|next| !next.contains(number)), "{next:?}");
            walked.extend(each(&page.array(200), "externalId"));
        }
        assert_eq!(walked, names);
        let third = client.get(&format!("{PATH}?deleted=true&{size}=3&{number}=3")).await.array(200);
        assert_eq!(each(&third, "externalId"), ["u-16"]);
        let beyond = client.get(&format!("{PATH}?deleted=true&{size}=3&{number}=4")).await;
        assert_eq!(beyond.json(200), json!([]));
    }
    let first = server.zaia().get(&format!("{PATH}?deleted=true&pageSize=3")).await.next().unwrap();
    let of_another = first.replace("deleted=true&", "");
    let details = server.zaia().get(&of_another).await.error(400, "bad_request");
    assert_eq!(details["fields"][0]["field"], "cursor", "{details:#}");
}

#[tokio::test]
async fn filters_are_refused_beside_it() {
    let server = TestServer::start().await;
    let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    let zaia = format!("{PATH}?deleted=true&search=jane&tierIds={id}&email=jane@example.com&pageSize=5");
    let broken = server.zaia().get(&zaia).await.broken_fields(400, "bad_request");
    assert_eq!(broken, ["email", "search", "tierIds"]);
    let flowra =
        format!("{PATH}?deleted=true&q=jane&isActive=true&sortBy=name&externalId=u-1&identifier=u-1");
    let broken = server.flowra().get(&flowra).await.broken_fields(400, "bad_request");
    assert_eq!(broken, ["externalId", "identifier", "isActive", "q", "sortBy"]);
    let details = server.zaia().get(&format!("{PATH}?deleted=true&search=x")).await.error(400, "bad_request");
    assert_eq!(details["fields"][0]["reason"], "mismatch");
    let details = server.zaia().get(&format!("{PATH}?deleted=maybe")).await.error(400, "bad_request");
    assert_eq!(details["fields"][0]["field"], "deleted");
}

#[tokio::test]
async fn a_command_lists_them() {
    let server = TestServer::with_fixed_time().await;
    let users = deleted_users(&server, &["first", "second"]).await;
    let command = ["external-users", "list", "--workspace", "default", "--deleted"];
    let listed = server.operator(&[&command[..], &["--json"]].concat()).await;
    let listed = listed.as_array().unwrap();
    assert_eq!(each(listed, "id"), [text(&users[0], "id"), text(&users[1], "id")]);
    assert!(listed.iter().all(|user| user["deletedAt"].is_string()), "{listed:#?}");
    let table = server.operator_text(&command).await;
    assert!(table.contains("DELETED") && table.contains("second"), "{table}");
    let usual = ["external-users", "list", "--workspace", "default", "--json"];
    assert_eq!(server.operator(&usual).await, json!([]));
}
