//! Reading and deleting one user.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel};

#[tokio::test]
async fn deletes_a_user_and_frees_its_external_id() {
    let server = TestServer::start().await;
    let made = server.notiflows().put("/admin/users/u-1", json!({})).await.json(201);
    let reply = server.notiflows().delete("/admin/v1/users/u-1").await.is(204);
    assert_eq!(reply.text, "");
    for reply in [
        server.notiflows().get("/admin/users/u-1").await,
        server.notiflows().delete("/admin/users/u-1").await,
    ] {
        assert_eq!(reply.body["message"], "User not found");
        assert_eq!(reply.error(404, "not_found"), json!({ "resource": "user", "id": "u-1" }));
    }
    let again = server.notiflows().put("/admin/users/u-1", json!({})).await.json(201);
    assert_ne!(again["id"], made["id"]);
}

#[tokio::test]
async fn takes_the_default_channels_user_first_then_the_oldest() {
    let server = TestServer::start().await;
    let (red, blue) = (create_channel(&server, "red").await, create_channel(&server, "blue").await);
    let in_blue = create(&server, json!({ "externalId": "u-1", "channelId": blue })).await;
    let in_red = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    let in_default = create(&server, json!({ "externalId": "u-1" })).await;
    for user in [in_default, in_blue, in_red] {
        let found = server.notiflows().get("/admin/users/u-1").await.json(200);
        assert_eq!(found["id"], user["id"]);
        server.notiflows().delete("/admin/users/u-1").await.is(204);
    }
    server.notiflows().get("/admin/users/u-1").await.error(404, "not_found");
}

#[tokio::test]
async fn does_not_accept_the_id_of_a_user() {
    let server = TestServer::start().await;
    let made = server.notiflows().put("/admin/users/u-1", json!({})).await.json(201);
    let path = format!("/admin/users/{}", made["id"].as_str().unwrap());
    server.notiflows().get(&path).await.error(404, "not_found");
    server.notiflows().delete(&path).await.error(404, "not_found");
    server.notiflows().get("/admin/users/u-1").await.is(200);
}

#[tokio::test]
async fn a_user_of_another_workspace_is_404() {
    let server = TestServer::start().await;
    server.notiflows().put("/admin/users/u-1", json!({})).await.is(201);
    let other = server.new_workspace("Acme Inc").await;
    let foreign = server.notiflows().with_key(&other.key);
    foreign.get("/admin/users/u-1").await.error(404, "not_found");
    foreign.delete("/admin/users/u-1").await.error(404, "not_found");
    server.notiflows().get("/admin/users/u-1").await.is(200);
}
