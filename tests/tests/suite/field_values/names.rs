//! Names in every script.

use denizen_tests::{TestServer, json};

use crate::people::People;
use crate::support::{create, path_of, percent_encoded, text};

const NAMES: [&str; 16] = [
    "Zoë Müller-Lüdenscheidt",
    "Nguyễn Thị Minh Khai",
    "O’Brien, Jr.",
    "محمد بن سلمان",
    "נועה\u{200F} כהן",
    "می\u{200C}خواهم",
    "क्\u{200D}ष त्र",
    "山田 太郎",
    "김\u{3000}철수",
    "สมชาย ใจดี",
    "Ж Ж Ж",
    "👨\u{200D}👩\u{200D}👧 Smith",
    "❤\u{FE0F} you",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F} United",
    "Zoe\u{308}",
    " Jane ",
];

#[tokio::test]
async fn names_of_every_script_come_back_as_sent() {
    let people = People::new().await;
    let server = &people.server;
    let user = create(server, json!({ "externalId": "user_12345" })).await;
    for name in NAMES {
        let answer = server.flowra().post("/api/v1/external-users", json!({ "name": name })).await.json(201);
        assert_eq!(answer["name"], name.trim());
        let fields = json!({ "name": name, "firstName": name, "lastName": name, "identifier": format!("{}!", name.trim()) });
        let answer = server.zaia().patch(&path_of(&user), fields.clone()).await.json(200);
        for key in ["name", "firstName", "lastName", "identifier"] {
            assert_eq!(answer[key], fields[key], "{key}");
        }
        let body = json!({ "first_name": name });
        assert_eq!(
            server.notiflows().put("/admin/users/user_12345", body).await.json(200)["first_name"],
            name
        );
        let body = json!({ "name": name, "description": null, "prompt": null });
        assert_eq!(server.zaia().post("/api/v1/channels", body).await.json(200)["name"], name);
        let id =
            text(&people.administrator.post("/api/roles", json!({ "name": name })).await.json(200), "id");
        assert_eq!(people.administrator.get(&format!("/api/roles/{id}")).await.json(200)["name"], name);
        let id =
            text(&people.administrator.post("/api/tenants", json!({ "name": name })).await.json(200), "id");
        assert_eq!(people.administrator.get(&format!("/api/tenants/{id}")).await.json(200)["name"], name);
        let changes = json!({ "firstname": name, "lastname": name });
        let me = people.administrator.patch("/api/users/me", changes).await.json(200);
        assert_eq!((&me["firstname"], &me["lastname"]), (&json!(name), &json!(name)));
    }
}

#[tokio::test]
async fn flows_organizations_and_nicks_have_readable_names() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let own = format!("/users/{}", boss.number().await);
    boss.client.post("/flows/acme", json!({ "name": "My flow" })).await.is(201);
    for wrong in [
        " ",
        "\u{3000}",
        "\u{200B}\u{200D}",
        "\u{FEFF}",
        "\u{3164}",
        "\u{2800}",
        "a\tb",
        "a\u{9D}",
        "a\u{202E}b",
        "\u{202B}a",
        "\u{2066}a\u{2069}",
        "a\u{2029}b",
    ] {
        for (reply, field) in [
            (boss.client.post("/flows/acme", json!({ "name": wrong })).await, "name"),
            (boss.client.put("/flows/acme/my-flow", json!({ "name": wrong })).await, "name"),
            (boss.client.put("/organizations/acme", json!({ "name": wrong })).await, "name"),
            (boss.client.put(&own, json!({ "nick": wrong })).await, "nick"),
        ] {
            assert_eq!(super::broken(&reply), [field], "{wrong:?}");
        }
    }
    assert_eq!(boss.client.get("/organizations/acme").await.json(200)["name"], "Acme");
    for name in NAMES {
        let made = boss.client.post("/flows/acme", json!({ "name": name })).await.json(201);
        assert_eq!(made["name"], name);
        let renamed = boss.client.put("/organizations/acme", json!({ "name": name })).await.json(200);
        assert_eq!(renamed["name"], name);
        boss.client.put(&own, json!({ "nick": name })).await.is(200);
        assert_eq!(boss.client.get("/user").await.json(200)["nick"], name.trim());
    }
    for description in ["two\nlines", "a\r\n\ttab", ""] {
        let changed =
            boss.client.put("/flows/acme/my-flow", json!({ "description": description })).await.json(200);
        assert_eq!(changed["description"], description);
    }
    for wrong in ["a\u{202E}b", "a\u{1B}b"] {
        let invitation = json!({ "email": "jane@example.com", "message": wrong });
        for (reply, field) in [
            (boss.client.put("/flows/acme/my-flow", json!({ "description": wrong })).await, "description"),
            (boss.client.post("/flows/acme/my-flow/invitations", invitation).await, "message"),
        ] {
            assert_eq!(super::broken(&reply), [field], "{wrong:?}");
        }
    }
}

#[tokio::test]
async fn a_username_can_stand_in_a_path() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "user_12345" })).await;
    for wrong in [".", "..", " ", "\u{200B}", "a\tb", "\u{202E}"] {
        let reply = server.flowra().post("/api/v1/external-users", json!({ "name": wrong })).await;
        assert_eq!(super::broken(&reply), ["name"], "{wrong:?}");
        let reply = server.zaia().patch(&path_of(&user), json!({ "identifier": wrong })).await;
        assert_eq!(super::broken(&reply), ["identifier"], "{wrong:?}");
    }
    for wrong in [".", "..", "\u{202E}"] {
        let reply = server.flowra().with("x-username", wrong).get("/api/v1/external-users/me").await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["x-username"], "{wrong:?}");
    }
    for username in ["...", ".a", "a.", "./..", "%2E", "~", "a/../b", "。", "·", "..\u{301}"] {
        let made =
            server.flowra().post("/api/v1/external-users", json!({ "name": username })).await.json(201);
        let encoded = percent_encoded(username);
        let path = format!("/api/v1/external-users/username/{encoded}");
        assert_eq!(server.flowra().get(&path).await.json(200)["id"], made["id"], "{username:?}");
    }
}

#[tokio::test]
async fn a_reason_and_a_message_may_have_lines() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "user_12345" })).await;
    for reason in ["two\nlines", "a\ttab", "a\r\nb", "\u{200F}סיבה\nשנייה"] {
        let answer = server.zaia().patch(&path_of(&user), json!({ "blocked": { "reason": reason } })).await;
        assert!(answer.status == 200, "{reason:?}: {answer}");
    }
    for reason in [" ", "\u{200B}", "a\u{202E}b", "a\u{1B}b"] {
        let answer = server.zaia().patch(&path_of(&user), json!({ "blocked": { "reason": reason } })).await;
        assert_eq!(super::broken(&answer), ["blocked.reason"], "{reason:?}");
    }
}
