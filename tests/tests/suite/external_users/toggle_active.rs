//! Flowra's switch between active and blocked.

use denizen_tests::{TestServer, json};

use crate::support::{create, path_of, text};

#[tokio::test]
async fn toggles_blocked() {
    let server = TestServer::start().await;
    let user = server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.json(201);
    let path = format!("{}/toggle-active", path_of(&user));
    for blocked in [true, false, true] {
        let switched = server.flowra().send("PUT", &path, None).await.json(200);
        assert_eq!(switched["blocked"], blocked);
        assert_eq!(switched["name"], "jane");
        assert_eq!(server.zaia().get(&path_of(&user)).await.json(200)["blocked"], blocked);
    }
}

#[tokio::test]
async fn revokes_tokens() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let bearer = server.bearer(&text(&user, "accessToken"));
    let path = format!("{}/toggle-active", path_of(&user));
    bearer.get("/api/v1/external-users/me").await.is(200);
    server.flowra().send("PUT", &path, None).await.is(200);
    bearer.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
    server.flowra().send("PUT", &path, None).await.is(200);
    bearer.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn an_unknown_user_is_404() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let other = server.new_workspace("Acme Inc").await;
    let nobody = "/api/v1/external-users/00000000-0000-4000-8000-000000000000/toggle-active";
    server.flowra().send("PUT", nobody, None).await.error(404, "not_found");
    let foreign = server.flowra().with_key(&other.key);
    foreign.send("PUT", &format!("{}/toggle-active", path_of(&user)), None).await.error(404, "not_found");
    assert_eq!(server.zaia().get(&path_of(&user)).await.json(200)["blocked"], false);
}
