//! Access tokens: their claims, verification and expiry.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::support::{assert_uuid, create, path_of, text};

const ME: &str = "/api/v1/external-users/me";

/// Checks a token as another service would: with the server's published keys, and nothing else.
pub(super) async fn claims_of(server: &TestServer, token: &str) -> Value {
    let set = server.anonymous().get("/.well-known/jwks.json").await.json(200);
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.alg, Algorithm::EdDSA);
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"].as_str() == header.kid.as_deref()).unwrap();
    let public = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[&server.workspace.id]);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    jsonwebtoken::decode::<Value>(token, &public, &validation).unwrap().claims
}

#[tokio::test]
async fn a_token_holds_its_claims_and_verifies_with_the_public_keys() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "gid://app/1" })).await;
    let claims = claims_of(&server, &text(&user, "accessToken")).await;
    assert_eq!(claims["sub"], user["id"]);
    assert_eq!(claims["aud"], server.workspace.id.as_str());
    assert_eq!(claims["channel_id"], user["channelId"]);
    assert_eq!(claims["external_id"], "gid://app/1");
    assert!(claims["iss"].is_string());
    assert_uuid(&claims["jti"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600, "an hour");

    let again = json!({
        "channelId": user["channelId"], "externalId": null, "id": user["id"], "identifier": null,
    });
    let again = server.zaia().post("/api/v1/external-users/authenticate", again).await.json(200);
    let next = claims_of(&server, &text(&again, "accessToken")).await;
    assert_ne!(next["jti"], claims["jti"], "every token has its own");
    server.bearer(&text(&user, "accessToken")).get(ME).await.is(200);
    server.bearer(&text(&again, "accessToken")).get(ME).await.is(200);
}

#[tokio::test]
async fn omits_a_missing_external_id() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "identifier": "jane" })).await;
    assert_eq!(claims_of(&server, &text(&user, "accessToken")).await["external_id"], Value::Null);
}

#[tokio::test]
async fn a_tampered_token_is_rejected() {
    let server = TestServer::start().await;
    let token = text(&create(&server, json!({ "externalId": "u-1" })).await, "accessToken");
    let parts: Vec<_> = token.split('.').collect();
    let flipped = |text: &str| {
        let mut letters: Vec<_> = text.chars().collect();
        let middle = letters.len() / 2;
        letters[middle] = if letters[middle] == 'A' { 'B' } else { 'A' };
        letters.into_iter().collect::<String>()
    };
    // {"alg":"none"}
    let unsigned = "eyJhbGciOiJub25lIn0";
    for tampered in [
        format!("{}.{}.{}", parts[0], parts[1], flipped(parts[2])),
        format!("{}.{}.{}", parts[0], flipped(parts[1]), parts[2]),
        format!("{}.{}.{}", flipped(parts[0]), parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{unsigned}.{}.", parts[1]),
        format!("{unsigned}.{}.{}", parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.x"),
        "..".to_owned(),
    ] {
        let reply = server.bearer(&tampered).get(ME).await;
        assert!(reply.header("www-authenticate").is_some(), "{reply}");
        reply.error(401, "unauthenticated");
    }
    server.bearer(&token).get(ME).await.is(200);
}

#[tokio::test]
async fn a_token_of_another_server_is_rejected() {
    let (here, there) = (TestServer::start().await, TestServer::on_empty_database(&[]).await);
    let token = text(&create(&there, json!({ "externalId": "u-1" })).await, "accessToken");
    here.bearer(&token).get(ME).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_expires_after_an_hour() {
    let server = TestServer::with_fixed_time().await;
    let bearer = server.bearer(&text(&create(&server, json!({ "externalId": "u-1" })).await, "accessToken"));
    server.advance(Duration::from_secs(3599));
    bearer.get(ME).await.is(200);
    server.advance(Duration::from_secs(1));
    bearer.get(ME).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn the_lifetime_is_configurable() {
    let server = TestServer::with(&["--access-token-lifetime=5m"]).await;
    let token = text(&create(&server, json!({ "externalId": "u-1" })).await, "accessToken");
    let claims = claims_of(&server, &token).await;
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
}

#[tokio::test]
async fn blocking_revokes_tokens_for_good() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let before = server.bearer(&text(&user, "accessToken"));
    server.zaia().patch(&path_of(&user), json!({ "blocked": true })).await.is(200);
    before.get(ME).await.error(401, "unauthenticated");
    server.zaia().patch(&path_of(&user), json!({ "blocked": false })).await.is(200);
    before.get(ME).await.error(401, "unauthenticated");

    // Within the same second.
    let claim = json!({
        "channelId": user["channelId"], "externalId": "u-1", "id": null, "identifier": null,
    });
    let again = server.zaia().post("/api/v1/external-users/authenticate", claim).await.json(200);
    server.bearer(&text(&again, "accessToken")).get(ME).await.is(200);
    before.get(ME).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn a_new_token_is_not_issued_in_the_future() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let path = path_of(&user);
    let claim = json!({
        "channelId": user["channelId"], "externalId": "u-1", "id": null, "identifier": null,
    });
    let now = 1_705_314_600;
    let mut old = vec![text(&user, "accessToken")];
    for round in 0..10 {
        match round % 3 {
            0 => {
                server.zaia().patch(&path, json!({ "blocked": true })).await.is(200);
                server.zaia().patch(&path, json!({ "blocked": false })).await.is(200);
            }
            1 => {
                server.zaia().delete(&path).await.is(204);
                server.zaia().send("POST", &format!("{path}/restore"), None).await.is(200);
            }
            _ => {
                for _ in 0..2 {
                    server.flowra().send("PUT", &format!("{path}/toggle-active"), None).await.is(200);
                }
            }
        }
        let new = server.zaia().post("/api/v1/external-users/authenticate", claim.clone()).await.json(200);
        let new = text(&new, "accessToken");
        assert_eq!(unverified(&new)["iat"], now, "round {round}");
        assert_eq!(unverified(&new)["exp"], now + 3600, "round {round}");
        for void in &old {
            server.bearer(void).get(ME).await.error(401, "unauthenticated");
        }
        server.bearer(&new).get(ME).await.is(200);
        old.push(new);
    }
}

/// The claims of a token, unchecked: the clock of the test stands in the past.
fn unverified(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

#[tokio::test]
async fn tokens_and_keys_survive_a_restart() {
    let mut server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let set = server.anonymous().get("/.well-known/jwks.json").await.json(200);
    server.restart().await;
    assert_eq!(server.anonymous().get("/.well-known/jwks.json").await.json(200), set);
    server.bearer(&text(&user, "accessToken")).get(ME).await.is(200);
    server.flowra().get("/api/v1/external-users").await.is(200);
}
