//! `/api/roles` and `/api/permissions`.

use std::time::Duration;

use denizen_tests::{Value, json};

use crate::people::{People, assert_names};
use crate::support::{assert_time, assert_uuid, keys, text, with};

const PATH: &str = "/api/roles";
const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// All permissions that there are, as the contract lists them.
pub(crate) const PERMISSIONS: [&str; 54] = [
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
    "iam.apiKey.create",
    "iam.apiKey.read",
    "iam.apiKey.delete",
    "iam.audit.read",
    "iam.externalUser.read",
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
    "tenant.account.read",
    "tenant.account.create",
    "tenant.account.update",
    "tenant.account.delete",
    "tenant.apiKey.create",
    "tenant.apiKey.read",
    "tenant.apiKey.delete",
    "tenant.audit.read",
    "tenant.externalUser.read",
    "flows.read",
    "flows.write",
    "flows.control",
    "flows.bulk",
    "templates.read",
    "templates.write",
    "webhooks.execute",
];

/// Those that do not reach beyond one workspace.
fn permissions_of_a_workspace() -> Vec<&'static str> {
    let reaches_beyond = |code: &str| code == "all" || code.starts_with("iam.");
    PERMISSIONS.into_iter().filter(|code| !reaches_beyond(code)).collect()
}

/// The reserved names.
const RESERVED: [&str; 7] = [
    "ADMIN",
    "TENANT_ADMIN",
    "USER",
    "SERVICE_ACCOUNT",
    "TENANT_INTEGRATOR",
    "TENANT_DEVELOPER",
    "TENANT_GUEST",
];

#[tokio::test]
async fn a_directory_starts_with_three_roles() {
    let people = People::new().await;
    let roles = people.administrator.get(PATH).await.array(200);
    assert_names(&roles, "name", &["ADMIN", "TENANT_ADMIN", "USER"]);
    for (name, permissions) in [
        ("ADMIN", vec!["all"]),
        ("USER", vec!["tenant.profile.read", "tenant.roles.read", "flows.read", "templates.read"]),
        (
            "TENANT_ADMIN",
            vec![
                "tenant.all",
                "tenant.profile.read",
                "tenant.profile.update",
                "tenant.roles.read",
                "tenant.roles.create",
                "tenant.roles.update",
                "tenant.roles.delete",
                "tenant.flows.read",
                "tenant.flows.create",
                "tenant.flows.update",
                "tenant.flows.delete",
                "flows.read",
                "flows.write",
                "flows.control",
                "flows.bulk",
                "templates.read",
                "templates.write",
                "webhooks.execute",
            ],
        ),
    ] {
        let role = people.administrator.get(&format!("{PATH}/{}", people.role(name).await)).await.json(200);
        assert_eq!(role["permissions"], json!(permissions), "{name}");
        assert_eq!((&role["isGlobal"], &role["scope"]), (&json!(true), &json!("global")), "{name}");
        assert!(role.get("tenant").is_none(), "{role:#}");
    }
}

#[tokio::test]
async fn stores_every_given_field() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let body = json!({
        "name": "Support", "permissions": ["tenant.account.read", "tenant.profile.read", "tenant.account.read"],
        "description": "Answers questions", "id": NOBODY, "_id": NOBODY, "tenant": NOBODY, "scope": "global",
        "createdAt": "2001-01-01T00:00:00Z",
    });
    let made = admin.client.post(PATH, body).await.json(200);
    let expected_keys = [
        "_id",
        "createdAt",
        "description",
        "id",
        "isGlobal",
        "name",
        "permissions",
        "scope",
        "tenant",
        "updatedAt",
    ];
    assert_eq!(keys(&made), expected_keys);
    assert_uuid(&made["id"]);
    assert_time(&made["createdAt"]);
    let expected = json!({
        "_id": made["id"], "name": "Support", "permissions": ["tenant.profile.read", "tenant.account.read"],
        "description": "Answers questions", "tenant": acme, "scope": "tenant", "isGlobal": false,
        "updatedAt": made["createdAt"],
    });
    assert_eq!(made, with(made.clone(), expected));
    assert_ne!(made["id"], NOBODY);
    for base in ["/api", "/api/v1"] {
        let read = admin.client.get(&format!("{base}/roles/{}", text(&made, "id"))).await.json(200);
        assert_eq!(read, made);
    }
    let bare = admin.client.post(PATH, json!({ "name": "Nothing" })).await.json(200);
    assert_eq!((&bare["permissions"], &bare["description"]), (&json!([]), &json!("")));
}

#[tokio::test]
async fn keeps_absent_keys_and_clears_null_ones() {
    let people = People::with_fixed_time().await;
    let body = json!({ "name": "Support", "permissions": ["tenant.account.read"], "description": "Helps" });
    let made = people.administrator.post(PATH, body).await.json(200);
    let path = format!("{PATH}/{}", text(&made, "id"));
    let change = async |body: Value| people.administrator.patch(&path, body).await;
    people.server.advance(Duration::from_mins(1));
    assert_eq!(change(json!({})).await.json(200), made);
    assert_eq!(change(made.clone()).await.json(200), made, "as it was read");
    let changes = json!({ "name": "support", "permissions": ["iam.account.read"], "description": null });
    let changed = change(changes.clone()).await.json(200);
    let expected = with(changes, json!({ "description": "", "updatedAt": "2024-01-15T10:31:00.000000Z" }));
    assert_eq!(changed, with(made, expected));
    for (broken, fields) in [
        (json!({ "name": null, "permissions": null }), vec!["name", "permissions"]),
        (json!({ "name": "", "description": "x".repeat(1_001) }), vec!["description", "name"]),
        (json!({ "permissions": ["nonsense"] }), vec!["permissions"]),
        (json!({ "permissions": [7] }), vec!["permissions"]),
        (json!({ "isGlobal": true }), vec!["isGlobal"]),
    ] {
        assert_eq!(change(broken).await.broken_fields(400, "bad_request"), fields);
    }
    assert_eq!(people.administrator.get(&path).await.json(200), changed);
}

#[tokio::test]
async fn names_are_unique_per_tenant() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let of_acme = people.tenant_admin("admin@acme.example", &acme).await;
    let of_other = people.tenant_admin("admin@other.example", &other).await;
    let global = json!({ "name": "Support", "isGlobal": true });
    people.administrator.post(PATH, global.clone()).await.is(200);
    let taken = json!({ "param": "name", "reason": "taken" });
    for admin in [&of_acme, &of_other] {
        admin.client.post(PATH, json!({ "name": "Support" })).await.is(200);
        let reply = admin.client.post(PATH, json!({ "name": "SUPPORT" })).await;
        assert_eq!(reply.error(409, "conflict"), taken);
    }
    assert_eq!(people.administrator.post(PATH, global).await.error(409, "conflict"), taken);
    let second = text(&of_acme.client.post(PATH, json!({ "name": "Sales" })).await.json(200), "id");
    let reply = of_acme.client.patch(&format!("{PATH}/{second}"), json!({ "name": "support" })).await;
    assert_eq!(reply.error(409, "conflict"), taken);
}

#[tokio::test]
async fn rejects_reserved_names() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let path =
        format!("{PATH}/{}", text(&admin.client.post(PATH, json!({ "name": "Own" })).await.json(200), "id"));
    let reserved = json!({ "reason": "reserved" });
    for name in RESERVED {
        for name in [name.to_owned(), name.to_lowercase(), format!(" {name} ")] {
            let body = json!({ "name": name });
            let global = json!({ "name": name, "isGlobal": true });
            for reply in [
                admin.client.post(PATH, body.clone()).await,
                admin.client.patch(&path, body.clone()).await,
                people.administrator.post(PATH, body).await,
                people.administrator.post(PATH, global).await,
            ] {
                assert_eq!(reply.error(403, "forbidden"), reserved, "{name}");
            }
        }
    }
    admin.client.post(PATH, json!({ "name": "ADMINS" })).await.is(200);
}

#[tokio::test]
async fn built_in_roles_cannot_change() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let built_in = json!({ "reason": "built_in_role" });
    for name in ["ADMIN", "TENANT_ADMIN", "USER"] {
        let path = format!("{PATH}/{}", people.role(name).await);
        let before = people.administrator.get(&path).await.json(200);
        for body in [
            json!({ "name": "Other" }),
            json!({ "permissions": ["tenant.all"] }),
            json!({ "description": "" }),
        ] {
            let reply = people.administrator.patch(&path, body.clone()).await;
            assert_eq!(reply.error(409, "conflict"), built_in, "{name} {body}");
            admin.client.patch(&path, body).await.error(403, "forbidden");
        }
        assert_eq!(people.administrator.delete(&path).await.error(409, "conflict"), built_in, "{name}");
        admin.client.delete(&path).await.error(403, "forbidden");
        assert_eq!(people.administrator.get(&path).await.json(200), before);
    }
}

#[tokio::test]
async fn a_tenant_sees_the_global_roles_and_its_own() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let of_acme = people.tenant_admin("admin@acme.example", &acme).await;
    let of_other = people.with_role("user@other.example", Some(&other), "USER").await;
    people.administrator.post(PATH, json!({ "name": "Everywhere", "isGlobal": true })).await.is(200);
    let own = of_acme.client.post(PATH, json!({ "name": "Own" })).await.json(200);
    let path = format!("{PATH}/{}", text(&own, "id"));

    let listed = of_acme.client.get(PATH).await.array(200);
    assert_names(&listed, "name", &["ADMIN", "TENANT_ADMIN", "USER", "Everywhere", "Own"]);
    let listed = of_other.client.get(PATH).await.array(200);
    assert_names(&listed, "name", &["ADMIN", "TENANT_ADMIN", "USER", "Everywhere"]);
    let foreign = json!({ "reason": "foreign_role" });
    assert_eq!(of_other.client.get(&path).await.error(403, "forbidden"), foreign);
    people.administrator.get(&path).await.is(200);
    let listed = people.administrator.get(PATH).await.array(200);
    assert_names(&listed, "name", &["ADMIN", "TENANT_ADMIN", "USER", "Everywhere"]);
    let nothing = format!("{PATH}/{NOBODY}");
    let details = of_acme.client.get(&nothing).await.error(404, "not_found");
    assert_eq!(details, json!({ "resource": "role", "id": NOBODY }));

    let rival = people.tenant_admin("admin@other.example", &other).await;
    let change = json!({ "permissions": ["tenant.all"] });
    assert_eq!(rival.client.patch(&path, change).await.error(403, "forbidden"), foreign);
    assert_eq!(rival.client.delete(&path).await.error(403, "forbidden"), foreign);
    assert_eq!(of_acme.client.get(&path).await.json(200), own);
}

#[tokio::test]
async fn global_roles_require_all_rights() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let global = json!({ "name": "Everywhere", "isGlobal": true, "permissions": ["tenant.profile.read"] });
    let details = admin.client.post(PATH, global.clone()).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "all" }));
    let made = people.administrator.post(PATH, global).await.json(200);
    let path = format!("{PATH}/{}", text(&made, "id"));
    for reply in [
        admin.client.patch(&path, json!({ "name": "Mine" })).await,
        admin.client.patch(&path, json!({ "isGlobal": false })).await,
        admin.client.delete(&path).await,
    ] {
        assert_eq!(reply.error(403, "forbidden"), json!({ "required_scope": "all" }));
    }
    people.administrator.patch(&path, json!({ "name": "Anywhere" })).await.is(200);
    people.administrator.delete(&path).await.is(200);
}

#[tokio::test]
async fn a_role_holds_only_rights_of_its_author() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let keeper = ["tenant.roles.create", "tenant.roles.update", "tenant.flows.read"];
    let keeper = people.with_permissions("keeper@acme.example", Some(&acme), &keeper).await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let own = keeper.client.post(PATH, json!({ "name": "Own", "permissions": ["tenant.flows.read"] })).await;
    let path = format!("{PATH}/{}", text(&own.json(200), "id"));
    let not_held = json!({ "reason": "not_held" });
    for (who, wanted) in [
        (&keeper, "tenant.flows.create"),
        (&keeper, "tenant.all"),
        (&keeper, "iam.account.read"),
        (&keeper, "all"),
        (&keeper, "nonsense"),
        (&admin, "iam.account.read"),
        (&admin, "iam.tenant.read"),
        (&admin, "all"),
        (&admin, "nonsense"),
    ] {
        // The name is taken and a field is invalid: the missing right is reported first.
        let body = json!({ "name": "Own", "permissions": ["tenant.flows.read", wanted] });
        let made = who.client.post(PATH, body.clone()).await;
        assert_eq!(made.error(403, "forbidden"), not_held, "{} {wanted}", who.username);
        let changed = who.client.patch(&path, body).await;
        assert_eq!(changed.error(403, "forbidden"), not_held, "{} {wanted}", who.username);
    }
    let all_of_tenant = permissions_of_a_workspace();
    admin.client.post(PATH, json!({ "name": "Deputy", "permissions": all_of_tenant })).await.is(200);

    // Unchanged permissions of others stay.
    admin.client.patch(&path, json!({ "permissions": ["tenant.flows.read", "tenant.all"] })).await.is(200);
    keeper.client.patch(&path, json!({ "description": "Kept" })).await.is(200);
    keeper.client.patch(&path, json!({ "permissions": ["tenant.all"] })).await.is(200);
    keeper.client.patch(&path, json!({ "permissions": [] })).await.is(200);
    let back = keeper.client.patch(&path, json!({ "permissions": ["tenant.all"] })).await;
    assert_eq!(back.error(403, "forbidden"), not_held);
}

/// Only a holder of `all` changes or deletes a role with rights beyond the tenant.
#[tokio::test]
async fn a_tenant_admin_cannot_change_a_role_beyond_the_tenant() {
    let people = People::new().await;
    let home = people.server.workspace.id.clone();
    let admin = people.tenant_admin("admin@default.example", &home).await;
    let role = json!({ "name": "Auditor", "permissions": ["iam.account.read"] });
    let role = people.administrator.post(PATH, role).await.json(200);
    assert_eq!(role["tenant"], *home);
    let path = format!("{PATH}/{}", text(&role, "id"));
    admin.client.get(&path).await.is(200);
    for reply in [
        admin.client.patch(&path, json!({ "permissions": [] })).await,
        admin.client.patch(&path, json!({ "name": "Mine" })).await,
        admin.client.delete(&path).await,
    ] {
        reply.error(403, "forbidden");
    }
    assert_eq!(people.administrator.get(&path).await.json(200), role);
}

#[tokio::test]
async fn without_a_tenant_roles_must_be_global() {
    let people = People::new().await;
    let root = people.with_permissions("root@example.com", None, &["all"]).await;
    for body in [json!({ "name": "Nowhere" }), json!({ "name": "Nowhere", "isGlobal": false })] {
        let fields = root.client.post(PATH, body).await.broken_fields(400, "bad_request");
        assert_eq!(fields, ["isGlobal"]);
    }
    let made = root.client.post(PATH, json!({ "name": "Everywhere", "isGlobal": true })).await.json(200);
    assert_eq!(made["isGlobal"], true);
}

#[tokio::test]
async fn deleting_a_role_removes_it_everywhere() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let role = text(&admin.client.post(PATH, json!({ "name": "Support" })).await.json(200), "id");
    let user = people.role("USER").await;
    let mut holders = Vec::new();
    for number in 0..3 {
        let given = json!({ "tenant": acme, "roles": [role, user] });
        holders.push(people.account(&format!("user-{number}@acme.example"), given).await);
    }
    let path = format!("{PATH}/{role}");
    let done = admin.client.delete(&path).await.json(200);
    assert_eq!(keys(&done), ["message"]);
    for id in holders {
        assert_names(people.get_account(&id).await["roles"].as_array().unwrap(), "name", &["USER"]);
    }
    let gone = json!({ "resource": "role", "id": role });
    assert_eq!(admin.client.get(&path).await.error(404, "not_found"), gone);
    assert_eq!(admin.client.delete(&path).await.error(404, "not_found"), gone);
    assert_eq!(admin.client.patch(&path, json!({})).await.error(404, "not_found"), gone);
    admin.client.post(PATH, json!({ "name": "Support" })).await.is(200);
}

#[tokio::test]
async fn only_full_rights_show_global_permissions() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let nobody = people.person("nobody@example.com", json!({})).await;
    let tenant_admin = people.tenant_admin("admin@acme.example", &acme).await;
    let service = people.with_permissions("service@example.com", None, &["iam.account.read"]).await;
    let of_tenant = permissions_of_a_workspace();
    assert_eq!(of_tenant.len(), 31);
    for base in ["/api", "/api/v1"] {
        let path = format!("{base}/permissions");
        assert_eq!(people.administrator.get(&path).await.json(200), json!(&PERMISSIONS[..]));
        for who in [&nobody, &tenant_admin, &service] {
            assert_eq!(who.client.get(&path).await.json(200), json!(of_tenant), "{}", who.username);
        }
    }
}
