//! One directory under three contracts: each reads what the others write.

use denizen_tests::{TestServer, json};

use crate::support::{each, path_of, text};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a life is one story")]
async fn one_users_life_over_all_three_contracts() {
    let server = TestServer::start().await;
    let (flowra, zaia, notiflows) = (server.flowra(), server.zaia(), server.notiflows());

    let seed = json!({
        "avatar": "https://example.com/avatars/jane.jpg",
        "created_at": "2024-01-15T10:30:00Z",
        "custom_fields": { "company": "Acme Inc", "plan": "premium" },
        "email": "jane.doe@example.com",
        "external_id": "user_12345",
        "first_name": "Jane",
        "id": "01HQXYZ123456789ABCDEFGHIJ",
        "last_name": "Doe",
        "locale": "en-US",
        "phone": "+15551234567",
        "timezone": "America/New_York",
        "updated_at": "2024-01-20T14:45:00Z",
    });
    let made = notiflows.put("/admin/users/user_12345", seed.clone()).await.json(201);
    for written in [
        "avatar",
        "custom_fields",
        "email",
        "external_id",
        "first_name",
        "last_name",
        "locale",
        "phone",
        "timezone",
    ] {
        assert_eq!(made[written], seed[written], "{written}");
    }
    for assigned in ["id", "created_at", "updated_at"] {
        assert_ne!(made[assigned], seed[assigned], "only the server assigns {assigned}");
    }
    notiflows.put("/admin/users/somebody_else", json!({})).await.is(201);

    // Flowra finds it by username, which is the external id as long as there is no identifier.
    let found = flowra.get("/api/v1/external-users/username/user_12345").await.json(200);
    assert_eq!(found["id"], made["id"]);
    assert_eq!(found["name"], "user_12345");
    assert_eq!(found["projectId"], server.workspace.id.as_str());

    // Zaia lists it with a filter, in the default channel.
    let filtered = format!("/api/v1/external-users?channelIds={}&search=jane", server.workspace.channel_id);
    let listed = zaia.get(&filtered).await.array(200);
    assert_eq!(each(&listed, "id"), [text(&made, "id")]);
    assert_eq!(listed[0]["email"], "jane.doe@example.com");
    assert_eq!(listed[0]["customFields"], seed["custom_fields"]);
    assert_eq!(listed[0]["name"], json!(null), "it has no display name yet");

    // It is patched through Zaia, and gets a token.
    let path = path_of(&made);
    let change =
        json!({ "name": "Jane D.", "identifier": "jane", "customFields": { "plan": null, "seats": 3 } });
    let patched = zaia.patch(&path, change).await.json(200);
    assert_eq!(patched["customFields"], json!({ "company": "Acme Inc", "seats": 3 }));
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": "user_12345", "id": null, "identifier": null,
    });
    let authenticated = zaia.post("/api/v1/external-users/authenticate", claim.clone()).await.json(200);
    assert_eq!(authenticated["id"], made["id"]);
    let token = text(&authenticated, "accessToken");
    let me = server.bearer(&token).get("/api/v1/external-users/me").await.json(200);
    assert_eq!(me["id"], made["id"]);

    // Blocked: the token is refused, and there is no new one.
    assert_eq!(zaia.patch(&path, json!({ "blocked": true })).await.json(200)["blocked"], true);
    server.bearer(&token).get("/api/v1/external-users/me").await.error(401, "unauthenticated");
    let details =
        zaia.post("/api/v1/external-users/authenticate", claim.clone()).await.error(403, "forbidden");
    assert_eq!(details["reason"], "blocked");

    // All three still read the same record.
    let by_zaia = zaia.get(&path).await.json(200);
    let by_notiflows = notiflows.get("/admin/users/user_12345").await.json(200);
    let by_flowra = flowra.get("/api/v1/external-users/username/JANE").await.json(200);
    assert_eq!((&by_zaia["name"], &by_flowra["name"]), (&json!("Jane D."), &json!("jane")));
    for (camel, snake) in [
        ("avatar", "avatar"),
        ("createdAt", "created_at"),
        ("customFields", "custom_fields"),
        ("email", "email"),
        ("externalId", "external_id"),
        ("firstName", "first_name"),
        ("id", "id"),
        ("lastName", "last_name"),
        ("locale", "locale"),
        ("phone", "phone"),
        ("timezone", "timezone"),
        ("updatedAt", "updated_at"),
    ] {
        assert_eq!(by_zaia[camel], by_flowra[camel], "{camel}");
        assert_eq!(by_zaia[camel], by_notiflows[snake], "{camel}");
    }

    // Deleted: gone everywhere, and nothing else is.
    notiflows.delete("/admin/users/user_12345").await.is(204);
    notiflows.get("/admin/users/user_12345").await.error(404, "not_found");
    zaia.get(&path).await.error(404, "not_found");
    for username in ["user_12345", "jane"] {
        let found = flowra.get(&format!("/api/v1/external-users/username/{username}")).await;
        assert_eq!(found.text, "null");
        found.json(200);
    }
    assert_eq!(each(&flowra.get("/api/v1/external-users").await.array(200), "externalId"), ["somebody_else"]);
    assert_eq!(zaia.get(&filtered).await.array(200).len(), 0);
    let page = notiflows.get("/admin/users").await.json(200);
    assert_eq!(each(page["items"].as_array().unwrap(), "external_id"), ["somebody_else"]);

    // Its external id is free: its next user is a new one.
    let next = zaia.post("/api/v1/external-users/authenticate", claim).await.json(200);
    assert_ne!(next["id"], made["id"]);
    server.bearer(&token).get("/api/v1/external-users/me").await.error(401, "unauthenticated");
}
