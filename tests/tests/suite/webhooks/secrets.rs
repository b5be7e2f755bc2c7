//! Signatures, and the secrets that they are made with.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use denizen_tests::{Answer, Message, TestServer, json};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

use super::{Endpoint, PATH, events, manager};
use crate::support::{create, text};

/// Signs as a receiver does, who knows the secret.
fn signature(message: &Message, secret: &str) -> String {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!("{}.{}.{}", message.id(), message.timestamp(), message.text);
    let bits = crypto::sign(signed.as_bytes(), &EncodingKey::from_secret(&key), Algorithm::HS256).unwrap();
    format!("v1,{}", BASE64_STANDARD.encode(BASE64_URL_SAFE_NO_PAD.decode(bits).unwrap()))
}

#[tokio::test]
async fn a_message_is_signed_with_the_secret_of_its_endpoint() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let mut other = Endpoint::of_users(&manager).await;
    create(&server, json!({ "name": "Jané" })).await;
    let message = endpoint.next().await;
    assert_eq!(message.timestamp(), 1_705_314_600, "the time of the attempt");
    assert_eq!(message.header("webhook-signature"), signature(&message, &endpoint.secret));
    let same = other.next().await;
    assert_eq!(same.id(), message.id());
    assert_eq!(same.header("webhook-signature"), signature(&same, &other.secret));
    assert_ne!(endpoint.secret, other.secret);
    assert_eq!(BASE64_STANDARD.decode(&endpoint.secret["whsec_".len()..]).unwrap().len(), 32);
}

#[tokio::test]
async fn both_secrets_sign_while_they_overlap() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let rotate = format!("{}/rotate-secret", endpoint.path());
    let rotated = manager.post(&rotate, json!({ "overlapSeconds": 3_600 })).await.json(200);
    let secret = text(&rotated, "secret");
    assert_ne!(secret, endpoint.secret);
    assert_eq!(rotated["previousSecretUntil"], "2024-01-15T11:30:00.000000Z");

    create(&server, json!({ "name": "Jane" })).await;
    let message = endpoint.next().await;
    let signatures = [signature(&message, &secret), signature(&message, &endpoint.secret)];
    assert_eq!(message.header("webhook-signature"), signatures.join(" "));

    endpoint.rest().await;
    server.advance(Duration::from_hours(1));
    create(&server, json!({ "name": "John" })).await;
    let message = endpoint.next().await;
    assert_eq!(message.header("webhook-signature"), signature(&message, &secret));

    // Without an overlap, at once.
    let rotated = manager.post(&rotate, json!({ "overlapSeconds": 0 })).await.json(200);
    create(&server, json!({ "name": "Joe" })).await;
    let message = endpoint.next().await;
    assert_eq!(message.header("webhook-signature"), signature(&message, &text(&rotated, "secret")));
    let fields =
        manager.post(&rotate, json!({ "overlapSeconds": -1 })).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["overlapSeconds"]);
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::new(&manager, json!({})).await;
    manager.post(&format!("{}/rotate-secret", endpoint.path()), json!({})).await.is(200);
    endpoint.change(json!({ "description": "Mails" })).await;
    for path in [PATH, &endpoint.path(), "/api/v1/audit-events?limit=100", "/api/v1/events?limit=100"] {
        let reply = manager.get(path).await.is(200);
        assert!(reply.text.contains(&endpoint.id) && !reply.text.contains("whsec_"), "{reply}");
    }
    let told = super::types(&endpoint.all().await);
    let rotated = "webhook_endpoint.rotated".to_owned();
    assert!(told.contains(&rotated), "{told:?}");
    let feed = events(&manager, endpoint.start).await;
    assert!(feed.iter().any(|event| event["type"] == rotated), "{feed:?}");
}

#[tokio::test]
async fn a_test_message_is_signed_and_leaves_no_trace() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::new(&manager, json!({ "disabled": true })).await;
    let test = format!("{}/test", endpoint.path());
    for status in [200, 410, 500] {
        endpoint.receiver.will_answer([Answer::status(status).saying("so be it")]);
        let attempt = manager.send("POST", &test, None).await.json(200);
        assert_eq!((&attempt["status"], &attempt["error"]), (&json!(status), &json!(null)));
        assert_eq!(attempt["answer"], "so be it");
        assert!(attempt["durationMilliseconds"].is_u64(), "{attempt:#}");
        let message = endpoint.receiver.next().await;
        assert_eq!(message.body["type"], "webhook_endpoint.test");
        assert_eq!(message.body["id"], message.id());
        assert_eq!(message.body["data"], json!({ "id": endpoint.id }));
        assert_eq!(message.header("webhook-signature"), signature(&message, &endpoint.secret));
    }
    assert!(endpoint.deliveries("").await.is_empty());
    let state = endpoint.get().await;
    assert_eq!((&state["disabledReason"], &state["failingSince"]), (&json!(null), &json!(null)));
    let told = events(&manager, 0).await;
    assert!(told.iter().all(|event| event["type"] != "webhook_endpoint.test"), "it is no event");
}
