//! Creating and changing many users at once.

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, create_channel, each, text};

const BULK: &str = "/admin/users/bulk";

#[tokio::test]
async fn writes_users_as_single_requests_do() {
    let server = TestServer::start().await;
    let old = json!({ "first_name": "Ann", "custom_fields": { "plan": "free", "seats": 1 } });
    server.notiflows().put("/admin/users/ann", old).await.is(201);
    let users = json!([
        { "external_id": "bob", "email": "bob@example.com" },
        { "external_id": "ann", "last_name": "Ex", "custom_fields": { "plan": "paid", "seats": null } },
    ]);
    for (base, statuses) in
        [("/admin/users/bulk", ["created", "updated"]), ("/admin/v1/users/bulk", ["updated"; 2])]
    {
        let answer = server.notiflows().post(base, json!({ "users": users })).await.json(200);
        let expected = json!({
            "successful": [
                { "external_id": "bob", "status": statuses[0] }, { "external_id": "ann", "status": statuses[1] },
            ],
            "failed": [],
        });
        assert_eq!(answer, expected);
    }
    let ann = server.notiflows().get("/admin/users/ann").await.json(200);
    assert_eq!((&ann["first_name"], &ann["last_name"]), (&json!("Ann"), &json!("Ex")));
    assert_eq!(ann["custom_fields"], json!({ "plan": "paid" }));
    assert_eq!(server.notiflows().get("/admin/users/bob").await.json(200)["email"], "bob@example.com");
    assert_eq!(
        server.flowra().get("/api/v1/external-users?q=bob").await.array(200).len(),
        1,
        "it can be found"
    );
}

#[tokio::test]
async fn each_user_succeeds_or_fails_alone() {
    let server = TestServer::start().await;
    let full = json!({ "a": "x".repeat(60_000) });
    server.notiflows().put("/admin/users/full", json!({ "custom_fields": full })).await.is(201);
    let users = json!([
        { "external_id": "valid" },
        { "external_id": "broken", "email": "nobody", "phone": "12" },
        { "email": "somebody@example.com" },
        { "external_id": 7 },
        { "external_id": "" },
        { "external_id": "valid", "first_name": "Again" },
        { "external_id": "full", "first_name": "Full", "custom_fields": { "b": "x".repeat(60_000) } },
        "nonsense",
        { "external_id": "last" },
        { "external_id": "mended", "email": "nobody" },
        { "external_id": "mended", "email": "somebody@example.com" },
    ]);
    let answer = server.notiflows().post(BULK, json!({ "users": users })).await.json(207);
    assert_eq!(each(answer["successful"].as_array().unwrap(), "external_id"), ["valid", "last", "mended"]);
    let failed: Vec<_> = answer["failed"].as_array().unwrap().iter().map(failure).collect();
    let expected = [
        (json!("broken"), "validation_failed", vec!["email", "phone"]),
        (Value::Null, "validation_failed", vec!["external_id"]),
        (Value::Null, "validation_failed", vec!["external_id"]),
        (json!(""), "validation_failed", vec!["external_id"]),
        (json!("valid"), "duplicate", vec!["external_id"]),
        (json!("full"), "validation_failed", vec!["custom_fields"]),
        (Value::Null, "validation_failed", vec!["users"]),
        (json!("mended"), "validation_failed", vec!["email"]),
    ];
    let expected = expected.map(|(external_id, reason, fields)| {
        (external_id, reason.to_owned(), fields.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    assert_eq!(failed, expected);
    for nobody in ["broken", "7"] {
        server.notiflows().get(&format!("/admin/users/{nobody}")).await.error(404, "not_found");
    }
    for untouched in ["valid", "full"] {
        let user = server.notiflows().get(&format!("/admin/users/{untouched}")).await.json(200);
        assert_eq!(user["first_name"], Value::Null);
    }
}

fn failure(failure: &Value) -> (Value, String, Vec<String>) {
    let fields = each(failure["fields"].as_array().unwrap(), "field");
    (failure["external_id"].clone(), text(failure, "reason"), fields)
}

#[tokio::test]
async fn links_a_thousand_users_to_their_people() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let elsewhere = create(&server, json!({ "externalId": "u-500", "channelId": red })).await;
    let users = |count: usize, name: &str| {
        (0..count)
            .map(|number| json!({ "external_id": format!("u-{number}"), "first_name": name }))
            .collect::<Vec<_>>()
    };
    let answer = server.notiflows().post(BULK, json!({ "users": users(1_000, "One") })).await.json(200);
    let successful = answer["successful"].as_array().unwrap();
    assert_eq!(successful.iter().filter(|user| user["status"] == "created").count(), 999);
    assert_eq!(
        successful[500],
        json!({ "external_id": "u-500", "status": "updated" }),
        "the user in the other channel"
    );
    let read = server.zaia().get(&crate::support::path_of(&elsewhere)).await.json(200);
    assert_eq!(read["firstName"], "One");

    let answer = server.notiflows().post(BULK, json!({ "users": users(1_000, "Two") })).await.json(200);
    assert!(
        each(answer["successful"].as_array().unwrap(), "status").iter().all(|status| status == "updated")
    );
    assert_eq!(server.notiflows().get("/admin/users/u-999").await.json(200)["first_name"], "Two");
    let reply = server.notiflows().post(BULK, json!({ "users": users(1_001, "Three") })).await;
    assert_eq!(reply.broken_fields(422, "validation_failed"), ["users"]);
}

#[tokio::test]
async fn parallel_requests_create_each_user_once() {
    let server = TestServer::start().await;
    let users: Vec<_> = (0..50).map(|number| json!({ "external_id": format!("u-{number}") })).collect();
    let mut backwards = users.clone();
    backwards.reverse();
    let client = server.notiflows();
    let requests = (0..6).map(|number| {
        let users = if number % 2 == 0 { users.clone() } else { backwards.clone() };
        let client = client.clone();
        tokio::spawn(async move { client.post(BULK, json!({ "users": users })).await.json(200) })
    });
    let mut created = 0;
    for request in requests.collect::<Vec<_>>() {
        let answer = request.await.unwrap();
        created += each(answer["successful"].as_array().unwrap(), "status")
            .iter()
            .filter(|it| *it == "created")
            .count();
    }
    assert_eq!(created, 50);
    let total = server.flowra().get("/api/v1/external-users?limit=1&count=true").await.is(200);
    assert_eq!(total.header("x-total-count"), Some("50"));
}

#[tokio::test]
async fn requires_users_in_the_body() {
    let server = TestServer::start().await;
    for body in [json!({}), json!({ "users": null }), json!({ "users": {} }), json!({ "users": [] })] {
        let reply = server.notiflows().post(BULK, body).await;
        assert_eq!(reply.broken_fields(422, "validation_failed"), ["users"]);
    }
}
