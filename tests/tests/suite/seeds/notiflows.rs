//! Notiflows, "Get user by external ID", and its error envelope.

use denizen_tests::{Reply, TestServer, Value, json};
use insta::assert_snapshot;

use crate::support::{assert_time, keys, with};

/// The documented answer.
fn documented() -> Value {
    json!({
        "avatar": "https://example.com/avatars/jane.jpg",
        "created_at": "2024-01-15T10:30:00Z",
        "custom_fields": { "company": "Acme Inc", "plan": "premium" },
        "email": "jane.doe@example.com",
        "external_id": "user_12345",
        "first_name": "Jane",
        "id": "01HQXYZ123456789ABCDEFGHIJ",
        "last_name": "Doe",
        "locale": "en-US",
        "phone": "+15551234567",
        "timezone": "America/New_York",
        "updated_at": "2024-01-20T14:45:00Z",
    })
}

/// The possible keys of the envelope's `details`.
const DETAILS: [&str; 14] = [
    "allowed_statuses",
    "allowed_transitions",
    "auth",
    "current_status",
    "fields",
    "id",
    "idempotency_key",
    "limit",
    "param",
    "reason",
    "required_scope",
    "resource",
    "retry_after",
    "window",
];

#[track_caller]
fn assert_documented_error(reply: Reply, status: u16, code: &str) -> Value {
    let envelope = reply.body.clone();
    let details = reply.error(status, code);
    assert_eq!(keys(&envelope), ["error", "message"]);
    assert_eq!(
        keys(&envelope["error"]),
        ["code", "details", "message", "request_id", "status", "type"],
        "{envelope:#}"
    );
    for key in keys(&details) {
        assert!(DETAILS.contains(&key), "{key} in {envelope:#}");
    }
    details
}

#[tokio::test]
async fn the_documented_request_succeeds() {
    let server = TestServer::start().await;
    server.notiflows().put("/admin/users/user_12345", documented()).await.is(201);
    for base in ["/admin", "/admin/v1"] {
        let answer = server.notiflows().get(&format!("{base}/users/user_12345")).await.json(200);
        assert_eq!(keys(&answer), keys(&documented()), "the documented keys, and no others");
        for assigned in ["created_at", "updated_at"] {
            assert_time(&answer[assigned]);
        }
        assert!(answer["id"].is_string());
        let assigned = json!({ "id": answer["id"], "created_at": answer["created_at"], "updated_at": answer["updated_at"] });
        assert_eq!(answer, with(documented(), assigned));
    }
}

#[tokio::test]
async fn the_exact_response() {
    let server = TestServer::with_fixed_time().await;
    server.notiflows().put("/admin/users/user_12345", documented()).await.is(201);
    let answer = server.notiflows().get("/admin/users/user_12345").await.json(200);
    assert_snapshot!(format!("{answer:#}"), @r#"
    {
      "avatar": "https://example.com/avatars/jane.jpg",
      "created_at": "2024-01-15T10:30:00.000000Z",
      "custom_fields": {
        "company": "Acme Inc",
        "plan": "premium"
      },
      "email": "jane.doe@example.com",
      "external_id": "user_12345",
      "first_name": "Jane",
      "id": "00000000-0000-4000-8000-00000000000e",
      "last_name": "Doe",
      "locale": "en-US",
      "phone": "+15551234567",
      "timezone": "America/New_York",
      "updated_at": "2024-01-15T10:30:00.000000Z"
    }
    "#);
}

#[tokio::test]
async fn a_user_without_data_has_every_key() {
    let server = TestServer::start().await;
    server.notiflows().put("/admin/users/user_12345", json!({})).await.is(201);
    let answer = server.notiflows().get("/admin/users/user_12345").await.json(200);
    assert_eq!(keys(&answer), keys(&documented()));
    for empty in ["avatar", "email", "first_name", "last_name", "locale", "phone", "timezone"] {
        assert!(answer[empty].is_null(), "{empty}");
    }
    assert_eq!(answer["custom_fields"], json!({}));
}

#[tokio::test]
async fn the_documented_404() {
    let server = TestServer::start().await;
    let reply = server.notiflows().get("/admin/users/user_12345").await;
    assert_eq!(reply.body["error"]["message"], "User not found");
    let details = assert_documented_error(reply, 404, "not_found");
    assert_eq!(details, json!({ "resource": "user", "id": "user_12345" }));
}

#[tokio::test]
async fn the_exact_error() {
    let server = TestServer::with_fixed_time().await;
    let client = server.notiflows().with("x-request-id", "req_abc123");
    let reply = client.get("/admin/users/user_12345").await;
    assert_eq!(reply.header("x-request-id"), Some("req_abc123"));
    assert_snapshot!(format!("{:#}", reply.body), @r#"
    {
      "message": "User not found",
      "error": {
        "type": "http://denizen.test/errors/not_found",
        "code": "not_found",
        "message": "User not found",
        "status": 404,
        "request_id": "req_abc123",
        "details": {
          "id": "user_12345",
          "resource": "user"
        }
      }
    }
    "#);
}

/// The documented `curl` lacks both required headers.
#[tokio::test]
async fn requires_the_documented_headers() {
    let server = TestServer::start().await;
    server.notiflows().put("/admin/users/user_12345", documented()).await.is(201);
    let request = "GET /admin/users/user_12345 HTTP/1.1\r\nHost: api.notiflows.com\r\nUser-Agent: curl/8.5.0\r\n\
                   Accept: */*\r\nConnection: close\r\n\r\n";
    let reply = server.raw(request).await;
    assert_eq!(reply.body["error"]["type"], "http://api.notiflows.com/errors/unauthenticated");
    let details = assert_documented_error(reply, 401, "unauthenticated");
    assert_eq!(details["auth"], "api_key");
}

#[tokio::test]
async fn the_documented_field_errors() {
    let server = TestServer::start().await;
    let reply = server.notiflows().put("/admin/users/user_12345", json!({ "email": "" })).await;
    let details = assert_documented_error(reply, 422, "validation_failed");
    assert_eq!(details["fields"].as_array().unwrap().len(), 1);
    assert_eq!(keys(&details["fields"][0]), ["field", "message", "reason"]);
    assert_eq!(details["fields"][0]["field"], "email");
}

#[tokio::test]
async fn the_documented_scope_and_parameter_errors() {
    let server = TestServer::start().await;
    let key = server.new_key(&["settings:read"]).await;
    let reply = server.notiflows().with_key(&key).get("/admin/users/user_12345").await;
    let details = assert_documented_error(reply, 403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "external_users:read" }));

    let reply = server.notiflows().get("/admin/users?limit=0").await;
    let details = assert_documented_error(reply, 400, "bad_request");
    assert_eq!((&details["reason"], &details["param"]), (&json!("invalid_param"), &json!("limit")));
}
