//! `/api/tokens`: tokens issued for accounts, and all tokens for administrators.

use std::time::Duration;

use denizen_tests::{Client, Reply, Value, json};

use crate::people::{People, Person, new_user};
use crate::support::{assert_time, assert_uuid, each, keys, text, with};

const PATH: &str = "/api/tokens";
const JANE: &str = "jane@example.com";
const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// The keys that every listed token has.
const KEYS: [&str; 10] = [
    "_id",
    "accountId",
    "createdAt",
    "description",
    "expiresAt",
    "id",
    "inquirer",
    "permissions",
    "token",
    "type",
];

async fn issue(issuer: &Client, account_id: &str, more: Value) -> Reply {
    issuer.post(PATH, with(json!({ "accountId": account_id }), more)).await
}

#[tokio::test]
async fn an_issued_token_has_its_accounts_rights() {
    let people = People::new().await;
    let jane = people.account(JANE, json!({ "permissions": ["iam.account.read"] })).await;
    let issuer =
        people.with_permissions("issuer@example.com", None, &["iam.token.create", "iam.account.read"]).await;
    let request = json!({ "description": "nightly import", "inquirer": "importer", "expiresIn": "2h" });
    let issued = issue(&issuer.client, &jane, request.clone()).await.json(200);
    assert_eq!(keys(&issued), ["id", "token"]);
    assert_uuid(&issued["id"]);
    let client = people.server.bearer(&text(&issued, "token"));
    for base in ["/api", "/api/v1"] {
        assert_eq!(client.get(&format!("{base}/users/me")).await.json(200)["id"], *jane);
        client.get(&format!("{base}/users")).await.is(200);
        client.get(&format!("{base}/tenants")).await.error(403, "forbidden");
    }
    let path = format!("{PATH}/{}", text(&issued, "id"));
    let shown = people.administrator.get(&path).await.json(200);
    assert_eq!(keys(&shown), KEYS);
    assert_eq!((&shown["id"], &shown["_id"]), (&issued["id"], &issued["id"]));
    assert_eq!(shown["accountId"], *jane);
    assert_eq!((&shown["description"], &shown["inquirer"]), (&request["description"], &request["inquirer"]));
    assert_eq!((&shown["type"], &shown["permissions"]), (&json!("issued"), &json!([])));
    assert_time(&shown["createdAt"]);
    assert_time(&shown["expiresAt"]);
}

#[tokio::test]
async fn an_equal_request_returns_the_same_token_by_default() {
    let people = People::new().await;
    let (jane, john) =
        (people.account(JANE, json!({})).await, people.account("john@example.com", json!({})).await);
    let issuer = &people.administrator;
    let request = json!({ "expiresIn": "2h", "description": "nightly", "inquirer": "importer" });
    let first = issue(issuer, &jane, request.clone()).await.json(200);
    for equal in [json!({}), json!({ "new": false }), json!({ "something": "else" })] {
        let again = issue(issuer, &jane, with(request.clone(), equal)).await.json(200);
        assert_eq!(again, first);
    }
    let mut seen = vec![text(&first, "token")];
    for different in [
        json!({ "expiresIn": "3h" }),
        json!({ "expiresIn": -1 }),
        json!({ "description": "daily" }),
        json!({ "inquirer": "exporter" }),
        json!({ "customPermissions": ["tenant.flows.read"] }),
        json!({ "accountId": john }),
        json!({ "new": true }),
        json!({ "new": true }),
    ] {
        let other = issue(issuer, &jane, with(request.clone(), different.clone())).await.json(200);
        assert!(!seen.contains(&text(&other, "token")), "{different}");
        seen.push(text(&other, "token"));
    }
    for token in &seen {
        people.server.bearer(token).get("/api/users/me").await.is(200);
    }
    let again = issue(issuer, &jane, request).await.json(200);
    assert_eq!(again, first, "and never a new one");
}

#[tokio::test]
async fn does_not_return_a_revoked_token() {
    let people = People::with_fixed_time().await;
    let jane = people.account(JANE, json!({})).await;
    let request = json!({ "expiresIn": "2h" });
    let first = issue(&people.administrator, &jane, request.clone()).await.json(200);
    people.administrator.delete(&format!("{PATH}/{}", text(&first, "id"))).await.is(200);
    people.server.bearer(&text(&first, "token")).get("/api/users/me").await.error(401, "unauthenticated");
    let second = issue(&people.administrator, &jane, request.clone()).await.json(200);
    assert_ne!(second["token"], first["token"]);
    people.server.advance(Duration::from_hours(2));
    let third = issue(&people.administrator, &jane, request).await.json(200);
    assert_ne!(third["token"], second["token"]);
    people.server.bearer(&text(&third, "token")).get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn a_token_expires_as_requested_despite_use() {
    let people = People::with_fixed_time().await;
    let jane = people.account(JANE, json!({})).await;
    let mut tokens = Vec::new();
    for (asked, end) in [
        (json!({}), Some("2024-01-15T13:30:00.000000Z")),
        (json!({ "expiresIn": null }), Some("2024-01-15T13:30:00.000000Z")),
        (json!({ "expiresIn": "90s" }), Some("2024-01-15T10:31:30.000000Z")),
        (json!({ "expiresIn": "30m" }), Some("2024-01-15T11:00:00.000000Z")),
        (json!({ "expiresIn": "2h" }), Some("2024-01-15T12:30:00.000000Z")),
        (json!({ "expiresIn": "90d" }), Some("2024-04-14T10:30:00.000000Z")),
        (json!({ "expiresIn": "2w" }), Some("2024-01-29T10:30:00.000000Z")),
        (json!({ "expiresIn": -1 }), None),
        (json!({ "expiresIn": "-1" }), None),
    ] {
        let issued = issue(&people.administrator, &jane, asked.clone()).await.json(200);
        let path = format!("{PATH}/{}", text(&issued, "id"));
        assert_eq!(people.administrator.get(&path).await.json(200)["expiresAt"], json!(end), "{asked}");
        tokens.push(people.server.bearer(&text(&issued, "token")));
    }
    let (ninety_seconds, two_hours, endless) = (&tokens[2], &tokens[4], &tokens[7]);
    people.server.advance(Duration::from_secs(89));
    ninety_seconds.get("/api/tokens/refresh").await.is(200);
    people.server.advance(Duration::from_secs(1));
    ninety_seconds.get("/api/users/me").await.error(401, "unauthenticated");
    people.server.advance(Duration::from_mins(118));
    two_hours.get("/api/users/me").await.is(200);
    people.server.advance(Duration::from_mins(1));
    two_hours.get("/api/users/me").await.error(401, "unauthenticated");
    people.server.advance(Duration::from_hours(24 * 365 * 50));
    endless.get("/api/users/me").await.is(200);

    for wrong in [
        json!("2"),
        json!("h"),
        json!(""),
        json!("0s"),
        json!("-2h"),
        json!("2 h"),
        json!(7200),
        json!(-2),
        json!(true),
        json!(["2h"]),
        json!("999999999999999w"),
    ] {
        let reply = issue(&people.administrator, &jane, json!({ "expiresIn": wrong })).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["expiresIn"], "{wrong}");
    }
}

#[tokio::test]
async fn an_issuer_must_hold_the_tokens_rights() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let user = people.account(JANE, json!({ "tenant": acme })).await;
    let administrator = people.server.administrator.id.clone();
    let acme_admin = people.tenant_admin("admin@acme.example", &acme).await;
    let other_admin = people.tenant_admin("admin@other.example", &other).await;
    let issuer =
        people.with_permissions("issuer@example.com", None, &["iam.token.create", "iam.token.update"]).await;
    let (all_of_acme, permissions) =
        ([people.role("TENANT_ADMIN").await], ["iam.token.create", "iam.token.update"]);
    let local = json!({ "tenant": acme, "roles": all_of_acme, "permissions": permissions });
    let local = people.person("local@acme.example", local).await;

    for (who, of, status) in [
        (&issuer, &user, 200),
        (&issuer, &issuer.id, 200),
        (&issuer, &administrator, 403),
        (&issuer, &acme_admin.id, 403),
        (&local, &acme_admin.id, 200),
        // Rights in one tenant do not count in another.
        (&local, &other_admin.id, 403),
        (&local, &administrator, 403),
    ] {
        let reply = issue(&who.client, of, json!({ "new": true })).await;
        assert_eq!(reply.status, status, "{} for {of}\n{reply}", who.username);
        if status == 403 {
            assert_eq!(reply.error(403, "forbidden"), json!({ "reason": "greater_rights" }));
        }
    }
    for wanting in [&acme_admin, &other_admin] {
        let details = issue(&wanting.client, &user, json!({})).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": "iam.token.create" }));
    }
    let details = issue(&issuer.client, NOBODY, json!({})).await.error(404, "not_found");
    assert_eq!(details, json!({ "resource": "user", "id": NOBODY }));
}

#[tokio::test]
async fn token_permissions_extend_the_accounts() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let jane = people.with_role(JANE, Some(&acme), "USER").await;
    let request = json!({ "customPermissions": ["tenant.account.read"], "expiresIn": "2h" });
    let issued = issue(&people.administrator, &jane.id, request.clone()).await.json(200);
    let client = people.server.bearer(&text(&issued, "token"));
    client.get("/api/users").await.is(200);
    client.get("/api/roles").await.is(200);
    jane.client.get("/api/users").await.error(403, "forbidden");
    let shown = people.administrator.get(&format!("{PATH}/{}", text(&issued, "id"))).await.json(200);
    assert_eq!(shown["permissions"], json!(["tenant.account.read"]));
    assert_eq!(client.get("/api/users/me").await.json(200)["permissions"], json!([]), "only its own");
}

#[tokio::test]
async fn temporary_rights_cannot_be_made_permanent() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let jane = people.with_role(JANE, Some(&acme), "USER").await;
    let john = people.account("john@example.com", json!({ "tenant": acme })).await;
    let more = ["tenant.account.update", "tenant.account.create", "iam.token.create", "iam.token.update"];
    let issued = issue(&people.administrator, &jane.id, json!({ "customPermissions": more })).await;
    let client = people.server.bearer(&text(&issued.json(200), "token"));
    client.post("/api/users", new_user("allowed@example.com")).await.is(200);

    let given = json!({ "permissions": ["tenant.account.update"] });
    let for_token =
        |account: &str| json!({ "accountId": account, "customPermissions": ["tenant.account.create"] });
    for reply in [
        client.patch(&jane.path(), given.clone()).await,
        client.patch(&format!("/api/users/{john}"), given.clone()).await,
        client.post("/api/users", with(new_user("puppet@example.com"), given)).await,
        client.post(PATH, for_token(&jane.id)).await,
        client.post(PATH, for_token(&john)).await,
    ] {
        assert_eq!(reply.error(403, "forbidden"), json!({ "reason": "not_held" }));
    }
    let everything = json!({ "customPermissions": ["all"] });
    let issued = issue(&people.administrator, &jane.id, everything).await.json(200);
    let root_for_a_while = people.server.bearer(&text(&issued, "token"));
    root_for_a_while.get(PATH).await.is(200);
    let admin = json!({ "roles": [people.role("ADMIN").await] });
    root_for_a_while.patch(&jane.path(), admin).await.error(403, "forbidden");
}

#[tokio::test]
async fn a_temporary_token_issues_no_permanent_one() {
    let people = People::with_fixed_time().await;
    let issuer = people.with_permissions("issuer@example.com", None, &["iam.token.create"]).await;
    let short = issue(&people.administrator, &issuer.id, json!({ "expiresIn": "1h" })).await.json(200);
    let short = people.server.bearer(&text(&short, "token"));
    people.server.advance(Duration::from_mins(10));
    let mut made = Vec::new();
    for life in [json!("2h"), json!(-1)] {
        let request = json!({ "expiresIn": life });
        made.push(issue(&short, &issuer.id, request.clone()).await.json(200));
        made.push(issue(&short, &issuer.id, with(request.clone(), json!({ "new": true }))).await.json(200));
        made.push(short.post("/api/tokens/personal", request).await.json(200));
    }
    made.push(short.post("/api/tokens/personal", json!({})).await.json(200));
    let clients: Vec<_> = made.iter().map(|made| people.server.bearer(&text(made, "token"))).collect();
    for client in &clients {
        client.get("/api/users/me").await.is(200);
    }
    people.server.advance(Duration::from_mins(50));
    for client in clients.iter().chain([&short]) {
        client.get("/api/users/me").await.error(401, "unauthenticated");
    }
}

/// Neither an equal earlier one of a permitted issuer, nor one that such a request prolongs later.
#[tokio::test]
async fn a_temporary_token_gets_no_permanent_one() {
    let people = People::with_fixed_time().await;
    let given = json!({ "permissions": ["iam.token.create"] });
    let issuer = people.account_with_password("issuer@example.com", given).await;
    let short = issue(&people.administrator, &issuer, json!({ "expiresIn": "1h" })).await.json(200);
    let short = people.server.bearer(&text(&short, "token"));
    let log_in = people.server.log_in("issuer@example.com", "password of issuer@example.com").await;
    let client = |issued: &Value| people.server.bearer(&text(issued, "token"));
    let (before, after) = (json!({ "expiresIn": -1 }), json!({ "expiresIn": "3h" }));
    let mut for_good = vec![client(&issue(&log_in, &issuer, before.clone()).await.json(200))];
    let mut for_a_while = Vec::new();
    for request in [before, after.clone()] {
        for_a_while.push(client(&issue(&short, &issuer, request).await.json(200)));
    }
    for_good.push(client(&issue(&log_in, &issuer, after).await.json(200)));

    people.server.advance(Duration::from_hours(1));
    for client in for_good {
        client.get("/api/users/me").await.is(200);
    }
    for client in for_a_while {
        client.get("/api/users/me").await.error(401, "unauthenticated");
    }
}

#[tokio::test]
async fn extra_token_permissions_need_a_right_and_must_be_held() {
    let people = People::new().await;
    let jane = people.account(JANE, json!({})).await;
    let creator = people.with_permissions("creator@example.com", None, &["iam.token.create"]).await;
    for wanted in [json!(["tenant.flows.read"]), json!([])] {
        let reply = issue(&creator.client, &jane, json!({ "customPermissions": wanted })).await;
        let details = reply.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": "iam.token.update" }), "{wanted}");
    }
    let updater =
        people.with_permissions("updater@example.com", None, &["iam.token.create", "iam.token.update"]).await;
    for (wanted, reason) in [
        ("tenant.flows.read", "not_held"),
        ("iam.token.create", "not_held"),
        ("all", "not_held"),
        ("nonsense", "not_held"),
    ] {
        // For another account and for their own.
        for account in [&jane, &updater.id] {
            let reply = issue(&updater.client, account, json!({ "customPermissions": [wanted] })).await;
            assert_eq!(reply.error(403, "forbidden"), json!({ "reason": reason }), "{wanted}");
        }
    }
    issue(&updater.client, &jane, json!({ "customPermissions": [] })).await.is(200);
    let reply = issue(&people.administrator, &jane, json!({ "customPermissions": ["nonsense"] })).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["customPermissions"]);
}

#[tokio::test]
async fn reports_all_invalid_fields() {
    let people = People::new().await;
    let reply = people.administrator.post(PATH, json!({})).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["accountId"]);
    let broken = json!({
        "accountId": "nope", "expiresIn": "soon", "description": "x".repeat(1_001), "inquirer": "x".repeat(256),
        "customPermissions": ["nonsense"], "new": "yes",
    });
    let reply = people.administrator.post(PATH, broken.clone()).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), keys(&broken));
}

#[tokio::test]
async fn administrators_list_all_tokens_but_no_secrets() {
    let people = People::with_fixed_time().await;
    let jane = people.account(JANE, json!({})).await;
    let mut secrets = Vec::new();
    for (description, life) in [("short", "1m"), ("long", "2h"), ("endless", "-1")] {
        let request = json!({ "description": description, "expiresIn": life });
        secrets.push(text(&issue(&people.administrator, &jane, request).await.json(200), "token"));
        people.server.advance(Duration::from_secs(1));
    }
    for base in ["/api", "/api/v1"] {
        let reply = people.administrator.get(&format!("{base}/tokens?accountId={jane}")).await;
        for secret in &secrets {
            assert!(!reply.text.contains(&secret[4..secret.len() - 4]), "{reply}");
        }
        let listed = reply.array(200);
        assert_eq!(each(&listed, "description"), ["short", "long", "endless"], "oldest first");
        for (token, secret) in listed.iter().zip(&secrets) {
            assert_eq!(keys(token), KEYS);
            assert_eq!(token["token"], format!("****{}", &secret[secret.len() - 4..]));
        }
        for (query, expected) in [
            (format!("token={}", secrets[1]), vec!["long"]),
            (format!("token={}&accountId={jane}", secrets[1]), vec!["long"]),
            (format!("token={}&accountId={NOBODY}", secrets[1]), vec![]),
            (format!("token={}", &secrets[1][..secrets[1].len() - 1]), vec![]),
            ("token=".to_owned(), vec![]),
            (format!("accountId={NOBODY}"), vec![]),
        ] {
            let found = people.administrator.get(&format!("{base}/tokens?{query}")).await.array(200);
            assert_eq!(each(&found, "description"), expected, "{query}");
            let counted = people.administrator.get(&format!("{base}/tokens?{query}&meta")).await.json(200);
            assert_eq!(counted, json!({ "data": found, "meta": { "total": expected.len() } }), "{query}");
        }
    }
    let all = people.administrator.get(PATH).await.array(200).len();
    people.server.advance(Duration::from_mins(1));
    let left = people.administrator.get(PATH).await.array(200).len();
    assert_eq!(left, all - 1, "those that have ended are not shown");
}

#[tokio::test]
async fn checks_who_may_list_and_revoke_tokens() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let jane = people.account(JANE, json!({ "tenant": acme })).await;
    let issued = issue(&people.administrator, &jane, json!({})).await.json(200);
    let path = format!("{PATH}/{}", text(&issued, "id"));
    let tenant_admin = people.tenant_admin("admin@acme.example", &acme).await;
    let revoker = people.with_permissions("revoker@example.com", None, &["iam.token.delete"]).await;
    let forbidden = async |who: &Person, method: &str, path: &str, scope: &str| {
        let details = who.client.send(method, path, None).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": scope }), "{} {method} {path}", who.username);
    };
    for who in [&tenant_admin, &revoker] {
        forbidden(who, "GET", PATH, "all").await;
        forbidden(who, "GET", &path, "all").await;
    }
    forbidden(&tenant_admin, "DELETE", &path, "iam.token.delete").await;
    let done = revoker.client.delete(&path).await.json(200);
    assert_eq!(keys(&done), ["message"]);
    people.server.bearer(&text(&issued, "token")).get("/api/users/me").await.error(401, "unauthenticated");
    let gone = json!({ "resource": "token", "id": issued["id"] });
    assert_eq!(people.administrator.get(&path).await.error(404, "not_found"), gone);
    assert_eq!(people.administrator.delete(&path).await.error(404, "not_found"), gone);
}

#[tokio::test]
async fn only_an_active_account_gets_a_token() {
    let people = People::new().await;
    let issuer = people.with_permissions("issuer@example.com", None, &["iam.token.create"]).await;
    for status in ["PENDING", "DISABLED"] {
        let account = people.account(&format!("{status}@example.com"), json!({})).await;
        let request = json!({ "description": "before" });
        let before = issue(&issuer.client, &account, request.clone()).await.json(200);
        let own = people.client_of(&account).await;
        people.change(&account, json!({ "status": status })).await;
        let gone = json!({ "resource": "user", "id": account });
        for asker in [&people.administrator, &issuer.client] {
            for more in [
                json!({}),
                request.clone(),
                json!({ "new": true }),
                json!({ "expiresIn": -1 }),
                json!({ "expiresIn": "1s" }),
                json!({ "inquirer": "somebody" }),
            ] {
                let reply = issue(asker, &account, more.clone()).await;
                assert_eq!(reply.error(404, "not_found"), gone, "{status} {more}");
            }
        }
        for reply in [
            own.post("/api/tokens/personal", json!({})).await,
            own.get("/api/tokens/refresh").await,
            people.server.bearer(&text(&before, "token")).get("/api/tokens/refresh").await,
        ] {
            assert_eq!(reply.body["message"], "ENTITY_DISABLED", "{status}");
            reply.error(401, "unauthenticated");
        }
        people.change(&account, json!({ "status": "ACTIVE" })).await;
        let again = issue(&issuer.client, &account, request).await.json(200);
        assert_eq!(again, before, "{status}: the same token as before");
        own.post("/api/tokens/personal", json!({})).await.is(200);
    }
    let gone = issue(&issuer.client, NOBODY, json!({})).await.error(404, "not_found");
    assert_eq!(gone, json!({ "resource": "user", "id": NOBODY }), "answered like an unknown account");
}
