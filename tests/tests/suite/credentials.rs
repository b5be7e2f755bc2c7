//! Credentials: keys in the headers of each contract, access tokens, and acting as a user.

use std::time::Duration;

use denizen_tests::{Client, Key, TestServer, Value, json};

use crate::support::{ALL_SCOPES, create, each, soon, text};

const USERS: &str = "/api/v1/external-users";
const ME: &str = "/api/v1/external-users/me";

/// A way to send a key.
struct Way {
    name: &'static str,
    client: Client,
    path: &'static str,
    auth: &'static str,
    challenge: &'static str,
}

/// All ways to send this key.
fn ways(server: &TestServer, key: &Key) -> [Way; 4] {
    let bearer = |name, client: Client, auth| Way {
        name,
        client: client.with_key(key),
        path: USERS,
        auth,
        challenge: "Bearer",
    };
    [
        bearer("the key alone", server.zaia(), "authorization"),
        bearer("Bearer", server.flowra_bearer(), "api_key"),
        bearer("x-api-key", server.flowra(), "api_key"),
        Way {
            name: "the pair",
            client: server.notiflows().with_key(key),
            path: "/admin/users",
            auth: "api_key",
            challenge: "ApiKey",
        },
    ]
}

impl Way {
    async fn is_accepted(&self) {
        let reply = self.client.get(self.path).await;
        assert_eq!(reply.status, 200, "{}:\n{reply}", self.name);
    }

    /// Asserts 401 for reads and writes.
    async fn is_refused(&self) {
        let user = format!("{}/jane", self.path);
        for reply in [self.client.get(self.path).await, self.client.delete(&user).await] {
            let challenge = reply.header("www-authenticate").unwrap_or_default().to_owned();
            assert!(challenge.starts_with(self.challenge), "{}: {challenge:?}", self.name);
            reply.error(401, "unauthenticated");
        }
        let details = self.client.get(self.path).await.error(401, "unauthenticated");
        assert_eq!(details, json!({ "auth": self.auth }), "{}", self.name);
    }
}

#[tokio::test]
async fn accepts_a_key_in_every_header() {
    let server = TestServer::start().await;
    for way in ways(&server, &server.workspace.key) {
        way.is_accepted().await;
    }
    let secret = &server.workspace.key.secret;
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let client = server.anonymous().with("authorization", &format!("{scheme} {secret}"));
        client.get(USERS).await.is(200);
    }
}

#[tokio::test]
async fn rejects_a_repeated_credential() {
    let server = TestServer::start().await;
    let key = &server.workspace.key;
    let (own, public, other) = (&key.secret, &key.public, &server.new_workspace("Acme").await.key.secret);
    for (path, headers) in [
        (USERS, format!("authorization: Bearer {own}\r\nauthorization: Bearer {other}\r\n")),
        (USERS, format!("x-api-key: {own}\r\nx-api-key: {own}\r\n")),
        (
            "/admin/users",
            format!(
                "x-notiflows-api-key: {public}\r\nx-notiflows-secret-key: {own}\r\nx-notiflows-secret-key: {other}\r\n"
            ),
        ),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
        let reply = server.raw(request).await;
        assert_eq!(reply.body["message"], "Send each credential only once.", "{path}");
        reply.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn rejects_a_missing_credential() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    for (path, challenge) in
        [(USERS, "Bearer"), (ME, "Bearer"), ("/api/v1/channels", "Bearer"), ("/admin/users", "ApiKey")]
    {
        let reply = anonymous.get(path).await;
        assert!(reply.header("www-authenticate").unwrap_or_default().starts_with(challenge), "{reply}");
        let details = reply.error(401, "unauthenticated");
        assert!(details["auth"].is_string(), "{path}: {details}");
    }
}

#[tokio::test]
async fn rejects_an_unknown_key_in_every_header() {
    let server = TestServer::start().await;
    let key = &server.workspace.key;
    let unknown = |secret: &str| Key { secret: secret.to_owned(), ..key.clone() };
    let mut last_letter_changed = key.secret.clone();
    let last = last_letter_changed.pop();
    last_letter_changed.push(if last == Some('A') { 'B' } else { 'A' });
    for key in [
        unknown("sk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        unknown("nonsense"),
        unknown(&last_letter_changed),
        unknown(&key.secret[3..]),
        unknown(&key.public),
    ] {
        for way in ways(&server, &key) {
            way.is_refused().await;
        }
    }
}

#[tokio::test]
async fn a_key_that_the_operator_revokes_is_soon_rejected() {
    let server = TestServer::start().await;
    let key = server.new_key(&[]).await;
    for way in ways(&server, &key) {
        way.is_accepted().await;
    }

    let revoked = server.operator(&["keys", "revoke", &key.id, "--workspace", "default", "--json"]).await;
    assert!(revoked["revokedAt"].is_string(), "{revoked:#}");

    soon(async || server.flowra().with_key(&key).get(USERS).await.status == 401).await;
    for way in ways(&server, &key) {
        way.is_refused().await;
    }
    for way in ways(&server, &server.workspace.key) {
        way.is_accepted().await;
    }
}

#[tokio::test]
async fn a_key_works_until_it_expires() {
    /// From 2024-01-15T10:30:00Z, the fixed time, to a second before 2100-01-01T00:00:00Z.
    const UNTIL_THEN: Duration = Duration::from_secs(4_102_444_799 - 1_705_314_600);
    let server = TestServer::with_fixed_time().await;
    let arguments = [
        "keys",
        "create",
        "--workspace=default",
        "--name=old",
        "--expires-at=2100-01-01T00:00:00Z",
        "--json",
    ];
    let made = server.operator(&arguments).await;
    assert_eq!(made["expiresAt"], "2100-01-01T00:00:00.000000Z");
    let key =
        Key { id: text(&made, "id"), public: text(&made, "publicKey"), secret: text(&made, "secretKey") };

    server.advance(UNTIL_THEN);
    for way in ways(&server, &key) {
        way.is_accepted().await;
    }
    server.advance(Duration::from_secs(1));
    for way in ways(&server, &key) {
        way.is_refused().await;
    }
    for way in ways(&server, &server.workspace.key) {
        way.is_accepted().await;
    }
}

#[tokio::test]
async fn rejects_halves_of_different_pairs() {
    let server = TestServer::start().await;
    let (one, other) = (&server.workspace.key, server.new_key(&[]).await);
    let elsewhere = server.new_workspace("elsewhere").await.key;
    let refused = async |client: Client| {
        let reply = client.get("/admin/users").await;
        assert!(reply.header("www-authenticate").unwrap_or_default().starts_with("ApiKey"), "{reply}");
        assert_eq!(reply.error(401, "unauthenticated"), json!({ "auth": "api_key" }));
    };
    for public in [&other.public, &elsewhere.public, &one.secret] {
        refused(server.notiflows().with("x-notiflows-api-key", public)).await;
    }
    for secret in [&other.secret, &elsewhere.secret, &one.public] {
        refused(server.notiflows().with("x-notiflows-secret-key", secret)).await;
    }
    refused(server.anonymous().with("x-notiflows-api-key", &one.public)).await;
    refused(server.anonymous().with("x-notiflows-secret-key", &one.secret)).await;
    refused(server.flowra()).await;
    refused(server.flowra_bearer()).await;
    refused(server.zaia()).await;
    server.notiflows().get("/admin/users").await.is(200);
}

#[tokio::test]
async fn rejects_other_schemes_and_malformed_credentials() {
    let server = TestServer::start().await;
    let secret = &server.workspace.key.secret;
    for authorization in [
        "Basic c2tfMTIzOg==",
        &format!("Basic {secret}"),
        &format!("Token {secret}"),
        &format!("{secret} Bearer"),
        &format!("Bearer {secret}x"),
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "",
        "schlüssel",
    ] {
        let reply = server.anonymous().with("authorization", authorization).get(USERS).await;
        assert!(reply.header("www-authenticate").unwrap_or_default().starts_with("Bearer"), "{reply}");
        let details = reply.error(401, "unauthenticated");
        assert!(details["auth"].is_string(), "{authorization}: {details}");
    }
}

#[tokio::test]
async fn stores_the_last_use_of_a_key_on_shutdown() {
    let mut server = TestServer::with_fixed_time().await;
    let (used, unused) = (server.new_key(&[]).await, server.new_key(&[]).await);
    let list = ["keys", "list", "--workspace", "default", "--json"];
    let last_use = |keys: &Value, key: &Key| {
        let keys = keys.as_array().unwrap();
        keys.iter().find(|listed| listed["id"] == *key.id).unwrap()["lastUsedAt"].clone()
    };
    assert_eq!(last_use(&server.operator(&list).await, &used), Value::Null);

    server.flowra().with_key(&used).get(USERS).await.is(200);
    server.advance(Duration::from_secs(90));
    server.notiflows().with_key(&used).get("/admin/users").await.is(200);
    server.stop().await;

    let keys = server.operator(&list).await;
    assert_eq!(last_use(&keys, &used), "2024-01-15T10:31:30.000000Z");
    assert_eq!(last_use(&keys, &unused), Value::Null);
    let shown = keys.to_string();
    assert!(!shown.contains("sk_") && !shown.contains("\"secret"), "a list shows no secrets: {shown}");
}

#[tokio::test]
async fn an_access_token_reaches_only_its_user() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "identifier": "jane" })).await;
    let holder = server.bearer(&text(&user, "accessToken"));
    assert_eq!(holder.get(ME).await.json(200)["id"], user["id"]);

    let itself = format!("{USERS}/{}", text(&user, "id"));
    for (method, path, body, scope) in [
        ("GET", USERS, Value::Null, "external_users:read"),
        ("GET", &itself, Value::Null, "external_users:read"),
        ("GET", "/api/v1/external-users/username/jane", Value::Null, "external_users:read"),
        ("POST", USERS, json!({ "name": "john" }), "external_users:write"),
        ("PATCH", &itself, json!({ "name": "Jane" }), "external_users:write"),
        ("PUT", &format!("{itself}/toggle-active"), Value::Null, "external_users:write"),
        ("DELETE", &itself, Value::Null, "external_users:write"),
        ("POST", "/api/v1/external-users/authenticate", json!({}), "external_users:authenticate"),
        ("GET", "/api/v1/channels", Value::Null, "settings:read"),
        ("POST", "/api/v1/channels", json!({ "name": "mine" }), "settings:write"),
    ] {
        let body = Some(body).filter(|body| !body.is_null());
        let details = holder.send(method, path, body).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": scope }), "{method} {path}");
    }
    holder.get("/admin/users").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn rejects_a_forged_or_expired_access_token() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "identifier": "jane" })).await;
    let token = text(&user, "accessToken");
    let parts: Vec<_> = token.split('.').collect();
    let stranger = TestServer::start().await;
    let elsewhere = text(&create(&stranger, json!({ "identifier": "jane" })).await, "accessToken");
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let resigned = format!("{}.{}.{}", parts[0], parts[1], elsewhere.rsplit('.').next().unwrap());
    for forged in ["a.b.c", "..", &token[..token.len() - 4], &unsigned, &resigned, &elsewhere] {
        let reply = server.bearer(forged).get(ME).await;
        assert!(reply.header("www-authenticate").unwrap_or_default().starts_with("Bearer"), "{reply}");
        assert_eq!(reply.error(401, "unauthenticated"), json!({ "auth": "access_token" }), "{forged}");
    }

    server.advance(Duration::from_secs(3_599));
    server.bearer(&token).get(ME).await.is(200);
    server.advance(Duration::from_secs(1));
    server.bearer(&token).get(ME).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn acting_as_a_user_adds_no_scopes() {
    let server = TestServer::start().await;
    server.flowra().post(USERS, json!({ "name": "jane" })).await.json(201);
    let key_with = async |scopes: &[&str]| server.flowra().with_key(&server.new_key(scopes).await);

    let reader = key_with(&["external_users:read"]).await;
    assert_eq!(reader.with("x-username", "jane").get(ME).await.json(200)["name"], "jane");
    let details = reader.with("x-username", "nobody").get(ME).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "external_users:write" }));
    let details = reader
        .with("x-username", "jane")
        .post(USERS, json!({ "name": "john" }))
        .await
        .error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "external_users:write" }));

    let others: Vec<_> = ALL_SCOPES.into_iter().filter(|scope| *scope != "external_users:read").collect();
    let blind = key_with(&others).await;
    for username in ["jane", "nobody"] {
        for path in [ME, USERS, "/api/v1/external-users/username/jane"] {
            let details = blind.with("x-username", username).get(path).await.error(403, "forbidden");
            assert_eq!(details, json!({ "required_scope": "external_users:read" }), "{path}");
        }
    }

    assert_eq!(each(&server.flowra().get(USERS).await.array(200), "name"), ["jane"]);
}

#[tokio::test]
async fn rejects_an_invalid_username_header() {
    let server = TestServer::start().await;
    let refused = |details: Value, name: &str| {
        assert_eq!(details["reason"], "invalid_param", "{name}: {details:#}");
        assert_eq!(details["param"], "x-username", "{name}: {details:#}");
    };
    let client = server.flowra();
    refused(client.get(ME).await.error(400, "bad_request"), "missing");
    refused(client.with("x-username", "").get(ME).await.error(400, "bad_request"), "empty");
    let long = client.with("x-username", &"x".repeat(256)).get(ME).await;
    refused(long.error(400, "bad_request"), "too long");
    let secret = &server.workspace.key.secret;
    let mut request = format!("GET {ME} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-api-key: {secret}\r\n");
    request.push_str("x-username: ");
    let not_text = [request.as_bytes(), b"j\xE4ne\r\n\r\n"].concat();
    refused(server.raw(not_text).await.error(400, "bad_request"), "not UTF-8");

    assert!(server.flowra().get(USERS).await.array(200).is_empty());
    assert_eq!(client.with("x-username", "jürgen 🙂").get(ME).await.json(200)["name"], "jürgen 🙂");
    let longest = "ü".repeat(255);
    assert_eq!(client.with("x-username", &longest).get(ME).await.json(200)["name"], longest);
}

#[tokio::test]
async fn a_refusal_names_the_headers_that_the_contract_reads() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    let basic = "Authorization must be a token, after Bearer or as the user name of Basic, or an e-mail address and a password as Basic.";
    for (authorization, path, message) in [
        (None, USERS, "Send an API key as x-api-key or Authorization."),
        (None, "/admin/users", "Send both x-notiflows-api-key and x-notiflows-secret-key."),
        (None, "/api/tenants", "Log in first, and send the token as Authorization: Bearer."),
        (None, "/organizations", basic),
        (Some("Digest a"), "/organizations", basic),
        (
            Some("Digest a"),
            USERS,
            "Authorization must be an API key: alone, after Bearer, or as the user name of Basic.",
        ),
        (Some("Bearer sk_unknown"), USERS, "The API key is unknown, expired or revoked."),
    ] {
        let client = match authorization {
            Some(value) => client.with("authorization", value),
            None => client.clone(),
        };
        let reply = client.get(path).await.is(401);
        assert_eq!(reply.body["message"], message, "{path} with {authorization:?}:\n{reply}");
    }
}
