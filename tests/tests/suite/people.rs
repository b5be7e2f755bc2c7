//! Accounts, roles and tenants made through the API, and clients that are logged in.
//!
//! Hashing passwords is slow: most tests act as accounts with tokens that the administrator issues.

use denizen_tests::{Client, TestServer, Value, Workspace, json};
use tokio::sync::OnceCell;

use crate::support::{text, with};

/// A server, and its administrator, who creates the others.
pub(crate) struct People {
    pub(crate) server: TestServer,
    pub(crate) administrator: Client,
}

/// A logged-in account.
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
        // A token that never expires.
        let administrator = client_with_token(&server, &first, &server.administrator.id).await;
        Self { server, administrator }
    }

    /// Creates an account with these further fields, and returns its id.
    pub(crate) async fn account(&self, username: &str, changes: Value) -> String {
        let body = with(new_user(username), changes);
        text(&self.administrator.post("/api/users", body).await.json(200), "id")
    }

    /// Creates an account that has a password, and returns its id.
    pub(crate) async fn account_with_password(&self, username: &str, changes: Value) -> String {
        let password = json!({ "password": password_of(username) });
        self.account(username, with(password, changes)).await
    }

    /// Creates an account with these further fields, and a client with its token.
    pub(crate) async fn person(&self, username: &str, changes: Value) -> Person {
        let id = self.account(username, changes).await;
        let client = self.client_of(&id).await;
        Person::new(id, username, client)
    }

    /// Creates an account with only these permissions, at home in a tenant or in none, and a client with its token.
    pub(crate) async fn with_permissions(
        &self,
        username: &str,
        tenant: Option<&str>,
        permissions: &[&str],
    ) -> Person {
        self.person(username, json!({ "tenant": tenant, "permissions": permissions })).await
    }

    /// Creates an account with a role, by its name, and a client with its token.
    pub(crate) async fn with_role(&self, username: &str, tenant: Option<&str>, role: &str) -> Person {
        let role = self.role(role).await;
        self.person(username, json!({ "tenant": tenant, "roles": [role] })).await
    }

    /// The administrator of a tenant.
    pub(crate) async fn tenant_admin(&self, username: &str, tenant: &str) -> Person {
        self.with_role(username, Some(tenant), "TENANT_ADMIN").await
    }

    /// A member or an administrator of a workspace, which is its home. It holds no role.
    pub(crate) async fn member(&self, username: &str, workspace: &Workspace, is_admin: bool) -> Person {
        let person = self.person(username, json!({ "tenant": workspace.id })).await;
        if is_admin {
            self.server.add_to_workspace(username, workspace, true).await;
        }
        person
    }

    /// A client with a token issued for an account.
    pub(crate) async fn client_of(&self, account_id: &str) -> Client {
        client_with_token(&self.server, &self.administrator, account_id).await
    }

    /// The id of a global role.
    pub(crate) async fn role(&self, name: &str) -> String {
        let roles = self.administrator.get("/api/roles").await.array(200);
        let role = roles.iter().find(|role| role["name"] == name && role["isGlobal"] == true);
        text(role.unwrap_or_else(|| panic!("there is no role {name}")), "id")
    }

    /// Creates a tenant, and returns its id.
    pub(crate) async fn tenant(&self, name: &str) -> String {
        text(&self.administrator.post("/api/tenants", json!({ "name": name })).await.json(200), "id")
    }

    /// An account as the administrator sees it.
    pub(crate) async fn get_account(&self, account_id: &str) -> Value {
        self.administrator.get(&format!("/api/users/{account_id}")).await.json(200)
    }

    /// Changes an account as the administrator.
    pub(crate) async fn change(&self, account_id: &str, changes: Value) -> Value {
        self.administrator.patch(&format!("/api/users/{account_id}"), changes).await.json(200)
    }
}

/// Issues a token that never expires for an account, and returns a client with it.
async fn client_with_token(server: &TestServer, issuer: &Client, account_id: &str) -> Client {
    let request =
        json!({ "accountId": account_id, "expiresIn": -1, "description": "stands in", "new": true });
    let issued = issuer.post("/api/tokens", request).await.json(200);
    server.bearer(&text(&issued, "token"))
}

/// The body for an account with nothing but names.
pub(crate) fn new_user(username: &str) -> Value {
    json!({ "username": username, "firstname": "First", "lastname": "Last" })
}

/// The password of an account created with one.
pub(crate) fn password_of(username: &str) -> String {
    format!("password of {username}")
}

/// Asserts the names of objects, in any order.
#[track_caller]
pub(crate) fn assert_names(things: &[Value], key: &str, expected: &[&str]) {
    let mut found: Vec<_> = things.iter().map(|thing| text(thing, key)).collect();
    let mut expected = expected.to_vec();
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
