//! A revoked right is gone with the next request, for every kind of token.

use denizen_tests::{Client, TestServer, Value, json};

use crate::people::{People, password_of};
use crate::support::text;

const ME: &str = "/api/users/me";
const JANE: &str = "jane@example.com";

/// An account with a token of every kind.
struct Holder {
    id: String,
    clients: [(&'static str, Client); 3],
}

impl Holder {
    async fn new(people: &People, changes: Value) -> Self {
        let id = people.account_with_password(JANE, changes).await;
        let logged_in = people.server.log_in(JANE, &password_of(JANE)).await;
        let personal = logged_in.post("/api/tokens/personal", json!({})).await.json(200);
        let personal = people.server.bearer(&text(&personal, "token"));
        let issued = people.client_of(&id).await;
        Self { id, clients: [("logged in", logged_in), ("personal", personal), ("issued", issued)] }
    }

    /// Asserts that every token works.
    async fn is_accepted(&self) {
        for (kind, client) in &self.clients {
            let reply = client.get(ME).await;
            assert_eq!(reply.status, 200, "{kind}\n{reply}");
        }
    }

    /// Asserts that every token is refused, with a message.
    async fn is_refused(&self, message: &str) {
        for (kind, client) in &self.clients {
            for reply in [client.get(ME).await, client.patch(ME, json!({ "firstname": "X" })).await] {
                assert_eq!(reply.body["message"], message, "{kind}\n{reply}");
                reply.error(401, "unauthenticated");
            }
        }
    }

    /// Asserts a path's status for every token.
    async fn assert_status(&self, path: &str, status: u16) {
        for (kind, client) in &self.clients {
            let reply = client.get(path).await;
            assert_eq!(reply.status, status, "{kind} {path}\n{reply}");
        }
    }
}

const UNKNOWN: &str = "The token is unknown, expired or revoked.";

#[tokio::test]
async fn a_new_password_revokes_all_tokens() {
    let people = People::new().await;
    let jane = Holder::new(&people, json!({})).await;
    jane.is_accepted().await;
    people.change(&jane.id, json!({ "password": "another password" })).await;
    jane.is_refused(UNKNOWN).await;
    let path = format!("/api/tokens?accountId={}", jane.id);
    assert!(people.administrator.get(&path).await.array(200).is_empty());
    people.server.log_in(JANE, "another password").await.get(ME).await.is(200);
}

#[tokio::test]
async fn changing_ones_password_keeps_the_current_token() {
    let people = People::new().await;
    let jane = Holder::new(&people, json!({})).await;
    let change = json!({ "password": "another password", "currentPassword": password_of(JANE) });
    let [(_, logged_in), (_, personal), (_, issued)] = &jane.clients;
    logged_in.patch(ME, change).await.is(200);
    logged_in.get(ME).await.is(200);
    for client in [personal, issued] {
        client.get(ME).await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn an_operators_change_works_at_once() {
    let people = People::new().await;
    let jane = Holder::new(&people, json!({})).await;
    people.server.operator(&["accounts", "disable", JANE, "--json"]).await;
    jane.is_refused("ENTITY_DISABLED").await;
    people.server.operator(&["accounts", "enable", JANE, "--json"]).await;
    jane.is_accepted().await;

    let arguments = ["tokens", "create", "--account", JANE, "--expires-in", "2h", "--json"];
    let token = people.server.operator(&arguments).await;
    let client = people.server.bearer(&text(&token, "token"));
    assert_eq!(client.get(ME).await.json(200)["id"], *jane.id);
    people.server.operator(&["tokens", "revoke", &text(&token, "id"), "--json"]).await;
    client.get(ME).await.error(401, "unauthenticated");
    jane.is_accepted().await;
}

#[tokio::test]
async fn tokens_fail_only_while_the_account_is_disabled() {
    let people = People::new().await;
    let jane = Holder::new(&people, json!({})).await;
    for status in ["DISABLED", "PENDING"] {
        people.change(&jane.id, json!({ "status": status })).await;
        jane.is_refused("ENTITY_DISABLED").await;
        people.change(&jane.id, json!({ "status": "ACTIVE" })).await;
        jane.is_accepted().await;
    }
    let firstname = &people.get_account(&jane.id).await["firstname"];
    assert_eq!(firstname, "First", "nothing changed in the meantime");
}

#[tokio::test]
async fn deleting_an_account_revokes_tokens() {
    let people = People::new().await;
    let jane = Holder::new(&people, json!({})).await;
    people.administrator.delete(&format!("/api/users/{}", jane.id)).await.is(200);
    jane.is_refused(UNKNOWN).await;
    let body = json!({ "username": JANE, "password": password_of(JANE) });
    let reply = people.server.anonymous().post("/login", body).await;
    assert_eq!(reply.body["message"], "Invalid username or password");
    reply.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_revoked_right_is_gone() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let role = json!({ "name": "Reader", "permissions": ["tenant.account.read"], "isGlobal": true });
    let role = text(&people.administrator.post("/api/roles", role).await.json(200), "id");
    let role_path = format!("/api/roles/{role}");
    let jane = Holder::new(&people, json!({ "tenant": tenant, "roles": [role] })).await;
    jane.assert_status("/api/users", 200).await;

    people.change(&jane.id, json!({ "roles": [] })).await;
    jane.assert_status("/api/users", 403).await;
    people.change(&jane.id, json!({ "permissions": ["tenant.account.read"] })).await;
    jane.assert_status("/api/users", 200).await;
    people.change(&jane.id, json!({ "permissions": [] })).await;
    jane.assert_status("/api/users", 403).await;

    people.change(&jane.id, json!({ "roles": [role] })).await;
    people.administrator.patch(&role_path, json!({ "permissions": ["tenant.roles.read"] })).await.is(200);
    jane.assert_status("/api/users", 403).await;
    jane.assert_status("/api/roles", 200).await;
    people.administrator.delete(&role_path).await.is(200);
    jane.assert_status("/api/roles", 403).await;
    assert_eq!(people.get_account(&jane.id).await["roles"], json!([]));
}

#[tokio::test]
async fn a_removed_member_loses_access_at_once() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let roles = [people.role("TENANT_ADMIN").await];
    let given = json!({ "tenant": tenant, "roles": roles, "permissions": ["iam.tenant.read"] });
    let jane = Holder::new(&people, given).await;
    jane.assert_status("/api/users", 200).await;
    let path = format!("/api/tenants/{tenant}/user/{}", jane.id);
    people.administrator.delete(&path).await.is(200);
    jane.assert_status("/api/users", 403).await;
    jane.assert_status("/api/tenants", 200).await;
    jane.is_accepted().await;
    let left = people.get_account(&jane.id).await;
    assert_eq!((&left["tenant"], &left["roles"]), (&Value::Null, &json!([])));
    assert_eq!(left["permissions"], json!(["iam.tenant.read"]), "rights beyond tenants stay");
}

#[tokio::test]
async fn leaving_the_only_tenant_deletes_the_account() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let jane = Holder::new(&people, json!({ "tenant": tenant, "permissions": ["tenant.all"] })).await;
    people.administrator.delete(&format!("/api/tenants/{tenant}/user/{}", jane.id)).await.is(200);
    jane.is_refused(UNKNOWN).await;
    people.administrator.get(&format!("/api/users/{}", jane.id)).await.error(404, "not_found");
}

#[tokio::test]
async fn moving_drops_rights_in_the_old_tenant() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let roles = [people.role("TENANT_ADMIN").await];
    let jane = Holder::new(&people, json!({ "tenant": acme, "roles": roles, "permissions": ["tenant.all"] }));
    let jane = jane.await;
    let moved = people.change(&jane.id, json!({ "tenant": other })).await;
    assert_eq!(
        (&moved["tenant"], &moved["roles"], &moved["permissions"]),
        (&json!(other), &json!([]), &json!([]))
    );
    jane.assert_status("/api/users", 403).await;
    assert!(people.administrator.get(&format!("/api/tenants/{acme}/users")).await.array(200).is_empty());
    let members = people.administrator.get(&format!("/api/tenants/{other}/users")).await.array(200);
    assert_eq!(members.len(), 1);
}

#[tokio::test]
async fn a_disabled_tenant_locks_its_users_out() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let jane = Holder::new(&people, json!({ "tenant": tenant })).await;
    let path = format!("/api/tenants/{tenant}");
    for status in ["DISABLED", "PENDING"] {
        people.administrator.patch(&path, json!({ "status": status })).await.is(200);
        jane.is_refused("ENTITY_DISABLED").await;
        people.administrator.patch(&path, json!({ "status": "ACTIVE" })).await.is(200);
        jane.is_accepted().await;
    }
}

#[tokio::test]
async fn changes_apply_on_every_server() {
    let people = People::new().await;
    let other = People::on(people.server.another().await).await;
    let jane = other.person(JANE, json!({ "permissions": ["iam.account.read"] })).await;
    jane.client.get("/api/users").await.is(200);
    people.change(&jane.id, json!({ "permissions": [] })).await;
    jane.client.get("/api/users").await.error(403, "forbidden");
    people.change(&jane.id, json!({ "status": "DISABLED" })).await;
    jane.client.get(ME).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn passwords_survive_a_restart() {
    let mut server = TestServer::start().await;
    server.restart().await;
    server.as_administrator().await.get(ME).await.is(200);
}
