//! Restoring deleted users.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, create_channel, path_of, text, with};
use crate::tiers::create_tier;

const DAY: Duration = Duration::from_hours(24);

/// A user without the fields that a restoration changes.
fn comparable(user: Value) -> Value {
    with(user, json!({ "updatedAt": null, "accessToken": null }))
}

async fn create_group(server: &TestServer) -> String {
    let group = json!({ "externalId": null, "name": "Acme Inc", "tierId": null });
    text(&server.zaia().post("/api/v1/external-user-groups", group).await.json(200), "id")
}

#[tokio::test]
async fn restores_a_deleted_user_unchanged() {
    let server = TestServer::with_fixed_time().await;
    let (group, tier) = (create_group(&server).await, create_tier(&server, "Gold").await);
    let user = create(
        &server,
        json!({
            "externalUserGroupId": group, "tierId": tier,
            "externalId": "u-1", "identifier": "jane@example.com", "name": "Jane", "email": "jane@example.com",
            "customFields": { "plan": "free" }, "blocked": { "reason": "Spam" },
        }),
    )
    .await;
    let restore = format!("{}/restore", path_of(&user));
    server.zaia().delete(&path_of(&user)).await.is(204);
    server.advance(29 * DAY);
    let restored = server.zaia().send("POST", &restore, None).await.json(200);
    assert_eq!(comparable(restored.clone()), comparable(user));
    assert_eq!(restored["updatedAt"], "2024-02-13T10:30:00.000000Z");
    assert_eq!(server.zaia().get(&path_of(&restored)).await.json(200), restored);
    assert_eq!(server.flowra().get("/api/v1/external-users?q=jane").await.array(200).len(), 1);
    let again = server.flowra().send("POST", &restore, None).await.json(200);
    assert_eq!(again["id"], restored["id"], "an existing user stays as it is");
}

#[tokio::test]
async fn drops_a_deleted_group_and_tier() {
    let server = TestServer::start().await;
    let (group, tier) = (create_group(&server).await, create_tier(&server, "Gold").await);
    let user = create(&server, json!({ "externalUserGroupId": group, "tierId": tier })).await;
    server.zaia().delete(&path_of(&user)).await.is(204);
    for path in [format!("/api/v1/external-user-groups/{group}"), format!("/api/v1/tiers/{tier}")] {
        server.zaia().delete(&path).await.is(200);
    }
    let restored = server.zaia().send("POST", &format!("{}/restore", path_of(&user)), None).await.json(200);
    assert_eq!((&restored["externalUserGroupId"], &restored["tierId"]), (&Value::Null, &Value::Null));
    assert_eq!(server.zaia().get(&path_of(&user)).await.json(200), restored);
}

#[tokio::test]
async fn old_tokens_stay_revoked() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let bearer = server.bearer(&text(&user, "accessToken"));
    server.zaia().delete(&path_of(&user)).await.is(204);
    server.zaia().send("POST", &format!("{}/restore", path_of(&user)), None).await.is(200);
    bearer.get("/api/v1/external-users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn rejects_a_restore_after_30_days() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    server.notiflows().delete("/admin/users/u-1").await.is(204);
    server.advance(30 * DAY);
    let restore = format!("{}/restore", path_of(&user));
    server.zaia().send("POST", &restore, None).await.error(404, "not_found");
}

#[tokio::test]
async fn the_period_is_configurable() {
    let server = TestServer::with_fixed_time_and(&["--restore-period=2d"]).await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let restore = format!("{}/restore", path_of(&user));
    server.zaia().delete(&path_of(&user)).await.is(204);
    server.advance(DAY);
    server.zaia().send("POST", &restore, None).await.is(200);
    server.zaia().delete(&path_of(&user)).await.is(204);
    server.advance(2 * DAY);
    server.zaia().send("POST", &restore, None).await.error(404, "not_found");
}

#[tokio::test]
async fn a_name_taken_since_is_a_conflict() {
    let server = TestServer::start().await;
    for (names, param) in
        [(json!({ "externalId": "u-1" }), "externalId"), (json!({ "identifier": "Jane" }), "identifier")]
    {
        let user = create(&server, names.clone()).await;
        server.zaia().delete(&path_of(&user)).await.is(204);
        let other = create(&server, names).await;
        let restore = format!("{}/restore", path_of(&user));
        let details = server.zaia().send("POST", &restore, None).await.error(409, "conflict");
        assert_eq!((&details["reason"], &details["param"]), (&json!("taken"), &json!(param)));
        server.zaia().delete(&path_of(&other)).await.is(204);
        server.zaia().send("POST", &restore, None).await.is(200);
    }
}

#[tokio::test]
async fn rejoins_its_super_identity() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let here = create(&server, json!({ "externalId": "u-1" })).await;
    let alone = create(&server, json!({})).await;
    for user in [&here, &alone] {
        server.zaia().delete(&path_of(user)).await.is(204);
    }
    let back = server.zaia().send("POST", &format!("{}/restore", path_of(&alone)), None).await.json(200);
    assert_eq!(back["superIdentityId"], alone["superIdentityId"]);

    // If a user with its external id was created meanwhile, it joins their person.
    let there = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    let back = server.zaia().send("POST", &format!("{}/restore", path_of(&here)), None).await.json(200);
    assert_eq!(back["superIdentityId"], there["superIdentityId"]);
}

#[tokio::test]
async fn keeps_the_channel_of_a_restorable_user() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let user = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    server.zaia().delete(&path_of(&user)).await.is(204);
    let channel = format!("/api/v1/channels/{red}");
    server.zaia().delete(&channel).await.is(200);
    assert_eq!(server.zaia().get(&channel).await.json(200)["isRemoved"], true);
    let restored = server.zaia().send("POST", &format!("{}/restore", path_of(&user)), None).await.json(200);
    assert_eq!(restored["channelId"], red);
}

#[tokio::test]
async fn cannot_restore_a_user_of_another_workspace() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    server.zaia().delete(&path_of(&user)).await.is(204);
    let other = server.new_workspace("Acme Inc").await;
    for action in ["restore", "erase"] {
        let path = format!("{}/{action}", path_of(&user));
        server.zaia().with_key(&other.key).send("POST", &path, None).await.error(404, "not_found");
    }
    server.zaia().send("POST", &format!("{}/restore", path_of(&user)), None).await.is(200);
}
