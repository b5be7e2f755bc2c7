//! Bodies that are refused, and what belongs to others.

use denizen_tests::{TestServer, Value, json};

use super::{ACCOUNTS, auth_config, manager, user};
use crate::support::{ALL_SCOPES, text};

#[tokio::test]
async fn credentials_are_those_of_the_scheme() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    for (scheme, credentials, broken) in [
        ("API_KEY", json!(null), vec!["credentials.apiKey"]),
        ("API_KEY", json!({ "token": "t" }), vec!["credentials.apiKey", "credentials.token"]),
        ("API_KEY", json!({ "apiKey": "a\nb" }), vec!["credentials.apiKey"]),
        ("BASIC", json!({ "username": "a:b", "password": "c" }), vec!["credentials.username"]),
        ("BASIC", json!({ "username": "a" }), vec!["credentials.password"]),
        ("BEARER_TOKEN", json!({ "token": "" }), vec!["credentials.token"]),
        ("BEARER_TOKEN", json!("t"), vec!["credentials"]),
        ("NO_AUTH", json!({ "apiKey": "k" }), vec!["credentials.apiKey"]),
        ("API_KEY", json!({ "apikey": "k", "apiKey": "k" }), vec!["credentials.apikey"]),
    ] {
        let config = auth_config(&manager, scheme, json!({})).await;
        let body = json!({ "authConfigId": config, "eUID": "jane", "credentials": credentials });
        let answer = manager.post(ACCOUNTS, body.clone()).await;
        assert_eq!(answer.broken_fields(422, "validation_failed"), broken, "{body:#}");
    }
    assert_eq!(manager.get(ACCOUNTS).await.json(200)["totalItems"], 0);
    for (body, broken) in [
        (json!({}), vec!["authConfigId"]),
        (json!({ "authConfigId": "x", "label": 7, "eUID": "" }), vec!["authConfigId", "eUID", "label"]),
    ] {
        assert_eq!(manager.post(ACCOUNTS, body).await.broken_fields(422, "validation_failed"), broken);
    }
    for (body, broken) in [
        (json!({}), vec!["callbackUrl"]),
        (json!({ "callbackUrl": "https://a.example" }), vec!["authConfigId"]),
    ] {
        let answer = manager.post(&format!("{ACCOUNTS}/link"), body).await;
        assert_eq!(answer.broken_fields(422, "validation_failed"), broken);
    }
}

#[tokio::test]
async fn tokens_that_were_issued_elsewhere_are_taken() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    let config = manager.post(super::CONFIGS, super::System::config("http://127.0.0.1:9")).await.json(201);
    let credentials = json!({ "accessToken": "elsewhere", "expiresAt": "2024-01-15T11:00:00Z" });
    let body = json!({ "authConfigId": config["id"], "eUID": "jane", "credentials": credentials });
    let account = manager.post(ACCOUNTS, body).await.json(201);
    let path = format!("{ACCOUNTS}/{}", text(&account, "id"));
    assert_eq!(
        manager.post(&format!("{path}/token"), json!(null)).await.json(200)["accessToken"],
        "elsewhere"
    );
    // It has nothing to ask for the next one with.
    server.advance(std::time::Duration::from_mins(30));
    manager.post(&format!("{path}/token"), json!(null)).await.error(409, "conflict");
    let expired = manager.get(&path).await.json(200);
    let reason = json!("The token has ended, and the system has issued none to refresh it.");
    assert_eq!((&expired["status"], &expired["statusReason"]), (&json!("EXPIRED"), &reason));
    let credentials = json!({ "credentials": { "accessToken": "again" } });
    assert_eq!(manager.patch(&path, credentials).await.json(200)["status"], "ACTIVE");
    let token = manager.post(&format!("{path}/token"), json!(null)).await.json(200);
    assert_eq!((&token["accessToken"], &token["expiresAt"]), (&json!("again"), &json!(null)));
}

#[tokio::test]
async fn a_user_has_at_most_a_hundred_accounts() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    let config = auth_config(&manager, "NO_AUTH", json!({})).await;
    let body = json!({ "authConfigId": config, "eUID": "jane" });
    let mut last = Value::Null;
    for _ in 0..100 {
        last = manager.post(ACCOUNTS, body.clone()).await.json(201);
    }
    let error = manager.post(ACCOUNTS, body.clone()).await.error(409, "conflict");
    assert_eq!(error["reason"], "limit_reached");
    manager.delete(&format!("{ACCOUNTS}/{}", text(&last, "id"))).await.json(200);
    manager.post(ACCOUNTS, body).await.json(201);
}

#[tokio::test]
async fn tenants_connect_nothing_of_each_other() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let jane = user(&manager, "jane").await;
    let config = auth_config(&manager, "API_KEY", json!({})).await;
    let body = json!({ "authConfigId": config, "eUID": jane, "credentials": { "apiKey": "k" } });
    let account = manager.post(ACCOUNTS, body.clone()).await.json(201);
    let other = server.new_workspace("other").await;
    let key = server.new_key_of(&other, &ALL_SCOPES).await;
    let stranger = server.flowra().with_key(&key);
    stranger.post(ACCOUNTS, body.clone()).await.error(404, "not_found");
    let own = auth_config(&stranger, "API_KEY", json!({})).await;
    let theirs = json!({ "authConfigId": own, "eUID": jane, "credentials": { "apiKey": "k" } });
    stranger.post(ACCOUNTS, theirs).await.error(404, "not_found");
    let path = format!("{ACCOUNTS}/{}", text(&account, "id"));
    stranger.post(&format!("{path}/token"), json!(null)).await.error(404, "not_found");
    let link = json!({ "connectedAccountId": account["id"], "callbackUrl": "https://a.example" });
    stranger.post(&format!("{ACCOUNTS}/link"), link).await.error(404, "not_found");
}

#[tokio::test]
async fn a_key_sees_who_it_is() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let jane = user(&manager, "jane").await;
    let profile = manager.get("/api/v1/users/profile").await.json(200);
    assert_eq!((&profile["slug"], &profile["eUID"]), (&json!("default"), &json!(null)));
    assert_eq!(profile["scopes"].as_array().unwrap().len(), ALL_SCOPES.len());
    let of_jane = manager.with("x-username", "jane").get("/api/v1/users/profile").await.json(200);
    assert_eq!((&of_jane["eUID"], &of_jane["username"]), (&json!(jane), &json!("jane")));
    manager.with("x-username", "nobody").get("/api/v1/users/profile").await.error(404, "not_found");
}
