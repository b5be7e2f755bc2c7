//! `/api/tokens/personal`: tokens that accounts create for themselves.

use std::time::Duration;

use denizen_tests::{Value, json};

use crate::people::People;
use crate::support::{each, keys, text};

const PATH: &str = "/api/tokens/personal";
const JANE: &str = "jane@example.com";

#[tokio::test]
async fn creates_personal_tokens() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let jane = people.with_role(JANE, Some(&acme), "USER").await;
    let made = jane.client.post(PATH, json!({ "description": "my laptop" })).await.json(200);
    assert_eq!(keys(&made), ["id", "token"]);
    let secret = text(&made, "token");
    assert!(secret.starts_with("pat_"), "{secret}");
    let laptop = people.server.bearer(&secret);
    assert_eq!(laptop.get("/api/v1/users/me").await.json(200)["id"], *jane.id);
    laptop.get("/api/roles").await.is(200);
    laptop.get("/api/users").await.error(403, "forbidden");

    let listed = jane.client.get(PATH).await;
    assert!(!listed.text.contains(&secret), "a secret is shown once: {listed}");
    let listed = listed.array(200);
    assert_eq!(listed.len(), 1, "and no tokens of other kinds");
    assert_eq!((&listed[0]["id"], &listed[0]["description"]), (&made["id"], &json!("my laptop")));
    assert_eq!((&listed[0]["type"], &listed[0]["expiresAt"]), (&json!("personal"), &Value::Null));
    assert_eq!(listed[0]["token"], format!("****{}", &secret[secret.len() - 4..]));
    let again = jane.client.post(PATH, json!({ "description": "my laptop" })).await.json(200);
    assert_ne!(again["token"], made["token"], "an equal request creates another one");
}

#[tokio::test]
async fn they_expire_as_requested() {
    let people = People::with_fixed_time().await;
    let jane = people.person(JANE, json!({})).await;
    let mut clients = Vec::new();
    for (asked, end) in [
        (json!({}), None),
        (json!({ "expiresIn": -1 }), None),
        (json!({ "expiresIn": "90d" }), Some("2024-04-14T10:30:00.000000Z")),
        (json!({ "expiresIn": "1h", "customPermissions": ["all"] }), Some("2024-01-15T11:30:00.000000Z")),
    ] {
        let made = jane.client.post(PATH, asked.clone()).await.json(200);
        let listed = jane.client.get(PATH).await.array(200);
        let shown = listed.iter().find(|token| token["id"] == made["id"]).unwrap();
        assert_eq!(shown["expiresAt"], json!(end), "{asked}");
        assert_eq!(shown["permissions"], json!([]), "{asked}");
        clients.push(people.server.bearer(&text(&made, "token")));
    }
    people.server.advance(Duration::from_hours(1) - Duration::from_secs(1));
    clients[3].get("/api/users/me").await.is(200);
    people.server.advance(Duration::from_secs(1));
    clients[3].get("/api/users/me").await.error(401, "unauthenticated");
    assert_eq!(jane.client.get(PATH).await.array(200).len(), 3, "those that have ended are not shown");
    people.server.advance(Duration::from_hours(24 * 365));
    clients[0].get("/api/users/me").await.is(200);
    clients[2].get("/api/users/me").await.error(401, "unauthenticated");

    let broken = json!({ "description": "x".repeat(1_001), "expiresIn": "soon" });
    let fields = jane.client.post(PATH, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["description", "expiresIn"]);
}

#[tokio::test]
async fn revokes_only_own_tokens() {
    let people = People::new().await;
    let (jane, john) =
        (people.person(JANE, json!({})).await, people.person("john@example.com", json!({})).await);
    let mut tokens = Vec::new();
    for name in ["first", "second", "third"] {
        tokens.push(jane.client.post(PATH, json!({ "description": name })).await.json(200));
    }
    let path = format!("{PATH}/{}", text(&tokens[0], "id"));
    for stranger in [&john.client, &people.administrator] {
        let details = stranger.delete(&path).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": "token", "id": tokens[0]["id"] }));
        stranger.delete(PATH).await.is(200);
        assert!(stranger.get(PATH).await.array(200).is_empty());
    }
    assert_eq!(each(&jane.client.get(PATH).await.array(200), "description"), ["first", "second", "third"]);

    jane.client.delete(&path).await.is(200);
    people.server.bearer(&text(&tokens[0], "token")).get("/api/users/me").await.error(401, "unauthenticated");
    jane.client.delete(&path).await.error(404, "not_found");
    assert_eq!(each(&jane.client.get(PATH).await.array(200), "description"), ["second", "third"]);

    // The requesting token is one of them.
    people.server.bearer(&text(&tokens[1], "token")).delete(PATH).await.is(200);
    for token in &tokens[1..] {
        people.server.bearer(&text(token, "token")).get("/api/users/me").await.error(401, "unauthenticated");
    }
    jane.client.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn limits_an_account_to_100() {
    let people = People::new().await;
    let jane = people.person(JANE, json!({})).await;
    let first = text(&jane.client.post(PATH, json!({})).await.json(200), "id");
    for _ in 1..100 {
        jane.client.post(PATH, json!({})).await.is(200);
    }
    let details = jane.client.post(PATH, json!({})).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "limit_reached" }));
    assert_eq!(jane.client.get(PATH).await.array(200).len(), 100);
    people.administrator.post(PATH, json!({})).await.is(200);
    jane.client.delete(&format!("{PATH}/{first}")).await.is(200);
    jane.client.post(PATH, json!({})).await.is(200);
}

#[tokio::test]
async fn logging_out_revokes_it() {
    let people = People::new().await;
    let jane = people.person(JANE, json!({})).await;
    let made = jane.client.post(PATH, json!({})).await.json(200);
    let laptop = people.server.bearer(&text(&made, "token"));
    laptop.send("POST", "/logout", None).await.is(200);
    laptop.get("/api/users/me").await.error(401, "unauthenticated");
    assert!(jane.client.get(PATH).await.array(200).is_empty());
}
