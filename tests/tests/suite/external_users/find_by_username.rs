//! Flowra's look-up by username: the user or null, never 404.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, text};

async fn id_of(server: &TestServer, username: &str) -> Option<String> {
    let found = server.flowra().get(&format!("/api/v1/external-users/username/{username}")).await.json(200);
    found["id"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn an_unknown_user_is_null() {
    let server = TestServer::start().await;
    let reply = server.flowra().get("/api/v1/external-users/username/nobody").await;
    assert_eq!(reply.text, "null");
    reply.json(200);
}

#[tokio::test]
async fn prefers_the_identifier_to_the_external_id() {
    let server = TestServer::start().await;
    let by_external_id = create(&server, json!({ "externalId": "jane" })).await;
    assert_eq!(id_of(&server, "jane").await, Some(text(&by_external_id, "id")));
    let by_identifier = create(&server, json!({ "externalId": "other", "identifier": "jane" })).await;
    assert_eq!(id_of(&server, "jane").await, Some(text(&by_identifier, "id")));
    assert_eq!(id_of(&server, "other").await, Some(text(&by_identifier, "id")));
}

#[tokio::test]
async fn only_the_external_id_is_case_sensitive() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "Ext-1", "identifier": "Jürgen" })).await;
    let id = Some(text(&user, "id"));
    assert_eq!(id_of(&server, "j%C3%BCrgen").await, id);
    assert_eq!(id_of(&server, "J%C3%9CRGEN").await, id);
    assert_eq!(id_of(&server, "Ext-1").await, id);
    assert_eq!(id_of(&server, "ext-1").await, None);
}

#[tokio::test]
async fn finds_a_nameless_user_by_its_id() {
    let server = TestServer::start().await;
    let user = create(&server, json!({})).await;
    let id = text(&user, "id");
    let found = server.flowra().get(&format!("/api/v1/external-users/username/{id}")).await.json(200);
    assert_eq!(
        (found["id"].as_str(), found["name"].as_str()),
        (Some(&*id), Some(&*id)),
        "it is the username"
    );
}

#[tokio::test]
async fn prefers_the_default_channel_then_the_oldest_user() {
    let server = TestServer::start().await;
    let (red, blue) = (create_channel(&server, "red").await, create_channel(&server, "blue").await);
    let in_blue = create(&server, json!({ "channelId": blue, "identifier": "jane" })).await;
    let in_red = create(&server, json!({ "channelId": red, "identifier": "jane" })).await;
    assert_eq!(id_of(&server, "jane").await, Some(text(&in_blue, "id")));
    let in_default = create(&server, json!({ "identifier": "jane" })).await;
    assert_eq!(id_of(&server, "jane").await, Some(text(&in_default, "id")));
    for user in [&in_default, &in_blue] {
        server.zaia().delete(&crate::support::path_of(user)).await.is(204);
    }
    assert_eq!(id_of(&server, "jane").await, Some(text(&in_red, "id")));
}

#[tokio::test]
async fn accepts_any_percent_encoded_username() {
    let server = TestServer::start().await;
    for (username, encoded) in [
        ("jane.doe@example.com", "jane.doe%40example.com"),
        ("a/b", "a%2Fb"),
        ("with space", "with%20space"),
        ("a+b", "a+b"),
        ("100%", "100%25"),
        ("🙂", "%F0%9F%99%82"),
        ("what?#", "what%3F%23"),
        ("toggle-active", "toggle-active"),
        ("username", "username"),
    ] {
        let made =
            server.flowra().post("/api/v1/external-users", json!({ "name": username })).await.json(201);
        assert_eq!(id_of(&server, encoded).await, Some(text(&made, "id")), "{username}");
    }
}

#[tokio::test]
async fn answers_flowra_with_any_key_header() {
    let server = TestServer::start().await;
    server.notiflows().put("/admin/users/user_12345", json!({ "first_name": "Jane" })).await.is(201);
    for client in [server.flowra(), server.flowra_bearer(), server.zaia()] {
        let found = client.get("/api/v1/external-users/username/user_12345").await.json(200);
        assert_eq!(found["name"], "user_12345");
    }
}

#[tokio::test]
async fn a_user_of_another_workspace_is_null() {
    let server = TestServer::start().await;
    server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.is(201);
    let other = server.new_workspace("Acme Inc").await;
    let reply = server.flowra().with_key(&other.key).get("/api/v1/external-users/username/jane").await;
    assert_eq!(reply.is(200).text, "null");
}
