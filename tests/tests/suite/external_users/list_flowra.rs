//! Flowra's list: all users, or a page on request.

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, each, text};

const PATH: &str = "/api/v1/external-users";

async fn server_with_users(names: &[&str]) -> TestServer {
    let server = TestServer::start().await;
    for name in names {
        server.flowra().post(PATH, json!({ "name": name })).await.is(201);
    }
    server
}

async fn names(server: &TestServer, query: &str) -> Vec<String> {
    each(&server.flowra().get(&format!("{PATH}{query}")).await.array(200), "name")
}

#[tokio::test]
async fn an_empty_directory_gives_an_empty_array() {
    let server = TestServer::start().await;
    let reply = server.flowra().get(PATH).await;
    assert_eq!(reply.text, "[]");
    reply.array(200);
}

#[tokio::test]
async fn returns_all_users_without_pages() {
    let server = TestServer::start().await;
    for number in 0..130 {
        server.flowra().post(PATH, json!({ "name": format!("user {number}") })).await.is(201);
    }
    let reply = server.flowra().get(PATH).await;
    assert_eq!(reply.next(), None);
    assert_eq!(reply.header("x-total-count"), None);
    let expected: Vec<_> = (0..130).map(|number| format!("user {number}")).collect();
    assert_eq!(each(&reply.array(200), "name"), expected, "oldest first");

    let counted = server.flowra().get(&format!("{PATH}?count=true")).await;
    assert_eq!(counted.header("x-total-count"), Some("130"));
    assert_eq!(counted.array(200).len(), 130);
}

#[tokio::test]
async fn ignores_a_username_header() {
    let server = server_with_users(&["jane", "joe"]).await;
    let flowra = server.flowra();
    let without = flowra.get(PATH).await.array(200);
    assert_eq!(flowra.with("x-username", "jane").get(PATH).await.array(200), without);
    assert_eq!(flowra.with("x-username", "nobody").get(PATH).await.array(200), without);
    let blocked = format!("{PATH}/{}/toggle-active", text(&without[0], "id"));
    flowra.send("PUT", &blocked, None).await.is(200);
    assert_eq!(flowra.with("x-username", "jane").get(PATH).await.array(200).len(), 2, "it is not resolved");
}

#[tokio::test]
async fn q_matches_only_part_of_the_username() {
    let server = server_with_users(&["Jane.Doe", "joe", "100%", "a_b", "axb"]).await;
    create(&server, json!({ "externalId": "ext-jane", "name": "Somebody" })).await;
    create(&server, json!({ "externalId": "ext-jim", "identifier": "jim", "name": "Jane too" })).await;

    assert_eq!(names(&server, "?q=JANE").await, ["Jane.Doe", "ext-jane"]);
    assert_eq!(names(&server, "?q=jan&isActive=true").await, ["Jane.Doe", "ext-jane"]);
    assert_eq!(names(&server, "?q=j").await, ["Jane.Doe", "joe", "jim"], "one letter begins a word");
    assert_eq!(names(&server, "?q=ext-jim").await, [""; 0], "its username is its identifier");
    assert_eq!(names(&server, "?q=00%25").await, ["100%"]);
    assert_eq!(names(&server, "?q=%25").await, [""; 0]);
    assert_eq!(names(&server, "?q=a_b").await, ["a_b"]);
    assert_eq!(names(&server, "?q=").await.len(), 7, "an empty search matches nothing");
}

#[tokio::test]
async fn filters_active_and_blocked_users() {
    let server = server_with_users(&["jane", "joe"]).await;
    let jane = server.flowra().get(&format!("{PATH}/username/jane")).await.json(200);
    server.flowra().send("PUT", &format!("{PATH}/{}/toggle-active", text(&jane, "id")), None).await.is(200);
    assert_eq!(names(&server, "?isActive=false").await, ["jane"]);
    assert_eq!(names(&server, "?isActive=true").await, ["joe"]);
    assert_eq!(names(&server, "").await, ["jane", "joe"]);
}

#[tokio::test]
async fn sorts_as_requested() {
    let server = server_with_users(&["bob", "Ann", "carl"]).await;
    assert_eq!(names(&server, "?sortBy=name").await, ["Ann", "bob", "carl"]);
    assert_eq!(names(&server, "?sortBy=name&sortOrder=desc").await, ["carl", "bob", "Ann"]);
    assert_eq!(names(&server, "?sortBy=createdAt&sortOrder=desc").await, ["carl", "Ann", "bob"]);
    assert_eq!(names(&server, "?sortOrder=asc").await, ["bob", "Ann", "carl"]);
}

#[tokio::test]
async fn pages_on_request() {
    let server = server_with_users(&["a", "b", "c", "d", "e"]).await;
    assert_eq!(names(&server, "?limit=2").await, ["a", "b"]);
    assert_eq!(names(&server, "?page=2&limit=2").await, ["c", "d"]);
    assert_eq!(names(&server, "?page=3&limit=2").await, ["e"]);
    assert_eq!(names(&server, "?page=4&limit=2").await, [""; 0]);
    assert_eq!(names(&server, "?page=1").await, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn links_visit_all_pages_in_either_order() {
    let names = ["bob", "Ann", "carl", "dora", "Emil"];
    let server = server_with_users(&names).await;
    for (query, expected) in [
        ("?limit=2", ["bob", "Ann", "carl", "dora", "Emil"]),
        ("?limit=2&sortOrder=desc", ["Emil", "dora", "carl", "Ann", "bob"]),
        ("?limit=2&sortBy=name&count=true", ["Ann", "bob", "carl", "dora", "Emil"]),
        ("?page=1&limit=1&sortBy=name&sortOrder=desc", ["Emil", "dora", "carl", "bob", "Ann"]),
    ] {
        let mut walked: Vec<Value> = Vec::new();
        let mut next = Some(format!("{PATH}{query}"));
        while let Some(path) = next {
            let reply = server.flowra().get(&path).await;
            next = reply.next();
            walked.extend(reply.array(200));
        }
        assert_eq!(each(&walked, "name"), expected, "{query}");
    }
}

#[tokio::test]
async fn reports_all_invalid_parameters() {
    let server = TestServer::start().await;
    let query = "?isActive=perhaps&sortBy=age&sortOrder=up&page=0&limit=1001&count=maybe&cursor=x&cursor=y";
    let fields = server.flowra().get(&format!("{PATH}{query}")).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["count", "cursor", "isActive", "limit", "page", "sortBy", "sortOrder"]);
}

#[tokio::test]
async fn hides_another_workspace() {
    let server = server_with_users(&["jane"]).await;
    let other = server.new_workspace("Acme Inc").await;
    let flowra = server.flowra().with_key(&other.key);
    assert_eq!(flowra.get(PATH).await.array(200).len(), 0);
    flowra.post(PATH, json!({ "name": "jane" })).await.is(201);
    assert_eq!(each(&flowra.get(PATH).await.array(200), "projectId"), [other.id]);
    assert_eq!(names(&server, "").await, ["jane"]);
}

#[tokio::test]
async fn finds_a_nameless_user_by_part_of_its_id() {
    let server = server_with_users(&["jane"]).await;
    let id = text(&create(&server, json!({})).await, "id");
    assert_eq!(names(&server, &format!("?q={}", &id[4..20].to_uppercase())).await, [id]);
}
