//! FlowMate, "get all users".

use denizen_tests::{Reply, TestServer, Value, json};
use insta::assert_snapshot;

use crate::people::{People, new_user};
use crate::support::{keys, text, with};

/// The values of "permissions" that the document allows.
const PERMISSIONS: [&str; 33] = [
    "all",
    "iam.tenant.create",
    "iam.tenant.read",
    "iam.tenant.update",
    "iam.tenant.delete",
    "iam.secret.create",
    "iam.secret.read",
    "iam.key.create",
    "iam.key.read",
    "iam.key.delete",
    "iam.account.create",
    "iam.account.read",
    "iam.account.update",
    "iam.account.delete",
    "iam.token.create",
    "iam.token.update",
    "iam.token.delete",
    "iam.token.introspect",
    "tenant.all",
    "tenant.membership.create",
    "tenant.membership.update",
    "tenant.membership.delete",
    "tenant.profile.read",
    "tenant.profile.update",
    "tenant.profile.delete",
    "tenant.roles.read",
    "tenant.roles.create",
    "tenant.roles.update",
    "tenant.roles.delete",
    "tenant.flows.read",
    "tenant.flows.create",
    "tenant.flows.update",
    "tenant.flows.delete",
];

/// The permissions of workflows, which the built-in roles have in addition.
const OF_WORKFLOWS: [&str; 7] = [
    "flows.read",
    "flows.write",
    "flows.control",
    "flows.bulk",
    "templates.read",
    "templates.write",
    "webhooks.execute",
];

/// The documentation of a key.
#[derive(Clone, Copy)]
enum Documented {
    Text,
    /// A text, or null if there is none.
    NullableText,
    Boolean,
    Status,
    Permissions,
    Roles,
}

const USER: [(&str, Documented); 10] = [
    ("id", Documented::Text),
    ("username", Documented::Text),
    ("firstname", Documented::Text),
    ("lastname", Documented::Text),
    ("status", Documented::Status),
    ("tenant", Documented::NullableText),
    ("roles", Documented::Roles),
    ("permissions", Documented::Permissions),
    ("confirmed", Documented::Boolean),
    ("img", Documented::Text),
];

const ROLE: [(&str, Documented); 8] = [
    ("id", Documented::Text),
    ("name", Documented::Text),
    ("permissions", Documented::Permissions),
    ("scope", Documented::Text),
    ("createdAt", Documented::Text),
    ("updatedAt", Documented::Text),
    ("isGlobal", Documented::Boolean),
    ("description", Documented::Text),
];

/// Asserts every documented key with its documented type.
#[track_caller]
fn assert_documented(object: &Value, keys: &[(&str, Documented)]) {
    for (key, documented) in keys {
        let value = object.get(key).unwrap_or_else(|| panic!("{key} is missing in {object:#}"));
        let is_as_documented = match documented {
            Documented::Text => value.is_string(),
            Documented::NullableText => value.is_string() || value.is_null(),
            Documented::Boolean => value.is_boolean(),
            Documented::Status => ["ACTIVE", "PENDING", "DISABLED"].iter().any(|status| value == status),
            Documented::Permissions => {
                let mut codes = value.as_array().into_iter().flatten();
                value.is_array()
                    && codes.all(|code| PERMISSIONS.iter().chain(&OF_WORKFLOWS).any(|known| code == known))
            }
            Documented::Roles => {
                for role in value.as_array().into_iter().flatten() {
                    assert_documented(role, &ROLE);
                }
                value.is_array()
            }
        };
        assert!(is_as_documented, "{key} in {object:#}");
    }
}

/// The documented `curl`, with the token of a log-in.
async fn documented_request(server: &TestServer, path: &str, token: &str) -> Reply {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: api.platform.openintegrationhub.com\r\nUser-Agent: curl/8.5.0\r\n\
         Accept: */*\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    server.raw(request).await
}

/// People of all kinds, and the token of their administrator.
async fn directory() -> (People, String) {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let (user, admin) = (people.role("USER").await, people.role("TENANT_ADMIN").await);
    let own = json!({ "name": "Support", "description": "Answers questions", "permissions": ["tenant.flows.read"] });
    let boss = people.tenant_admin("boss@acme.example", &tenant).await;
    let own = text(&boss.client.post("/api/roles", own).await.json(200), "id");
    for (username, given) in [
        ("bare@example.com", json!({})),
        ("pending@example.com", json!({ "status": "PENDING" })),
        ("disabled@example.com", json!({ "status": "DISABLED", "confirmed": true })),
        (
            "full@acme.example",
            json!({
                "tenant": tenant, "roles": [user, admin, own], "permissions": &PERMISSIONS[..],
                "img": "https://example.com/full.jpg",
            }),
        ),
    ] {
        people.account(username, given).await;
    }
    let administrator = &people.server.administrator;
    let body = json!({ "username": administrator.username, "password": administrator.password });
    let token = text(&people.server.anonymous().post("/login", body).await.json(200), "token");
    (people, token)
}

#[tokio::test]
async fn the_documented_request_succeeds() {
    let (people, token) = directory().await;
    let bare = documented_request(&people.server, "/api/users", &token).await.array(200);
    assert_eq!(bare.len(), 6);
    for user in &bare {
        assert_documented(user, &USER);
    }
    assert_eq!(bare[5]["permissions"], json!(&PERMISSIONS[..]));
    assert_eq!(bare[5]["roles"].as_array().unwrap().len(), 3);

    let with_meta = documented_request(&people.server, "/api/users?meta", &token).await.json(200);
    assert_eq!(with_meta, json!({ "data": bare, "meta": { "total": 6 } }));
    for path in ["/api/users?meta=true", "/api/v1/users?meta", "/api/v1/users?meta=true"] {
        assert_eq!(documented_request(&people.server, path, &token).await.json(200), with_meta, "{path}");
    }
    for path in ["/api/users?meta=false", "/api/v1/users"] {
        assert_eq!(documented_request(&people.server, path, &token).await.array(200), bare, "{path}");
    }
}

/// "This can only be done by a logged in user who has the required privileges."
#[tokio::test]
async fn requires_a_log_in_and_privileges() {
    let people = People::new().await;
    let printed_as_it_stands = "GET /api/users?meta HTTP/1.1\r\nHost: api.platform.openintegrationhub.com\r\n\
                                User-Agent: curl/8.5.0\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    let reply = people.server.raw(printed_as_it_stands).await;
    assert!(reply.header("www-authenticate").unwrap_or_default().starts_with("Bearer"), "{reply}");
    assert_eq!(reply.error(401, "unauthenticated"), json!({ "auth": "bearer" }));
    documented_request(&people.server, "/api/users?meta", "nonsense").await.error(401, "unauthenticated");
    let nobody = people.person("nobody@example.com", json!({})).await;
    let details = nobody.client.get("/api/users?meta").await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "tenant.account.read" }));
}

#[tokio::test]
async fn post_login() {
    let (people, token) = directory().await;
    let me = documented_request(&people.server, "/api/users/me", &token).await.json(200);
    assert_documented(&me, &USER);
    assert_eq!(me["username"], "admin@localhost");
}

/// "Create user", "get a user by id" and "get current user" on the document's menu.
#[tokio::test]
async fn other_operations_show_the_same_user() {
    let (people, token) = directory().await;
    let made = people.administrator.post("/api/users", new_user("new@example.com")).await.json(200);
    let path = format!("/api/users/{}", text(&made, "id"));
    let by_id = documented_request(&people.server, &path, &token).await.json(200);
    assert_documented(&by_id, &USER);
    let listed = documented_request(&people.server, "/api/users", &token).await.array(200);
    assert_eq!(listed.last(), Some(&by_id));
    let current = people.client_of(&text(&made, "id")).await.get("/api/users/me").await.json(200);
    assert_eq!(current, by_id);
}

#[tokio::test]
async fn the_exact_response() {
    let people = People::with_fixed_time().await;
    let role = people.role("USER").await;
    let given = json!({ "tenant": people.server.workspace.id, "roles": [role], "permissions": ["tenant.flows.read"] });
    people.account("jane.doe@example.com", given).await;
    let answer = people.administrator.get("/api/users?meta&username=jane.doe@example.com").await.json(200);
    let user = &answer["data"][0];
    let expected =
        [USER.map(|(key, _)| key).as_slice(), &["_id", "createdAt", "phone", "updatedAt"]].concat();
    let known: Vec<_> = keys(user);
    assert_eq!(known.len(), expected.len());
    assert!(expected.iter().all(|key| known.contains(key)), "{known:?}");
    let ids = json!({ "id": "…", "_id": "…", "tenant": "…" });
    assert_snapshot!(format!("{:#}", with(user.clone(), ids)), @r#"
    {
      "id": "…",
      "_id": "…",
      "username": "jane.doe@example.com",
      "firstname": "First",
      "lastname": "Last",
      "status": "ACTIVE",
      "tenant": "…",
      "roles": [
        {
          "id": "8f6f9c52-6d3e-4a0b-9a51-3c1f0e7d2a03",
          "_id": "8f6f9c52-6d3e-4a0b-9a51-3c1f0e7d2a03",
          "name": "USER",
          "permissions": [
            "tenant.profile.read",
            "tenant.roles.read",
            "flows.read",
            "templates.read"
          ],
          "scope": "global",
          "isGlobal": true,
          "description": "Seeing the own workspace and its roles",
          "createdAt": "2026-11-21T00:00:00.000000Z",
          "updatedAt": "2026-11-21T00:00:00.000000Z"
        }
      ],
      "permissions": [
        "tenant.flows.read"
      ],
      "confirmed": false,
      "img": "",
      "phone": "",
      "createdAt": "2024-01-15T10:30:00.000000Z",
      "updatedAt": "2024-01-15T10:30:00.000000Z"
    }
    "#);
}
