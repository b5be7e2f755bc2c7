//! How external users connect to other systems.

use denizen_tests::{TestServer, Value, json};

use super::{CLIENT_SECRET, CONFIGS, System, auth_config, manager};
use crate::support::{each, keys, text};

#[tokio::test]
async fn an_auth_config_is_shown_without_its_secret() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let created = manager.post(CONFIGS, System::config("http://127.0.0.1:9")).await.json(201);
    let expected =
        ["apiHosts", "authScheme", "callbackUrls", "credentials", "displayName", "headerName", "id", "type"];
    assert_eq!(keys(&created["authConfig"]), expected);
    let client = &created["authConfig"]["credentials"];
    assert_eq!((&client["clientId"], &client["pkce"]), (&json!("denizen"), &json!(true)));
    assert_eq!(client["clientAuthentication"], "client_secret_basic");
    assert!(!created.to_string().contains(CLIENT_SECRET));
    let path = format!("{CONFIGS}/{}", text(&created, "id"));
    assert_eq!(manager.get(&path).await.json(200), created);
    assert_eq!(manager.get(CONFIGS).await.json(200)["items"], json!([created]));
    manager.delete(&path).await.json(200);
    manager.get(&path).await.error(404, "not_found");
    manager.delete(&path).await.error(404, "not_found");
}

#[tokio::test]
async fn auth_configs_are_listed_by_page_and_by_system() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        server.advance(std::time::Duration::from_secs(1));
        ids.insert(0, auth_config(&manager, "NO_AUTH", json!({})).await);
    }
    let first = manager.get(&format!("{CONFIGS}?limit=2")).await.json(200);
    assert_eq!(each(first["items"].as_array().unwrap(), "id"), ids[..2]);
    let next =
        manager.get(&format!("{CONFIGS}?limit=2&cursor={}", text(&first, "nextCursor"))).await.json(200);
    assert_eq!(each(next["items"].as_array().unwrap(), "id"), ids[2..]);
    assert_eq!(manager.get(&format!("{CONFIGS}?toolkit=crm")).await.json(200)["totalItems"], 3);
    assert_eq!(manager.get(&format!("{CONFIGS}?toolkit=slack")).await.json(200)["totalItems"], 0);
}

/// Bodies, and the fields that are broken in them.
fn broken_bodies() -> Vec<(Value, Vec<&'static str>)> {
    let client = |client: Value| json!({ "toolkit": { "slug": "a" }, "authConfig": { "authScheme": "OAUTH2", "credentials": client } });
    let urls = |url: &str| json!({ "clientId": "a", "authorizationUrl": url, "tokenUrl": url, "revocationUrl": url });
    vec![
        (json!({}), vec!["toolkit", "authConfig"]),
        (json!({ "toolkit": "slack", "authConfig": [] }), vec!["toolkit", "authConfig"]),
        (json!({ "toolkit": {}, "authConfig": {} }), vec!["toolkit.slug", "authConfig.authScheme"]),
        (
            json!({ "toolkit": { "slug": "a b" }, "authConfig": { "authScheme": "MAGIC", "displayName": "", "apiHosts": ["https://a"] } }),
            vec!["toolkit.slug", "authConfig.authScheme", "authConfig.displayName", "authConfig.apiHosts"],
        ),
        (
            json!({ "toolkit": { "slug": "a" }, "authConfig": { "authScheme": "OAUTH2" } }),
            vec!["authConfig.credentials"],
        ),
        (
            client(json!({})),
            vec![
                "authConfig.credentials.clientId",
                "authConfig.credentials.authorizationUrl",
                "authConfig.credentials.tokenUrl",
            ],
        ),
        (
            client(urls("https://10.0.0.1/")),
            vec![
                "authConfig.credentials.authorizationUrl",
                "authConfig.credentials.tokenUrl",
                "authConfig.credentials.revocationUrl",
            ],
        ),
        (
            client(json!({
                "clientId": "a", "authorizationUrl": "https://a.example", "tokenUrl": "https://a.example",
                "clientAuthentication": "client_secret_post", "scopes": ["a b"], "pkce": "yes",
                "authorizationParameters": { "state": "mine" },
            })),
            vec![
                "authConfig.credentials.clientSecret",
                "authConfig.credentials.scopes",
                "authConfig.credentials.pkce",
                "authConfig.credentials.authorizationParameters",
            ],
        ),
        (
            json!({ "toolkit": { "slug": "a" }, "authConfig": {
                "authScheme": "BASIC", "headerName": "x-key", "callbackUrls": ["https://a.example"],
                "credentials": { "clientId": "a", "authorizationUrl": "https://a.example", "tokenUrl": "https://a.example" },
            } }),
            vec!["authConfig.callbackUrls", "authConfig.headerName", "authConfig.credentials"],
        ),
        (
            json!({ "toolkit": { "slug": "a" }, "authConfig": { "authScheme": "API_KEY", "headerName": "host" } }),
            vec!["authConfig.headerName"],
        ),
        (
            json!({ "toolkit": { "slug": "a", "logo": "b" }, "authConfig": { "authScheme": "NO_AUTH", "displayname": "c" } }),
            vec!["toolkit.logo", "authConfig.displayname"],
        ),
    ]
}

#[tokio::test]
async fn every_broken_field_is_named_at_once() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    for (body, broken) in broken_bodies() {
        let answer = manager.post(CONFIGS, body.clone()).await;
        let mut named = answer.broken_fields(422, "validation_failed");
        named.sort();
        let mut expected = broken;
        expected.sort_unstable();
        assert_eq!(named, expected, "{body:#}");
    }
    for url in [
        "javascript:alert(1)",
        "https://me@a.example",
        "https://a.example/#b",
        "/connected",
        "ftp://a.example",
    ] {
        let mut body = System::config("http://127.0.0.1:9");
        body["authConfig"]["callbackUrls"] = json!([url]);
        let answer = manager.post(CONFIGS, body).await;
        assert_eq!(answer.broken_fields(422, "validation_failed"), ["authConfig.callbackUrls"], "{url}");
    }
    assert_eq!(manager.get(CONFIGS).await.json(200)["totalItems"], 0);
}
