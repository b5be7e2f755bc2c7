//! A tenant is set up over HTTP: its first key, its external users and its audit log.

use denizen_tests::{Client, TestServer, Value, json};

use crate::people::{People, Person};
use crate::support::{ALL_SCOPES, each, keys, text, zaia_body};

/// A path below a tenant.
fn below(tenant: &str, rest: &str) -> String {
    format!("/api/tenants/{tenant}/{rest}")
}

/// Zaia's client with the secret of a key.
fn zaia_with(server: &TestServer, key: &Value) -> Client {
    server.anonymous().with("authorization", &text(key, "secretKey"))
}

/// Creates a key of a tenant, a user with that key, and reads what has happened. Returns the key.
async fn sets_up(server: &TestServer, account: (&str, &Client), tenant: &str, external_id: &str) -> Value {
    let (account_id, client) = account;
    let body = json!({ "name": "First", "scopes": ["external_users:read", "external_users:write", "settings:read"] });
    let key = client.post(&below(tenant, "api-keys"), body).await.json(201);
    assert_eq!(key["workspaceId"], tenant);
    let zaia = zaia_with(server, &key);
    let channel_id = text(&zaia.get("/api/v1/channels").await.array(200)[0], "id");
    let new = zaia_body(server, json!({ "channelId": channel_id, "externalId": external_id }));
    let user = zaia.post("/api/v1/external-users", new).await.json(200);

    let listed = client.get(&below(tenant, "external-users?count=true")).await.is(200);
    assert_eq!(listed.header("x-total-count"), Some("1"));
    let own = zaia.get("/api/v1/external-users").await.is(200);
    assert_eq!(listed.body, own.body, "an account sees what a key sees");
    let path = below(tenant, &format!("external-users/{}", text(&user, "id")));
    let seen = client.get(&path).await.is(200);
    assert_eq!(seen.body, own.body[0]);
    assert!(seen.header("etag").is_some(), "{seen}");

    let log = client.get(&below(tenant, "audit-events?order=oldest&limit=100")).await.array(200);
    let event = |action: &str| log.iter().find(|event| event["action"] == action).unwrap();
    let made = event("api_key.create");
    assert_eq!((&made["objectId"], &made["actor"]["id"]), (&key["id"], &json!(account_id)), "{made:#}");
    assert_eq!(made["actor"]["type"], "account");
    assert_eq!(event("external_user.create")["actor"]["id"], key["id"]);
    assert!(!json!(log).to_string().contains(&text(&key, "secretKey")), "the log has no secret");
    key
}

#[tokio::test]
async fn an_administrator_sets_up_a_tenant_over_http_alone() {
    let people = People::new().await;
    let server = &people.server;
    let tenant = people.tenant("Acme").await;
    let account = (&*server.administrator.id, &people.administrator);
    let key = sets_up(server, account, &tenant, "jane").await;

    let path = below(&tenant, "api-keys");
    let listed = people.administrator.get(&format!("{path}?count=true")).await.is(200);
    assert_eq!(listed.header("x-total-count"), Some("1"));
    assert_eq!(listed.body[0]["publicKey"], key["publicKey"]);
    assert!(listed.body[0].get("secretKey").is_none(), "{listed}");
    let own = format!("{path}/{}", text(&key, "id"));
    assert_eq!(people.administrator.get(&own).await.json(200)["name"], "First");
    for _ in 0..2 {
        assert_eq!(keys(&people.administrator.delete(&own).await.json(200)), ["message"]);
        zaia_with(server, &key).get("/api/v1/channels").await.error(401, "unauthenticated");
    }
    assert_eq!(people.administrator.get(&path).await.json(200), json!([]));
    let ended = people.administrator.get(&format!("{path}?includeEnded=true")).await.array(200);
    assert_eq!(each(&ended, "id"), [text(&key, "id")]);
    assert_ne!(ended[0]["revokedAt"], Value::Null);
}

#[tokio::test]
async fn the_account_of_a_tenant_sets_up_its_own_and_finds_no_other() {
    let people = People::new().await;
    let server = &people.server;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let boss = people.with_permissions("boss@acme.example", Some(&acme), &["tenant.all"]).await;
    sets_up(server, (&boss.id, &boss.client), &acme, "jane").await;
    let administrator = (&*server.administrator.id, &people.administrator);
    let foreign = sets_up(server, administrator, &other, "john").await;

    let before = people.administrator.get(&below(&other, "audit-events")).await.json(200);
    let users = people.administrator.get(&below(&other, "external-users")).await.array(200);
    let (key, user) = (text(&foreign, "id"), text(&users[0], "id"));
    let not_found = json!({ "resource": "tenant", "id": other });
    for (method, rest) in [
        ("POST", "api-keys"),
        ("GET", "api-keys"),
        ("GET", &*format!("api-keys/{key}")),
        ("DELETE", &*format!("api-keys/{key}")),
        ("GET", "audit-events"),
        ("GET", "external-users"),
        ("GET", &*format!("external-users/{user}")),
    ] {
        let body = (method == "POST").then(|| json!({ "name": "Mine" }));
        let reply = boss.client.send(method, &below(&other, rest), body).await;
        assert_eq!(reply.error(404, "not_found"), not_found, "{method} {rest}");
    }
    // Nor by the ids of another tenant's objects in the path of its own.
    for (rest, resource, id) in [("api-keys", "api_key", &key), ("external-users", "external_user", &user)] {
        let details = boss.client.get(&below(&acme, &format!("{rest}/{id}"))).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": resource, "id": id }));
    }
    boss.client.delete(&below(&acme, &format!("api-keys/{key}"))).await.error(404, "not_found");
    assert_eq!(people.administrator.get(&below(&other, "audit-events")).await.json(200), before);
    zaia_with(server, &foreign).get("/api/v1/channels").await.is(200);
}

#[tokio::test]
async fn an_account_grants_any_scope_and_all_default_ones_without_any() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let maker = ["tenant.apiKey.create"];
    let maker = people.with_permissions("maker@acme.example", Some(&acme), &maker).await;
    let path = below(&acme, "api-keys");
    let all = maker.client.post(&path, json!({ "name": "All", "scopes": ALL_SCOPES })).await.json(201);
    assert_eq!(all["scopes"].as_array().unwrap().len(), ALL_SCOPES.len());
    zaia_with(&people.server, &all).get("/api/v1/audit-events").await.is(200);
    let usual = maker.client.post(&path, json!({ "name": "Usual", "other": 1 })).await.is(201);
    assert_eq!(usual.header("x-ignored-fields"), Some("other"));
    assert_eq!(usual.body["expiresAt"], Value::Null);
    let of_operator = below(&people.server.workspace.id, "api-keys");
    let of_operator = people.administrator.get(&of_operator).await.array(200);
    assert_eq!(usual.body["scopes"], of_operator[0]["scopes"], "as a command would");

    let wrong = json!({ "name": "", "scopes": ["everything"], "expiresAt": "2020-01-01T00:00:00Z" });
    let broken = maker.client.post(&path, wrong).await.broken_fields(400, "bad_request");
    assert_eq!(broken, ["expiresAt", "name", "scopes"]);
    let log = people.administrator.get(&below(&acme, "audit-events?action=api_key.create")).await.array(200);
    assert_eq!(log.len(), 2, "a refused request makes no key");
}

#[tokio::test]
async fn each_permission_allows_its_operations_only() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let key = people.administrator.post(&below(&acme, "api-keys"), json!({ "name": "Key" })).await.json(201);
    let key = format!("api-keys/{}", text(&key, "id"));
    let ways = [
        ("apiKey.create", "POST", "api-keys"),
        ("apiKey.read", "GET", "api-keys"),
        ("apiKey.read", "GET", &*key),
        ("apiKey.delete", "DELETE", &*key),
        ("audit.read", "GET", "audit-events"),
        ("externalUser.read", "GET", "external-users"),
    ];
    for (kind, home) in [("tenant", Some(&*acme)), ("iam", None)] {
        for permission in ["apiKey.create", "apiKey.read", "apiKey.delete", "audit.read", "externalUser.read"]
        {
            let code = format!("{kind}.{permission}");
            let holder = people.with_permissions(&format!("{code}@example.com"), home, &[&code]).await;
            allows(&holder, &acme, permission, &ways).await;
        }
        // The keys that other services keep with tenants are another matter.
        let keeper = ["iam.key.create", "iam.key.read", "iam.key.delete"];
        let keeper = people.with_permissions(&format!("{kind}-keeper@example.com"), None, &keeper).await;
        allows(&keeper, &acme, "none", &ways).await;
    }
}

/// Asserts that an account may do what one permission allows, and nothing else.
async fn allows(holder: &Person, tenant: &str, permission: &str, ways: &[(&str, &str, &str)]) {
    for (needed, method, rest) in ways {
        let body = (*method == "POST").then(|| json!({ "name": "Another" }));
        let reply = holder.client.send(method, &below(tenant, rest), body).await;
        if *needed == permission {
            assert!(matches!(reply.status, 200 | 201), "{permission} {method} {rest}\n{reply}");
        } else {
            let details = reply.error(403, "forbidden");
            assert_eq!(details, json!({ "required_scope": format!("tenant.{needed}") }));
        }
    }
}

#[tokio::test]
async fn a_tenant_is_set_up_before_it_is_active() {
    let people = People::new().await;
    let body = json!({ "name": "Soon", "status": "PENDING" });
    let tenant = text(&people.administrator.post("/api/tenants", body).await.json(200), "id");
    let root = &people.administrator;
    let key = root.post(&below(&tenant, "api-keys"), json!({ "name": "First" })).await.json(201);
    let zaia = zaia_with(&people.server, &key);
    zaia.get("/api/v1/channels").await.error(401, "unauthenticated");
    for rest in ["api-keys", "audit-events", "external-users"] {
        root.get(&below(&tenant, rest)).await.is(200);
    }
    root.patch(&format!("/api/tenants/{tenant}"), json!({ "status": "ACTIVE" })).await.is(200);
    zaia.get("/api/v1/channels").await.is(200);
    root.delete(&format!("/api/tenants/{tenant}")).await.is(200);
    for reply in [
        root.post(&below(&tenant, "api-keys"), json!({ "name": "Late" })).await,
        root.get(&below(&tenant, "api-keys")).await,
        root.get(&below(&tenant, "audit-events")).await,
        root.get(&below(&tenant, "external-users")).await,
    ] {
        assert_eq!(reply.error(404, "not_found"), json!({ "resource": "tenant", "id": tenant }));
    }
}

#[tokio::test]
async fn lists_filter_and_page_as_zaias_do() {
    let people = People::new().await;
    let tenant = people.server.workspace.id.clone();
    for name in ["ada", "ben", "cyd"] {
        let new = zaia_body(&people.server, json!({ "externalId": name }));
        people.server.zaia().post("/api/v1/external-users", new).await.is(200);
    }
    let root = &people.administrator;
    let users = below(&tenant, "external-users");
    let first = root.get(&format!("{users}?pageSize=2")).await.is(200);
    let next = first.next().unwrap();
    assert!(next.contains(&users), "{next}");
    assert_eq!(each(&root.get(&next).await.array(200), "externalId"), ["cyd"]);
    let found = root.get(&format!("{users}?externalId=ben")).await.array(200);
    assert_eq!(each(&found, "externalId"), ["ben"]);
    let wrong = root.get(&format!("{users}?pageSize=0&q=ben&tierIds=x&emial=a")).await;
    assert_eq!(wrong.broken_fields(400, "bad_request"), ["emial", "pageSize", "q", "tierIds"]);

    let log = below(&tenant, "audit-events?action=external_user.create&limit=1&order=oldest");
    let first = root.get(&log).await.is(200);
    let second = root.get(&first.next().unwrap()).await.array(200);
    assert_eq!(second[0]["changes"]["externalId"]["new"], "ben");
    let unwrapped = root.get(&below(&tenant, "audit-events?meta")).await.json(200);
    assert!(unwrapped.is_array(), "as the log of /api/v1: {unwrapped:#}");
}
