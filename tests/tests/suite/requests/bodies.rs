//! Bodies that are compressed, begin with a byte-order mark, or name a charset.

use std::io::Write as _;

use denizen_tests::{Client, Reply, TestServer, Value, json};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::support::zaia_body;

const MARK: &[u8] = b"\xEF\xBB\xBF";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A write of some contract, with a valid body.
struct Write {
    client: Client,
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: String,
}

/// A write of every contract, as JSON and as a form.
async fn writes(server: &TestServer) -> Vec<Write> {
    let basic = server.basic(&server.administrator.username, &server.administrator.password);
    let account = server.as_administrator().await;
    let log_in =
        json!({ "username": server.administrator.username, "password": server.administrator.password });
    let write = |client: &Client, method, path: &str, body: Value| Write {
        client: client.clone(),
        method,
        path: path.to_owned(),
        content_type: "application/json",
        body: body.to_string(),
    };
    let own = format!("/users/{}", server.administrator.number);
    vec![
        write(&server.flowra(), "POST", "/api/v1/external-users", json!({ "name": "jüne" })),
        write(&server.zaia(), "POST", "/api/v1/external-users", zaia_body(server, json!({ "name": "Jüne" }))),
        write(&server.notiflows(), "PUT", "/admin/users/e1", json!({ "first_name": "Jüne" })),
        write(&account, "PATCH", "/api/users/me", json!({ "firstname": "Jüne" })),
        write(&server.anonymous(), "POST", "/login", log_in),
        write(&basic, "PUT", &own, json!({ "nick": "Jüne" })),
        Write {
            content_type: "application/x-www-form-urlencoded",
            body: "nick=J%C3%BCne".to_owned(),
            ..write(&basic, "PUT", &own, Value::Null)
        },
    ]
}

impl Write {
    async fn send(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        self.send_as(self.content_type, headers, body).await
    }

    async fn send_as(&self, content_type: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let client =
            headers.iter().fold(self.client.clone(), |client, (name, value)| client.with(name, value));
        client.send_bytes(self.method, &self.path, Some((content_type, body))).await
    }

    /// Asserts that the body is read.
    async fn succeeds(&self, headers: &[(&str, &str)], body: Vec<u8>) {
        let reply = self.send(headers, body).await;
        assert!((200..300).contains(&reply.status), "{} {} {headers:?}\n{reply}", self.method, self.path);
    }
}

#[tokio::test]
async fn inflates_compressed_bodies() {
    let server = TestServer::start().await;
    for write in writes(&server).await {
        let plain = write.body.as_bytes();
        let (first, second) = plain.split_at(plain.len() / 2);
        for (encoding, body) in [
            ("gzip", gzip(plain)),
            ("GZIP", gzip(plain)),
            ("x-gzip", gzip(plain)),
            (" gzip ", gzip(plain)),
            ("gzip", [gzip(first), gzip(second)].concat()),
            ("gzip", gzip(&[MARK, plain].concat())),
            ("deflate", deflate(plain)),
            ("Deflate", deflate(plain)),
            ("identity", plain.to_vec()),
            ("identity, gzip", gzip(plain)),
            ("", plain.to_vec()),
        ] {
            write.succeeds(&[("content-encoding", encoding)], body).await;
        }
    }
    let seen = server.notiflows().get("/admin/users/e1").await.json(200);
    assert_eq!(seen["first_name"], "Jüne");
}

#[tokio::test]
async fn rejects_broken_compression() {
    let server = TestServer::start().await;
    for write in writes(&server).await {
        let plain = write.body.as_bytes();
        let (whole, zlib) = (gzip(plain), deflate(plain));
        let mut flipped = whole.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(plain).unwrap();
        for (encoding, body) in [
            ("gzip", plain.to_vec()),
            ("gzip", whole[..whole.len() - 1].to_vec()),
            ("gzip", whole[..10].to_vec()),
            ("gzip", whole[..2].to_vec()),
            ("gzip", [&whole[..], b"more"].concat()),
            ("gzip", flipped),
            ("gzip", zlib.clone()),
            ("deflate", whole.clone()),
            ("deflate", zlib[..zlib.len() - 1].to_vec()),
            ("deflate", plain.to_vec()),
        ] {
            let reply = write.send(&[("content-encoding", encoding)], body).await;
            assert_eq!(reply.status, 400, "{} {encoding}\n{reply}", write.path);
            assert_eq!(
                reply.error(400, "bad_request"),
                json!({ "reason": "invalid_json" }),
                "{}",
                write.path
            );
        }
        // What is compressed without saying so is not text.
        let reply = write.send(&[], whole).await;
        assert!([400, 415].contains(&reply.status), "{reply}");
    }
    server.notiflows().get("/admin/users/e1").await.error(404, "not_found");
}

#[tokio::test]
async fn rejects_other_encodings_and_names_its_own() {
    let server = TestServer::start().await;
    for write in writes(&server).await {
        for encoding in [
            "br",
            "zstd",
            "compress",
            "x-compress",
            "gzip, gzip",
            "deflate, gzip",
            "aws-chunked",
            "utf-8",
            "base64",
            "*",
        ] {
            let reply = write.send(&[("content-encoding", encoding)], gzip(write.body.as_bytes())).await;
            assert_eq!(reply.status, 415, "{} {encoding}\n{reply}", write.path);
            assert_eq!(reply.header("accept-encoding"), Some("gzip, deflate"), "{reply}");
            let message = reply.body["message"].as_str().unwrap().to_owned();
            assert!(message.contains(encoding) && message.contains("gzip or deflate"), "{message}");
            assert_eq!(reply.error(415, "unsupported_media_type"), json!({}));
        }
    }
    server.notiflows().get("/admin/users/e1").await.error(404, "not_found");
    // The encoding of nothing does not matter.
    let client = server.notiflows().with("content-encoding", "br");
    client.put("/admin/users/e1", json!({})).await.error(415, "unsupported_media_type");
    client.delete("/admin/users/e1").await.error(404, "not_found");
    client.with("idempotency-key", "one").delete("/admin/users/e1").await.error(404, "not_found");
}

#[tokio::test]
async fn limits_what_a_body_inflates_to() {
    let server = TestServer::with(&["--max-body-size=4KiB"]).await;
    for write in writes(&server).await {
        let padded = |length: usize| {
            // Blanks may end JSON; in a form they would belong to the value.
            let blank = if write.content_type == "application/json" { b' ' } else { b'&' };
            let mut bytes = write.body.clone().into_bytes();
            bytes.resize(length, blank);
            bytes
        };
        write.succeeds(&[("content-encoding", "gzip")], gzip(&padded(4096))).await;
        let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
        for (encoding, body) in [
            ("gzip", gzip(&padded(4097))),
            ("deflate", deflate(&padded(4097))),
            ("gzip", gzip(&padded(40_000))),
            ("gzip", gzip(&padded(2048)).repeat(3)),
            ("gzip", gzip(&vec![0; 2_000_000])),
            ("gzip", bomb),
        ] {
            for headers in [
                &[("content-encoding", encoding)][..],
                &[("content-encoding", encoding), ("idempotency-key", "k")],
            ] {
                let reply = write.send(headers, body.clone()).await;
                assert_eq!(reply.status, 413, "{} {}\n{reply}", write.path, body.len());
                assert_eq!(reply.error(413, "payload_too_large"), json!({ "limit": 4096 }), "{}", write.path);
            }
        }
    }
}

#[tokio::test]
async fn an_idempotency_key_sees_the_inflated_body() {
    let server = TestServer::start().await;
    for (index, write) in writes(&server).await.into_iter().enumerate() {
        let (plain, key) = (write.body.as_bytes(), index.to_string());
        let key = ("idempotency-key", &*key);
        let first = write.send(&[key, ("content-encoding", "gzip")], gzip(plain)).await;
        assert!((200..300).contains(&first.status), "{} {}\n{first}", write.method, write.path);
        for (headers, body) in [
            (&[key, ("content-encoding", "gzip")][..], gzip(plain)),
            (&[key, ("content-encoding", "gzip")], [gzip(&plain[..3]), gzip(&plain[3..])].concat()),
            (&[key, ("content-encoding", "deflate")], deflate(plain)),
            (&[key], plain.to_vec()),
            (&[key], [MARK, plain].concat()),
        ] {
            let again = write.send(headers, body).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}\n{again}", write.path);
            assert_eq!((again.status, &again.text), (first.status, &first.text));
        }
        if write.path != "/login" {
            let other = write.send(&[key, ("content-encoding", "gzip")], gzip(b"{}")).await;
            assert_eq!(
                other.error(422, "validation_failed")["reason"],
                "idempotency_key_reused",
                "{}",
                write.path
            );
        }
        write.client.with("idempotency-key", "unused").get("/version").await.is(200);
    }
}

#[tokio::test]
async fn skips_a_byte_order_mark() {
    let server = TestServer::start().await;
    for write in writes(&server).await {
        let plain = write.body.as_bytes();
        write.succeeds(&[], [MARK, plain].concat()).await;
        write
            .succeeds(
                &[],
                [MARK, b" \r\n", plain].concat().into_iter().filter(|_| plain[0] == b'{').collect(),
            )
            .await;
        if plain[0] == b'{' {
            for body in [
                [MARK, MARK, plain].concat(),
                [b" ", MARK, plain].concat(),
                [&MARK[..2], plain].concat(),
                [plain, MARK].concat(),
                b"\xFF\xFE{\0}\0".to_vec(),
                b"\xFE\xFF\0{\0}".to_vec(),
                MARK.to_vec(),
            ] {
                let reply = write.send(&[], body).await;
                let is_empty = write.path.starts_with("/users/") && reply.status == 200;
                assert!(is_empty || reply.status == 400, "{}\n{reply}", write.path);
            }
        }
    }
}

#[tokio::test]
async fn accepts_utf_8_and_names_other_charsets() {
    let server = TestServer::start().await;
    for write in writes(&server).await {
        let body = || write.body.clone().into_bytes();
        for charset in [
            "charset=utf-8",
            "charset=UTF-8",
            "charset=\"utf-8\"",
            "Charset=Utf-8",
            "charset=utf8",
            "charset=us-ascii",
            "charset=US-ASCII",
            "charset=",
            "boundary=x; charset=utf-8",
            "profile=\"charset\"",
            "q",
            "",
        ] {
            let content_type = format!("{};{charset}", write.content_type);
            let reply = write.send_as(&content_type, &[], body()).await;
            assert!((200..300).contains(&reply.status), "{} {content_type}\n{reply}", write.path);
        }
        for charset in [
            "iso-8859-1",
            "ISO-8859-15",
            "latin1",
            "windows-1252",
            "utf-16",
            "UTF-16LE",
            "utf-32",
            "utf-7",
            "shift_jis",
            "gb18030",
            "koi8-r",
            "unknown",
        ] {
            for parameter in [format!("charset={charset}"), format!(" CHARSET=\"{charset}\"; q=1")] {
                let content_type = format!("{};{parameter}", write.content_type);
                for headers in [&[][..], &[("idempotency-key", charset)]] {
                    let reply = write.send_as(&content_type, headers, body()).await;
                    assert_eq!(reply.status, 415, "{} {content_type}\n{reply}", write.path);
                    let message = reply.body["message"].as_str().unwrap().to_owned();
                    assert!(message.contains("UTF-8") && message.contains(charset), "{message}");
                    assert_eq!(reply.error(415, "unsupported_media_type"), json!({}));
                }
            }
        }
    }
}
