//! `/api/tenants`: the workspaces themselves, and their members.

use std::time::Duration;

use denizen_tests::{TestServer, Workspace, json};

use crate::people::{People, Person, assert_names, password_of};
use crate::support::{assert_time, assert_uuid, create, each, keys, text, with};

const PATH: &str = "/api/tenants";
const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
const KEYS: [&str; 8] = ["_id", "confirmed", "createdAt", "id", "name", "slug", "status", "updatedAt"];

#[tokio::test]
async fn stores_every_given_field() {
    let people = People::new().await;
    let body = json!({
        "name": "Acme Inc", "confirmed": false, "status": "PENDING", "id": NOBODY, "_id": NOBODY, "slug": "mine",
        "createdAt": "2001-01-01T00:00:00Z",
    });
    let made = people.administrator.post(PATH, body).await.json(200);
    assert_eq!(keys(&made), ["id"]);
    assert_uuid(&made["id"]);
    assert_ne!(made["id"], NOBODY);
    let path = format!("{PATH}/{}", text(&made, "id"));
    let tenant = people.administrator.get(&path).await.json(200);
    assert_eq!(keys(&tenant), KEYS);
    let expected = json!({
        "id": made["id"], "_id": made["id"], "name": "Acme Inc", "slug": "acme-inc", "confirmed": false,
        "status": "PENDING", "updatedAt": tenant["createdAt"],
    });
    assert_eq!(tenant, with(tenant.clone(), expected));
    assert_time(&tenant["createdAt"]);
    for path in [format!("{path}/profile"), path.replace("/api/", "/api/v1/")] {
        assert_eq!(people.administrator.get(&path).await.json(200), tenant, "{path}");
    }
    let bare = people.tenant("Other").await;
    let bare = people.administrator.get(&format!("{PATH}/{bare}")).await.json(200);
    assert_eq!((&bare["status"], &bare["confirmed"]), (&json!("ACTIVE"), &json!(true)));
}

#[tokio::test]
async fn a_tenant_is_a_workspace_with_its_default_channel() {
    let people = People::new().await;
    people.tenant("Acme").await;
    let arguments = ["keys", "create", "--workspace", "acme", "--name", "a key", "--json"];
    let key = people.server.operator(&arguments).await;
    let client = people.server.anonymous().with("authorization", &text(&key, "secretKey"));
    assert_eq!(each(&client.get("/api/v1/channels").await.array(200), "name"), ["api"]);
    let client = people.server.anonymous().with("x-api-key", &text(&key, "secretKey"));
    client.get("/api/v1/external-users").await.is(200);

    let workspace = people.server.new_workspace("Made by an operator").await;
    let tenant = people.administrator.get(&format!("{PATH}/{}", workspace.id)).await.json(200);
    assert_eq!((&tenant["name"], &tenant["status"]), (&json!("Made by an operator"), &json!("ACTIVE")));
}

#[tokio::test]
async fn names_need_not_be_unique() {
    let people = People::new().await;
    let mut slugs = Vec::new();
    for name in ["Acme", "acme", "ACME!", "…", "会社"] {
        let path = format!("{PATH}/{}", people.tenant(name).await);
        slugs.push(text(&people.administrator.get(&path).await.json(200), "slug"));
    }
    assert_eq!(slugs, ["acme", "acme-2", "acme-3", "workspace", "workspace-2"]);
}

#[tokio::test]
async fn reports_all_invalid_fields() {
    let people = People::new().await;
    let broken = json!({ "name": "", "status": "active", "confirmed": "yes" });
    let path = format!("{PATH}/{}", people.tenant("Acme").await);
    for (method, path) in [("POST", PATH), ("PUT", path.as_str()), ("PATCH", path.as_str())] {
        let reply = people.administrator.send(method, path, Some(broken.clone())).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), keys(&broken), "{method}");
        let long = json!({ "name": "x".repeat(101) });
        let reply = people.administrator.send(method, path, Some(long)).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["name"], "{method}");
    }
    for (method, path) in [("POST", PATH), ("PUT", path.as_str())] {
        let reply = people.administrator.send(method, path, Some(json!({ "status": "ACTIVE" }))).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["name"], "{method}");
    }
    assert_eq!(people.administrator.get(PATH).await.array(200).len(), 2);
}

#[tokio::test]
async fn keeps_absent_keys() {
    let people = People::with_fixed_time().await;
    let path = format!("{PATH}/{}", people.tenant("Acme").await);
    let made = people.administrator.get(&path).await.json(200);
    people.server.advance(Duration::from_mins(1));
    assert_eq!(people.administrator.patch(&path, json!({})).await.json(200), made);
    assert_eq!(people.administrator.patch(&path, made.clone()).await.json(200), made, "as it was read");
    let changes = json!({ "name": "Our Company", "confirmed": false });
    let changed = people.administrator.patch(&path, changes.clone()).await.json(200);
    let expected = with(changes, json!({ "updatedAt": "2024-01-15T10:31:00.000000Z" }));
    assert_eq!(changed, with(made, expected), "the slug stays");
    let put = people.administrator.put(&path, json!({ "name": "Acme" })).await.json(200);
    assert_eq!(put, with(changed, json!({ "name": "Acme" })));
    let reply = people.administrator.patch(&path, json!({ "name": null, "status": null })).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["name", "status"]);
}

#[tokio::test]
async fn checks_who_sees_tenants() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let listed = people.administrator.get(PATH).await.array(200);
    assert_eq!(each(&listed, "name"), ["Default", "Acme", "Other"], "oldest first");
    assert_eq!(keys(&listed[1]), KEYS);

    let user = people.with_role("user@acme.example", Some(&acme), "USER").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    for who in [&user, &admin] {
        let details = who.client.get(PATH).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": "iam.tenant.read" }));
        for path in [acme.clone(), format!("{acme}/profile")] {
            who.client.get(&format!("{PATH}/{path}")).await.is(200);
        }
        for id in [&other, &people.server.workspace.id, NOBODY] {
            for path in [format!("{PATH}/{id}"), format!("{PATH}/{id}/profile")] {
                let reply = who.client.get(&path).await;
                assert_eq!(reply.body["message"], "Tenant not found.");
                assert_eq!(reply.error(404, "not_found"), json!({ "resource": "tenant", "id": id }));
            }
        }
    }
    let auditor = people.with_permissions("auditor@example.com", None, &["iam.tenant.read"]).await;
    assert_eq!(auditor.client.get(PATH).await.array(200), listed);
    assert_eq!(auditor.client.get(&format!("{PATH}/{other}")).await.json(200), listed[2]);
    let nobody = people.with_permissions("nobody@acme.example", Some(&acme), &["tenant.roles.read"]).await;
    let details = nobody.client.get(&format!("{PATH}/{acme}")).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "tenant.profile.read" }));
}

#[tokio::test]
async fn a_tenant_admin_changes_only_the_name() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let path = format!("{PATH}/{acme}");
    let renamed =
        admin.client.patch(&path, json!({ "name": "Acme Inc", "status": "ACTIVE" })).await.json(200);
    assert_eq!(renamed["name"], "Acme Inc");
    assert_eq!(admin.client.put(&path, renamed.clone()).await.json(200), renamed, "as it was read");
    for (change, field) in [
        (json!({ "name": "Other", "status": "DISABLED" }), "status"),
        (json!({ "name": "Other", "confirmed": false }), "confirmed"),
    ] {
        for method in ["PATCH", "PUT"] {
            let details =
                admin.client.send(method, &path, Some(change.clone())).await.error(403, "forbidden");
            assert_eq!(details, json!({ "reason": "protected_field", "param": field }), "{method} {change}");
        }
    }
    assert_eq!(admin.client.get(&path).await.json(200), renamed);
    for id in [&other, NOBODY] {
        let path = format!("{PATH}/{id}");
        for method in ["PATCH", "PUT"] {
            let reply = admin.client.send(method, &path, Some(json!({ "name": "Mine" }))).await;
            assert_eq!(reply.error(404, "not_found"), json!({ "resource": "tenant", "id": id }), "{method}");
        }
    }
    for (method, path, scope) in [("POST", PATH, "iam.tenant.create"), ("DELETE", &path, "iam.tenant.delete")]
    {
        let details = admin.client.send(method, path, Some(json!({ "name": "Mine" }))).await;
        let details = details.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": scope }), "{method}");
    }
}

/// A workspace with a key, an external user and an account.
struct Inhabited {
    workspace: Workspace,
    access_token: String,
    admin: Person,
}

impl Inhabited {
    async fn new(people: &People) -> Self {
        let workspace = people.server.new_workspace("Acme").await;
        let own = TestServer::zaia(&people.server).with_key(&workspace.key);
        let body = json!({
            "channelId": workspace.channel_id, "externalId": "customer-42", "externalUserGroupId": null,
            "identifier": null, "name": null, "tierId": null,
        });
        let user = own.post("/api/v1/external-users", body).await.json(200);
        let role = people.role("TENANT_ADMIN").await;
        let given = json!({ "tenant": workspace.id, "roles": [role] });
        let username = "admin@acme.example";
        let id = people.account_with_password(username, given).await;
        let client = people.client_of(&id).await;
        let admin = Person::new(id, username, client);
        Self { workspace, access_token: text(&user, "accessToken"), admin }
    }

    fn path(&self) -> String {
        format!("{PATH}/{}", self.workspace.id)
    }

    /// The statuses for the key, the external user's token, the account's token and its password.
    async fn statuses(&self, server: &TestServer) -> [u16; 4] {
        let username = &self.admin.username;
        let log_in = json!({ "username": username, "password": password_of(username) });
        [
            server.zaia().with_key(&self.workspace.key).get("/api/v1/external-users").await.status,
            server.bearer(&self.access_token).get("/api/v1/external-users/me").await.status,
            self.admin.client.get("/api/users").await.status,
            server.anonymous().post("/login", log_in).await.status,
        ]
    }
}

#[tokio::test]
async fn a_disabled_tenant_is_closed_until_reactivated() {
    let people = People::new().await;
    let acme = Inhabited::new(&people).await;
    assert_eq!(acme.statuses(&people.server).await, [200; 4]);
    for status in ["DISABLED", "PENDING"] {
        people.administrator.patch(&acme.path(), json!({ "status": status })).await.is(200);
        assert_eq!(acme.statuses(&people.server).await, [401; 4], "{status}");
        assert_eq!(people.administrator.get(&acme.path()).await.json(200)["status"], status);
        people.administrator.put(&acme.path(), json!({ "name": "Acme", "status": "ACTIVE" })).await.is(200);
        assert_eq!(acme.statuses(&people.server).await, [200; 4]);
    }
    for client in [people.server.zaia(), people.server.notiflows()] {
        client.get("/nothing").await.error(404, "not_found");
    }
    people.server.zaia().get("/api/v1/external-users").await.is(200);
}

#[tokio::test]
async fn deletes_a_tenant_with_all_its_content() {
    let people = People::new().await;
    let acme = Inhabited::new(&people).await;
    let role = text(&acme.admin.client.post("/api/roles", json!({ "name": "Own" })).await.json(200), "id");
    let other = people.person("other@example.com", json!({})).await;
    let user_of_default = create(&people.server, json!({ "externalId": "customer-42" })).await;

    let done = people.administrator.delete(&acme.path()).await.json(200);
    assert_eq!(keys(&done), ["message"]);
    assert_eq!(acme.statuses(&people.server).await, [401; 4]);
    let gone = json!({ "resource": "tenant", "id": acme.workspace.id });
    for (method, path) in [
        ("GET", acme.path()),
        ("GET", format!("{}/profile", acme.path())),
        ("GET", format!("{}/users", acme.path())),
        ("PATCH", acme.path()),
        ("DELETE", acme.path()),
        ("DELETE", format!("{}/user/{}", acme.path(), acme.admin.id)),
    ] {
        let reply = people.administrator.send(method, &path, Some(json!({ "name": "Acme" }))).await;
        assert_eq!(reply.error(404, "not_found"), gone, "{method} {path}");
    }
    for path in [acme.admin.path(), format!("/api/roles/{role}")] {
        people.administrator.get(&path).await.error(404, "not_found");
    }
    let left = people.administrator.get("/api/users").await.array(200);
    assert_names(&left, "username", &["admin@localhost", "other@example.com"]);
    assert_eq!(each(&people.administrator.get(PATH).await.array(200), "name"), ["Default"]);
    other.client.get("/api/users/me").await.is(200);
    people.server.zaia().get(&crate::support::path_of(&user_of_default)).await.is(200);

    // Names are free again, and new objects are different ones.
    let again = Inhabited::new(&people).await;
    assert_eq!(again.workspace.slug, acme.workspace.slug);
    assert_eq!(again.statuses(&people.server).await, [200; 4]);
    assert_eq!(
        acme.statuses(&people.server).await,
        [401, 401, 401, 200],
        "except the new account's password"
    );
}

#[tokio::test]
async fn cannot_close_or_delete_the_own() {
    let people = People::new().await;
    let path = format!("{PATH}/{}", people.server.workspace.id);
    let own = json!({ "reason": "own_workspace" });
    assert_eq!(people.administrator.delete(&path).await.error(409, "conflict"), own);
    let reply = people.administrator.patch(&path, json!({ "status": "DISABLED" })).await;
    assert_eq!(reply.error(409, "conflict"), own);
    let reply = people.administrator.put(&path, json!({ "name": "Default", "status": "PENDING" })).await;
    assert_eq!(reply.error(409, "conflict"), own);
    people.administrator.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn cannot_lock_out_greater_rights_by_tenant() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let rights = ["iam.tenant.read", "iam.tenant.update", "iam.tenant.delete"];
    let keeper = people.with_permissions("keeper@example.com", None, &rights).await;
    let role = text(
        &people
            .administrator
            .post(
                "/api/roles",
                json!({ "name": "Auditor", "permissions": ["iam.account.read"], "isGlobal": true }),
            )
            .await
            .json(200),
        "id",
    );
    let path = format!("{PATH}/{acme}");
    let admin_role = people.role("ADMIN").await;
    for (username, given) in [
        ("root@example.com", json!({ "roles": [admin_role] })),
        ("auditor@example.com", json!({ "roles": [role] })),
        ("issuer@example.com", json!({ "permissions": ["iam.token.create"] })),
    ] {
        let id = people.account(username, with(given, json!({ "tenant": acme }))).await;
        for reply in [
            keeper.client.delete(&path).await,
            keeper.client.patch(&path, json!({ "status": "DISABLED" })).await,
            keeper.client.put(&path, json!({ "name": "Acme", "status": "PENDING" })).await,
        ] {
            assert_eq!(reply.error(403, "forbidden"), json!({ "reason": "greater_rights" }), "{username}");
        }
        keeper.client.patch(&path, json!({ "name": "Acme" })).await.is(200);
        people.change(&id, json!({ "tenant": null })).await;
    }
    people.account("user@acme.example", json!({ "tenant": acme, "permissions": ["tenant.all"] })).await;
    keeper.client.patch(&path, json!({ "status": "DISABLED" })).await.is(200);
    keeper.client.delete(&path).await.is(200);
}

#[tokio::test]
async fn lists_tenant_members() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    people.account("user@acme.example", json!({ "tenant": acme })).await;
    people.account("user@other.example", json!({ "tenant": other })).await;
    let path = format!("{PATH}/{acme}/users");
    let listed = admin.client.get(&path).await.array(200);
    assert_eq!(each(&listed, "username"), ["admin@acme.example", "user@acme.example"]);
    assert_eq!(listed[0], people.get_account(&admin.id).await, "whole");
    assert_eq!(people.administrator.get(&path).await.array(200), listed);
    for id in [&other, NOBODY] {
        let details = admin.client.get(&format!("{PATH}/{id}/users")).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": "tenant", "id": id }));
    }
    let user = people.with_role("plain@acme.example", Some(&acme), "USER").await;
    let details = user.client.get(&path).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "tenant.account.read" }));
}

#[tokio::test]
async fn removes_a_member() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    let given = json!({ "tenant": acme, "permissions": ["tenant.flows.read"] });
    let user = people.person("user@acme.example", given).await;
    let foreign = people.account("user@other.example", json!({ "tenant": other })).await;
    let member = |tenant: &str, id: &str| format!("{PATH}/{tenant}/user/{id}");

    for (tenant, id, resource, missing) in [
        (&*acme, &*foreign, "user", &*foreign),
        (&acme, NOBODY, "user", NOBODY),
        (&other, &foreign, "tenant", &other),
        (&other, &user.id, "tenant", &other),
        (NOBODY, &user.id, "tenant", NOBODY),
    ] {
        let details = admin.client.delete(&member(tenant, id)).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": resource, "id": missing }));
    }
    let done = admin.client.delete(&member(&acme, &user.id)).await.json(200);
    assert_eq!(keys(&done), ["message"]);
    people.administrator.get(&user.path()).await.error(404, "not_found");
    admin.client.get(&user.path()).await.error(404, "not_found");
    admin.client.delete(&member(&acme, &user.id)).await.error(404, "not_found");
    let own = admin.client.delete(&member(&acme, &admin.id)).await.error(409, "conflict");
    assert_eq!(own, json!({ "reason": "own_account" }));

    let root = people.with_role("root@acme.example", Some(&acme), "ADMIN").await;
    let details = admin.client.delete(&member(&acme, &root.id)).await.error(403, "forbidden");
    assert_eq!(details, json!({ "reason": "greater_rights" }));
    let plain = people.with_role("plain@acme.example", Some(&acme), "USER").await;
    let details = plain.client.delete(&member(&acme, &root.id)).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "tenant.account.delete" }));
}
