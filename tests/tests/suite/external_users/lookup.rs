//! Looking many users up at once.

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, create_channel, each, with};

const LOOKUP: &str = "/api/v1/external-users/lookup";

#[tokio::test]
async fn returns_users_in_the_requested_order() {
    let server = TestServer::start().await;
    let mut users = Vec::new();
    for name in ["ann", "bob", "cleo"] {
        let names = json!({
            "externalId": format!("id-{name}"), "identifier": format!("{name}@Example.com"),
            "email": format!("{name}@example.com"),
        });
        users.push(with(create(&server, names).await, json!({})));
    }
    let ids = each(&users, "id");
    for (names, missing) in [
        (json!({ "externalIds": ["id-cleo", "ID-BOB", "id-ann", "id-cleo"] }), "ID-BOB"),
        (
            json!({ "identifiers": ["CLEO@example.com", "nobody", "ann@example.com", "cleo@EXAMPLE.com"] }),
            "nobody",
        ),
        (
            json!({ "emails": ["Cleo@example.com", "x@example.com", "ANN@example.com", "cleo@example.com"] }),
            "x@example.com",
        ),
        (
            json!({ "ids": [ids[2], "00000000-0000-4000-8000-000000000000", ids[0], ids[2]] }),
            "00000000-0000-4000-8000-000000000000",
        ),
    ] {
        let answer = server.zaia().post(LOOKUP, names).await.json(200);
        assert_eq!(each(answer["found"].as_array().unwrap(), "id"), [&*ids[2], &*ids[0], &*ids[2]]);
        assert_eq!(answer["missing"], json!([missing]));
    }
    let shown = server.zaia().get(&format!("/api/v1/external-users/{}", ids[0])).await.json(200);
    let answer = server.zaia().post(LOOKUP, json!({ "ids": [ids[0]] })).await.json(200);
    assert_eq!(answer, json!({ "found": [shown], "missing": [] }));
}

#[tokio::test]
async fn users_of_another_workspace_are_missing() {
    let server = TestServer::start().await;
    let names = json!({ "externalId": "u-1", "identifier": "jane", "email": "jane@example.com" });
    let user = create(&server, names).await;
    let other = server.new_workspace("Acme Inc").await;
    let foreign = server.zaia().with_key(&other.key);
    for (selector, name) in [
        ("ids", &user["id"]),
        ("externalIds", &user["externalId"]),
        ("identifiers", &user["identifier"]),
        ("emails", &user["email"]),
    ] {
        let answer = foreign.post(LOOKUP, json!({ selector: [name] })).await.json(200);
        assert_eq!(answer, json!({ "found": [], "missing": [name] }), "{selector}");
    }
}

#[tokio::test]
async fn prefers_the_default_channel_then_the_oldest_user() {
    let server = TestServer::start().await;
    let (red, blue) = (create_channel(&server, "red").await, create_channel(&server, "blue").await);
    let user = |channel: &str, name: &str| json!({ "externalId": name, "email": format!("{name}@example.com"), "channelId": channel });
    let in_red = create(&server, user(&red, "u-1")).await;
    create(&server, user(&blue, "u-1")).await;
    let names = [json!({ "externalIds": ["u-1"] }), json!({ "emails": ["u-1@example.com"] })];
    for name in &names {
        let answer = server.zaia().post(LOOKUP, name.clone()).await.json(200);
        assert_eq!(each(answer["found"].as_array().unwrap(), "id"), [in_red["id"].as_str().unwrap()]);
    }
    let in_default = create(&server, user(&server.workspace.channel_id, "u-1")).await;
    create(&server, json!({ "email": "U-1@example.com" })).await;
    for name in &names {
        let answer = server.zaia().post(LOOKUP, name.clone()).await.json(200);
        assert_eq!(each(answer["found"].as_array().unwrap(), "id"), [in_default["id"].as_str().unwrap()]);
    }
}

#[tokio::test]
async fn finds_an_email_that_many_users_share() {
    let server = TestServer::start().await;
    let first = create(&server, json!({ "externalId": "first", "email": "same@example.com" })).await;
    for round in 0..20 {
        let user = |number: usize| json!({ "external_id": format!("{round} {number}"), "email": "same@example.com" });
        let users: Vec<_> = (0..1_000).map(user).collect();
        server.notiflows().post("/admin/users/bulk", json!({ "users": users })).await.is(200);
    }
    let last = create(&server, json!({ "externalId": "last", "email": "other@example.com" })).await;
    let emails = json!({ "emails": ["other@example.com", "SAME@example.com", "nobody@example.com"] });
    let answer = server.zaia().post(LOOKUP, emails).await.json(200);
    let ids = [last["id"].as_str().unwrap(), first["id"].as_str().unwrap()];
    assert_eq!(each(answer["found"].as_array().unwrap(), "id"), ids);
    assert_eq!(answer["missing"], json!(["nobody@example.com"]));
}

#[tokio::test]
async fn accepts_a_thousand_names() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-0" })).await;
    let names = |count: usize| (0..count).map(|number| format!("u-{number}")).collect::<Vec<_>>();
    let answer = server.zaia().post(LOOKUP, json!({ "externalIds": names(1_000) })).await.json(200);
    assert_eq!(each(answer["found"].as_array().unwrap(), "id"), [user["id"].as_str().unwrap()]);
    assert_eq!(answer["missing"].as_array().unwrap().len(), 999);
    let reply = server.zaia().post(LOOKUP, json!({ "externalIds": names(1_001) })).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["externalIds"]);
    let answer = server.zaia().post(LOOKUP, json!({ "externalIds": [] })).await.json(200);
    assert_eq!(answer, json!({ "found": [], "missing": [] }));
}

#[tokio::test]
async fn requires_exactly_one_selector() {
    let server = TestServer::start().await;
    let fields = |body: Value, fields: &'static [&'static str]| (body, fields);
    for (body, fields) in [
        fields(json!({}), &["externalIds"]),
        fields(json!({ "ids": null }), &["externalIds"]),
        fields(json!({ "ids": [], "emails": [] }), &["emails", "ids"]),
        fields(json!({ "ids": "all" }), &["ids"]),
        fields(json!({ "ids": ["7", 7] }), &["ids[1]"]),
        fields(json!({ "ids": ["7", "8"] }), &["ids[0]", "ids[1]"]),
        fields(json!({ "externalIds": ["a", null, "b\u{0}"] }), &["externalIds[1]", "externalIds[2]"]),
    ] {
        let reply = server.zaia().post(LOOKUP, body.clone()).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), fields, "{body}");
    }
}
