//! E-mail addresses of the whole world.

use denizen_tests::{Reply, TestServer, Value, json};

use super::broken;
use crate::people::{People, new_user};
use crate::support::{create, path_of, percent_encoded, text, with};

/// Addresses with the form in which accounts store them; external users keep the case of ASCII letters.
const ADDRESSES: [(&str, &str); 17] = [
    ("tëst@example.com", "tëst@example.com"),
    ("TËST2@example.com", "tëst2@example.com"),
    ("用户@例子.广告", "用户@例子.广告"),
    ("медведь@с-балалайкой.рф", "медведь@с-балалайкой.рф"),
    ("अजय@डाटा.भारत", "अजय@डाटा.भारत"),
    ("علي@مثال.إختبار", "علي@مثال.إختبار"),
    ("o'brien+tag@example.co.uk", "o'brien+tag@example.co.uk"),
    ("a!#$%&'*+-/=?^_`{|}~b@example.com", "a!#$%&'*+-/=?^_`{|}~b@example.com"),
    ("e\u{301}tienne@example.com", "étienne@example.com"),
    ("jane@xn--mller-kva.de", "jane@müller.de"),
    ("john@BÜCHER.example", "john@bücher.example"),
    ("jack@fu\u{308}r.example", "jack@für.example"),
    ("jill@exam\u{200B}ple.com", "jill@example.com"),
    ("joan@ex\u{AD}ample.com", "joan@example.com"),
    ("joel@example\u{FEFF}.com", "joel@example.com"),
    ("judy@example。com", "judy@example.com"),
    ("jean@ｅｘａｍｐｌｅ．com", "jean@example.com"),
];

const NO_ADDRESSES: [&str; 20] = [
    "user..x@example.com",
    "user.@example.com",
    ".user@example.com",
    "\"jane doe\"@example.com",
    "jane doe@example.com",
    "jane@example..com",
    "jane@.example.com",
    "jane@example.com.",
    "jane@exa_mple.com",
    "jane@-example.com",
    "jane@example-.com",
    "ja\u{200B}ne@example.com",
    "ja\u{AD}ne@example.com",
    "\u{202E}jane@example.com",
    "jane@exam\u{202E}ple.com",
    "jane＠example.com",
    "jane@xn--zzzzzz",
    "jane@\u{200B}",
    "jane@[300.0.0.1]",
    "Jane <jane@example.com>",
];

#[tokio::test]
async fn external_users_have_addresses_of_every_script() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "user_12345" })).await;
    let as_stored =
        |stored: &str, answer: &Value| answer.as_str().map(str::to_lowercase) == Some(stored.to_owned());
    for (sent, stored) in ADDRESSES {
        let answer = server.zaia().patch(&path_of(&user), json!({ "email": sent })).await.json(200);
        assert!(as_stored(stored, &answer["email"]), "{sent}: {answer:#}");
        let answer =
            server.notiflows().put("/admin/users/user_12345", json!({ "email": sent })).await.json(200);
        assert!(as_stored(stored, &answer["email"]), "{sent}: {answer:#}");
        for asked in [sent, stored, &stored.to_uppercase()] {
            let body = json!({ "emails": [asked] });
            let answer = server.zaia().post("/api/v1/external-users/lookup", body).await.json(200);
            assert_eq!(answer["found"][0]["id"], user["id"], "{asked}: {answer:#}");
        }
    }
    let bulk = json!({ "users": [{ "external_id": "user_12345", "email": "jane@xn--mller-kva.de" }] });
    server.notiflows().post("/admin/users/bulk", bulk).await.is(200);
    let before = server.notiflows().get("/admin/users/user_12345").await.json(200);
    assert_eq!(before["email"], "jane@müller.de");
    for wrong in NO_ADDRESSES {
        let body = json!({ "email": wrong });
        assert_eq!(broken(&server.zaia().patch(&path_of(&user), body.clone()).await), ["email"], "{wrong:?}");
        let reply = server.notiflows().put("/admin/users/user_12345", body.clone()).await;
        assert_eq!(broken(&reply), ["email"], "{wrong:?}");
        let bulk = json!({ "users": [with(json!({ "external_id": "user_12345" }), body)] });
        let answer = server.notiflows().post("/admin/users/bulk", bulk).await.json(207);
        assert_eq!(answer["failed"][0]["fields"][0]["field"], "email", "{wrong:?}");
    }
    assert_eq!(server.notiflows().get("/admin/users/user_12345").await.json(200), before);
}

#[tokio::test]
async fn the_case_of_an_external_users_address_stays() {
    let server = TestServer::start().await;
    for (sent, stored) in [
        ("Jane.Doe@Example.COM", "Jane.Doe@Example.COM"),
        ("Jane@XN--MLLER-KVA.de", "Jane@müller.de"),
        ("Jane@Müller.DE", "Jane@Müller.DE"),
    ] {
        let answer = server.notiflows().put("/admin/users/new", json!({ "email": sent })).await;
        assert_eq!(answer.body["email"], stored, "{answer}");
    }
}

#[tokio::test]
async fn an_account_has_one_form_of_its_address() {
    let people = People::new().await;
    for (sent, stored) in ADDRESSES {
        let id = people.account(sent, json!({})).await;
        assert_eq!(people.get_account(&id).await["username"], stored, "{sent}");
        for taken in [sent, stored, &stored.to_uppercase()] {
            let reply = people.administrator.post("/api/users", new_user(taken)).await;
            assert_eq!(reply.error(409, "conflict")["reason"], "taken", "{taken}");
        }
        for asked in [sent, stored] {
            let query = percent_encoded(asked);
            let found = people.administrator.get(&format!("/api/users?username={query}")).await.array(200);
            assert_eq!(found.iter().map(|user| text(user, "id")).collect::<Vec<_>>(), [&*id], "{asked}");
        }
    }
    // Two domains, which belong to different people.
    for address in ["jane@straße.example", "jane@strasse.example"] {
        let id = people.account(address, json!({})).await;
        assert_eq!(people.get_account(&id).await["username"], address);
    }
    for wrong in NO_ADDRESSES {
        let reply = people.administrator.post("/api/users", new_user(wrong)).await;
        assert_eq!(broken(&reply), ["username"], "{wrong:?}");
    }
}

#[tokio::test]
async fn every_form_of_an_address_logs_in_and_counts_as_one() {
    let people = People::on(TestServer::with(&["--login-failures-per-account=3"]).await).await;
    let password = json!({ "password": "correct horse" });
    let log_in = async |username: &str, password: &str| -> Reply {
        people.server.anonymous().post("/login", json!({ "username": username, "password": password })).await
    };
    let id = people.account("Tëst@müller.de", password).await;
    let forms = [
        "tëst@müller.de",
        "TËST@MÜLLER.DE",
        "te\u{308}st@xn--mller-kva.de",
        "tëst@mül\u{200B}ler。de",
        "tëst@mu\u{308}ller.de",
    ];
    for form in forms {
        log_in(form, "correct horse").await.is(200);
        let user = people.server.basic(form, "correct horse").get("/user").await.json(200);
        assert_eq!(user["email"], "tëst@müller.de", "{form:?}");
    }
    assert_eq!(people.get_account(&id).await["username"], "tëst@müller.de");
    for form in &forms[..3] {
        log_in(form, "wrong password").await.error(401, "unauthenticated");
    }
    log_in(forms[3], "correct horse").await.error(429, "rate_limited");
}
