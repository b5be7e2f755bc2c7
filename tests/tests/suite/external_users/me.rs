//! Requests as a user: with an access token, or with a key and `x-username`.

use denizen_tests::{TestServer, json};

use crate::support::{create, path_of, text};

const PATH: &str = "/api/v1/external-users/me";

#[tokio::test]
async fn a_token_returns_its_user() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1", "name": "Jane Doe" })).await;
    let me = server.bearer(&text(&user, "accessToken")).get(PATH).await.json(200);
    assert_eq!(me["id"], user["id"]);
    assert_eq!(me["displayName"], "Jane Doe");
}

#[tokio::test]
async fn a_token_ignores_the_username_header() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let client = server.bearer(&text(&user, "accessToken")).with("x-username", "somebody else");
    assert_eq!(client.get(PATH).await.json(200)["id"], user["id"]);
    assert_eq!(server.flowra().get("/api/v1/external-users").await.array(200).len(), 1);
}

#[tokio::test]
async fn a_token_reaches_only_its_own_user() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let bearer = server.bearer(&text(&user, "accessToken"));
    let details = bearer.get("/api/v1/external-users").await.error(403, "forbidden");
    assert_eq!(details["required_scope"], "external_users:read");
    let path = path_of(&user);
    bearer.get(&path).await.error(403, "forbidden");
    bearer.patch(&path, json!({ "name": "Me myself" })).await.error(403, "forbidden");
    bearer.delete(&path).await.error(403, "forbidden");
    bearer.get("/api/v1/channels").await.error(403, "forbidden");
    server.zaia().get(&path).await.is(200);
}

#[tokio::test]
async fn a_key_acts_as_the_named_user() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1", "identifier": "Jane" })).await;
    for username in ["Jane", "jANE", "u-1"] {
        for client in [server.flowra(), server.flowra_bearer(), server.zaia()] {
            let me = client.with("x-username", username).get(PATH).await.json(200);
            assert_eq!(me["id"], user["id"], "{username}");
        }
    }
}

#[tokio::test]
async fn creates_an_unknown_user_in_the_default_channel() {
    let server = TestServer::start().await;
    let me = server.flowra().with("x-username", "Jürgen").get(PATH).await.json(200);
    assert_eq!((&me["name"], &me["identifier"]), (&json!("Jürgen"), &json!("Jürgen")));
    assert_eq!(me["channelId"], server.workspace.channel_id.as_str());
    let again = server.flowra().with("x-username", "Jürgen").get(PATH).await.json(200);
    assert_eq!(again["id"], me["id"]);
    assert_eq!(server.flowra().get("/api/v1/external-users").await.array(200).len(), 1);
}

#[tokio::test]
async fn a_blocked_user_is_rejected() {
    let server = TestServer::start().await;
    let client = server.flowra().with("x-username", "jane");
    let user = client.get(PATH).await.json(200);
    server.zaia().patch(&path_of(&user), json!({ "blocked": true })).await.is(200);
    assert_eq!(client.get(PATH).await.error(403, "forbidden")["reason"], "blocked");
}

#[tokio::test]
async fn a_key_must_name_a_user() {
    let server = TestServer::start().await;
    for client in [server.flowra(), server.flowra().with("x-username", &"x".repeat(256))] {
        let details = client.get(PATH).await.error(400, "bad_request");
        assert_eq!((&details["reason"], &details["param"]), (&json!("invalid_param"), &json!("x-username")));
    }
    server.anonymous().with("x-username", "jane").get(PATH).await.error(401, "unauthenticated");
    assert_eq!(server.flowra().get("/api/v1/external-users").await.array(200).len(), 0);
}

#[tokio::test]
async fn acting_as_a_user_adds_no_scopes() {
    let server = TestServer::start().await;
    create(&server, json!({ "identifier": "jane" })).await;
    let reader = server.new_key(&["external_users:read"]).await;
    let writer = server.new_key(&["external_users:write"]).await;
    let reading = server.flowra().with_key(&reader);
    reading.with("x-username", "jane").get(PATH).await.is(200);
    let details = reading.with("x-username", "somebody new").get(PATH).await.error(403, "forbidden");
    assert_eq!(details["required_scope"], "external_users:write");
    let writing = server.flowra().with_key(&writer).with("x-username", "jane");
    assert_eq!(writing.get(PATH).await.error(403, "forbidden")["required_scope"], "external_users:read");
    assert_eq!(server.flowra().get("/api/v1/external-users").await.array(200).len(), 1);
}

#[tokio::test]
async fn finds_the_username_in_the_keys_workspace() {
    let server = TestServer::start().await;
    let here = create(&server, json!({ "identifier": "jane" })).await;
    let other = server.new_workspace("Acme Inc").await;
    let there = server.flowra().with_key(&other.key).with("x-username", "jane").get(PATH).await.json(200);
    assert_ne!(there["id"], here["id"]);
    assert_eq!(there["workspaceId"], other.id.as_str());
}
