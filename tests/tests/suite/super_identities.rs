//! `/api/v1/super-identities`: the people behind external users.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, create_channel, each, keys, path_of, text};

fn path(user: &Value) -> String {
    format!("/api/v1/super-identities/{}", text(user, "superIdentityId"))
}

#[tokio::test]
async fn shows_a_person_with_all_users() {
    let server = TestServer::with_fixed_time().await;
    let red = create_channel(&server, "red").await;
    let here = create(&server, json!({ "externalId": "u-1", "name": "Jane" })).await;
    server.advance(Duration::from_mins(1));
    let there = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    create(&server, json!({ "externalId": "u-2" })).await;

    let person = server.zaia().get(&path(&here)).await.json(200);
    assert_eq!(keys(&person), ["createdAt", "externalUsers", "id", "updatedAt", "workspaceId"]);
    assert_eq!(person["id"], here["superIdentityId"]);
    assert_eq!(person["workspaceId"], server.workspace.id.as_str());
    assert_eq!(person["createdAt"], "2024-01-15T10:30:00.000000Z");
    assert_eq!(person["updatedAt"], there["updatedAt"], "since the second one came");
    let users = person["externalUsers"].as_array().unwrap();
    assert_eq!(each(users, "id"), [text(&here, "id"), text(&there, "id")]);
    assert_eq!(users[0], server.zaia().get(&path_of(&here)).await.json(200), "as it is shown elsewhere");

    server.advance(Duration::from_mins(1));
    let changed = server.zaia().patch(&path_of(&here), json!({ "name": "Jane Doe" })).await.json(200);
    let person = server.zaia().get(&path(&here)).await.json(200);
    assert_eq!((&person["externalUsers"][0], &person["updatedAt"]), (&changed, &changed["updatedAt"]));
}

#[tokio::test]
async fn a_user_without_external_id_is_its_own_person() {
    let server = TestServer::start().await;
    let (jane, john) = (create(&server, json!({})).await, create(&server, json!({})).await);
    for user in [&jane, &john] {
        let person = server.zaia().get(&path(user)).await.json(200);
        assert_eq!(each(person["externalUsers"].as_array().unwrap(), "id"), [text(user, "id")]);
    }
}

#[tokio::test]
async fn deleting_the_last_user_deletes_the_person() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let here = create(&server, json!({ "externalId": "u-1" })).await;
    let there = create(&server, json!({ "externalId": "u-1", "channelId": red })).await;
    server.zaia().delete(&path_of(&here)).await.is(204);
    let person = server.zaia().get(&path(&here)).await.json(200);
    assert_eq!(each(person["externalUsers"].as_array().unwrap(), "id"), [text(&there, "id")]);
    server.zaia().delete(&path_of(&there)).await.is(204);
    let reply = server.zaia().get(&path(&here)).await;
    assert_eq!(reply.body["message"], "Super identity not found.");
    let expected = json!({ "resource": "super_identity", "id": here["superIdentityId"] });
    assert_eq!(reply.error(404, "not_found"), expected);
}

#[tokio::test]
async fn an_invalid_id_and_a_person_elsewhere_are_404() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let jane = create(&server, json!({ "externalId": "u-1" })).await;
    server.zaia().with_key(&other.key).get(&path(&jane)).await.error(404, "not_found");
    for id in ["nope", "7d444840-9dc0-41d1-b245-5ffdce74fad2", &text(&jane, "id")] {
        let reply = server.zaia().get(&format!("/api/v1/super-identities/{id}")).await;
        assert_eq!(reply.error(404, "not_found"), json!({ "resource": "super_identity", "id": id }));
    }
}
