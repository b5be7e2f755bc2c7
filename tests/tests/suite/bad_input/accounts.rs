//! The bodies, parameters and paths of accounts.

use denizen_tests::{Client, TestServer, Value, json};

use super::{Directory, Write};
use crate::people::People;
use crate::support::{text, with};

const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// Accounts, roles, tenants and tokens, none of which may change.
pub(super) struct Residents {
    administrator: Client,
    /// The header line of the administrator's credential.
    head: String,
    password: String,
    tenant: String,
    user: String,
    role: String,
    token: Value,
}

impl Residents {
    pub(super) async fn new(server: &TestServer) -> Self {
        let first = server.as_administrator().await;
        let endless = json!({ "accountId": server.administrator.id, "expiresIn": -1 });
        let token = first.post("/api/tokens", endless).await.json(200);
        let secret = text(&token, "token");
        let administrator = server.bearer(&secret);
        let make =
            async |path: &str, body: Value| text(&administrator.post(path, body).await.json(200), "id");
        let tenant = make("/api/tenants", json!({ "name": "Acme" })).await;
        let role = make("/api/roles", json!({ "name": "Everywhere", "isGlobal": true })).await;
        let names = json!({ "username": "jane@example.com", "firstname": "Jane", "lastname": "Doe" });
        let user = make("/api/users", with(names, json!({ "tenant": tenant, "roles": [role] }))).await;
        let head = format!("authorization: Bearer {secret}\r\n");
        let password = server.administrator.password.clone();
        Self { administrator, head, password, tenant, user, role, token }
    }

    /// All their data.
    pub(super) async fn state(&self) -> Value {
        let mut all = json!({});
        for path in ["/api/users", "/api/roles", "/api/tenants", "/api/tokens"] {
            all[path] = self.administrator.get(path).await.json(200);
        }
        all["key"] = self.administrator.get(&format!("/api/tenants/{}/key", self.tenant)).await.json(200);
        all
    }

    /// Every write that takes a body, with a valid one, half of them at each base.
    pub(super) fn writes(&self, server: &TestServer) -> Vec<Write> {
        let write = |method, path: &str, body, secrets| {
            let client = (self.administrator.clone(), &*self.head);
            Write { secrets, ..Write::new(client, method, path, body, 400) }
        };
        let log_in = json!({
            "username": server.administrator.username, "password": self.password, "remember-me": true,
        });
        let tenant = json!({ "name": "A Company", "status": "PENDING", "confirmed": false });
        let role = json!({
            "name": "Support", "permissions": ["tenant.account.read"], "description": "Helps", "isGlobal": true,
        });
        let token = json!({
            "accountId": self.user, "description": "import", "inquirer": "importer", "new": true,
            "customPermissions": ["tenant.account.read"],
        });
        let user_path = format!("users/{}", self.user);
        vec![
            write("POST", "/login", log_in, &["username", "password"]),
            write("POST", "/api/users", self.new_user(), PASSWORDS),
            write("PATCH", &format!("/api/{user_path}"), self.changed_user(), PASSWORDS),
            write("PUT", &format!("/api/v1/{user_path}"), self.changed_user(), PASSWORDS),
            write("PATCH", "/api/v1/users/me", self.own_changes(), PASSWORDS),
            write("POST", "/api/v1/roles", role.clone(), &[]),
            write("PATCH", &format!("/api/roles/{}", self.role), role, &[]),
            write("POST", "/api/v1/tenants", tenant.clone(), &[]),
            write("PATCH", &format!("/api/tenants/{}", self.tenant), tenant.clone(), &[]),
            write("PUT", &format!("/api/v1/tenants/{}", self.tenant), tenant, &[]),
            write("POST", "/api/tokens", token, &[]),
            write("POST", "/api/tokens/introspect", json!({ "token": self.token["token"] }), &["token"]),
            write("POST", "/api/v1/tokens/personal", json!({ "description": "a laptop" }), &[]),
        ]
    }

    /// Storing the key of a tenant. Its text has only a length, which is that of no other.
    pub(super) fn key_write(&self) -> Write {
        let path = format!("/api/tenants/{}/key", self.tenant);
        let client = (self.administrator.clone(), &*self.head);
        Write {
            secrets: &["value"],
            ..Write::new(client, "POST", &path, json!({ "value": "a secret" }), 400)
        }
    }

    fn new_user(&self) -> Value {
        json!({
            "username": "john@example.com", "firstname": "John", "lastname": "Doe", "password": "correct horse",
            "status": "PENDING", "tenant": self.tenant, "roles": [self.role], "confirmed": true,
            "permissions": ["tenant.account.read"], "phone": "+15551234567", "img": "https://example.com/j.jpg",
        })
    }

    fn changed_user(&self) -> Value {
        with(self.new_user(), json!({ "currentPassword": "not asked for" }))
    }

    fn own_changes(&self) -> Value {
        json!({
            "firstname": "John", "lastname": "Doe", "phone": "+15551234567", "img": "https://example.com/j.jpg",
            "password": "correct horse", "currentPassword": self.password,
        })
    }
}

/// New passwords may hold any character, and the current one is not validated.
const PASSWORDS: &[&str] = &["password", "currentPassword"];

#[tokio::test]
async fn rejects_invalid_list_entries() {
    let directory = Directory::new().await;
    for write in directory.residents.writes(&directory.server) {
        for (key, broken, reason) in [
            ("roles", json!([7]), "invalid_type"),
            ("roles", json!([null]), "invalid_type"),
            ("roles", json!([["USER"]]), "invalid_type"),
            ("roles", json!([{ "name": "USER" }]), "invalid_type"),
            ("roles", json!([{ "id": 7 }]), "invalid_type"),
            ("roles", json!(["USER"]), "invalid_uuid"),
            ("roles", json!([""]), "invalid_uuid"),
            ("roles", json!([NOBODY]), "unknown"),
            ("roles", json!(vec![NOBODY; 51]), "too_long"),
            ("permissions", json!([7]), "invalid_type"),
            ("permissions", json!([true, "all"]), "invalid_type"),
            ("permissions", json!(["iam.everything"]), "unknown"),
            ("permissions", json!(["ALL"]), "unknown"),
            ("permissions", json!(["all\0"]), "unknown"),
            ("permissions", json!([""]), "unknown"),
            ("permissions", json!(vec!["all"; 101]), "too_long"),
            ("customPermissions", json!([{}]), "invalid_type"),
            ("customPermissions", json!(["tenant.everything"]), "unknown"),
            ("customPermissions", json!(vec!["all"; 101]), "too_long"),
        ] {
            if write.valid.get(key).is_some() {
                assert_eq!(write.refuses(key, &broken).await, reason, "{} {key} {broken:.80}", write.name());
            }
        }
    }
    directory.is_unchanged("lists of other things").await;
}

#[tokio::test]
async fn rejects_malformed_values() {
    let directory = Directory::new().await;
    let tenant = &directory.residents.tenant;
    for write in directory.residents.writes(&directory.server) {
        for (key, broken, reason) in [
            ("username", "jane", "invalid_format"),
            ("username", "jane@", "invalid_format"),
            ("username", "", "too_short"),
            ("status", "active", "unknown"),
            ("status", "DELETED", "unknown"),
            ("status", "", "unknown"),
            ("phone", "555-1234", "invalid_format"),
            ("img", "ftp://example.com/jane.jpg", "invalid_format"),
            ("img", "javascript:alert(1)", "invalid_format"),
            ("tenant", "nope", "invalid_uuid"),
            ("tenant", &tenant[1..], "invalid_uuid"),
            ("tenant", "", "invalid_uuid"),
            ("tenant", NOBODY, "unknown"),
            ("accountId", "nope", "invalid_uuid"),
            ("password", "1234567", "too_short"),
        ] {
            let is_checked = write.valid.get(key).is_some() && write.path != "/login";
            if is_checked {
                let refused = write.refuses(key, &json!(broken)).await;
                assert_eq!(refused, reason, "{} {key} {broken}", write.name());
            }
        }
        if write.valid.get("password").is_some() && write.path != "/login" {
            assert_eq!(write.refuses("password", &json!("x".repeat(1_001))).await, "too_long");
        }
    }
    directory.is_unchanged("values without their form").await;
}

#[tokio::test]
async fn stores_query_syntax_as_text() {
    let people = People::new().await;
    for text in ["'; DROP TABLE accounts; --", "%", "_", "\\", "<script>", "${7*7}", "🙂", "e\u{301}"] {
        let body = json!({ "username": "jane@example.com", "firstname": text, "lastname": text });
        let id = people.administrator.post("/api/users", body).await.json(200)["id"].clone();
        let path = format!("/api/users/{}", id.as_str().unwrap());
        assert_eq!(people.administrator.get(&path).await.json(200)["lastname"], text);
        people.administrator.delete(&path).await.is(200);
        let role = json!({ "name": text, "description": text });
        assert_eq!(people.administrator.post("/api/roles", role).await.json(200)["name"], text);
    }
    for like in ["%25", "_____@localhost", "admin@local_ost", "*"] {
        let path = format!("/api/users?username={like}");
        assert!(people.administrator.get(&path).await.array(200).is_empty(), "{like} is no pattern");
    }
}

/// A list, with its id parameters and all parameters that may be sent once.
const LISTS: [(&str, &[&str], &[&str]); 5] = [
    ("users", &["userId"], &[]),
    ("tokens", &["accountId"], &["accountId", "token"]),
    ("roles", &[], &[]),
    ("tenants", &[], &[]),
    ("permissions", &[], &[]),
];

async fn refuses(client: &Client, path: &str, parameter: &str, reason: &str) {
    let reply = client.get(path).await;
    assert_eq!(reply.status, 400, "{path:.200}\n{reply}");
    let details = reply.error(400, "bad_request");
    assert_eq!((&details["reason"], &details["param"]), (&json!(reason), &json!(parameter)), "{path:.200}");
}

#[tokio::test]
async fn reports_an_invalid_parameter() {
    let directory = Directory::new().await;
    let client = &directory.residents.administrator;
    for base in ["/api", "/api/v1"] {
        for (list, ids, once) in LISTS {
            let path = format!("{base}/{list}");
            for name in ids {
                for nobody in ["nope", "", "%00", &NOBODY[1..], &format!("{NOBODY},{NOBODY}")] {
                    let found = client.get(&format!("{path}?{name}={nobody}")).await.array(200);
                    assert!(found.is_empty(), "{path}?{name}={nobody}");
                }
            }
            for name in once {
                let query = format!("{name}={NOBODY}");
                client.get(&format!("{path}?{query}")).await.is(200);
                refuses(client, &format!("{path}?{query}&{query}"), name, "invalid_param").await;
            }
            client.get(&format!("{path}?%FF=1")).await.error(400, "bad_request");
            client.get(&format!("{path}?meta=%FF")).await.error(400, "bad_request");
            client.get(&format!("{path}?_=1&&=&utm_a&meta=false&meta")).await.is(200);
        }
        for (name, value) in [("userId", NOBODY), ("username", "jane@example.com")] {
            let many = vec![format!("{name}={value}"); 101].join("&");
            refuses(client, &format!("{base}/users?{many}"), name, "invalid_param").await;
            let fewer = vec![format!("{name}={value}"); 100].join("&");
            client.get(&format!("{base}/users?{fewer}")).await.is(200);
        }
        for nobody in ["username=%00", "username=a%00b@example.com", "username=%F0%9F%99%82"] {
            let found = client.get(&format!("{base}/users?{nobody}")).await.array(200);
            assert!(found.is_empty(), "{nobody}");
        }
        let long = format!("{base}/users?username={}@example.com", "x".repeat(3_000));
        assert!(client.get(&long).await.array(200).is_empty());
        client.get(&format!("{base}/users?username=%FF")).await.error(400, "bad_request");
    }
    directory.is_unchanged("bad parameters").await;
}

/// The paths with an id (`*`), its resource, and the methods.
fn addressed(tenant: &str) -> Vec<(String, &'static str, &'static [&'static str])> {
    vec![
        ("users/*".to_owned(), "user", &["GET", "PATCH", "PUT", "DELETE"]),
        ("roles/*".to_owned(), "role", &["GET", "PATCH", "DELETE"]),
        ("tenants/*".to_owned(), "tenant", &["GET", "PATCH", "PUT", "DELETE"]),
        ("tenants/*/profile".to_owned(), "tenant", &["GET"]),
        ("tenants/*/users".to_owned(), "tenant", &["GET"]),
        ("tenants/*/key".to_owned(), "tenant", &["GET", "POST", "DELETE"]),
        (format!("tenants/*/user/{NOBODY}"), "tenant", &["DELETE"]),
        (format!("tenants/{tenant}/user/*"), "user", &["DELETE"]),
        ("tokens/*".to_owned(), "token", &["GET", "DELETE"]),
        ("tokens/personal/*".to_owned(), "token", &["DELETE"]),
    ]
}

#[tokio::test]
async fn an_invalid_id_is_404() {
    let directory = Directory::new().await;
    let client = &directory.residents.administrator;
    let body =
        json!({ "username": "a@example.com", "firstname": "A", "lastname": "B", "name": "C", "value": "D" });
    for base in ["/api", "/api/v1"] {
        for (path, resource, methods) in addressed(&directory.residents.tenant) {
            for method in methods {
                for id in ["nope", "7", &NOBODY[1..], NOBODY, "00000000-0000-0000-0000-000000000000", "ME"] {
                    let path = format!("{base}/{}", path.replace('*', id));
                    let reply = client.send(method, &path, Some(body.clone())).await;
                    assert_eq!(reply.status, 404, "{method} {path}\n{reply}");
                    let details = reply.error(404, "not_found");
                    assert_eq!(details, json!({ "resource": resource, "id": id }), "{method} {path}");
                }
                for wrong in ["%00", "%FF", "a%00b", "%C0%AF"] {
                    let path = format!("{base}/{}", path.replace('*', wrong));
                    let reply = client.send(method, &path, Some(body.clone())).await;
                    assert_eq!(reply.status, 400, "{method} {path}\n{reply}");
                    let details = reply.error(400, "bad_request");
                    assert_eq!(details["reason"], "invalid_param", "{method} {path}");
                    assert!(details["param"].is_string(), "{method} {path}");
                }
            }
        }
    }
    directory.is_unchanged("ids of nothing").await;
}

#[tokio::test]
async fn rejects_an_unsupported_method() {
    let directory = Directory::new().await;
    let residents = &directory.residents;
    for (method, path) in [
        ("GET", "/login".to_owned()),
        ("GET", "/logout".to_owned()),
        ("DELETE", "/api/users".to_owned()),
        ("PATCH", "/api/v1/users".to_owned()),
        ("POST", format!("/api/users/{}", residents.user)),
        ("PUT", format!("/api/roles/{}", residents.role)),
        ("DELETE", "/api/tokens".to_owned()),
        ("POST", "/api/v1/tokens/refresh".to_owned()),
        ("GET", "/api/tokens/introspect".to_owned()),
        ("POST", "/api/permissions".to_owned()),
        ("GET", format!("/api/tenants/{}/user/{}", residents.tenant, residents.user)),
    ] {
        let reply = residents.administrator.send(method, &path, None).await;
        assert!(reply.header("allow").is_some(), "{method} {path}\n{reply}");
        reply.error(405, "method_not_allowed");
    }
    for path in ["/api", "/api/", "/api/user", "/api/v2/users", "/api/users//", "/login//", "/api/v1/login"] {
        residents.administrator.get(path).await.error(404, "not_found");
    }
    directory.is_unchanged("wrong methods").await;
}
