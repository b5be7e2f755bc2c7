//! Creating or merging a user by external id.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, create_channel, path_of};

async fn count(server: &TestServer) -> usize {
    server.flowra().get("/api/v1/external-users").await.array(200).len()
}

#[tokio::test]
async fn answers_201_for_a_new_user_else_200() {
    let server = TestServer::start().await;
    for base in ["/admin", "/admin/v1"] {
        let path = format!("{base}/users/of{}", base.replace('/', "-"));
        let made = server.notiflows().put(&path, json!({ "first_name": "Jane" })).await.json(201);
        let changed = server.notiflows().put(&path, json!({ "first_name": "Joan" })).await.json(200);
        assert_eq!(changed["id"], made["id"]);
        assert_eq!(changed["first_name"], "Joan");
        assert_eq!(server.notiflows().get(&path).await.json(200), changed);
    }
    assert_eq!(count(&server).await, 2);
}

#[tokio::test]
async fn both_bases_behave_alike() {
    let server = TestServer::start().await;
    let made = server.notiflows().put("/admin/users/u-1", json!({})).await.json(201);
    assert_eq!(server.notiflows().get("/admin/v1/users/u-1").await.json(200), made);
    server.notiflows().put("/admin/v1/users/u-1", json!({ "locale": "de" })).await.is(200);
    assert_eq!(server.notiflows().get("/admin/users/u-1").await.json(200)["locale"], "de");
}

#[tokio::test]
async fn keeps_absent_keys_and_null_clears() {
    let server = TestServer::start().await;
    let full = json!({
        "avatar": "https://example.com/jane.jpg", "email": "jane@example.com", "first_name": "Jane",
        "last_name": "Doe", "locale": "en-US", "phone": "+15551234567", "timezone": "America/New_York",
    });
    server.notiflows().put("/admin/users/u-1", full.clone()).await.is(201);
    let unchanged = server.notiflows().put("/admin/users/u-1", json!({})).await.json(200);
    for (field, value) in full.as_object().unwrap() {
        assert_eq!(&unchanged[field], value, "{field}");
        let mut expected = server.notiflows().get("/admin/users/u-1").await.json(200);
        let cleared = server.notiflows().put("/admin/users/u-1", json!({ field: null })).await.json(200);
        expected[field] = Value::Null;
        expected["updated_at"] = cleared["updated_at"].clone();
        assert_eq!(cleared, expected, "{field}");
    }
}

#[tokio::test]
async fn merges_custom_fields_and_null_removes_a_key() {
    let server = TestServer::start().await;
    let path = "/admin/users/u-1";
    for (change, expected) in [
        (json!({ "company": "Acme", "plan": { "name": "free", "seats": 1 } }), None),
        (
            json!({ "plan": { "seats": 2 } }),
            Some(json!({ "company": "Acme", "plan": { "name": "free", "seats": 2 } })),
        ),
        (json!({ "plan": { "name": null } }), Some(json!({ "company": "Acme", "plan": { "seats": 2 } }))),
        (json!({ "plan": [1, null] }), Some(json!({ "company": "Acme", "plan": [1, null] }))),
        (json!({ "company": null, "never": null }), Some(json!({ "plan": [1, null] }))),
        (json!({}), Some(json!({ "plan": [1, null] }))),
        (Value::Null, Some(json!({}))),
    ] {
        let user = server.notiflows().put(path, json!({ "custom_fields": change })).await;
        let expected = expected.unwrap_or_else(|| change.clone());
        assert_eq!(user.body["custom_fields"], expected, "after {change}");
        assert_eq!(server.notiflows().get(path).await.json(200)["custom_fields"], expected);
    }
}

#[tokio::test]
async fn reports_all_invalid_fields() {
    let server = TestServer::start().await;
    let broken = json!({
        "avatar": "ftp://example.com/jane.jpg",
        "custom_fields": "none",
        "email": "jane",
        "external_id": "somebody_else",
        "first_name": "x".repeat(256),
        "last_name": 7,
        "locale": "en US",
        "phone": "555-1234",
        "timezone": "Mars/Olympus",
    });
    let fields = server.notiflows().put("/admin/users/u-1", broken.clone()).await;
    let fields = fields.broken_fields(422, "validation_failed");
    let mut all: Vec<_> = broken.as_object().unwrap().keys().cloned().collect();
    all.sort();
    assert_eq!(fields, all);
    assert_eq!(count(&server).await, 0, "nothing was written");
}

#[tokio::test]
async fn validates_each_field() {
    let server = TestServer::start().await;
    for (field, right, wrong) in rules() {
        for value in right {
            let reply =
                server.notiflows().put("/admin/users/u-1", json!({ field: value, "last_name": "Doe" })).await;
            assert!(matches!(reply.status, 200 | 201), "{field} {value} {reply}");
            server.notiflows().put("/admin/users/u-1", json!({ "custom_fields": null })).await.is(200);
        }
        let before = server.notiflows().get("/admin/users/u-1").await.json(200);
        for value in wrong {
            let reply = server.notiflows().put("/admin/users/u-1", json!({ field: value })).await;
            assert_eq!(reply.broken_fields(422, "validation_failed"), [field], "{value}");
        }
        assert_eq!(server.notiflows().get("/admin/users/u-1").await.json(200), before, "{field}");
    }
}

/// Fields with valid and invalid values.
fn rules() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let (name, long_name) = ("é".repeat(255), "é".repeat(256));
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    let sized = |bytes: usize| json!({ "text": "x".repeat(bytes - r#"{"text":""}"#.len()) });
    vec![
        (
            "avatar",
            vec![json!("http://example.com"), json!("https://example.com/a?b=c#d")],
            vec![json!("example.com"), json!("javascript:alert(1)"), json!("https://"), json!(""), json!(1)],
        ),
        (
            "email",
            vec![json!("jane.doe+tag@example.co.uk")],
            vec![
                json!("jane"),
                json!("jane@"),
                json!("@example.com"),
                json!("a b@example.com"),
                json!(""),
                json!([]),
            ],
        ),
        (
            "phone",
            vec![json!("+15551234567"), json!("+491701234567")],
            vec![
                json!("15551234567"),
                json!("+0123"),
                json!("+1 555"),
                json!("+1234567890123456"),
                json!(15_551_234),
            ],
        ),
        (
            "locale",
            vec![json!("en"), json!("en-US"), json!("zh-Hant-TW")],
            vec![json!("en US"), json!("C"), json!("e"), json!(""), json!("-"), json!(true)],
        ),
        (
            "timezone",
            vec![json!("America/New_York"), json!("UTC"), json!("Europe/Berlin")],
            vec![json!("New_York"), json!("+02:00"), json!(""), json!({})],
        ),
        ("first_name", vec![json!("J"), json!(name)], vec![json!(long_name), json!("a\0b"), json!(1)]),
        ("last_name", vec![json!("D"), json!(name)], vec![json!(long_name), json!("a\0b"), json!(false)]),
        (
            "external_id",
            vec![json!("u-1")],
            vec![json!("u-2"), json!("U-1"), json!(""), Value::Null, json!(1)],
        ),
        (
            "custom_fields",
            vec![json!({ "a": null, "b": [1.5, "x", true] }), nested(8), sized(64 * 1024 - 10)],
            vec![json!([]), json!("x"), nested(9), sized(64 * 1024 + 1), json!({ "a": "\0" })],
        ),
    ]
}

#[tokio::test]
async fn accepts_custom_fields_of_64_kib() {
    let server = TestServer::start().await;
    let sized =
        |bytes: usize| json!({ "custom_fields": { "text": "x".repeat(bytes - r#"{"text":""}"#.len()) } });
    server.notiflows().put("/admin/users/u-1", sized(64 * 1024)).await.is(201);
    let details = server.notiflows().put("/admin/users/u-1", sized(64 * 1024 + 1)).await;
    assert_eq!(details.error(422, "validation_failed")["fields"][0]["reason"], "too_large");
}

#[tokio::test]
async fn accepts_any_encoded_external_id() {
    let server = TestServer::start().await;
    let longest = "🙂".repeat(250);
    let ids = [
        ("gid://app/Customer/1", "gid%3A%2F%2Fapp%2FCustomer%2F1".to_owned()),
        ("a b+c", "a%20b+c".to_owned()),
        ("🙂", "%F0%9F%99%82".to_owned()),
        ("100%", "100%25".to_owned()),
        ("x", "x".to_owned()),
        ("bulk", "bulk".to_owned()),
        ("ÄÖÜ?#&=", "%C3%84%C3%96%C3%9C%3F%23%26%3D".to_owned()),
        ("...", "...".to_owned()),
        ("new\nline", "new%0Aline".to_owned()),
        (&longest, "%F0%9F%99%82".repeat(250)),
    ];
    for (external_id, encoded) in &ids {
        let path = format!("/admin/users/{encoded}");
        let made = server.notiflows().put(&path, json!({ "external_id": external_id })).await.json(201);
        assert_eq!(made["external_id"], *external_id);
        assert_eq!(server.notiflows().get(&path).await.json(200), made);
    }
    assert_eq!(count(&server).await, ids.len());
    let too_long = format!("/admin/users/{}", "%F0%9F%99%82".repeat(251));
    let reply = server.notiflows().put(&too_long, json!({})).await;
    assert_eq!(reply.broken_fields(422, "validation_failed"), ["external_id"]);
    server.notiflows().put("/admin/users/a%00b", json!({})).await.error(400, "bad_request");
    assert_eq!(count(&server).await, ids.len());
}

#[tokio::test]
async fn compares_external_ids_exactly() {
    let server = TestServer::start().await;
    for external_id in ["jane", "Jane", "JANE", "jane%20"] {
        server.notiflows().put(&format!("/admin/users/{external_id}"), json!({})).await.is(201);
    }
    assert_eq!(count(&server).await, 4);
}

#[tokio::test]
async fn prefers_the_default_channel() {
    let server = TestServer::start().await;
    let (red, blue) = (create_channel(&server, "red").await, create_channel(&server, "blue").await);
    let in_blue = create(&server, json!({ "externalId": "u-1", "channelId": blue })).await;
    create(&server, json!({ "externalId": "u-1", "channelId": red })).await;

    let changed = server.notiflows().put("/admin/users/u-1", json!({ "first_name": "Jane" })).await.json(200);
    assert_eq!(changed["id"], in_blue["id"], "the oldest of the other channels");
    let in_default = create(&server, json!({ "externalId": "u-1" })).await;
    let changed = server.notiflows().put("/admin/users/u-1", json!({ "first_name": "Joan" })).await.json(200);
    assert_eq!(changed["id"], in_default["id"], "the default channel's");
    assert_eq!(server.zaia().get(&path_of(&in_blue)).await.json(200)["firstName"], "Jane");

    let new = server.notiflows().put("/admin/users/u-2", json!({})).await.json(201);
    let new = server.zaia().get(&path_of(&new)).await.json(200);
    assert_eq!(new["channelId"], server.workspace.channel_id.as_str());
}

#[tokio::test]
async fn updated_at_changes_only_with_a_change() {
    let server = TestServer::with_fixed_time().await;
    let made = server.notiflows().put("/admin/users/u-1", json!({ "first_name": "Jane" })).await.json(201);
    server.advance(Duration::from_millis(1_500));
    let same = server.notiflows().put("/admin/users/u-1", json!({ "first_name": "Jane" })).await.json(200);
    assert_eq!(same, made);
    let changed = server.notiflows().put("/admin/users/u-1", json!({ "first_name": "Joan" })).await.json(200);
    assert_eq!(changed["created_at"], "2024-01-15T10:30:00.000000Z");
    assert_eq!(changed["updated_at"], "2024-01-15T10:30:01.500000Z");
}

#[tokio::test]
async fn external_ids_are_per_workspace() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let here = server.notiflows().put("/admin/users/u-1", json!({ "first_name": "Here" })).await.json(201);
    let there = server.notiflows().with_key(&other.key);
    let there_too = there.put("/admin/users/u-1", json!({ "first_name": "There" })).await.json(201);
    assert_ne!(here["id"], there_too["id"]);
    assert_eq!(server.notiflows().get("/admin/users/u-1").await.json(200), here);
}
