//! One row for every operation of accounts that needs a log-in: a valid request, the permissions that allow it, and how
//! the admin of another tenant is refused. Each row applies to `/api` and to `/api/v1`.

use denizen_tests::{Client, Reply, Value, is_on_postgres, json};

use super::document::Document;
use crate::people::{People, Person};
use crate::support::{each, keys, text, with};

/// A row.
pub(super) struct AccountGuard {
    /// The operation, without its base.
    operation: &'static str,
    /// The permissions, of which one is enough, as the document names them; none if any log-in is enough.
    permissions: &'static [&'static str],
    /// The body of the request, as JSON. `<user>`, `<tenant>`, `<role>`, `<token>` (an id), `<secret>` (of that token),
    /// `<personal>` (the id of a personal token), `<key>` and `<external user>` are the victim's. They also replace the
    /// parameters of the path.
    body: Option<&'static str>,
    /// How the admin of another tenant is refused.
    stranger: Stranger,
}

/// How the admin of another tenant is refused.
#[derive(Debug, Clone, Copy)]
enum Stranger {
    /// 404, with this resource.
    NotFound(&'static str),
    /// 403, with this reason.
    Forbidden(&'static str),
    /// 403, since no right over one tenant allows it.
    Beyond,
    /// A list without the victim's objects, which others get with them.
    List,
    /// 200, with the caller's own data only.
    Own,
}

/// The bases of a row.
const BASES: [&str; 2] = ["/api", "/api/v1"];

const ACCOUNT_READ: &[&str] = &["iam.account.read", "tenant.account.read"];
const ACCOUNT_UPDATE: &[&str] = &["iam.account.update", "tenant.account.update"];
const PROFILE_READ: &[&str] = &["iam.tenant.read", "tenant.profile.read"];
const PROFILE_UPDATE: &[&str] = &["iam.tenant.update", "tenant.profile.update"];
const ANY_LOG_IN: &[&str] = &[];

const NAMES: &str = r#"{ "username": "of-<user>@example.com", "firstname": "Some", "lastname": "Body" }"#;
const NAME: &str = r#"{ "name": "of <user>" }"#;

const fn row(
    operation: &'static str,
    permissions: &'static [&'static str],
    body: Option<&'static str>,
    stranger: Stranger,
) -> AccountGuard {
    AccountGuard { operation, permissions, body, stranger }
}

/// The rows.
#[rustfmt::skip]
pub(super) const ACCOUNT_GUARDS: [AccountGuard; 36] = [
    row("GET /users", ACCOUNT_READ, None, Stranger::List),
    row("POST /users", &["iam.account.create", "tenant.account.create"], Some(NAMES), Stranger::Own),
    row("GET /users/me", ANY_LOG_IN, None, Stranger::Own),
    row("PATCH /users/me", ANY_LOG_IN, Some(r#"{ "firstname": "Some" }"#), Stranger::Own),
    row("GET /users/{id}", ACCOUNT_READ, None, Stranger::NotFound("user")),
    row("PATCH /users/{id}", ACCOUNT_UPDATE, Some(r#"{ "firstname": "Some" }"#), Stranger::NotFound("user")),
    row("PUT /users/{id}", ACCOUNT_UPDATE, Some(NAMES), Stranger::NotFound("user")),
    row("DELETE /users/{id}", &["iam.account.delete"], None, Stranger::Beyond),
    row("GET /roles", &["tenant.roles.read"], None, Stranger::List),
    row("POST /roles", &["tenant.roles.create"], Some(NAME), Stranger::Own),
    row("GET /roles/{id}", &["tenant.roles.read"], None, Stranger::Forbidden("foreign_role")),
    row("PATCH /roles/{id}", &["tenant.roles.update"], Some(NAME), Stranger::Forbidden("foreign_role")),
    row("DELETE /roles/{id}", &["tenant.roles.delete"], None, Stranger::Forbidden("foreign_role")),
    row("GET /permissions", ANY_LOG_IN, None, Stranger::Own),
    row("GET /tenants", &["iam.tenant.read"], None, Stranger::Beyond),
    row("POST /tenants", &["iam.tenant.create"], Some(NAME), Stranger::Beyond),
    row("GET /tenants/{id}", PROFILE_READ, None, Stranger::NotFound("tenant")),
    row("GET /tenants/{id}/profile", PROFILE_READ, None, Stranger::NotFound("tenant")),
    row("PATCH /tenants/{id}", PROFILE_UPDATE, Some(NAME), Stranger::NotFound("tenant")),
    row("PUT /tenants/{id}", PROFILE_UPDATE, Some(NAME), Stranger::NotFound("tenant")),
    row("DELETE /tenants/{id}", &["iam.tenant.delete"], None, Stranger::Beyond),
    row("GET /tenants/{id}/users", ACCOUNT_READ, None, Stranger::NotFound("tenant")),
    row("DELETE /tenants/{id}/user/{userId}", &["iam.account.delete", "tenant.account.delete"], None, Stranger::NotFound("tenant")),
    row("GET /tenants/{id}/key", &["iam.key.read"], None, Stranger::Beyond),
    row("POST /tenants/{id}/key", &["iam.key.create"], Some(r#"{ "value": "a secret" }"#), Stranger::Beyond),
    row("DELETE /tenants/{id}/key", &["iam.key.delete"], None, Stranger::Beyond),
    row("GET /tokens", &["all"], None, Stranger::Beyond),
    row("POST /tokens", &["iam.token.create"], Some(r#"{ "accountId": "<user>" }"#), Stranger::Beyond),
    row("GET /tokens/{id}", &["all"], None, Stranger::Beyond),
    row("DELETE /tokens/{id}", &["iam.token.delete"], None, Stranger::Beyond),
    row("POST /tokens/introspect", &["iam.token.introspect"], Some(r#"{ "token": "<secret>" }"#), Stranger::Beyond),
    row("GET /tokens/refresh", ANY_LOG_IN, None, Stranger::Own),
    row("GET /tokens/personal", ANY_LOG_IN, None, Stranger::List),
    row("POST /tokens/personal", ANY_LOG_IN, Some("{}"), Stranger::Own),
    row("DELETE /tokens/personal", ANY_LOG_IN, None, Stranger::Own),
    row("DELETE /tokens/personal/{id}", ANY_LOG_IN, None, Stranger::NotFound("token")),
];

const API_KEY_READ: &[&str] = &["iam.apiKey.read", "tenant.apiKey.read"];
const EXTERNAL_USER_READ: &[&str] = &["iam.externalUser.read", "tenant.externalUser.read"];

/// The rows of what an account sees of a tenant's directory, whose responses are Zaia's and so never wrapped.
#[rustfmt::skip]
const DIRECTORY_GUARDS: [AccountGuard; 7] = [
    row("GET /tenants/{id}/api-keys", API_KEY_READ, None, Stranger::NotFound("tenant")),
    row("POST /tenants/{id}/api-keys", &["iam.apiKey.create", "tenant.apiKey.create"], Some(NAME), Stranger::NotFound("tenant")),
    row("GET /tenants/{id}/api-keys/{keyId}", API_KEY_READ, None, Stranger::NotFound("tenant")),
    row("DELETE /tenants/{id}/api-keys/{keyId}", &["iam.apiKey.delete", "tenant.apiKey.delete"], None, Stranger::NotFound("tenant")),
    row("GET /tenants/{id}/audit-events", &["iam.audit.read", "tenant.audit.read"], None, Stranger::NotFound("tenant")),
    row("GET /tenants/{id}/external-users", EXTERNAL_USER_READ, None, Stranger::NotFound("tenant")),
    row("GET /tenants/{id}/external-users/{userId}", EXTERNAL_USER_READ, None, Stranger::NotFound("tenant")),
];

/// All rows below a base.
fn guards_below() -> impl Iterator<Item = &'static AccountGuard> {
    ACCOUNT_GUARDS.iter().chain(&DIRECTORY_GUARDS)
}

/// The one row at the root.
const LOG_OUT: AccountGuard = row("POST /logout", ANY_LOG_IN, None, Stranger::Own);

/// Every row with each of its bases.
pub(super) fn account_guards() -> impl Iterator<Item = (&'static str, &'static AccountGuard)> {
    let below = BASES.into_iter().flat_map(|base| guards_below().map(move |guard| (base, guard)));
    below.chain([("", &LOG_OUT)])
}

impl AccountGuard {
    /// The operation as the document names it.
    pub(super) fn operation(&self, base: &str) -> String {
        let (method, path) = self.operation.split_once(' ').unwrap();
        format!("{method} {base}{path}")
    }

    /// The body of the request, filled in for the victim.
    fn body_for(&self, victim: &Victim) -> Option<Value> {
        self.body.map(|body| victim.fill(body).parse().unwrap())
    }

    /// The permission that a refusal names: the lesser of two.
    fn missing(&self) -> &'static str {
        self.permissions.last().unwrap()
    }

    /// All permissions but those that allow it.
    fn all_others(&self) -> Vec<&'static str> {
        let is_of_tenant = self.permissions.iter().any(|permission| permission.starts_with("tenant."));
        let includes = |code: &str| code == "all" || (code == "tenant.all" && is_of_tenant);
        let all = crate::accounts::PERMISSIONS.into_iter();
        all.filter(|code| !includes(code) && !self.permissions.contains(code)).collect()
    }
}

/// Whether an operation has done what it is for.
fn succeeds(reply: &Reply) -> bool {
    matches!(reply.status, 200 | 201)
}

/// A tenant with a role, a key, an external user and a member, who has tokens.
struct Victim {
    tenant: String,
    key: String,
    external_user: String,
    role: String,
    user: Person,
    token: Value,
    personal: String,
}

impl Victim {
    async fn new(people: &People, name: &str) -> Self {
        let tenant = people.tenant(name).await;
        let maker = ["tenant.roles.create"];
        let maker = people.with_permissions(&format!("maker@{tenant}.example"), Some(&tenant), &maker).await;
        let role = maker.client.post("/api/roles", json!({ "name": "Theirs" })).await.json(200);
        let given = json!({ "tenant": tenant, "roles": [role["id"]] });
        let user = people.person(&format!("victim@{tenant}.example"), given).await;
        let token = people.administrator.post("/api/tokens", json!({ "accountId": user.id })).await.json(200);
        let personal = user.client.post("/api/tokens/personal", json!({})).await.json(200);
        let (key, external_user) = Self::add_directory(people, &tenant).await;
        Self {
            tenant,
            key,
            external_user,
            role: text(&role, "id"),
            user,
            token,
            personal: text(&personal, "id"),
        }
    }

    /// Adds a key and an external user to a tenant.
    async fn add_directory(people: &People, tenant: &str) -> (String, String) {
        let path = format!("/api/tenants/{tenant}/api-keys");
        let key = people.administrator.post(&path, json!({ "name": "Theirs" })).await.json(201);
        let notiflows = people.server.anonymous().with("x-notiflows-api-key", &text(&key, "publicKey"));
        let notiflows = notiflows.with("x-notiflows-secret-key", &text(&key, "secretKey"));
        let user = notiflows.put("/admin/users/theirs", json!({})).await.json(201);
        (text(&key, "id"), text(&user, "id"))
    }

    /// A path or body of the table, filled in for the victim.
    fn fill(&self, template: &str) -> String {
        template
            .replace("<user>", &self.user.id)
            .replace("<tenant>", &self.tenant)
            .replace("<role>", &self.role)
            .replace("<token>", &text(&self.token, "id"))
            .replace("<secret>", &text(&self.token, "token"))
            .replace("<personal>", &self.personal)
            .replace("<key>", &self.key)
            .replace("<external user>", &self.external_user)
    }

    /// The path of a request.
    fn path(&self, base: &str, path: &str) -> String {
        let parameter = match path.split('/').nth(1) {
            _ if path.starts_with("/tokens/personal") => "<personal>",
            Some("users") => "<user>",
            Some("roles") => "<role>",
            Some("tenants") => "<tenant>",
            _ => "<token>",
        };
        let user = if path.contains("/external-users/") { "<external user>" } else { "<user>" };
        let path = format!("{base}{path}").replace("{id}", parameter).replace("{keyId}", "<key>");
        self.fill(&path.replace("{userId}", user))
    }

    /// All data of the victim.
    async fn state(&self, people: &People) -> Value {
        let see = async |path: String| people.administrator.get(&path).await.json(200);
        json!({
            "tenant": see(format!("/api/tenants/{}", self.tenant)).await,
            "members": see(format!("/api/tenants/{}/users", self.tenant)).await,
            "keys": each(see(format!("/api/tenants/{}/api-keys", self.tenant)).await.as_array().unwrap(), "id"),
            "role": see(format!("/api/roles/{}", self.role)).await,
            "user": see(self.user.path()).await,
            "tokens": see(format!("/api/tokens?accountId={}", self.user.id)).await,
        })
    }

    /// Whether a list contains an object of the victim.
    fn is_in(&self, list: &[Value]) -> bool {
        let own = [&self.user.id, &self.role, &self.personal];
        list.iter().any(|item| own.iter().any(|id| item["id"] == ***id))
    }
}

/// Sends the request of a row, and asserts that the document lists the status of the answer.
async fn send(
    document: &Document,
    (base, guard): (&str, &AccountGuard),
    client: &Client,
    victim: &Victim,
) -> Reply {
    let (method, path) = guard.operation.split_once(' ').unwrap();
    let reply = client.send(method, &victim.path(base, path), guard.body_for(victim)).await;
    document.describes(method, &format!("{base}{path}"), &reply);
    reply
}

/// A client with nothing but this permission of a row, or none if any log-in is enough.
async fn permitted_client(people: &People, permission: Option<&&str>, victim: &Victim) -> Client {
    let Some(permission) = permission else { return people.client_of(&victim.user.id).await };
    let home = permission.starts_with("tenant.").then_some(&*victim.tenant);
    let username = format!("{permission}@{}.example", victim.tenant);
    people.with_permissions(&username, home, &[permission]).await.client
}

#[tokio::test]
async fn every_operation_of_accounts_is_guarded() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let elsewhere = people.tenant("elsewhere").await;
    let stranger = people.tenant_admin("stranger@example.com", &elsewhere).await;
    for (index, row) in account_guards().enumerate() {
        let (base, guard) = row;
        let name = guard.operation(base);
        let victim = Victim::new(&people, &format!("victim {index}")).await;
        let before = victim.state(&people).await;

        send(&document, row, &people.server.anonymous(), &victim).await.error(401, "unauthenticated");
        let a_key = send(&document, row, &people.server.zaia(), &victim).await;
        assert!(matches!(a_key.status, 401 | 403), "{name}: a key is not a log-in:\n{a_key}");
        if !guard.permissions.is_empty() {
            let username = format!("others-{index}@example.com");
            let given = json!({ "tenant": victim.tenant, "permissions": guard.all_others() });
            let lacking = people.person(&username, given).await;
            let details = send(&document, row, &lacking.client, &victim).await.error(403, "forbidden");
            assert_eq!(details, json!({ "required_scope": guard.missing() }), "{name}");
            people.administrator.delete(&lacking.path()).await.is(200);
        }
        let another_log_in = people.client_of(&stranger.id).await;
        let reply = send(&document, row, &another_log_in, &victim).await;
        guard.check_stranger(reply, &victim, &name);
        assert_eq!(victim.state(&people).await, before, "{name} changed another account");
        forget(&people, &guard.body_for(&victim).unwrap_or_default()).await;

        // The refused request was valid: it succeeds with the right.
        let mut victim = Some(victim);
        for number in 0..guard.permissions.len().max(1) {
            let victim = match victim.take() {
                Some(victim) => victim,
                None => Victim::new(&people, &format!("victim {index} once more")).await,
            };
            let client = permitted_client(&people, guard.permissions.get(number), &victim).await;
            let reply = send(&document, row, &client, &victim).await;
            assert!(succeeds(&reply), "{name} fails\n{reply}");
            let is_list = matches!(guard.stranger, Stranger::List);
            assert!(
                !is_list || victim.is_in(reply.body.as_array().unwrap()),
                "{name} lists nothing:\n{reply}"
            );
        }
    }
}

impl AccountGuard {
    #[track_caller]
    fn check_stranger(&self, reply: Reply, victim: &Victim, name: &str) {
        match self.stranger {
            Stranger::NotFound(resource) => {
                assert_eq!(reply.error(404, "not_found")["resource"], resource, "{name}");
            }
            Stranger::Forbidden(reason) => {
                assert_eq!(reply.error(403, "forbidden"), json!({ "reason": reason }), "{name}");
            }
            Stranger::Beyond => {
                let missing = json!({ "required_scope": self.missing() });
                assert_eq!(reply.error(403, "forbidden"), missing, "{name}");
            }
            Stranger::List => assert!(!victim.is_in(&reply.array(200)), "{name}"),
            Stranger::Own => {
                let own = reply.json(200);
                assert!(!own.to_string().contains(&victim.tenant), "{name}: {own:#}");
            }
        }
    }
}

#[tokio::test]
async fn every_wrapped_answer_is_documented() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    for (index, guard) in ACCOUNT_GUARDS.iter().enumerate() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        let victim = Victim::new(&people, &format!("wrapped {index}")).await;
        let client = permitted_client(&people, guard.permissions.first(), &victim).await;
        let wrapped = format!("{}?meta", victim.path("/api", path));
        let reply = client.send(method, &wrapped, guard.body_for(&victim)).await.is(200);
        assert_eq!(keys(&reply.body), ["data", "meta"], "{method} {path}");
        document.describes(method, &format!("/api{path}"), &reply);
        let meta = document.parameter(method, &format!("/api{path}"), "meta");
        assert_eq!(meta["schema"]["type"], json!(["boolean", "string"]), "{method} {path}: any value");
    }
}

/// The operations whose rows have a body.
pub(super) fn operations_with_bodies() -> Vec<String> {
    let with_body = guards_below().filter(|guard| guard.body.is_some());
    with_body.map(|guard| guard.operation("/api")).collect()
}

#[tokio::test]
async fn every_answer_names_the_fields_that_are_ignored() {
    if is_on_postgres() {
        return;
    }
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    for (index, guard) in guards_below().enumerate() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        let victim = Victim::new(&people, &format!("lenient {index}")).await;
        let Some(body) = guard.body_for(&victim) else { continue };
        let client = permitted_client(&people, guard.permissions.first(), &victim).await;
        let body = with(body, json!({ "unheardOf": 1, "größe, in cm": 180, "createdAt": "2024-01-15" }));
        let reply = client.send(method, &victim.path("/api", path), Some(body)).await;
        assert!(succeeds(&reply), "{method} {path}\n{reply}");
        document.describes(method, &format!("/api{path}"), &reply);
        let ignored = reply.header("x-ignored-fields").unwrap_or_default();
        let names: Vec<_> = ignored.split(", ").filter(|name| *name != "createdAt").collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["gr%C3%B6%C3%9Fe%2C%20in%20cm", "unheardOf"], "{method} {path}");
    }
    let reply = people.server.anonymous().post("/login", json!({ "unheardOf": 1 })).await.is(400);
    assert_eq!(reply.header("x-ignored-fields"), Some("unheardOf"));
}

#[tokio::test]
async fn documents_the_required_permissions() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    for (base, guard) in account_guards() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        let path = format!("{base}{path}");
        assert_eq!(document.schemes(method, &path), ["account_token", "session_cookie"], "{method} {path}");
        document.requires(method, &path, guard.permissions);
    }
}

#[tokio::test]
async fn every_example_of_accounts_works() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let mut shown = 0;
    for (index, row) in account_guards().enumerate() {
        let (base, guard) = row;
        let (method, path) = guard.operation.split_once(' ').unwrap();
        for example in document.body_examples(method, &format!("{base}{path}")) {
            shown += 1;
            let victim = Victim::new(&people, &format!("example {index}")).await;
            let own = json!({ "accountId": victim.user.id, "token": victim.token["token"] });
            let own = own.as_object().unwrap().iter().filter(|(key, _)| example.get(key).is_some());
            let own: Value = own.map(|(key, value)| (key.clone(), value.clone())).collect();
            let body = with(example, own);
            let reply = people.administrator.send(method, &victim.path(base, path), Some(body.clone())).await;
            assert!(succeeds(&reply), "{}'s example:\n{reply}", guard.operation(base));
            if guard.operation == "POST /users" {
                log_in_as_the_example_says(&document, &people, &body).await;
            }
            forget(&people, &body).await;
        }
    }
    assert_eq!(shown, 2 * guards_below().filter(|guard| guard.body.is_some()).count());
}

/// The example of a log-in is for the account of the other example.
async fn log_in_as_the_example_says(document: &Document, people: &People, made: &Value) {
    for example in document.body_examples("POST", "/login") {
        assert_eq!((&example["username"], &example["password"]), (&made["username"], &made["password"]));
        people.server.anonymous().post("/login", example).await.json(200);
    }
}

/// Frees the names for the next account.
async fn forget(people: &People, body: &Value) {
    if let Some(username) = body["username"].as_str() {
        let found = people.administrator.get(&format!("/api/users?username={username}")).await.array(200);
        for user in found {
            people.administrator.delete(&format!("/api/users/{}", text(&user, "id"))).await.is(200);
        }
    }
    let roles = people.administrator.get("/api/roles").await.array(200);
    for role in roles.iter().filter(|role| role["name"] == body["name"]) {
        people.administrator.delete(&format!("/api/roles/{}", text(role, "id"))).await.is(200);
    }
}
