//! Flowra, "External users": list and get by username.

use denizen_tests::{TestServer, Value, json};

use crate::support::{assert_uuid, text};

/// `curl -X GET "https://flowra.dev/api/v1/external-users" -H "x-api-key: YOUR_API_KEY"`, as curl sends it.
fn printed_request(server: &TestServer, path: &str) -> String {
    let key = &server.workspace.key.secret;
    format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nx-api-key: {key}\r\n\
         Connection: close\r\n\r\n",
        server.address
    )
}

/// "Response includes id, name, and projectId for each user."
#[track_caller]
fn assert_documented(user: &Value, server: &TestServer, name: &str) {
    assert_uuid(&user["id"]);
    assert_eq!(user["name"], name, "{user:#}");
    assert_eq!(user["projectId"], server.workspace.id.as_str(), "{user:#}");
}

#[tokio::test]
async fn the_documented_list() {
    let server = TestServer::start().await;
    for name in ["jane@example.com", "customer-42"] {
        server.flowra().post("/api/v1/external-users", json!({ "name": name })).await.is(201);
    }
    let listed = server.raw(printed_request(&server, "/api/v1/external-users")).await.array(200);
    assert_eq!(listed.len(), 2);
    assert_documented(&listed[0], &server, "jane@example.com");
    assert_documented(&listed[1], &server, "customer-42");
}

#[tokio::test]
async fn the_key_as_a_bearer_token() {
    let server = TestServer::start().await;
    server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.is(201);
    let by_header = server.flowra().get("/api/v1/external-users").await.array(200);
    assert_eq!(server.flowra_bearer().get("/api/v1/external-users").await.array(200), by_header);
}

#[tokio::test]
async fn the_list_ignores_the_username_header() {
    let server = TestServer::start().await;
    server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.is(201);
    let without = server.flowra().get("/api/v1/external-users").await.array(200);
    let with = server.flowra().with("x-username", "jane").get("/api/v1/external-users").await.array(200);
    assert_eq!(with, without);
}

#[tokio::test]
async fn get_by_username() {
    let server = TestServer::start().await;
    server.flowra().post("/api/v1/external-users", json!({ "name": "jane@example.com" })).await.is(201);
    let reply =
        server.raw(printed_request(&server, "/api/v1/external-users/username/jane@example.com")).await;
    let user = reply.json(200);
    assert_documented(&user, &server, "jane@example.com");
    let listed = server.flowra().get("/api/v1/external-users").await.array(200);
    assert_eq!(user["id"].as_str(), Some(&*text(&listed[0], "id")), "the same user that the list shows");
}

/// "Returns null if not found."
#[tokio::test]
async fn get_by_unknown_username() {
    let server = TestServer::start().await;
    let reply = server.raw(printed_request(&server, "/api/v1/external-users/username/nobody")).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, "null"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}
