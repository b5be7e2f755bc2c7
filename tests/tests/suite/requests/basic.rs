//! Basic: a key as user name, as Stripe's clients send it, and text in ISO-8859-1.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use denizen_tests::{Client, TestServer, json};

use crate::people::People;
use crate::support::{ALL_SCOPES, create, path_of, text};

const USERS: &str = "/api/v1/external-users";

fn basic(server: &TestServer, text: impl AsRef<[u8]>) -> Client {
    let credential = BASE64_STANDARD.encode(text);
    server.anonymous().with("authorization", &format!("Basic {credential}"))
}

#[tokio::test]
async fn a_key_may_be_the_user_name_wherever_a_key_is_taken() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "e-1", "identifier": "jane" })).await;
    let secret = server.new_key(&ALL_SCOPES).await.secret;
    for text in
        [format!("{secret}:"), format!("{secret}:x"), format!("{secret}:a:b"), format!("{secret}:pässwört")]
    {
        let client = basic(&server, text);
        for path in [
            USERS,
            &path_of(&user),
            "/api/v1/external-users/username/jane",
            "/api/v1/channels",
            "/api/v1/tiers",
            "/api/v1/external-user-groups",
            "/api/v1/api-keys",
            "/api/v1/audit-events",
        ] {
            client.get(path).await.is(200);
        }
        assert_eq!(
            client.with("x-username", "jane").get(&format!("{USERS}/me")).await.json(200)["id"],
            user["id"]
        );
    }
    // It speaks Flowra, as x-api-key does: the name is the username.
    let client = basic(&server, format!("{secret}:"));
    assert_eq!(client.get(USERS).await.array(200)[0]["name"], "jane");
    let made = client.post(USERS, json!({ "name": "john" })).await.json(201);
    assert_eq!(made["identifier"], "john");
    let repeated = client.with("idempotency-key", "one").post(USERS, json!({ "name": "joe" })).await.is(201);
    let again = client.with("idempotency-key", "one").post(USERS, json!({ "name": "joe" })).await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &repeated.text));
}

#[tokio::test]
async fn a_key_as_user_name_may_do_no_more_than_the_key() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "e-1" })).await;
    let narrow = server.new_key(&["settings:read"]).await.secret;
    let client = basic(&server, format!("{narrow}:"));
    let details = client.get(USERS).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "external_users:read" }));
    client.get("/api/v1/channels").await.is(200);
    let elsewhere = server.new_workspace("Acme").await.key.secret;
    let stranger = basic(&server, format!("{elsewhere}:"));
    stranger.get(&path_of(&user)).await.error(404, "not_found");
    assert!(stranger.get(USERS).await.array(200).is_empty());
    // Accounts' paths want an account, Flowdock's a token.
    basic(&server, format!("{narrow}:")).get("/api/users").await.error(403, "forbidden");
    basic(&server, format!("{narrow}:")).get("/users").await.error(401, "unauthenticated");
    basic(&server, format!("{narrow}:")).get("/admin/users").await.error(401, "unauthenticated");
    // A browser that has stored the key would also send it for pages of other sites.
    let client = basic(&server, format!("{elsewhere}:")).with("sec-fetch-site", "cross-site");
    client.get(USERS).await.is(200);
    client.post(USERS, json!({ "name": "jane" })).await.error(403, "forbidden");
    basic(&server, format!("{elsewhere}:")).post(USERS, json!({ "name": "jane" })).await.is(201);
}

#[tokio::test]
async fn rejects_anything_but_a_key_as_user_name() {
    let server = TestServer::start().await;
    let key = &server.workspace.key;
    let revoked = server.new_key(&[]).await;
    server.operator(&["keys", "revoke", &revoked.id, "--workspace", "default", "--json"]).await;
    for credential in [
        key.secret.clone(),
        format!(":{}", key.secret),
        format!("x:{}", key.secret),
        format!(" {}:", key.secret),
        format!("{}x:", key.secret),
        format!("{}:{}", key.public, key.secret),
        format!("{}:", revoked.secret),
        "sk_unknown:".to_owned(),
        "pat_unknown:".to_owned(),
        "jane@example.com:password".to_owned(),
        ":".to_owned(),
    ] {
        let reply = basic(&server, &credential).get(USERS).await;
        let challenge = "Bearer realm=\"denizen\", Basic realm=\"denizen\", charset=\"UTF-8\"";
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{credential}\n{reply}");
        // Only a secret key is recognized as a credential at all.
        let details = if credential.starts_with("sk_") && credential.contains(':') {
            json!({ "auth": "api_key" })
        } else {
            json!({ "auth": "api_key", "reason": "invalid_header" })
        };
        assert_eq!(reply.error(401, "unauthenticated"), details, "{credential}");
    }
}

#[tokio::test]
async fn challenges_name_basic_only_where_no_page_fetches() {
    let server = TestServer::start().await;
    let basic = "Basic realm=\"denizen\", charset=\"UTF-8\"";
    let both = format!("Bearer realm=\"denizen\", {basic}");
    for (client, path, challenge) in [
        (server.anonymous(), USERS, &*both),
        (server.anonymous(), "/api/v1/channels", &both),
        (server.bearer("a.b.c"), "/api/v1/external-users/me", "Bearer realm=\"denizen\""),
        (server.anonymous(), "/api/users", "Bearer realm=\"denizen\""),
        (server.anonymous(), "/users", basic),
        (server.anonymous(), "/v1/flows", basic),
    ] {
        let reply = client.get(path).await.is(401);
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{path}");
    }
    let document = server.anonymous().get("/openapi.json").await.json(200);
    let scheme = &document["components"]["securitySchemes"]["basic_key"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("basic")));
    for (path, method) in
        [(USERS, "get"), (USERS, "post"), ("/api/v1/channels", "get"), ("/api/v1/audit-events", "get")]
    {
        let security = document["paths"][path][method]["security"].as_array().unwrap();
        assert!(security.contains(&json!({ "basic_key": [] })), "{method} {path}: {security:?}");
    }
}

/// Text as ISO-8859-1.
fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

#[tokio::test]
async fn passwords_may_come_in_iso_8859_1() {
    let people = People::new().await;
    for (index, password) in [
        "pässwört 123",
        "contraseña",
        "mot-de-passé",
        "£100 sterling",
        "smørrebrød",
        "Ãéîõü ÿ×÷",
        "naïve café:crème",
        "±½¾ of a password",
        "ÀÉÎÕÜ ÀÉÎÕÜ",
        "\u{a0}no-break\u{a0}",
        "only ascii",
    ]
    .into_iter()
    .enumerate()
    {
        let username = format!("person-{index}@example.com");
        people.account(&username, json!({ "password": password })).await;
        for sent in
            [format!("{username}:{password}").into_bytes(), latin_1(&format!("{username}:{password}"))]
        {
            let own = basic(&people.server, sent).get("/user").await.json(200);
            assert_eq!(text(&own, "email"), username, "{password}");
        }
        let wrong = latin_1(&format!("{username}:{password}é"));
        basic(&people.server, wrong).get("/user").await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn one_attempt_is_counted_in_either_encoding() {
    let server = TestServer::with(&["--login-failures-per-account=3"]).await;
    let jane = server.new_account("jane@example.com", None, &[]).await;
    for _ in 0..3 {
        let wrong = latin_1(&format!("{}:wröng", jane.username));
        basic(&server, wrong).get("/user").await.error(401, "unauthenticated");
    }
    let right = format!("{}:{}", jane.username, jane.password);
    basic(&server, right).get("/user").await.error(429, "rate_limited");
}
