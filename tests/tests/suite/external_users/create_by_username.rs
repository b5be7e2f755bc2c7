//! Creating a user through Flowra: by username.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, each};

const PATH: &str = "/api/v1/external-users";

#[tokio::test]
async fn creates_a_new_user_and_returns_a_known_one() {
    let server = TestServer::start().await;
    let made = server.flowra().post(PATH, json!({ "name": "Jane" })).await.json(201);
    assert_eq!(made["name"], "Jane");
    assert_eq!(made["identifier"], "Jane");
    assert_eq!(made["channelId"], server.workspace.channel_id.as_str(), "it goes to the default channel");
    assert_eq!(made["displayName"], json!(null));
    assert_eq!(made["accessToken"], json!(null), "only Zaia issues tokens");

    let again = server.flowra_bearer().post(PATH, json!({ "name": "jANE" })).await.json(200);
    assert_eq!(again, made);
    assert_eq!(server.flowra().get(PATH).await.array(200).len(), 1);
}

#[tokio::test]
async fn matches_an_existing_external_id() {
    let server = TestServer::start().await;
    let made = create(&server, json!({ "externalId": "user_12345" })).await;
    let found = server.flowra().post(PATH, json!({ "name": "user_12345" })).await.json(200);
    assert_eq!(found["id"], made["id"]);
}

#[tokio::test]
async fn matches_a_user_of_another_channel() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let made = create(&server, json!({ "channelId": red, "identifier": "jane" })).await;
    let found = server.flowra().post(PATH, json!({ "name": "jane" })).await.json(200);
    assert_eq!(found["id"], made["id"]);
}

#[tokio::test]
async fn a_username_has_1_to_255_characters() {
    let server = TestServer::start().await;
    for right in ["x".to_owned(), "é".repeat(255)] {
        server.flowra().post(PATH, json!({ "name": right })).await.is(201);
    }
    for (wrong, reason) in [
        (json!({ "name": "" }), "too_short"),
        (json!({ "name": "x".repeat(256) }), "too_long"),
        (json!({ "name": 7 }), "invalid_type"),
        (json!({ "name": null }), "invalid_type"),
        (json!({}), "required"),
    ] {
        let details = server.flowra().post(PATH, wrong.clone()).await.error(422, "validation_failed");
        assert_eq!(
            (&details["fields"][0]["field"], &details["fields"][0]["reason"]),
            (&json!("name"), &json!(reason))
        );
        assert_eq!(details["fields"].as_array().unwrap().len(), 1, "{wrong}: {details:#}");
    }
    assert_eq!(
        each(&server.flowra().get(PATH).await.array(200), "name").len(),
        2,
        "nothing else was written"
    );
}

#[tokio::test]
async fn usernames_are_separate_per_workspace() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let here = server.flowra().post(PATH, json!({ "name": "jane" })).await.json(201);
    let there = server.flowra().with_key(&other.key).post(PATH, json!({ "name": "jane" })).await.json(201);
    assert_ne!(here["id"], there["id"]);
    assert_eq!(there["projectId"], other.id.as_str());
}
