//! Zaia's authentication: finds or creates a user, and issues a token.

use denizen_tests::{Reply, TestServer, Value, json};

use crate::support::{create, create_channel, path_of, text, with};

const PATH: &str = "/api/v1/external-users/authenticate";

async fn authenticate(server: &TestServer, names: Value) -> Reply {
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": null, "id": null, "identifier": null,
    });
    server.zaia().post(PATH, with(claim, names)).await
}

async fn count(server: &TestServer) -> usize {
    server.flowra().get("/api/v1/external-users").await.array(200).len()
}

#[tokio::test]
async fn finds_a_known_user_by_any_name() {
    let server = TestServer::start().await;
    let user =
        create(&server, json!({ "externalId": "u-1", "identifier": "Jane", "name": "Jane Doe" })).await;
    for names in [
        json!({ "id": user["id"] }),
        json!({ "externalId": "u-1" }),
        json!({ "identifier": "JANE" }),
        json!({ "id": user["id"], "externalId": "u-1", "identifier": "jane" }),
        json!({ "externalId": "u-1", "identifier": "Jane" }),
    ] {
        let found = authenticate(&server, names.clone()).await.json(200);
        assert_eq!(found["id"], user["id"], "{names}");
        assert_eq!(found["name"], "Jane Doe");
        assert!(found["accessToken"].is_string());
    }
    assert_eq!(count(&server).await, 1);
}

#[tokio::test]
async fn creates_a_user_for_a_new_name() {
    let server = TestServer::start().await;
    let first = authenticate(&server, json!({ "externalId": "u-1", "identifier": "jane" })).await.json(200);
    assert_eq!((&first["externalId"], &first["identifier"]), (&json!("u-1"), &json!("jane")));
    let second = authenticate(&server, json!({ "identifier": "joe" })).await.json(200);
    assert_eq!((&second["externalId"], &second["identifier"]), (&Value::Null, &json!("joe")));
    let third = authenticate(&server, json!({ "externalId": "u-3" })).await.json(200);
    assert_eq!((&third["externalId"], &third["identifier"]), (&json!("u-3"), &Value::Null));
    assert_eq!(count(&server).await, 3);
    assert_eq!(authenticate(&server, json!({ "externalId": "u-3" })).await.json(200)["id"], third["id"]);
    assert_eq!(count(&server).await, 3);
}

#[tokio::test]
async fn all_given_names_must_match_one_user() {
    let server = TestServer::start().await;
    let jane = create(&server, json!({ "externalId": "u-jane", "identifier": "jane" })).await;
    create(&server, json!({ "externalId": "u-joe", "identifier": "joe" })).await;
    for names in [
        json!({ "id": jane["id"], "externalId": "u-joe" }),
        json!({ "id": jane["id"], "externalId": "u-new" }),
        json!({ "id": jane["id"], "identifier": "joe" }),
        json!({ "externalId": "u-jane", "identifier": "joe" }),
        json!({ "externalId": "u-jane", "identifier": "new" }),
        json!({ "externalId": "u-new", "identifier": "joe" }),
    ] {
        let reply = authenticate(&server, names.clone()).await;
        assert_eq!(reply.body["message"], "Invalid data provided.", "{names}");
        reply.error(400, "bad_request");
    }
    assert_eq!(count(&server).await, 2, "nothing was written");
}

#[tokio::test]
async fn requires_a_name() {
    let server = TestServer::start().await;
    let reply = authenticate(&server, json!({})).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    reply.error(400, "bad_request");
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn requires_all_four_keys() {
    let server = TestServer::start().await;
    let four = ["channelId", "externalId", "id", "identifier"];
    assert_eq!(server.zaia().post(PATH, json!({})).await.broken_fields(400, "bad_request"), four);
    for missing in four {
        let mut body = json!({
            "channelId": server.workspace.channel_id, "externalId": "u-1", "id": null, "identifier": "jane",
        });
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(server.zaia().post(PATH, body).await.broken_fields(400, "bad_request"), [missing]);
    }
    let broken = json!({ "channelId": null, "externalId": "x".repeat(251), "id": "jane", "identifier": "x".repeat(256) });
    assert_eq!(server.zaia().post(PATH, broken).await.broken_fields(400, "bad_request"), four);
    assert_eq!(count(&server).await, 0, "nothing was written");
}

#[tokio::test]
async fn an_unknown_id_is_404() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let in_red = create(&server, json!({ "channelId": red, "externalId": "u-1" })).await;
    let nobody = json!("00000000-0000-4000-8000-000000000000");
    for id in [&nobody, &in_red["id"]] {
        let reply = authenticate(&server, json!({ "id": id })).await;
        assert_eq!(reply.body["message"], "External user not found.");
        reply.error(404, "not_found");
    }
    assert_eq!(count(&server).await, 1);
}

#[tokio::test]
async fn an_unknown_channel_is_404() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    for channel in ["00000000-0000-4000-8000-000000000000", &other.channel_id] {
        for names in
            [json!({ "externalId": "u-1" }), json!({ "id": user["id"] }), json!({ "identifier": "new" })]
        {
            let reply = authenticate(&server, with(names, json!({ "channelId": channel }))).await;
            assert_eq!(reply.body["message"], "Channel not found.");
            reply.error(404, "not_found");
        }
    }
    assert_eq!(count(&server).await, 1);
}

#[tokio::test]
async fn users_are_separate_per_channel() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let here = authenticate(&server, json!({ "externalId": "u-1" })).await.json(200);
    let there = authenticate(&server, json!({ "externalId": "u-1", "channelId": red })).await.json(200);
    assert_ne!(here["id"], there["id"]);
    assert_eq!(there["channelId"], red.as_str());
}

#[tokio::test]
async fn a_removed_channel_admits_only_its_known_users() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let user = create(&server, json!({ "channelId": red, "externalId": "u-1" })).await;
    server.zaia().delete(&format!("/api/v1/channels/{red}")).await.is(200);
    let known = authenticate(&server, json!({ "channelId": red, "externalId": "u-1" })).await.json(200);
    assert_eq!(known["id"], user["id"]);
    authenticate(&server, json!({ "channelId": red, "externalId": "u-2" })).await.error(409, "conflict");
    assert_eq!(count(&server).await, 1);
}

#[tokio::test]
async fn a_blocked_user_gets_no_token() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    server.zaia().patch(&path_of(&user), json!({ "blocked": true })).await.is(200);
    let reply = authenticate(&server, json!({ "externalId": "u-1" })).await;
    assert!(!reply.text.contains("accessToken"));
    assert_eq!(reply.error(403, "forbidden")["reason"], "blocked");
    server.zaia().patch(&path_of(&user), json!({ "blocked": false })).await.is(200);
    assert!(authenticate(&server, json!({ "externalId": "u-1" })).await.json(200)["accessToken"].is_string());
}

#[tokio::test]
async fn answers_zaia_with_any_key_header() {
    let server = TestServer::start().await;
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": "u-1", "id": null, "identifier": "jane",
    });
    for client in [server.zaia(), server.flowra(), server.flowra_bearer()] {
        let user = client.post(PATH, claim.clone()).await.json(200);
        assert_eq!(user["name"], Value::Null, "Zaia's name is the display name");
        assert!(!text(&user, "accessToken").is_empty());
    }
}

#[tokio::test]
async fn accepts_a_short_external_id_of_another_contract() {
    let server = TestServer::start().await;
    let made = server.notiflows().put("/admin/users/7", json!({ "first_name": "Jane" })).await.json(201);
    let found = authenticate(&server, json!({ "externalId": "7" })).await.json(200);
    assert_eq!(found["id"], made["id"]);
}
