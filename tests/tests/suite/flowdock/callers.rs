//! The headers of all answers: the caller and the content type.

use denizen_tests::{Reply, TestServer, json};

use super::CONTENT_TYPE;
use crate::people::People;

/// Every answer to a known caller has their number.
#[tokio::test]
async fn every_answer_names_the_caller() {
    let people = People::on(TestServer::with(&["--max-body-size=1KiB"]).await).await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let member = people.member("member@example.com", &acme, false).await;
    let own = format!("/users/{}", member.number().await);
    let of_acme = |number: i64| format!("/organizations/{}/users/{number}", acme.slug);
    let (boss_path, member_path) = (of_acme(boss.number().await), of_acme(member.number().await));
    let flows = format!("/flows/{}", acme.slug);
    let nick = |nick: &str| Some(json!({ "nick": nick }));
    for (status, person, method, path, body) in [
        (200, &member, "GET", "/users", None),
        (200, &member, "PUT", &own, nick("Steve")),
        (201, &member, "POST", &flows, Some(json!({ "name": "My flow" }))),
        (400, &member, "PUT", &own, nick("")),
        (400, &member, "GET", "/v1/organizations/find", None),
        (403, &member, "DELETE", &boss_path, None),
        (404, &member, "GET", "/v1/users/1000000", None),
        (404, &member, "PUT", "/organizations/unknown", Some(json!({}))),
        (409, &boss, "DELETE", &boss_path, None),
        (413, &member, "PUT", &own, nick(&"n".repeat(2_000))),
        (204, &boss, "DELETE", &member_path, None),
    ] {
        let reply = person.client.send(method, path, body).await;
        names(&reply, person.number().await, status);
    }
    let as_text = Some(("text/plain", b"nick=Steve".to_vec()));
    names(&member.client.send_bytes("PUT", &own, as_text).await, member.number().await, 415);
    let elsewhere = boss.client.get("/api/users/me").await.is(200);
    assert_eq!(elsewhere.header("flowdock-user"), None, "only answers of this contract");
}

/// Asserts a status, and that the answer names this account.
#[track_caller]
fn names(reply: &Reply, number: i64, status: u16) {
    assert_eq!(reply.status, status, "{reply}");
    assert_eq!(reply.header("flowdock-user"), Some(number.to_string().as_str()), "{reply}");
    assert_eq!(reply.header("content-type"), Some(CONTENT_TYPE), "{reply}");
}

/// The caller has not been authenticated yet.
#[tokio::test]
async fn a_wrong_method_is_405() {
    let server = TestServer::start().await;
    for (method, path, allowed) in [
        ("PATCH", "/users/1", "GET,HEAD,PUT"),
        ("POST", "/v1/users", "GET,HEAD"),
        ("DELETE", "/user", "GET,HEAD"),
        ("POST", "/organizations", "GET,HEAD"),
        ("DELETE", "/organizations/default", "GET,HEAD,PUT"),
        ("GET", "/v1/organizations/default/users/1", "DELETE,PUT"),
    ] {
        let reply = server.anonymous().send(method, path, None).await;
        let mut known: Vec<_> = reply.header("allow").unwrap_or_default().split(',').collect();
        known.sort_unstable();
        assert_eq!(known.join(","), allowed, "{method} {path}");
        assert_eq!(reply.header("content-type"), Some(CONTENT_TYPE), "{method} {path}");
        reply.error(405, "method_not_allowed");
    }
    for path in ["/users/1/flows", "/organizations/default/flows", "/v1/users//", "/v1", "/v2/users"] {
        server.anonymous().get(path).await.error(404, "not_found");
    }
}
