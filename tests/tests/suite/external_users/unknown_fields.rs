//! What a body has beside the fields of its operation is refused, and changes nothing.

use denizen_tests::{Reply, TestServer, Value, json};

use crate::support::{create, path_of, text, with, zaia_body};

const PATH: &str = "/api/v1/external-users";

/// The refused fields, each with its reason and what is said about it.
#[track_caller]
fn refused(reply: &Reply, status: u16) -> Vec<(String, String, String)> {
    assert_eq!(reply.status, status, "{reply}");
    let fields = reply.body["error"]["details"]["fields"].as_array().unwrap().clone();
    fields.iter().map(|it| (text(it, "field"), text(it, "reason"), text(it, "message"))).collect()
}

fn field(field: &str, reason: &str, message: &str) -> (String, String, String) {
    (field.to_owned(), reason.to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_misspelt_field_is_refused_with_all_others() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let body = json!({ "block": true, "emial": "jane@example.com", "phone": "12" });
    let refused = refused(&server.zaia().patch(&path_of(&user), body).await, 400);
    let names: Vec<_> = refused.iter().map(|(field, reason, _)| (field.as_str(), reason.as_str())).collect();
    assert_eq!(names, [("block", "unknown"), ("emial", "unknown"), ("phone", "invalid_format")]);
    assert_eq!(refused[1].2, "is not a field of this operation; did you mean email?");
    let reply = server.zaia().patch(&path_of(&user), json!({ "external_id": "u-2" })).await;
    assert_eq!(reply.body["error"]["details"]["param"], "external_id", "as it was sent");
    let now = server.zaia().get(&path_of(&user)).await.json(200);
    assert_eq!((&now["blocked"], &now["email"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn fields_of_nested_objects_count_and_those_of_custom_fields_do_not() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let path = path_of(&user);
    let body = json!({ "blocked": { "reason": "spam", "untill": "2099-01-01T00:00:00Z" } });
    let expected = field("blocked.untill", "unknown", "is not a field of this object; did you mean until?");
    assert_eq!(refused(&server.zaia().patch(&path, body).await, 400), [expected]);
    let body = json!({ "customFields": { "unheardOf": { "of": [] } } });
    server.zaia().patch(&path, body).await.json(200);
}

#[tokio::test]
async fn an_answer_can_be_sent_back_changed() {
    let server = TestServer::start().await;
    let made = create(&server, json!({ "externalId": "u-1", "name": "Jane" })).await;
    let body = with(made.clone(), json!({ "firstName": "Joan" }));
    let changed = server.zaia().patch(&path_of(&made), body).await.json(200);
    assert_eq!((&changed["firstName"], &changed["displayName"]), (&json!("Joan"), &json!("Jane")));

    let path = "/admin/users/u-1";
    let shown = server.notiflows().get(path).await.json(200);
    let changed = server.notiflows().put(path, with(shown, json!({ "first_name": "Joan" }))).await;
    assert_eq!(changed.json(200)["first_name"], "Joan");

    for path in ["/api/v1/channels", "/api/v1/tiers", "/api/v1/external-user-groups"] {
        let body = json!({ "name": "Some", "description": "Some words", "prompt": null });
        let body = match path {
            "/api/v1/channels" => body,
            "/api/v1/tiers" => with(body, json!({ "maxAssistantMessages": null })),
            _ => json!({ "name": "Some", "externalId": null, "tierId": null }),
        };
        let made = server.zaia().post(path, body).await.json(200);
        let path = format!("{path}/{}", text(&made, "id"));
        let changed = server.zaia().patch(&path, with(made, json!({ "name": "Other" }))).await;
        assert_eq!(changed.json(200)["name"], "Other", "{path}");
    }
}

#[tokio::test]
async fn a_field_of_another_operation_is_not_read_only() {
    let server = TestServer::start().await;
    let body = json!({ "name": "Shop", "description": null, "prompt": null, "isRemoved": true });
    let expected = field("isRemoved", "unknown", "is a field of another operation, not of this one");
    assert_eq!(refused(&server.zaia().post("/api/v1/channels", body).await, 400), [expected]);
}

#[tokio::test]
async fn notiflows_refuses_names_in_another_style() {
    let server = TestServer::start().await;
    let expected =
        field("firstName", "unknown", "is not a field of this operation; did you mean first_name?");
    let body = json!({ "firstName": "Alan" });
    assert_eq!(refused(&server.notiflows().put("/admin/users/x", body).await, 422), [expected]);
    server.notiflows().get("/admin/users/x").await.error(404, "not_found");

    let users = json!({ "users": [{ "external_id": "a", "firstName": "Alan" }, { "external_id": "b" }] });
    let result = server.notiflows().post("/admin/users/bulk", users).await.json(207);
    assert_eq!(result["successful"], json!([{ "external_id": "b", "status": "created" }]));
    assert_eq!(result["failed"][0]["fields"][0]["reason"], "unknown");
}

#[tokio::test]
async fn a_body_of_zaia_with_the_key_of_flowra_is_refused() {
    let server = TestServer::start().await;
    let body = zaia_body(&server, json!({ "externalId": "u-1", "name": "Jane" }));
    for client in [server.flowra(), server.flowra_bearer()] {
        let refused = refused(&client.post(PATH, body.clone()).await, 422);
        let names: Vec<_> = refused.iter().map(|(field, _, _)| field.as_str()).collect();
        let expected = ["channelId", "externalId", "externalUserGroupId", "identifier", "tierId"];
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        assert!(refused.iter().all(|(_, _, message)| message.contains("is a field of Zaia")), "{refused:?}");
    }
    assert_eq!(server.zaia().get(PATH).await.array(200), [Value::Null; 0]);
}

#[tokio::test]
async fn two_key_headers_must_mean_the_same() {
    let server = TestServer::start().await;
    let key = &server.workspace.key.secret;
    let other = &server.new_key(&["external_users:read"]).await.secret;
    let flowra = server.flowra();
    for (authorization, word) in
        [(key.clone(), "means Zaia"), (other.clone(), "another"), (format!("Bearer {other}"), "another")]
    {
        let reply = flowra.with("authorization", &authorization).get(PATH).await;
        let details = reply.error(400, "bad_request");
        let message = text(&details["fields"][0], "message");
        assert_eq!(details["param"], "authorization");
        assert!(message.contains(word), "{message}");
    }
    for authorization in [format!("Bearer {key}"), "Basic cHJveHk6c2VjcmV0".to_owned()] {
        flowra.with("authorization", &authorization).get(PATH).await.array(200);
    }
    flowra.with("authorization", key).get("/api/v1/channels").await.array(200);
}
