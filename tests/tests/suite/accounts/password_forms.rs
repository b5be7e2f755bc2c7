//! Passwords that keyboards encode differently.

use denizen_tests::json;

use crate::people::People;

const LOG_IN: &str = "/login";

/// A password, and what other keyboards send for it.
const SAME: [(&str, &str); 11] = [
    ("p\u{e9}n\u{e9}lope-1", "pe\u{301}ne\u{301}lope-1"),
    ("pe\u{301}ne\u{301}lope-2", "p\u{e9}n\u{e9}lope-2"),
    ("\u{212b}ngstr\u{f6}m unit", "A\u{30a}ngstro\u{308}m unit"),
    ("correct\u{a0}horse", "correct horse"),
    ("correct horse\u{3000}battery", "correct\u{2003}horse battery"),
    ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}-password", "\u{d55c}\u{ae00}-password"),
    ("Vi\u{1ec7}t Nam ngon", "Vie\u{323}\u{302}t Nam ngon"),
    ("\u{3c9}\u{3bc}\u{3ad}\u{3b3}\u{3b1}\u{3c2}-1!", "\u{3c9}\u{3bc}\u{3b5}\u{301}\u{3b3}\u{3b1}\u{3c2}-1!"),
    ("\u{2126}hm-resistor", "\u{3a9}hm-resistor"),
    (
        "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}-\u{439}",
        "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}-\u{438}\u{306}",
    ),
    ("q\u{307}\u{323}-dotted", "q\u{323}\u{307}-dotted"),
];

/// A password, and others that only look like it.
const DIFFERENT: [(&str, &str); 6] = [
    ("correct horse", "correct horse "),
    ("correct horse", " correct horse"),
    ("correct horse", "Correct horse"),
    ("correct horse", "correct\u{200b} horse"),
    ("\u{fb01}ligree-1", "filigree-1"),
    ("\u{ff50}\u{ff41}\u{ff53}\u{ff53}word", "password"),
];

#[tokio::test]
async fn a_password_is_the_same_from_every_keyboard() {
    let people = People::new().await;
    for (index, (set, typed)) in SAME.into_iter().enumerate() {
        let username = format!("u{index}@example.com");
        let id = people.account(&username, json!({ "password": set })).await;
        for password in [set, typed] {
            let body = json!({ "username": username, "password": password });
            let token = people.server.anonymous().post(LOG_IN, body).await.json(200);
            assert!(token["token"].is_string(), "{set:?} typed as {password:?}");
            people.server.basic(&username, password).get("/user").await.is(200);
        }
        // The own password confirms a change in any form.
        let client = people.client_of(&id).await;
        let change = json!({ "password": format!("{typed}-new"), "currentPassword": typed });
        client.patch("/api/users/me", change).await.is(200);
        let body = json!({ "username": username, "password": format!("{set}-new") });
        people.server.anonymous().post(LOG_IN, body).await.is(200);
    }
}

#[tokio::test]
async fn passwords_that_only_look_alike_differ() {
    let people = People::new().await;
    for (index, (set, typed)) in DIFFERENT.into_iter().enumerate() {
        let username = format!("u{index}@example.com");
        people.account(&username, json!({ "password": set })).await;
        let body = json!({ "username": username, "password": typed });
        people.server.anonymous().post(LOG_IN, body).await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn limits_of_passwords_count_characters_after_accents_are_put_together() {
    let people = People::new().await;
    let path = format!("/api/users/{}", people.account("jane@example.com", json!({})).await);
    let set = async |password: &str| people.administrator.patch(&path, json!({ "password": password })).await;
    set(&"e\u{301}".repeat(1_000)).await.is(200);
    set(&"e\u{301}".repeat(8)).await.is(200);
    for refused in [
        "e\u{301}".repeat(7),
        "e\u{301}".repeat(1_001),
        "correct\thorse".to_owned(),
        "correct\u{0}horse".to_owned(),
    ] {
        let reply = set(&refused).await;
        let (status, code) =
            if reply.status == 422 { (422, "validation_failed") } else { (400, "bad_request") };
        assert_eq!(reply.broken_fields(status, code), ["password"], "{refused:.20?}");
    }
    let body = json!({ "username": "jane@example.com", "password": "\u{e9}".repeat(8) });
    people.server.anonymous().post(LOG_IN, body).await.is(200);
}
