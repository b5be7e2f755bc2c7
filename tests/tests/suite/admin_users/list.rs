//! The list of users: newest first, with cursors in both directions.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, each, keys, text};

async fn server_with_users(count: usize) -> TestServer {
    let server = TestServer::start().await;
    for number in 1..=count {
        server.notiflows().put(&format!("/admin/users/u-{number}"), json!({})).await.is(201);
    }
    server
}

async fn page(server: &TestServer, query: &str) -> (Vec<String>, Value) {
    let body = server.notiflows().get(&format!("/admin/users?{query}")).await.json(200);
    assert_eq!(keys(&body), ["items", "page"]);
    assert_eq!(keys(&body["page"]), ["after", "before", "has_more_after", "has_more_before", "limit"]);
    (each(body["items"].as_array().unwrap(), "external_id"), body["page"].clone())
}

#[tokio::test]
async fn an_empty_directory_is_an_empty_page() {
    let server = TestServer::start().await;
    for base in ["/admin", "/admin/v1"] {
        let body = server.notiflows().get(&format!("{base}/users")).await.json(200);
        let page = json!({
            "limit": 25, "after": null, "before": null, "has_more_after": false, "has_more_before": false,
        });
        assert_eq!(body, json!({ "items": [], "page": page }));
    }
}

#[tokio::test]
async fn cursors_page_in_both_directions() {
    let server = server_with_users(5).await;
    let (first, at_first) = page(&server, "limit=2").await;
    assert_eq!(first, ["u-5", "u-4"]);
    assert_eq!(at_first["limit"], 2);
    assert_eq!((&at_first["has_more_before"], &at_first["before"]), (&json!(false), &Value::Null));
    assert_eq!(at_first["has_more_after"], true);

    let (second, at_second) = page(&server, &format!("limit=2&after={}", text(&at_first, "after"))).await;
    assert_eq!(second, ["u-3", "u-2"]);
    assert_eq!((&at_second["has_more_before"], &at_second["has_more_after"]), (&json!(true), &json!(true)));

    let (third, at_third) = page(&server, &format!("limit=2&after={}", text(&at_second, "after"))).await;
    assert_eq!(third, ["u-1"]);
    assert_eq!((&at_third["has_more_after"], &at_third["after"]), (&json!(false), &Value::Null));

    let (back, at_back) = page(&server, &format!("limit=2&before={}", text(&at_third, "before"))).await;
    assert_eq!(back, second);
    assert_eq!((&at_back["has_more_before"], &at_back["has_more_after"]), (&json!(true), &json!(true)));
    let (back, at_back) = page(&server, &format!("limit=2&before={}", text(&at_back, "before"))).await;
    assert_eq!(back, first);
    assert_eq!((&at_back["has_more_before"], &at_back["before"]), (&json!(false), &Value::Null));
    assert_eq!(at_back["has_more_after"], true);
}

#[tokio::test]
async fn before_returns_the_nearest_page() {
    let server = server_with_users(5).await;
    let (_, first) = page(&server, "limit=4").await;
    let (_, last) = page(&server, &format!("limit=4&after={}", text(&first, "after"))).await;
    let (nearest, _) = page(&server, &format!("limit=2&before={}", text(&last, "before"))).await;
    assert_eq!(nearest, ["u-3", "u-2"]);
}

#[tokio::test]
async fn new_users_do_not_shift_pages() {
    let server = server_with_users(4).await;
    let (_, first) = page(&server, "limit=2").await;
    server.notiflows().put("/admin/users/newcomer", json!({})).await.is(201);
    server.notiflows().delete("/admin/users/u-3").await.is(204);
    let (second, at_second) = page(&server, &format!("limit=2&after={}", text(&first, "after"))).await;
    assert_eq!(second, ["u-2", "u-1"]);
    let (before, _) = page(&server, &format!("before={}", text(&at_second, "before"))).await;
    assert_eq!(before, ["newcomer", "u-4"]);
}

#[tokio::test]
async fn filters_by_exclusive_creation_time() {
    let server = TestServer::with_fixed_time().await;
    for number in 1..=4 {
        server.notiflows().put(&format!("/admin/users/u-{number}"), json!({})).await.is(201);
        server.advance(Duration::from_mins(1));
    }
    for (query, expected) in [
        ("created_after=2024-01-15T10:31:00Z", vec!["u-4", "u-3"]),
        ("created_before=2024-01-15T10:31:00Z", vec!["u-1"]),
        ("created_after=2024-01-15T10:30:00Z&created_before=2024-01-15T10:33:00Z", vec!["u-3", "u-2"]),
        ("created_after=2024-01-15T12:31:59.999999%2B02:00", vec!["u-4", "u-3"]),
        ("created_before=2024-01-15T10:31:00.000001Z", vec!["u-2", "u-1"]),
        ("created_after=2030-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(page(&server, query).await.0, expected, "{query}");
    }
    let (first, at_first) = page(&server, "created_after=2024-01-15T10:30:00Z&limit=2").await;
    assert_eq!(first, ["u-4", "u-3"]);
    let after = text(&at_first, "after");
    let (second, at_second) =
        page(&server, &format!("created_after=2024-01-15T10:30:00Z&limit=2&after={after}")).await;
    assert_eq!(second, ["u-2"]);
    assert_eq!(at_second["has_more_after"], false);
}

#[tokio::test]
async fn users_created_together_have_an_order() {
    let server = TestServer::with_fixed_time().await;
    for number in 1..=7 {
        server.notiflows().put(&format!("/admin/users/u-{number}"), json!({})).await.is(201);
    }
    let (whole, _) = page(&server, "").await;
    let mut walked = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let (names, at) = page(&server, &query).await;
        walked.extend(names);
        let Some(after) = at["after"].as_str() else { break };
        query = format!("limit=2&after={after}");
    }
    assert_eq!(walked, whole);
    assert_eq!(walked.len(), 7);
}

#[tokio::test]
async fn lists_all_channels_and_users_without_external_id() {
    let server = TestServer::start().await;
    let red = crate::support::create_channel(&server, "red").await;
    create(&server, json!({ "externalId": "in red", "channelId": red })).await;
    create(&server, json!({ "identifier": "jane" })).await;
    let body = server.notiflows().get("/admin/users").await.json(200);
    let external_ids: Vec<_> =
        body["items"].as_array().unwrap().iter().map(|user| &user["external_id"]).collect();
    assert_eq!(external_ids, [&Value::Null, &json!("in red")]);
}

#[tokio::test]
async fn the_limit_defaults_to_25_up_to_1000() {
    let server = server_with_users(27).await;
    for (query, length) in [("", 25), ("limit=1", 1), ("limit=1000", 27)] {
        assert_eq!(page(&server, query).await.0.len(), length, "{query}");
    }
    let reply = server.notiflows().get("/admin/users?limit=10&count=true").await;
    assert_eq!(reply.header("x-total-count"), Some("27"));
    let mut walked = 0;
    let mut next = Some("/admin/users?limit=10".to_owned());
    while let Some(path) = next {
        let reply = server.notiflows().get(&path).await;
        next = reply.next();
        walked += reply.json(200)["items"].as_array().unwrap().len();
    }
    assert_eq!(walked, 27, "the Link header pages through the list, too");
}

#[tokio::test]
async fn reports_invalid_parameters() {
    let server = server_with_users(3).await;
    let cursor = text(&page(&server, "limit=1").await.1, "after");
    let changed = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    for (query, param) in [
        ("limit=0".to_owned(), "limit"),
        ("limit=1001".to_owned(), "limit"),
        ("limit=ten".to_owned(), "limit"),
        ("limit=-1".to_owned(), "limit"),
        ("limit=5&limit=6".to_owned(), "limit"),
        ("after=none".to_owned(), "after"),
        ("after=".to_owned(), "after"),
        ("before=none".to_owned(), "before"),
        (format!("after={changed}"), "after"),
        (format!("before={cursor}x"), "before"),
        (format!("after={cursor}&before={cursor}"), "before"),
        ("created_after=yesterday".to_owned(), "created_after"),
        ("created_before=2024-01-32".to_owned(), "created_before"),
    ] {
        let details =
            server.notiflows().get(&format!("/admin/users?{query}")).await.error(400, "bad_request");
        assert_eq!(details["reason"], "invalid_param", "{query}");
        assert_eq!(details["param"], param, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_bound_to_list_and_workspace() {
    let server = server_with_users(3).await;
    let other = server.new_workspace("Acme Inc").await;
    let cursor = text(&page(&server, "limit=1").await.1, "after");
    let foreign = server.notiflows().with_key(&other.key);
    foreign.get(&format!("/admin/users?after={cursor}")).await.error(400, "bad_request");
    server.zaia().get(&format!("/api/v1/external-users?cursor={cursor}")).await.error(400, "bad_request");
    assert_eq!(foreign.get("/admin/users").await.json(200)["items"], json!([]));
}
