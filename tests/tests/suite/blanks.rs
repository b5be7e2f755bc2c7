//! Blanks around log-in names, as keyboards of phones add them, count nowhere.

use denizen_tests::{TestServer, json};

use crate::people::{People, new_user};
use crate::support::{ALL_SCOPES, create, percent_encoded, text};

const USERS: &str = "/api/v1/external-users";

/// Blanks before and after a name.
const BLANKS: [(&str, &str); 12] = [
    (" ", ""),
    ("", " "),
    (" ", " "),
    ("  ", "   "),
    ("\t", "\t"),
    ("", "\n"),
    ("\r\n", "\r\n"),
    ("\u{a0}", "\u{a0}"),
    ("\u{2003}", ""),
    ("", "\u{3000}"),
    ("\u{2009}", "\u{202f}"),
    ("\u{2028}", "\u{85}"),
];

#[tokio::test]
async fn log_in_ignores_blanks_around_the_username_but_not_around_the_password() {
    let people = People::new().await;
    people.account("jane@example.com", json!({ "password": "correct horse" })).await;
    for (before, after) in BLANKS {
        let username = format!("{before}Jane@Example.com{after}");
        let log_in = |password: String| json!({ "username": username, "password": password });
        people.server.anonymous().post("/login", log_in("correct horse".to_owned())).await.is(200);
        people.server.basic(&username, "correct horse").get("/user").await.is(200);
        let listed =
            people.administrator.get(&format!("/api/users?username={}", percent_encoded(&username))).await;
        assert_eq!(listed.array(200).len(), 1, "{username:?}");
    }
    for password in [" correct horse", "correct horse ", "correct horse\n"] {
        let body = json!({ "username": "jane@example.com", "password": password });
        people.server.anonymous().post("/login", body).await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn failed_log_ins_count_for_the_username_without_blanks() {
    let server = TestServer::with(&["--login-failures-per-account=3"]).await;
    let body = |before: &str, after: &str| json!({ "username": format!("{before}{}{after}", server.administrator.username), "password": "wrong" });
    for (before, after) in &BLANKS[..3] {
        server.anonymous().post("/login", body(before, after)).await.error(401, "unauthenticated");
    }
    server.anonymous().post("/login", body("\t", "")).await.error(429, "rate_limited");
}

#[tokio::test]
async fn addresses_are_stored_and_compared_without_blanks() {
    let people = People::new().await;
    let flow = people.server.new_flow(&people.server.workspace, "Main", "invitation").await;
    people.server.add_to_flow(&people.server.administrator.id, &flow).await;
    let invitations = format!("{}/invitations", flow.path());
    for (index, (before, after)) in BLANKS.into_iter().enumerate() {
        let address = format!("u{index}@example.com");
        let written = format!("{before}{address}{after}");
        let id = people.account(&written, json!({})).await;
        assert_eq!(people.get_account(&id).await["username"], address);
        people.administrator.post("/api/users", new_user(&written)).await.error(409, "conflict");

        let invited = format!("{before}i{index}@example.com{after}");
        let made = people.administrator.post(&invitations, json!({ "email": invited })).await.json(201);
        assert_eq!(made["email"], format!("i{index}@example.com"));
        let body = json!({ "email": format!("{before}e{index}@example.com{after}") });
        let put = people.server.notiflows().put(&format!("/admin/users/e-{index}"), body).await.json(201);
        assert_eq!(put["email"], format!("e{index}@example.com"));
    }
    let blank = people.administrator.post("/api/users", new_user(" \u{2003} ")).await;
    assert!([400, 422].contains(&blank.status), "{blank}");
}

#[tokio::test]
async fn commands_ignore_blanks_around_a_username() {
    let server = TestServer::start().await;
    let name = format!(" {}\u{a0}", server.administrator.username);
    let tokens = server.operator(&["tokens", "create", "--account", &name, "--json"]).await;
    assert!(tokens["token"].is_string(), "{tokens}");
    create(&server, json!({ "identifier": "jane" })).await;
    let user =
        server.operator(&["external-users", "get", "\tJANE ", "--workspace", "default", "--json"]).await;
    assert_eq!(user["identifier"], "jane");
}

#[tokio::test]
async fn handles_of_external_users_are_stored_and_compared_without_blanks() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1", "identifier": " Jane\t" })).await;
    assert_eq!(user["identifier"], "Jane");
    let zaia = server.zaia();
    for (before, after) in BLANKS {
        let written = format!("{before}JANE{after}");
        let found =
            server.flowra().get(&format!("{USERS}/username/{}", percent_encoded(&written))).await.json(200);
        assert_eq!(found["id"], user["id"], "{written:?}");
        let again = server.flowra().post(USERS, json!({ "name": written })).await.json(200);
        assert_eq!(again["id"], user["id"], "{written:?}");
        let found =
            zaia.post(&format!("{USERS}/lookup"), json!({ "identifiers": [written] })).await.json(200);
        assert_eq!(found["found"][0]["id"], user["id"], "{written:?}");
        let claim = json!({
            "channelId": user["channelId"], "externalId": null, "id": null, "identifier": written,
        });
        let claimed = zaia.post(&format!("{USERS}/authenticate"), claim).await.json(200);
        assert_eq!(claimed["id"], user["id"], "{written:?}");
    }
    let key = server.new_key(&ALL_SCOPES).await;
    for header in ["Jane ", "\u{a0}Jane\u{2003}"] {
        let me = server.flowra().with_key(&key).with("x-username", header).get(&format!("{USERS}/me")).await;
        assert_eq!(me.json(200)["id"], user["id"], "{header:?}");
    }
}

#[tokio::test]
async fn external_ids_stay_exact() {
    let server = TestServer::start().await;
    let plain = create(&server, json!({ "externalId": "u-1" })).await;
    let padded = create(&server, json!({ "externalId": " u-1 " })).await;
    assert_ne!(plain["id"], padded["id"]);
    assert_eq!(padded["externalId"], " u-1 ");
    for user in [&plain, &padded] {
        let path = format!("/admin/users/{}", percent_encoded(&text(user, "externalId")));
        assert_eq!(server.notiflows().get(&path).await.json(200)["id"], user["id"]);
        let path = format!("{USERS}/username/{}", percent_encoded(&text(user, "externalId")));
        assert_eq!(server.flowra().get(&path).await.json(200)["id"], user["id"]);
    }
}
