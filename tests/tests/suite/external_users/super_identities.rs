//! Super identities: one for all users with the same external id in different channels.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, path_of, text};

async fn person_of(server: &TestServer, user: &denizen_tests::Value) -> String {
    text(&server.zaia().get(&path_of(user)).await.json(200), "superIdentityId")
}

#[tokio::test]
async fn one_external_id_in_two_channels_is_one_person() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let here = create(&server, json!({ "externalId": "u-1" })).await;
    let there = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    assert_eq!(here["superIdentityId"], there["superIdentityId"]);
    let path = format!("/api/v1/external-users?superIdentityIds={}", text(&here, "superIdentityId"));
    assert_eq!(server.zaia().get(&path).await.array(200).len(), 2);
}

#[tokio::test]
async fn different_external_ids_are_different_people() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let mut people = vec![
        create(&server, json!({ "externalId": "u-1", "identifier": "jane" })).await,
        create(&server, json!({ "externalId": "U-1", "channelId": red, "identifier": "jane" })).await,
        create(&server, json!({})).await,
        create(&server, json!({})).await,
    ];
    people.sort_by_key(|user| text(user, "superIdentityId"));
    people.dedup_by_key(|user| text(user, "superIdentityId"));
    assert_eq!(people.len(), 4);
}

#[tokio::test]
async fn workspaces_share_no_people() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let here = create(&server, json!({ "externalId": "u-1" })).await;
    let body =
        crate::support::zaia_body(&server, json!({ "externalId": "u-1", "channelId": other.channel_id }));
    let there = server.zaia().with_key(&other.key).post("/api/v1/external-users", body).await.json(200);
    assert_ne!(here["superIdentityId"], there["superIdentityId"]);
}

#[tokio::test]
async fn a_changed_external_id_joins_its_person() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let here = create(&server, json!({ "externalId": "u-1" })).await;
    let there = create(&server, json!({ "externalId": "u-2", "channelId": red })).await;
    assert_ne!(here["superIdentityId"], there["superIdentityId"]);
    server.zaia().patch(&path_of(&there), json!({ "externalId": "u-1" })).await.is(200);
    assert_eq!(person_of(&server, &there).await, text(&here, "superIdentityId"));

    server.zaia().patch(&path_of(&there), json!({ "externalId": "u-3" })).await.is(200);
    assert_ne!(person_of(&server, &there).await, text(&here, "superIdentityId"), "it separates again");
    assert_eq!(
        person_of(&server, &here).await,
        text(&here, "superIdentityId"),
        "the other user keeps its person"
    );
}
