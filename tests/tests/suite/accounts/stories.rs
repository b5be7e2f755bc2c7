//! What each role may and may not do.

use denizen_tests::{Account, Client, TestServer, Value, json};

use crate::people::assert_names;
use crate::support::{each, text};

/// Two tenants with a tenant admin each, as an operator sets them up.
struct Town {
    server: TestServer,
    acme: String,
    other: String,
    of_acme: Account,
    of_other: Account,
}

impl Town {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let (acme, other) = (server.new_workspace("Acme").await, server.new_workspace("Other").await);
        let of_acme = server.new_account("admin@acme.example", Some(&acme), &["TENANT_ADMIN"]).await;
        let of_other = server.new_account("admin@other.example", Some(&other), &["TENANT_ADMIN"]).await;
        Self { server, acme: acme.id, other: other.id, of_acme, of_other }
    }
}

async fn role_named(client: &Client, name: &str) -> String {
    let roles = client.get("/api/roles").await.array(200);
    text(roles.iter().find(|role| role["name"] == name).unwrap(), "id")
}

/// An account with a password that its holder will change.
fn invited(username: &str, roles: &[&String]) -> Value {
    json!({
        "username": username, "firstname": "New", "lastname": "Comer", "password": "changed soon", "roles": roles,
    })
}

#[tokio::test]
async fn an_administrator_sets_up_a_tenant_and_closes_it_again() {
    let server = TestServer::start().await;
    let administrator = server.as_administrator().await;
    let tenant = text(&administrator.post("/api/tenants", json!({ "name": "Acme" })).await.json(200), "id");
    let roles = [&role_named(&administrator, "TENANT_ADMIN").await];
    let mut body = invited("boss@acme.example", &roles);
    body["tenant"] = json!(tenant);
    let boss = text(&administrator.post("/api/users", body).await.json(200), "id");
    let logged_in = server.log_in("boss@acme.example", "changed soon").await;
    assert_eq!(logged_in.get("/api/users/me").await.json(200)["tenant"], *tenant);

    // They see and manage everybody.
    let all = administrator.get("/api/users").await.array(200);
    assert_eq!(each(&all, "username"), ["admin@localhost", "boss@acme.example"]);
    let path = format!("/api/users/{boss}");
    administrator.patch(&path, json!({ "password": "forgotten no more" })).await.is(200);
    logged_in.get("/api/users/me").await.error(401, "unauthenticated");
    let logged_in = server.log_in("boss@acme.example", "forgotten no more").await;

    // A second administrator takes over, and the first is deleted.
    let admin_role = role_named(&administrator, "ADMIN").await;
    administrator.post("/api/users", invited("second@example.com", &[&admin_role])).await.is(200);
    let second = server.log_in("second@example.com", "changed soon").await;
    second.delete(&format!("/api/users/{}", server.administrator.id)).await.is(200);
    administrator.get("/api/users/me").await.error(401, "unauthenticated");

    // The tenant is closed, opened, and deleted.
    let path = format!("/api/tenants/{tenant}");
    second.patch(&path, json!({ "status": "DISABLED" })).await.is(200);
    logged_in.get("/api/users/me").await.error(401, "unauthenticated");
    second.patch(&path, json!({ "status": "ACTIVE" })).await.is(200);
    logged_in.get("/api/users/me").await.is(200);
    second.delete(&path).await.is(200);
    logged_in.get("/api/users/me").await.error(401, "unauthenticated");
    assert_eq!(each(&second.get("/api/users").await.array(200), "username"), ["second@example.com"]);
    assert_eq!(each(&second.get("/api/tenants").await.array(200), "name"), ["Default"]);
}

#[tokio::test]
async fn a_tenant_admin_manages_the_own_tenant() {
    let town = Town::new().await;
    let admin = town.server.as_account(&town.of_acme).await;

    // Adds a plain user.
    let user_role = role_named(&admin, "USER").await;
    let jane = admin.post("/api/users", invited("jane@acme.example", &[&user_role])).await.json(200);
    let jane_path = format!("/api/users/{}", text(&jane, "id"));
    let jane_in = town.server.log_in("jane@acme.example", "changed soon").await;
    assert_eq!(jane_in.get("/api/users/me").await.json(200)["tenant"], *town.acme);
    jane_in.get("/api/users").await.error(403, "forbidden");

    // Creates a role of the tenant, and gives it to her.
    let support = json!({ "name": "Support", "permissions": ["tenant.account.read"] });
    let support = text(&admin.post("/api/roles", support).await.json(200), "id");
    admin.patch(&jane_path, json!({ "roles": [user_role, support] })).await.is(200);
    let seen = jane_in.get("/api/users").await.array(200);
    assert_names(&seen, "username", &["admin@acme.example", "jane@acme.example"]);

    // Makes her an admin, too, and undoes it.
    let admin_role = role_named(&admin, "TENANT_ADMIN").await;
    admin.patch(&jane_path, json!({ "roles": [admin_role] })).await.is(200);
    jane_in.post("/api/users", invited("john@acme.example", &[&user_role])).await.is(200);
    admin.patch(&jane_path, json!({ "roles": [user_role] })).await.is(200);
    jane_in.post("/api/users", invited("jill@acme.example", &[])).await.error(403, "forbidden");

    // Disables her, reactivates her, and removes her from the tenant.
    admin.patch(&jane_path, json!({ "status": "DISABLED" })).await.is(200);
    jane_in.get("/api/users/me").await.error(401, "unauthenticated");
    admin.patch(&jane_path, json!({ "status": "ACTIVE" })).await.is(200);
    jane_in.get("/api/roles").await.is(200);
    admin.delete(&format!("/api/tenants/{}/user/{}", town.acme, text(&jane, "id"))).await.is(200);
    jane_in.get("/api/users/me").await.error(401, "unauthenticated");
    admin.get(&jane_path).await.error(404, "not_found");
    let people = admin.get(&format!("/api/tenants/{}/users", town.acme)).await.array(200);
    assert_eq!(each(&people, "username"), ["admin@acme.example", "john@acme.example"]);
    admin.patch(&format!("/api/tenants/{}", town.acme), json!({ "name": "Acme Inc" })).await.is(200);
}

#[tokio::test]
async fn a_tenant_admin_is_rejected_in_another_tenant() {
    let town = Town::new().await;
    let admin = town.server.as_account(&town.of_acme).await;
    let rival = town.server.as_account(&town.of_other).await;
    let user_role = role_named(&rival, "USER").await;
    let user =
        text(&rival.post("/api/users", invited("user@other.example", &[&user_role])).await.json(200), "id");
    let role = text(&rival.post("/api/roles", json!({ "name": "Theirs" })).await.json(200), "id");
    let administrator = town.server.as_administrator().await;
    let state = async || {
        let mut all = Vec::new();
        for path in ["/api/users", "/api/tenants", &format!("/api/roles/{role}")] {
            all.push(administrator.get(path).await.json(200));
        }
        all
    };
    let before = state().await;

    let tenant = format!("/api/tenants/{}", town.other);
    let (user_path, role_path) = (format!("/api/users/{user}"), format!("/api/roles/{role}"));
    let mut invitation = invited("spy@other.example", &[]);
    invitation["tenant"] = json!(town.other);
    for (method, path, body, status) in [
        ("GET", tenant.clone(), None, 404),
        ("GET", format!("{tenant}/profile"), None, 404),
        ("GET", format!("{tenant}/users"), None, 404),
        ("PATCH", tenant.clone(), Some(json!({ "name": "Mine" })), 404),
        ("PUT", tenant.clone(), Some(json!({ "name": "Mine" })), 404),
        ("DELETE", tenant.clone(), None, 403),
        ("DELETE", format!("{tenant}/user/{user}"), None, 404),
        ("POST", "/api/users".to_owned(), Some(invitation), 403),
        ("GET", user_path.clone(), None, 404),
        ("PATCH", user_path.clone(), Some(json!({ "password": "a password of mine" })), 404),
        ("PATCH", user_path.clone(), Some(json!({ "tenant": town.acme })), 404),
        ("PATCH", user_path.clone(), Some(json!({ "status": "DISABLED" })), 404),
        ("PUT", user_path.clone(), Some(invited("user@other.example", &[])), 404),
        ("DELETE", user_path.clone(), None, 403),
        ("GET", role_path.clone(), None, 403),
        ("PATCH", role_path.clone(), Some(json!({ "permissions": ["tenant.all"] })), 403),
        ("DELETE", role_path.clone(), None, 403),
        ("GET", "/api/tenants".to_owned(), None, 403),
        ("POST", "/api/tenants".to_owned(), Some(json!({ "name": "Mine" })), 403),
        ("GET", "/api/tokens".to_owned(), None, 403),
        ("POST", "/api/tokens".to_owned(), Some(json!({ "accountId": user })), 403),
        ("POST", "/api/tokens/introspect".to_owned(), Some(json!({ "token": "tok_x" })), 403),
    ] {
        for path in [path.replace("/api/", "/api/v1/"), path] {
            let reply = admin.send(method, &path, body.clone()).await;
            assert_eq!(reply.status, status, "{method} {path}\n{reply}");
            let code = if status == 404 { "not_found" } else { "forbidden" };
            reply.error(status, code);
        }
    }
    assert_names(&admin.get("/api/users").await.array(200), "username", &["admin@acme.example"]);
    assert!(!each(&admin.get("/api/roles").await.array(200), "name").contains(&"Theirs".to_owned()));
    assert_eq!(state().await, before, "nothing was done");
    let user_in = town.server.log_in("user@other.example", "changed soon").await;
    user_in.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn a_plain_user_manages_themselves() {
    let town = Town::new().await;
    let admin = town.server.as_account(&town.of_acme).await;
    let user_role = role_named(&admin, "USER").await;
    admin.post("/api/users", invited("jane@acme.example", &[&user_role])).await.is(200);
    let jane = town.server.log_in("jane@acme.example", "changed soon").await;

    // Sees itself, its tenant and its roles.
    assert_eq!(jane.get("/api/users/me").await.json(200)["roles"][0]["name"], "USER");
    assert_eq!(jane.get(&format!("/api/tenants/{}/profile", town.acme)).await.json(200)["name"], "Acme");
    jane.get(&format!("/api/tenants/{}", town.other)).await.error(404, "not_found");
    assert_names(&jane.get("/api/roles").await.array(200), "name", &["ADMIN", "TENANT_ADMIN", "USER"]);

    // Changes its name and password, and stays logged in there.
    let elsewhere = town.server.log_in("jane@acme.example", "changed soon").await;
    let change = json!({
        "firstname": "Jane", "lastname": "Doe", "password": "correct horse", "currentPassword": "changed soon",
    });
    assert_eq!(jane.patch("/api/users/me", change).await.json(200)["firstname"], "Jane");
    elsewhere.get("/api/users/me").await.error(401, "unauthenticated");
    town.server.log_in("jane@acme.example", "correct horse").await;

    // Creates a token for a program, and revokes it.
    let token = jane.post("/api/tokens/personal", json!({ "description": "backup" })).await.json(200);
    let program = town.server.bearer(&text(&token, "token"));
    program.get("/api/users/me").await.is(200);
    jane.delete(&format!("/api/tokens/personal/{}", text(&token, "id"))).await.is(200);
    program.get("/api/users/me").await.error(401, "unauthenticated");

    // Everything else is refused.
    let (tenant, boss) = (format!("/api/tenants/{}", town.acme), format!("/api/users/{}", town.of_acme.id));
    for (method, path, body) in [
        ("GET", "/api/users", None),
        ("GET", &boss, None),
        ("POST", "/api/users", Some(invited("friend@acme.example", &[]))),
        ("PATCH", &boss, Some(json!({ "firstname": "X" }))),
        ("DELETE", &boss, None),
        ("PATCH", &tenant, Some(json!({ "name": "Jane's" }))),
        ("GET", &format!("{tenant}/users"), None),
        ("DELETE", &format!("{tenant}/user/{}", town.of_acme.id), None),
        ("POST", "/api/roles", Some(json!({ "name": "Mine" }))),
        ("GET", "/api/tenants", None),
        ("GET", "/api/tokens", None),
        ("PATCH", "/api/users/me", Some(json!({ "permissions": ["tenant.all"] }))),
    ] {
        let reply = jane.send(method, path, body).await;
        assert_eq!(reply.status, 403, "{method} {path}\n{reply}");
    }
    assert_eq!(jane.send("POST", "/logout", None).await.json(200), json!({ "loggedOut": true }));
    jane.get("/api/users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_disabled_user_is_rejected_until_reactivated() {
    let town = Town::new().await;
    let admin = town.server.as_account(&town.of_acme).await;
    let jane = text(&admin.post("/api/users", invited("jane@acme.example", &[])).await.json(200), "id");
    let jane_in = town.server.log_in("jane@acme.example", "changed soon").await;
    let token = jane_in.post("/api/tokens/personal", json!({})).await.json(200);
    let program = town.server.bearer(&text(&token, "token"));

    admin.patch(&format!("/api/users/{jane}"), json!({ "status": "DISABLED" })).await.is(200);
    for client in [&jane_in, &program] {
        for (method, path, body) in [
            ("GET", "/api/users/me", None),
            ("PATCH", "/api/users/me", Some(json!({ "status": "ACTIVE" }))),
            ("GET", "/api/permissions", None),
            ("GET", "/api/tokens/refresh", None),
            ("POST", "/api/tokens/personal", Some(json!({}))),
            ("POST", "/logout", None),
        ] {
            let reply = client.send(method, path, body).await;
            assert_eq!(reply.body["message"], "ENTITY_DISABLED", "{method} {path}\n{reply}");
            reply.error(401, "unauthenticated");
        }
    }
    for (password, message) in
        [("changed soon", "ENTITY_DISABLED"), ("wrong password", "Invalid username or password")]
    {
        let body = json!({ "username": "jane@acme.example", "password": password });
        let reply = town.server.anonymous().post("/login", body).await;
        assert_eq!(reply.body["message"], message);
        reply.error(401, "unauthenticated");
    }
    assert_eq!(admin.get(&format!("/api/users/{jane}")).await.json(200)["status"], "DISABLED");

    admin.patch(&format!("/api/users/{jane}"), json!({ "status": "ACTIVE" })).await.is(200);
    for client in [&jane_in, &program] {
        client.get("/api/users/me").await.is(200);
    }
    town.server.log_in("jane@acme.example", "changed soon").await;
}
