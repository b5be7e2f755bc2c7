//! `/api/users/me`: the own account.

use denizen_tests::{Value, json};

use crate::people::{People, new_user, password_of};
use crate::support::{text, with};

const ME: &str = "/api/users/me";
const JANE: &str = "jane@example.com";

#[tokio::test]
async fn shows_the_own_account_with_full_roles() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let jane = people.with_role(JANE, Some(&tenant), "USER").await;
    let me = jane.client.get(ME).await.json(200);
    assert_eq!(me, people.get_account(&jane.id).await);
    let of_a_user = json!(["tenant.profile.read", "tenant.roles.read", "flows.read", "templates.read"]);
    assert_eq!(me["roles"][0]["permissions"], of_a_user);
    assert_eq!(jane.client.get("/api/v1/users/me").await.json(200), me);
    let nobody = people.person("nobody@example.com", json!({})).await;
    assert_eq!(nobody.client.get(ME).await.json(200)["permissions"], json!([]), "needs no right");
}

#[tokio::test]
async fn changes_the_own_profile() {
    let people = People::new().await;
    let jane = people.person(JANE, json!({})).await;
    let changes = json!({
        "firstname": "Jane", "lastname": "Doe", "phone": "+15551234567", "img": "https://example.com/jane.jpg",
    });
    let before = jane.client.get(ME).await.json(200);
    let changed = jane.client.patch(ME, changes.clone()).await.json(200);
    assert_eq!(changed, with(with(before, changes), json!({ "updatedAt": changed["updatedAt"] })));
    assert_eq!(jane.client.get(ME).await.json(200), changed);
    assert_eq!(jane.client.patch(ME, changed.clone()).await.json(200), changed, "as it was read");
    let cleared = jane.client.patch("/api/v1/users/me", json!({ "phone": null, "img": "" })).await.json(200);
    assert_eq!((&cleared["phone"], &cleared["img"]), (&json!(""), &json!("")));
    let broken = json!({ "firstname": "", "lastname": 7, "phone": "none", "img": "none" });
    let fields = jane.client.patch(ME, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["firstname", "img", "lastname", "phone"]);
}

#[tokio::test]
async fn cannot_raise_own_rights() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let (user, admin) = (people.role("USER").await, people.role("ADMIN").await);
    let jane = people.with_role(JANE, Some(&acme), "USER").await;
    let before = jane.client.get(ME).await.json(200);
    for (change, field) in [
        (json!({ "permissions": ["tenant.flows.read"] }), Some("permissions")),
        (json!({ "permissions": ["all"] }), Some("permissions")),
        (json!({ "permissions": ["nonsense"] }), None),
        (json!({ "roles": [user, admin] }), Some("roles")),
        (json!({ "roles": [admin] }), Some("roles")),
        (json!({ "roles": [{ "_id": admin, "id": admin, "name": "USER" }] }), Some("roles")),
        (json!({ "roles": [] }), Some("roles")),
        (json!({ "tenant": other }), Some("tenant")),
        (json!({ "tenant": null }), Some("tenant")),
        (json!({ "status": "DISABLED" }), Some("status")),
        (json!({ "confirmed": true }), Some("confirmed")),
        (json!({ "username": "admin@localhost" }), Some("username")),
        (json!({ "username": "other@example.com" }), Some("username")),
        (json!({ "firstname": "Jane", "permissions": ["all"] }), Some("permissions")),
    ] {
        let details = jane.client.patch(ME, change.clone()).await.error(403, "forbidden");
        if let Some(field) = field {
            assert_eq!(details, json!({ "reason": "protected_field", "param": field }), "{change}");
        }
        assert_eq!(jane.client.get(ME).await.json(200), before, "{change}");
    }
    let ignored = json!({
        "id": people.server.administrator.id, "_id": people.server.administrator.id, "isAdmin": true,
        "createdAt": "2001-01-01T00:00:00Z", "accountId": people.server.administrator.id,
    });
    assert_eq!(jane.client.patch(ME, ignored).await.json(200), before);
}

/// `/api/users/{id}` with the own id does not bypass it.
#[tokio::test]
async fn the_own_id_is_no_bypass() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let jane = people.with_role(JANE, Some(&acme), "USER").await;
    let before = people.get_account(&jane.id).await;
    for (method, body) in [
        ("GET", None),
        ("PATCH", Some(json!({ "permissions": ["all"] }))),
        ("PUT", Some(new_user(JANE))),
        ("DELETE", None),
    ] {
        let details = jane.client.send(method, &jane.path(), body).await.error(403, "forbidden");
        assert!(details["required_scope"].is_string(), "{method}: {details}");
    }
    for method in ["PUT", "DELETE", "POST"] {
        let reply = jane.client.send(method, ME, Some(json!({}))).await;
        assert_eq!(reply.header("allow").map(|allow| allow.contains("PATCH")), Some(true), "{reply}");
        reply.error(405, "method_not_allowed");
    }
    assert_eq!(people.get_account(&jane.id).await, before);
}

#[tokio::test]
async fn a_new_password_needs_the_current_one() {
    let people = People::new().await;
    people.account_with_password(JANE, json!({})).await;
    let jane = people.server.log_in(JANE, &password_of(JANE)).await;
    let new = "another password";
    for change in [
        json!({ "password": new }),
        json!({ "password": new, "currentPassword": null }),
        json!({ "password": new, "currentPassword": "" }),
        json!({ "password": new, "currentPassword": new }),
        json!({ "password": new, "currentPassword": 7 }),
    ] {
        let fields = jane.patch(ME, change.clone()).await.broken_fields(400, "bad_request");
        assert_eq!(fields, ["currentPassword"], "{change}");
    }
    let short = json!({ "password": "short", "currentPassword": "wrong" });
    assert_eq!(jane.patch(ME, short).await.broken_fields(400, "bad_request"), ["password"]);
    people.server.log_in(JANE, &password_of(JANE)).await;

    let change = json!({ "password": new, "currentPassword": password_of(JANE) });
    jane.patch(ME, change).await.json(200);
    let old = json!({ "username": JANE, "password": password_of(JANE) });
    people.server.anonymous().post("/login", old).await.error(401, "unauthenticated");
    people.server.log_in(JANE, new).await;
}

/// Even those who may change accounts need their current password for their own.
#[tokio::test]
async fn an_administrators_password_needs_the_current_one() {
    let people = People::new().await;
    let administrator = &people.server.administrator;
    let path = format!("/api/users/{}", administrator.id);
    let new = json!({ "password": "another password" });
    for method in ["PATCH", "PUT"] {
        let body = with(new_user(&administrator.username), new.clone());
        let roles = json!({ "roles": [people.role("ADMIN").await] });
        let reply = people.administrator.send(method, &path, Some(with(body.clone(), roles.clone()))).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["currentPassword"], "{method}");
        let wrong = with(with(body, roles), json!({ "currentPassword": "wrong password" }));
        let reply = people.administrator.send(method, &path, Some(wrong)).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["currentPassword"], "{method}");
    }
    people.server.as_administrator().await;
    let change = with(new, json!({ "currentPassword": administrator.password }));
    people.administrator.patch(&path, change).await.is(200);
    people.server.log_in(&administrator.username, "another password").await;
}

/// A username is part of the credential.
#[tokio::test]
async fn an_administrators_username_needs_the_password() {
    let people = People::new().await;
    let administrator = &people.server.administrator;
    let path = format!("/api/users/{}", administrator.id);
    let new = json!({ "username": "root@example.com" });
    let wrong = json!({ "currentPassword": "wrong password" });
    for change in [new.clone(), with(new.clone(), wrong)] {
        let reply = people.administrator.patch(&path, change).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["currentPassword"]);
    }
    people.administrator.patch(&path, json!({ "username": "ADMIN@localhost" })).await.is(200);
    let change = with(new, json!({ "currentPassword": administrator.password }));
    people.administrator.patch(&path, change).await.is(200);
    people.server.log_in("root@example.com", &administrator.password).await;
}

#[tokio::test]
async fn only_others_set_a_first_password() {
    let people = People::new().await;
    let jane = people.person(JANE, json!({})).await;
    for current in [Value::Null, json!(""), json!("anything")] {
        let change = json!({ "password": "correct horse", "currentPassword": current });
        let fields = jane.client.patch(ME, change).await.broken_fields(400, "bad_request");
        assert_eq!(fields, ["currentPassword"]);
    }
    people.change(&jane.id, json!({ "password": "correct horse" })).await;
    let me = people.server.log_in(JANE, "correct horse").await.get(ME).await.json(200);
    assert_eq!(text(&me, "id"), jane.id);
}
