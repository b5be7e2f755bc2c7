//! Unreadable bodies.

use denizen_tests::{Reply, TestServer, Value, json};

use super::{Directory, Write};

/// The default limit of a body in bytes.
const LIMIT: usize = 1024 * 1024;

#[tokio::test]
async fn rejects_a_body_that_is_not_an_object() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        let of_first_key =
            |value: &[u8]| [format!("{{\"{}\":", write.keys()[0]).as_bytes(), value, b"}"].concat();
        let valid = write.valid.to_string();
        let twice = format!("{}, {}", &valid[..valid.len() - 1], &valid[1..]);
        let bodies: [&[u8]; 18] = [
            b"",
            b" ",
            b"{",
            b"nope",
            b"null",
            b"7",
            b"\"text\"",
            b"[]",
            b"[null, null, null, null, null, null]",
            b"{'name': 'jane'}",
            b"{\"name\": \"jane\",}",
            b"{\"name\": \"jane\"} {}",
            &of_first_key(b"\"\xFF\""),
            &of_first_key(b"\"\\ud800\""),
            &of_first_key(b"\"a\nb\""),
            &valid.as_bytes()[..valid.len() - 1],
            &[valid.as_bytes(), b"x"].concat(),
            twice.as_bytes(),
        ];
        for body in bodies {
            let shown = String::from_utf8_lossy(body);
            let reply = write.send_bytes("application/json", body).await;
            assert_eq!(reply.status, 400, "{} with {shown:.80}:\n{reply}", write.name());
            let details = reply.error(400, "bad_request");
            assert_eq!(details, json!({ "reason": "invalid_json" }), "{} with {shown:.80}", write.name());
        }
        let reply = write.client.send(write.method, &write.path, None).await;
        assert_eq!(reply.error(400, "bad_request"), json!({ "reason": "invalid_json" }), "{}", write.name());
        directory.is_unchanged(&write.name()).await;
    }
}

#[tokio::test]
async fn names_the_field_with_a_value_that_none_takes() {
    let directory = Directory::new().await;
    let deep = ["[".repeat(200), "]".repeat(200)].concat();
    for write in directory.writes() {
        let key = &write.keys()[0];
        for value in ["1e999", &deep] {
            let reply = write.send_bytes("application/json", format!("{{\"{key}\":{value}}}")).await;
            // A list of users may hold anything: each is refused on its own.
            if reply.status == 207 {
                assert_eq!(reply.body["successful"], json!([]));
                continue;
            }
            let code = if reply.status == 422 { "validation_failed" } else { "bad_request" };
            let status = if reply.status == 422 { 422 } else { 400 };
            assert!(reply.broken_fields(status, code).contains(key), "{} with {value:.80}", write.name());
        }
        directory.is_unchanged(&write.name()).await;
    }
}

#[tokio::test]
async fn rejects_invalid_utf8_anywhere_in_a_body() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        let valid = write.valid.to_string();
        let known_keys = &valid.as_bytes()[..valid.len() - 1];
        for rest in [
            &b",\"something\":\"\xFF\"}"[..],
            b",\"some\xC3thing\":1}",
            b",\"a\":[{\"b\":\"\xED\xA0\x80\"}]}",
        ] {
            let reply = write.send_bytes("application/json", [known_keys, rest].concat()).await;
            assert_eq!(reply.status, 400, "{} with a key that is no text:\n{reply}", write.name());
            let details = reply.error(400, "bad_request");
            assert_eq!(details, json!({ "reason": "invalid_json" }), "{}", write.name());
        }
        directory.is_unchanged(&write.name()).await;
    }
}

#[tokio::test]
async fn rejects_custom_fields_of_two_hundred_levels() {
    let directory = Directory::new().await;
    let deep = format!("{}{}", "{\"a\":".repeat(200), "1".to_owned() + &"}".repeat(200));
    for key in ["customFields", "custom_fields"] {
        for write in directory.writes().iter().filter(|write| write.valid.get(key).is_some()) {
            let reply = write.send_bytes("application/json", format!("{{\"{key}\":{deep}}}")).await;
            let (status, code) =
                if key == "customFields" { (400, "bad_request") } else { (422, "validation_failed") };
            assert!(reply.broken_fields(status, code).iter().any(|field| field == key), "{}", write.name());
        }
    }
    directory.is_unchanged("deep custom fields").await;
}

#[tokio::test]
async fn rejects_a_content_type_other_than_json() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        for content_type in [
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=a",
            "application/jsonp",
            "application/xml",
            "json",
            "",
        ] {
            let reply = write.send_bytes(content_type, write.valid.to_string()).await;
            assert_eq!(
                reply.error(415, "unsupported_media_type"),
                json!({}),
                "{} as {content_type}",
                write.name()
            );
        }
        directory.is_unchanged(&write.name()).await;
    }
}

#[tokio::test]
async fn accepts_all_json_media_types() {
    let directory = Directory::new().await;
    let write = &directory.writes()[3];
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ] {
        write.send_bytes(content_type, write.valid.to_string()).await.is(200);
    }
    let key = &directory.server.workspace.key.secret;
    let body = write.valid.to_string();
    let request = format!(
        "PATCH {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: {key}\r\ncontent-length: {}\r\n\r\n{body}",
        write.path,
        body.len()
    );
    directory.server.raw(request).await.is(200);
}

#[tokio::test]
async fn rejects_a_body_of_two_megabytes() {
    let directory = Directory::new().await;
    let body = padded(&json!({}), 2 * LIMIT);
    for write in directory.writes() {
        is_too_large(write.send_bytes("application/json", body.clone()).await, &write);
        is_too_large(send_in_chunks(&directory.server, &write, &body).await, &write);
    }
    directory.is_unchanged("large bodies").await;
}

#[tokio::test]
async fn rejects_a_large_content_length_without_reading() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        let mut head = head_of(&write);
        head.push_str("content-length: 2097152\r\n\r\n{");
        is_too_large(directory.server.raw(head).await, &write);
    }
    directory.is_unchanged("announced bodies").await;
}

#[tokio::test]
async fn the_body_limit_is_exact() {
    let directory = Directory::on(TestServer::with(&["--max-body-size=1KiB"]).await).await;
    for write in directory.writes() {
        let reply = write.send_bytes("application/json", padded(&json!({ "blocked": null }), 1024)).await;
        assert_ne!(reply.status, 413, "{}", write.name());
        for reply in [
            write.send_bytes("application/json", padded(&json!({}), 1025)).await,
            send_in_chunks(&directory.server, &write, &padded(&json!({}), 1025)).await,
        ] {
            assert_eq!(reply.error(413, "payload_too_large"), json!({ "limit": 1024 }), "{}", write.name());
        }
    }
}

#[track_caller]
fn is_too_large(reply: Reply, write: &Write) {
    assert_eq!(reply.error(413, "payload_too_large"), json!({ "limit": LIMIT }), "{}", write.name());
}

/// A body padded with spaces to a length.
fn padded(body: &Value, length: usize) -> Vec<u8> {
    let mut bytes = body.to_string().into_bytes();
    bytes.resize(length, b' ');
    bytes
}

/// Sends a body without `content-length`.
async fn send_in_chunks(server: &TestServer, write: &Write, body: &[u8]) -> Reply {
    let mut connection = server.connect().await;
    connection.send(head_of(write) + "transfer-encoding: chunked\r\n\r\n").await;
    for chunk in body.chunks(64 * 1024) {
        connection.send([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()).await;
    }
    connection.send("0\r\n\r\n").await;
    connection.reply().await
}

/// The head of a write without `content-length`.
fn head_of(write: &Write) -> String {
    format!(
        "{} {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n{}",
        write.method, write.path, write.head
    )
}
