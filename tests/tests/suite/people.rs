//! Accounts, roles and tenants made through the API, and clients that are logged in.
//!
//! Most tests have no use for passwords, which take their time: they stand in for accounts with tokens that the
//! administrator issues.

use denizen_tests::{Client, TestServer, Value, Workspace, json};
use tokio::sync::OnceCell;

use crate::support::{text, with};

/// A server, and the administrator who makes everybody else.
pub(crate) struct People {
    pub(crate) server: TestServer,
    pub(crate) administrator: Client,
}

/// Somebody who is logged in.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) client: Client,
    number: OnceCell<i64>,
}

impl Person {
    pub(crate) fn new(id: String, username: &str, client: Client) -> Self {
        Self { id, username: username.to_owned(), client, number: OnceCell::new() }
    }

    /// The path of its account.
    pub(crate) fn path(&self) -> String {
        format!("/api/users/{}", self.id)
    }

    /// The number of its account.
    pub(crate) async fn number(&self) -> i64 {
        let ask = async || {
            let own = self.client.get("/user").await.json(200);
            own["id"].as_i64().unwrap_or_else(|| panic!("no number in {own:#}"))
        };
        *self.number.get_or_init(ask).await
    }
}

impl People {
    /// On a server with its default settings.
    pub(crate) async fn new() -> Self {
        Self::on(TestServer::start().await).await
    }

    /// On a server whose clock stands still.
    pub(crate) async fn with_fixed_time() -> Self {
        Self::on(TestServer::with_fixed_time().await).await
    }

    pub(crate) async fn on(server: TestServer) -> Self {
        let first = server.as_administrator().await;
        // A token that time does not touch.
        let administrator = stand_in(&server, &first, &server.administrator.id).await;
        Self { server, administrator }
    }

    /// Makes an account, with these fields beyond its names, and gives its id.
    pub(crate) async fn account(&self, username: &str, changes: Value) -> String {
        let body = with(new_user(username), changes);
        text(&self.administrator.post("/api/users", body).await.json(200), "id")
    }

    /// Makes an account that has a password, and gives its id.
    pub(crate) async fn account_with_password(&self, username: &str, changes: Value) -> String {
        let password = json!({ "password": password_of(username) });
        self.account(username, with(password, changes)).await
    }

    /// Makes an account, with these fields beyond its names, and logs in to it with a token.
    pub(crate) async fn person(&self, username: &str, changes: Value) -> Person {
        let id = self.account(username, changes).await;
        let client = self.stand_in(&id).await;
        Person::new(id, username, client)
    }

    /// Makes an account that may do this and nothing else, at home in a tenant or in none, and logs in to it.
    pub(crate) async fn holder(&self, username: &str, tenant: Option<&str>, permissions: &[&str]) -> Person {
        self.person(username, json!({ "tenant": tenant, "permissions": permissions })).await
    }

    /// Makes an account that holds a role, by its name, and logs in to it.
    pub(crate) async fn with_role(&self, username: &str, tenant: Option<&str>, role: &str) -> Person {
        let role = self.role(role).await;
        self.person(username, json!({ "tenant": tenant, "roles": [role] })).await
    }

    /// The administrator of a tenant.
    pub(crate) async fn tenant_admin(&self, username: &str, tenant: &str) -> Person {
        self.with_role(username, Some(tenant), "TENANT_ADMIN").await
    }

    /// A member of a workspace, which is its home, or one of its administrators. It holds no role.
    pub(crate) async fn member(&self, username: &str, workspace: &Workspace, is_admin: bool) -> Person {
        let person = self.person(username, json!({ "tenant": workspace.id })).await;
        if is_admin {
            self.server.add_to_workspace(username, workspace, true).await;
        }
        person
    }

    /// A client with a token that was issued for an account.
    pub(crate) async fn stand_in(&self, account_id: &str) -> Client {
        stand_in(&self.server, &self.administrator, account_id).await
    }

    /// The id of a global role.
    pub(crate) async fn role(&self, name: &str) -> String {
        let roles = self.administrator.get("/api/roles").await.array(200);
        let role = roles.iter().find(|role| role["name"] == name && role["isGlobal"] == true);
        text(role.unwrap_or_else(|| panic!("there is no role {name}")), "id")
    }

    /// Makes a tenant, and gives its id.
    pub(crate) async fn tenant(&self, name: &str) -> String {
        text(&self.administrator.post("/api/tenants", json!({ "name": name })).await.json(200), "id")
    }

    /// An account as the administrator sees it.
    pub(crate) async fn see(&self, account_id: &str) -> Value {
        self.administrator.get(&format!("/api/users/{account_id}")).await.json(200)
    }

    /// Changes an account as the administrator.
    pub(crate) async fn change(&self, account_id: &str, changes: Value) -> Value {
        self.administrator.patch(&format!("/api/users/{account_id}"), changes).await.json(200)
    }
}

/// A token that was issued for an account and does not end, and a client with it.
async fn stand_in(server: &TestServer, issuer: &Client, account_id: &str) -> Client {
    let request =
        json!({ "accountId": account_id, "expiresIn": -1, "description": "stands in", "new": true });
    let issued = issuer.post("/api/tokens", request).await.json(200);
    server.bearer(&text(&issued, "token"))
}

/// The body with which an account is made that has nothing but names.
pub(crate) fn new_user(username: &str) -> Value {
    json!({ "username": username, "firstname": "First", "lastname": "Last" })
}

/// The password of an account that was made with one.
pub(crate) fn password_of(username: &str) -> String {
    format!("password of {username}")
}

/// Demands the names of things, in any order.
#[track_caller]
pub(crate) fn assert_names(things: &[Value], key: &str, expected: &[&str]) {
    let mut found: Vec<_> = things.iter().map(|thing| text(thing, key)).collect();
    let mut expected = expected.to_vec();
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
