//! Connected accounts: other systems' accounts of external users.
//!
//! The system is a real authorization server with a protected resource, in Node.js.

mod auth_configs;
mod bodies;
mod links;
mod lists;
mod sdk;
mod secrets;
mod steps;
mod story;
mod tokens;

use denizen_tests::{Browser, Client, ForeignClient, Page, RunningProgram, TestServer, Value, json};

use crate::support::{ALL_SCOPES, soon, text, with};

const ACCOUNTS: &str = "/api/v1/connected_accounts";
const CONFIGS: &str = "/api/v1/auth_configs";

/// Where users are sent on to.
const CALLBACK: &str = "https://shop.example.com/connected?shop=7";

/// The secret of the client at the system.
const CLIENT_SECRET: &str = "the secret of the client: a+b%";

/// A client whose key may do everything.
async fn manager(server: &TestServer) -> Client {
    server.flowra().with_key(&server.new_key(&ALL_SCOPES).await)
}

/// Creates an auth config for a scheme without OAuth.
async fn auth_config(manager: &Client, scheme: &str, more: Value) -> String {
    let config = with(json!({ "authScheme": scheme }), more);
    let body = json!({ "toolkit": { "slug": "crm" }, "authConfig": config });
    text(&manager.post(CONFIGS, body).await.json(201), "id")
}

/// Creates an external user, and returns its id.
async fn user(manager: &Client, name: &str) -> String {
    text(&manager.post("/api/v1/external-users", json!({ "name": name })).await.json(201), "id")
}

/// Makes everything happen to an auth config and to a connected account, without a system.
pub(crate) async fn live_and_expire(server: &TestServer) {
    let manager = manager(server).await;
    user(&manager, "connected").await;
    let config = manager.post(CONFIGS, System::config("http://127.0.0.1:9")).await.json(201);
    let ended = json!({ "accessToken": "ended", "expiresAt": "2024-01-15T10:30:00Z" });
    let body = json!({ "authConfigId": config["id"], "eUID": "connected", "credentials": ended });
    let account = format!("{ACCOUNTS}/{}", text(&manager.post(ACCOUNTS, body).await.json(201), "id"));
    manager.post(&format!("{account}/token"), json!(null)).await.error(409, "conflict");
    let expired = async || manager.get(&account).await.json(200)["status"] == "EXPIRED";
    soon(expired).await;
    manager.patch(&account, json!({ "label": "changed" })).await.json(200);
    manager.delete(&account).await.json(200);
    manager.delete(&format!("{CONFIGS}/{}", text(&config, "id"))).await.json(200);
}

/// A system that speaks OAuth 2.0, and a server that knows it.
struct System {
    program: RunningProgram,
    url: String,
    manager: Client,
    config_id: String,
}

/// What the system has issued.
struct Issued {
    access: Vec<String>,
    refresh: Vec<String>,
    counts: Value,
}

impl System {
    /// Starts a system for a server at `http://denizen.test`. `None` without Node.js.
    async fn start(server: &TestServer) -> Option<Self> {
        Self::start_for("http://denizen.test", manager(server).await).await
    }

    /// Starts a system for a server at a URL.
    async fn start_for(server: &str, manager: Client) -> Option<Self> {
        let node = ForeignClient::node("authorization_server").await?;
        let redirect = &format!("{server}/connect/callback");
        // Tokens of three seconds, for a server whose clock goes on by itself.
        let life = if server == "http://denizen.test" { "3600" } else { "3" };
        let environment = [("REDIRECT_URIS", redirect.as_str()), ("ACCESS_TOKEN_SECONDS", life)];
        let mut program = node.start_script("server.js", &environment);
        let url = program.line().await;
        let created = manager.post(CONFIGS, Self::config(&url)).await.json(201);
        assert_eq!(created["redirectUrl"], *redirect);
        Some(Self { program, url, config_id: text(&created, "id"), manager })
    }

    /// The body of an auth config for the system at a URL.
    fn config(url: &str) -> Value {
        json!({
            "toolkit": { "slug": "drive" },
            "authConfig": {
                "authScheme": "OAUTH2", "displayName": "Drive", "callbackUrls": [CALLBACK],
                "apiHosts": ["127.0.0.1"],
                "credentials": {
                    "clientId": "denizen", "clientSecret": CLIENT_SECRET, "authorizationUrl": format!("{url}/auth"),
                    "tokenUrl": format!("{url}/token"), "revocationUrl": format!("{url}/token/revocation"),
                    "scopes": ["read", "write"],
                },
            },
        })
    }

    /// Makes a link for an external user.
    async fn link(&self, user: &str) -> Value {
        let body = json!({ "authConfigId": self.config_id, "callbackUrl": CALLBACK, "eUID": user });
        self.manager.post(&format!("{ACCOUNTS}/link"), body).await.json(201)
    }

    /// Opens a link, logs in at the system and agrees. Returns the page to which the user is sent on.
    async fn agree(&self, browser: &mut Browser, link: &Value) -> Page {
        let asked = self.agree_until(browser, link, "https://shop.example.com").await;
        assert_eq!(asked.url.host_str(), Some("shop.example.com"), "{}", asked.text);
        asked
    }

    /// The same, up to a URL that begins with a text.
    async fn agree_until(&self, browser: &mut Browser, link: &Value, before: &str) -> Page {
        let log_in = browser.open(&text(link, "redirectUrl"), before).await;
        let consent = browser.send(&log_in.url, "prompt=login&login=jane&password=any", before).await;
        browser.send(&consent.url, "prompt=consent", before).await
    }

    /// Connects an account of an external user, and returns it.
    async fn connect(&self, server: &TestServer, user: &str) -> Value {
        let link = self.link(user).await;
        let page = self.agree(&mut server.browser(), &link).await;
        assert_eq!(page.parameter("status").as_deref(), Some("success"), "{}", page.url);
        self.account(&text(&link, "connectedAccountId")).await
    }

    async fn account(&self, id: &str) -> Value {
        self.manager.get(&format!("{ACCOUNTS}/{id}")).await.json(200)
    }

    /// Asks for what an account presents.
    async fn token(&self, account: &Value) -> Value {
        self.manager.post(&format!("{ACCOUNTS}/{}/token", text(account, "id")), json!(null)).await.json(200)
    }

    /// Tells the system something: `tokens`, `forget`, `break` or `mend`.
    async fn tell(&mut self, line: &str) -> Issued {
        let answer: Value = serde_json::from_str(&self.program.answer(line).await).unwrap();
        let list = |name: &str| serde_json::from_value(answer[name].clone()).unwrap();
        Issued { access: list("access"), refresh: list("refresh"), counts: answer["counts"].clone() }
    }

    /// Waits until the system knows no token any more.
    async fn has_revoked_all(&mut self) {
        for _ in 0..1_000 {
            let Issued { access, refresh, .. } = self.tell("tokens").await;
            if access.is_empty() && refresh.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the system still has tokens");
    }

    /// Waits until an account has a status.
    async fn until(&self, id: &str, status: &str) -> Value {
        soon(async || self.account(id).await["status"] == status).await;
        self.account(id).await
    }
}
