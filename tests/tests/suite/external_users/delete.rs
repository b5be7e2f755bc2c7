//! Deleting a user: gone, and its names are free.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, path_of, text};

#[tokio::test]
async fn deletes_a_user_and_frees_its_names() {
    let server = TestServer::start().await;
    let names = json!({ "externalId": "u-1", "identifier": "jane" });
    let user = create(&server, names.clone()).await;
    let reply = server.zaia().delete(&path_of(&user)).await.is(204);
    assert_eq!(reply.text, "");
    server.zaia().get(&path_of(&user)).await.error(404, "not_found");
    server.zaia().delete(&path_of(&user)).await.error(404, "not_found");
    server.zaia().patch(&path_of(&user), json!({ "name": "Jane" })).await.error(404, "not_found");
    assert_eq!(server.flowra().get("/api/v1/external-users").await.array(200).len(), 0);

    let next = create(&server, names).await;
    assert_ne!(next["id"], user["id"]);
    assert_ne!(next["superIdentityId"], user["superIdentityId"], "the person had no users left");
}

#[tokio::test]
async fn revokes_its_tokens() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let bearer = server.bearer(&text(&user, "accessToken"));
    bearer.get("/api/v1/external-users/me").await.is(200);
    server.flowra().delete(&path_of(&user)).await.is(204);
    bearer.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn keeps_the_person_in_other_channels() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let here = create(&server, json!({ "externalId": "u-1" })).await;
    let there = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    server.zaia().delete(&path_of(&here)).await.is(204);
    let read = server.zaia().get(&path_of(&there)).await.json(200);
    assert_eq!(read["superIdentityId"], here["superIdentityId"]);
    let again = create(&server, json!({ "externalId": "u-1" })).await;
    assert_eq!(again["superIdentityId"], here["superIdentityId"]);
}

#[tokio::test]
async fn cannot_delete_a_user_of_another_workspace() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let other = server.new_workspace("Acme Inc").await;
    server.zaia().with_key(&other.key).delete(&path_of(&user)).await.error(404, "not_found");
    server.zaia().get(&path_of(&user)).await.is(200);
}
