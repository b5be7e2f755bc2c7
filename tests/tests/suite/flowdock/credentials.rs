//! Who is calling: Basic with a token or a password, and Bearer; and what is refused.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use denizen_tests::{Client, Reply, TestServer, Value, json};

use super::{CONTENT_TYPE, refusal};
use crate::people::{People, password_of};
use crate::support::{create, text};

pub(super) const JANE: &str = "jane@example.com";

pub(super) const UNKNOWN: &str = "The token is unknown, expired or revoked.";
pub(super) const WRONG_PASSWORD: &str = "Invalid username or password";

/// `Authorization: Basic` with this, encoded.
pub(super) fn basic(text: impl AsRef<[u8]>) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(text))
}

/// A client with this `Authorization`.
fn with_authorization(server: &TestServer, authorization: &str) -> Client {
    server.anonymous().with("authorization", authorization)
}

/// Asserts that a credential is refused, and returns the message.
#[track_caller]
pub(super) fn refused(reply: Reply) -> String {
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Basic realm=\"denizen\", charset=\"UTF-8\""),
        "{reply}"
    );
    assert_eq!(reply.header("flowdock-user"), None, "{reply}");
    assert_eq!(reply.header("content-type"), Some(CONTENT_TYPE), "{reply}");
    let message = text(&reply.body, "message");
    assert_eq!(reply.error(401, "unauthenticated")["auth"], "basic");
    message
}

/// Asserts that reads and writes of a client are refused, and returns the message.
pub(super) async fn is_refused(client: &Client) -> String {
    let message = refused(client.get("/user").await);
    for reply in [
        client.get("/v1/users").await,
        client.get("/flows/default/nothing").await,
        client.put("/users/1", json!({ "nick": "Steve" })).await,
        client.post("/v1/flows/default", json!({ "name": "Mine" })).await,
        client.delete("/organizations/default/users/1").await,
    ] {
        assert_eq!(refused(reply), message);
    }
    message
}

/// Asserts that a client acts as this account.
#[track_caller]
pub(super) fn is_account(reply: Reply, number: i64) {
    assert_eq!(reply.header("flowdock-user"), Some(number.to_string().as_str()), "{reply}");
    assert_eq!(reply.json(200)["id"], number);
}

/// An account with a password and a token of every kind.
pub(super) struct Holder {
    id: String,
    pub(super) number: i64,
    pub(super) tokens: [(&'static str, String); 3],
}

impl Holder {
    pub(super) async fn new(people: &People) -> Self {
        let id = people.account_with_password(JANE, json!({})).await;
        let request = json!({ "accountId": id, "expiresIn": -1 });
        let issued = people.administrator.post("/api/tokens", request).await.json(200);
        let body = json!({ "username": JANE, "password": password_of(JANE) });
        let logged_in = people.server.anonymous().post("/login", body).await.json(200);
        let client = people.server.bearer(&text(&logged_in, "token"));
        let personal = client.post("/api/tokens/personal", json!({})).await.json(200);
        let number = client.get("/user").await.json(200)["id"].as_i64().unwrap();
        let token = |made: &Value| text(made, "token");
        let tokens =
            [("logged in", token(&logged_in)), ("issued", token(&issued)), ("personal", token(&personal))];
        Self { id, number, tokens }
    }

    /// A client for every credential that the account has.
    fn clients(&self, server: &TestServer) -> Vec<(String, Client)> {
        let mut clients = vec![("password".to_owned(), server.basic(JANE, &password_of(JANE)))];
        for (kind, token) in &self.tokens {
            clients.push((format!("{kind}, Bearer"), server.bearer(token)));
            clients.push((format!("{kind}, Basic"), server.basic(token, "")));
        }
        clients
    }

    /// Asserts that every credential works.
    async fn is_accepted(&self, server: &TestServer) {
        for (kind, client) in self.clients(server) {
            let reply = client.get("/user").await;
            assert_eq!(reply.status, 200, "{kind}\n{reply}");
            is_account(reply, self.number);
        }
    }
}

#[tokio::test]
async fn accepts_any_token_as_a_basic_username() {
    let people = People::new().await;
    let jane = Holder::new(&people).await;
    for (kind, token) in &jane.tokens {
        for authorization in [
            basic(format!("{token}:")),
            basic(format!("{token}:DUMMY")),
            basic(format!("{token}:a:b")),
            basic(format!("{token}:pässwört")),
            basic(format!("{token}:{token}")),
            basic(format!("{token}:")).replace("Basic", "basic"),
            format!("Bearer {token}"),
            format!("bearer {token}"),
        ] {
            let reply = with_authorization(&people.server, &authorization).get("/v1/user").await;
            assert_eq!(reply.status, 200, "{kind}: {authorization}\n{reply}");
            is_account(reply, jane.number);
        }
    }
}

#[tokio::test]
async fn accepts_an_email_and_password() {
    let people = People::new().await;
    for (username, password) in [
        (JANE, "correct:horse: battery"),
        ("pat_smith@example.com", "pat_nonsense"),
        ("jane@bücher.example", "pässwört 🙂 123"),
    ] {
        let id = people.account(username, json!({ "password": password })).await;
        let number = people.client_of(&id).await.get("/user").await.json(200)["id"].as_i64().unwrap();
        for username in [username.to_owned(), username.to_uppercase()] {
            is_account(people.server.basic(&username, password).get("/user").await, number);
        }
        for wrong in ["wrong password", &format!("{password}x"), &format!(" {password}")] {
            let reply = people.server.basic(username, wrong).get("/user").await;
            assert_eq!(refused(reply), WRONG_PASSWORD, "{username} with {wrong}");
        }
    }
}

/// The message is the same for unknown accounts.
#[tokio::test]
async fn a_wrong_password_reveals_nothing() {
    let people = People::new().await;
    people.account_with_password(JANE, json!({})).await;
    people.account("nopassword@example.com", json!({})).await;
    people.account_with_password("disabled@example.com", json!({ "status": "DISABLED" })).await;
    let said = async |username: &str| {
        let reply = people.server.basic(username, "wrong password").get("/user").await;
        let message = refused(reply.clone());
        assert_eq!(message, WRONG_PASSWORD, "{username}");
        refusal(reply, 401, "unauthenticated")
    };
    let of_jane = said(JANE).await;
    for username in ["nobody@example.com", "nopassword@example.com", "disabled@example.com"] {
        assert_eq!(said(username).await, of_jane, "{username}");
    }
}

#[tokio::test]
async fn only_right_credentials_reveal_a_disabled_account() {
    let people = People::new().await;
    let jane = Holder::new(&people).await;
    jane.is_accepted(&people.server).await;
    for status in ["DISABLED", "PENDING"] {
        people.change(&jane.id, json!({ "status": status })).await;
        for (kind, client) in jane.clients(&people.server) {
            assert_eq!(is_refused(&client).await, "ENTITY_DISABLED", "{kind}");
        }
        let wrong = people.server.basic(JANE, "wrong password").get("/user").await;
        assert_eq!(refused(wrong), WRONG_PASSWORD);
        people.change(&jane.id, json!({ "status": "ACTIVE" })).await;
        jane.is_accepted(&people.server).await;
    }
}

#[tokio::test]
async fn an_account_of_a_disabled_home_is_rejected() {
    let people = People::new().await;
    let jane = Holder::new(&people).await;
    let tenant = people.tenant("Home").await;
    people.change(&jane.id, json!({ "tenant": tenant })).await;
    let path = format!("/api/tenants/{tenant}");
    jane.is_accepted(&people.server).await;
    people.administrator.patch(&path, json!({ "status": "DISABLED" })).await.is(200);
    for (kind, client) in jane.clients(&people.server) {
        assert_eq!(is_refused(&client).await, "ENTITY_DISABLED", "{kind}");
    }
    people.administrator.patch(&path, json!({ "status": "ACTIVE" })).await.is(200);
    jane.is_accepted(&people.server).await;
}

#[tokio::test]
async fn revoked_credentials_fail_at_once() {
    let people = People::new().await;
    let jane = Holder::new(&people).await;
    jane.is_accepted(&people.server).await;
    let [_, (_, issued), (_, personal)] = &jane.tokens;
    let tokens = people.administrator.get(&format!("/api/tokens?accountId={}", jane.id)).await.array(200);
    for secret in [issued, personal] {
        let end = &secret[secret.len() - 4..];
        let token = tokens.iter().find(|token| text(token, "token").ends_with(end)).unwrap();
        people.administrator.delete(&format!("/api/tokens/{}", text(token, "id"))).await.is(200);
        for client in [people.server.bearer(secret), people.server.basic(secret, "")] {
            assert_eq!(is_refused(&client).await, UNKNOWN);
        }
    }
    let [(_, logged_in), ..] = &jane.tokens;
    people.change(&jane.id, json!({ "password": "another password" })).await;
    assert_eq!(is_refused(&people.server.bearer(logged_in)).await, UNKNOWN);
    assert_eq!(is_refused(&people.server.basic(JANE, &password_of(JANE))).await, WRONG_PASSWORD);
    is_account(people.server.basic(JANE, "another password").get("/user").await, jane.number);

    people.administrator.delete(&format!("/api/users/{}", jane.id)).await.is(200);
    let gone = people.server.basic(JANE, "another password").get("/user").await;
    assert_eq!(refused(gone), WRONG_PASSWORD);
}

#[tokio::test]
async fn rejects_credentials_of_other_contracts() {
    let server = TestServer::start().await;
    let key = &server.workspace.key;
    for client in [
        server.anonymous(),
        server.zaia(),
        server.flowra(),
        server.flowra_bearer(),
        server.notiflows(),
        server.basic(&key.secret, ""),
        server.basic(&key.public, ""),
        server.basic(&key.public, &key.secret),
    ] {
        is_refused(&client).await;
    }
    create(&server, json!({ "externalId": "external" })).await;
    let channel = &server.workspace.channel_id;
    let claim = json!({ "channelId": channel, "externalId": "external", "id": null, "identifier": null });
    let user = server.zaia().post("/api/v1/external-users/authenticate", claim).await.json(200);
    let token = text(&user, "accessToken");
    for client in [server.bearer(&token), server.basic(&token, ""), server.anonymous().with("cookie", &token)]
    {
        is_refused(&client).await;
    }
}

#[tokio::test]
async fn rejects_a_cookie() {
    let server = TestServer::start().await;
    let administrator = &server.administrator;
    let body = json!({ "username": administrator.username, "password": administrator.password });
    let answer = server.anonymous().post("/login", body).await.json(200);
    let cookie = format!("denizen_session={}", text(&answer, "token"));
    let browser = server.anonymous().with("cookie", &cookie);
    browser.get("/api/users/me").await.is(200);
    is_refused(&browser).await;
    let wrong = browser.with("authorization", &basic("pat_nonsense:"));
    assert_eq!(is_refused(&wrong).await, UNKNOWN);
}

#[tokio::test]
async fn rejects_malformed_credentials() {
    let people = People::new().await;
    let [(_, token), ..] = Holder::new(&people).await.tokens;
    for authorization in [
        "",
        "Basic",
        "Basic ",
        "Basic :",
        "Bearer",
        "Bearer ",
        &token,
        &format!("Basic {token}"),
        &format!("Basic {token}:"),
        &format!("Digest {token}"),
        &format!("Token {token}"),
        &format!("Basic {}", basic(format!("{token}:"))),
        &basic(&token),
        &basic(""),
        &basic(":"),
        &basic(format!(":{token}")),
        &basic(format!(" {token}:")),
        &basic(format!("{token}\0:")),
        &basic(b"\xFF\xFE:\xFF"),
        &basic(format!("{token}x:")),
        &format!("Bearer {token}x"),
        &format!("Bearer {token} {token}"),
    ] {
        let client = with_authorization(&people.server, authorization);
        let reply = client.get("/user").await;
        assert_eq!(reply.status, 401, "{authorization:?}\n{reply}");
        is_refused(&client).await;
    }
    // Not even ASCII.
    let request = b"GET /user HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Basic \xFF\r\n\r\n";
    refused(people.server.raw(request).await);
}

#[tokio::test]
async fn another_site_cannot_use_remembered_credentials() {
    let people = People::new().await;
    let jane = Holder::new(&people).await;
    let (server, path) = (&people.server, format!("/users/{}", jane.number));
    let own = format!("http://{}", server.address);
    let nick_is = async |nick: &str| {
        let shown = server.bearer(&jane.tokens[0].1).get("/user").await.json(200);
        assert_eq!(shown["nick"], nick);
    };
    for (kind, client) in jane.clients(server) {
        let is_basic = !kind.ends_with("Bearer");
        for (header, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
            let page = client.with(header, value);
            page.get("/user").await.is(200);
            let reply = page.put_form(&path, &[("nick", &kind)]).await;
            if is_basic {
                assert_eq!(reply.error(403, "forbidden"), json!({ "reason": "cross_site" }), "{kind}");
                nick_is("First").await;
                page.post("/flows/default", json!({ "name": "Mine" })).await.error(403, "forbidden");
                page.delete("/organizations/default/users/1").await.error(403, "forbidden");
            } else {
                reply.is(200);
                nick_is(&kind).await;
                client.put(&path, json!({ "nick": "First" })).await.is(200);
            }
        }
        for (header, value) in [("origin", own.as_str()), ("sec-fetch-site", "same-origin")] {
            client.with(header, value).put(&path, json!({ "nick": "First" })).await.is(200);
        }
    }
}
