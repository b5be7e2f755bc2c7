//! Erasing a user's data.

use std::time::Duration;

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, keys, path_of};

/// What every text of these users begins with.
const PERSONAL: &str = "personal-";

async fn user(server: &TestServer) -> denizen_tests::Value {
    let user = json!({
        "externalId": "personal-id", "identifier": "personal-handle", "name": "personal-name",
        "email": "personal-address@example.com", "customFields": { "note": "personal-note" },
    });
    create(server, user).await
}

#[tokio::test]
async fn erases_all_personal_data() {
    let server = TestServer::with_fixed_time().await;
    let log = server.zaia().with_key(&server.new_key(&["audit:read"]).await);
    for is_deleted_before in [false, true] {
        let user = user(&server).await;
        server.zaia().patch(&path_of(&user), json!({ "lastName": "personal-last" })).await.is(200);
        let events = format!("/api/v1/audit-events?objectId={}", user["id"].as_str().unwrap());
        assert!(log.get(&events).await.is(200).text.contains(PERSONAL), "the log contains personal data");
        if is_deleted_before {
            server.zaia().delete(&path_of(&user)).await.is(204);
        }

        let erase = format!("{}/erase", path_of(&user));
        let left = server.zaia().send("POST", &erase, None).await.json(200);
        assert_eq!(keys(&left), ["deletedAt", "erasedAt", "id"]);
        assert_eq!(left["id"], user["id"]);
        let events = log.get(&events).await.is(200);
        assert!(!events.text.contains(PERSONAL), "{events}");
        assert_eq!(events.body[0]["action"], "external_user.erase");
        let expected = if is_deleted_before { 4 } else { 3 };
        assert_eq!(events.body.as_array().unwrap().len(), expected, "its existence is still known");

        server.zaia().get(&path_of(&user)).await.error(404, "not_found");
        server.zaia().delete(&path_of(&user)).await.error(404, "not_found");
        let restore = format!("{}/restore", path_of(&user));
        let details = server.zaia().send("POST", &restore, None).await.error(409, "conflict");
        assert_eq!(details["reason"], "erased");
        assert_eq!(
            server.zaia().send("POST", &erase, None).await.json(200),
            left,
            "the second time changes nothing"
        );
        assert!(server.flowra().get("/api/v1/external-users?q=personal").await.array(200).is_empty());
    }
}

#[tokio::test]
async fn frees_its_names() {
    let server = TestServer::start().await;
    let erased = user(&server).await;
    server.zaia().send("POST", &format!("{}/erase", path_of(&erased)), None).await.is(200);
    let next = user(&server).await;
    assert_ne!((&next["id"], &next["superIdentityId"]), (&erased["id"], &erased["superIdentityId"]));
}

#[tokio::test]
async fn does_not_keep_its_channel() {
    let server = TestServer::with_fixed_time().await;
    let red = create_channel(&server, "red").await;
    let user = create(&server, json!({ "channelId": red })).await;
    server.zaia().delete(&path_of(&user)).await.is(204);
    server.advance(Duration::from_hours(1));
    let left = server.zaia().send("POST", &format!("{}/erase", path_of(&user)), None).await.json(200);
    let moments = [&left["deletedAt"], &left["erasedAt"]];
    assert_eq!(moments, ["2024-01-15T10:30:00.000000Z", "2024-01-15T11:30:00.000000Z"]);
    let channel = format!("/api/v1/channels/{red}");
    server.zaia().delete(&channel).await.is(200);
    server.zaia().get(&channel).await.error(404, "not_found");
}

#[tokio::test]
async fn an_unknown_user_is_404() {
    let server = TestServer::start().await;
    let nobody = "/api/v1/external-users/00000000-0000-4000-8000-000000000000/erase";
    server.zaia().send("POST", nobody, None).await.error(404, "not_found");
}
