//! `/api/users`: the accounts themselves.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::people::{People, assert_names, new_user, password_of};
use crate::support::{assert_time, assert_uuid, each, keys, text, with};

const PATH: &str = "/api/users";
const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// The keys that every account has.
const KEYS: [&str; 14] = [
    "_id",
    "confirmed",
    "createdAt",
    "firstname",
    "id",
    "img",
    "lastname",
    "permissions",
    "phone",
    "roles",
    "status",
    "tenant",
    "updatedAt",
    "username",
];

#[tokio::test]
async fn a_directory_starts_with_an_administrator() {
    let people = People::new().await;
    let all = people.administrator.get(PATH).await.array(200);
    assert_eq!(all.len(), 1);
    let administrator = &all[0];
    assert_eq!(administrator["id"], *people.server.administrator.id);
    assert_eq!(administrator["username"], "admin@localhost");
    assert_eq!(administrator["firstname"], "admin");
    assert_eq!(administrator["tenant"], *people.server.workspace.id);
    assert_eq!((&administrator["status"], &administrator["confirmed"]), (&json!("ACTIVE"), &json!(true)));
    assert_names(administrator["roles"].as_array().unwrap(), "name", &["ADMIN"]);

    let elsewhere = TestServer::on_empty_database(&["--admin-email=Root@Example.COM"]).await;
    assert_eq!(elsewhere.administrator.username, "root@example.com");
    elsewhere.as_administrator().await.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn stores_every_given_field() {
    let people = People::new().await;
    let (tenant, role) = (people.tenant("Acme").await, people.role("USER").await);
    let body = json!({
        "username": "jane.doe@example.com",
        "firstname": "Jane",
        "lastname": "Doe",
        "password": "correct horse",
        "status": "PENDING",
        "tenant": tenant,
        "roles": [role],
        "permissions": ["tenant.flows.read", "iam.account.read", "tenant.flows.read"],
        "phone": "+15551234567",
        "img": "https://example.com/jane.jpg",
        "confirmed": true,
    });
    let made = people.administrator.post(PATH, body.clone()).await.json(200);
    assert_eq!(keys(&made), ["id"]);
    let user = people.get_account(&text(&made, "id")).await;
    assert_eq!(keys(&user), KEYS);
    assert_uuid(&user["id"]);
    assert_eq!(user["_id"], user["id"]);
    for key in ["username", "firstname", "lastname", "status", "tenant", "phone", "img", "confirmed"] {
        assert_eq!(user[key], body[key], "{key}");
    }
    assert_names(user["roles"].as_array().unwrap(), "name", &["USER"]);
    assert_eq!(user["permissions"], json!(["iam.account.read", "tenant.flows.read"]), "each once");
    assert_time(&user["createdAt"]);
    assert_eq!(user["updatedAt"], user["createdAt"]);

    let listed = people.administrator.get(&format!("{PATH}?username=jane.doe@example.com")).await.array(200);
    assert_eq!(listed, [user], "the list shows the same");
}

#[tokio::test]
async fn defaults_to_active_and_nothing_else() {
    let people = People::new().await;
    let user = people.get_account(&people.account("jane@example.com", json!({})).await).await;
    let expected = json!({
        "status": "ACTIVE", "tenant": null, "roles": [], "permissions": [], "confirmed": false, "img": "",
        "phone": "",
    });
    assert_eq!(user, with(user.clone(), expected));
}

#[tokio::test]
async fn ignores_server_assigned_keys() {
    let people = People::new().await;
    let body = json!({
        "id": NOBODY, "_id": NOBODY, "createdAt": "2001-01-01T00:00:00Z", "updatedAt": null, "isAdmin": true,
        "passwordHash": "x", "password_hash": "x", "memberships": [NOBODY], "nothing": { "known": [1] },
    });
    let id = people.account("jane@example.com", body).await;
    assert_ne!(id, NOBODY);
    let user = people.get_account(&id).await;
    assert_eq!(keys(&user), KEYS);
    assert_ne!(user["createdAt"], "2001-01-01T00:00:00Z");
    assert_eq!((&user["roles"], &user["permissions"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn no_answer_contains_a_password() {
    let people = People::new().await;
    let id = people.account_with_password("jane@example.com", json!({})).await;
    let password = password_of("jane@example.com");
    let jane = people.server.log_in("jane@example.com", &password).await;
    let new = json!({ "password": "another password", "currentPassword": password });
    for reply in [
        people.administrator.get(PATH).await,
        people.administrator.get(&format!("{PATH}/{id}")).await,
        people.administrator.patch(&format!("{PATH}/{id}"), json!({ "firstname": "Jane" })).await,
        jane.get("/api/users/me").await,
        jane.patch("/api/users/me", new).await,
        people.administrator.post(PATH, with(new_user("jane@example.com"), json!({ "password": "x" }))).await,
    ] {
        for secret in [&*password, "another password", "argon2", "passwordHash", "password_hash"] {
            assert!(!reply.text.contains(secret), "{secret} in\n{reply}");
        }
    }
}

#[tokio::test]
async fn reports_all_invalid_fields() {
    let people = People::new().await;
    let broken = |body: Value| async { people.administrator.post(PATH, body).await };
    let missing = broken(json!({ "password": "correct horse" })).await;
    assert_eq!(missing.broken_fields(400, "bad_request"), ["firstname", "lastname", "username"]);
    let everything = json!({
        "username": "jane", "firstname": "", "lastname": "x".repeat(256), "password": "1234567",
        "status": "active", "tenant": "nope", "roles": ["nope"], "permissions": ["iam.everything"],
        "phone": "555-1234", "img": "ftp://example.com/jane.jpg", "confirmed": "yes",
    });
    let expected = keys(&everything);
    assert_eq!(broken(everything.clone()).await.broken_fields(400, "bad_request"), expected);
    assert_eq!(people.administrator.get(PATH).await.array(200).len(), 1, "nothing was created");
}

#[tokio::test]
async fn a_password_has_8_to_1000_characters() {
    let people = People::new().await;
    let path = format!("{PATH}/{}", people.account("jane@example.com", json!({})).await);
    for (password, reason) in [("pässwör".to_owned(), "too_short"), ("ü".repeat(1_001), "too_long")] {
        let details = people.administrator.patch(&path, json!({ "password": password })).await;
        let details = details.error(400, "bad_request");
        assert_eq!(
            (&details["fields"][0]["field"], &details["fields"][0]["reason"]),
            (&json!("password"), &json!(reason))
        );
    }
    for password in ["pässwört".to_owned(), "ü".repeat(1_000)] {
        people.administrator.patch(&path, json!({ "password": password })).await.is(200);
        people.server.log_in("jane@example.com", &password).await;
    }
    let stricter = People::on(TestServer::with(&["--min-password-length=12"]).await).await;
    let body = |password: &str| with(new_user("jane@example.com"), json!({ "password": password }));
    let reply = stricter.administrator.post(PATH, body("eleven char")).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["password"]);
    stricter.administrator.post(PATH, body("twelve chars")).await.is(200);
}

#[tokio::test]
async fn usernames_conflict_in_any_case() {
    let people = People::new().await;
    people.account("jane@example.com", json!({})).await;
    let john = people.account("john@example.com", json!({})).await;
    let taken = json!({ "param": "username", "reason": "taken" });
    let reply = people.administrator.post(PATH, new_user("JANE@example.com")).await;
    assert_eq!(reply.error(409, "conflict"), taken);
    let path = format!("{PATH}/{john}");
    let reply = people.administrator.patch(&path, json!({ "username": "Jane@Example.com" })).await;
    assert_eq!(reply.error(409, "conflict"), taken);
    let reply = people.administrator.put(&path, new_user("jane@example.com")).await;
    assert_eq!(reply.error(409, "conflict"), taken);
    people.administrator.patch(&path, json!({ "username": "JOHN@example.com" })).await.is(200);
}

#[tokio::test]
async fn keeps_absent_keys_and_clears_null_ones() {
    let people = People::with_fixed_time().await;
    let tenant = people.tenant("Acme").await;
    let (user_role, admin_role) = (people.role("USER").await, people.role("TENANT_ADMIN").await);
    let made_with = json!({
        "tenant": tenant, "roles": [user_role], "permissions": ["tenant.flows.read"], "confirmed": true,
        "phone": "+15551234567", "img": "https://example.com/jane.jpg",
    });
    let id = people.account("jane@example.com", made_with).await;
    let made = people.get_account(&id).await;
    people.server.advance(Duration::from_mins(1));
    assert_eq!(people.change(&id, json!({})).await, made);
    assert_eq!(people.change(&id, made.clone()).await, made, "as read, with full roles");

    let changed = people.change(&id, json!({ "firstname": "Jane", "phone": null, "img": "" })).await;
    let expected =
        json!({ "firstname": "Jane", "phone": "", "img": "", "updatedAt": "2024-01-15T10:31:00.000000Z" });
    assert_eq!(changed, with(made, expected));

    let replaced = people.change(&id, json!({ "roles": [admin_role], "permissions": [] })).await;
    assert_names(replaced["roles"].as_array().unwrap(), "name", &["TENANT_ADMIN"]);
    assert_eq!(replaced["permissions"], json!([]));
    let both = people.change(&id, json!({ "roles": [user_role, admin_role, user_role] })).await;
    assert_names(both["roles"].as_array().unwrap(), "name", &["TENANT_ADMIN", "USER"]);
    assert_eq!(people.change(&id, json!({ "tenant": null })).await["tenant"], Value::Null);

    let path = format!("{PATH}/{id}");
    for key in ["username", "firstname", "lastname", "status", "roles", "permissions", "confirmed"] {
        let reply = people.administrator.patch(&path, json!({ key: null })).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), [key]);
    }
}

#[tokio::test]
async fn put_replaces_all_but_password_and_home() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let role = people.role("USER").await;
    let made_with = json!({
        "tenant": tenant, "roles": [role], "permissions": ["tenant.flows.read"], "confirmed": true,
        "phone": "+15551234567", "img": "https://example.com/jane.jpg", "status": "PENDING",
    });
    let id = people.account_with_password("jane@example.com", made_with).await;
    let path = format!("{PATH}/{id}");
    let replaced = people.administrator.put(&path, new_user("jane@example.com")).await.json(200);
    let expected = json!({
        "status": "ACTIVE", "tenant": tenant, "roles": [], "permissions": [], "confirmed": false, "img": "",
        "phone": "",
    });
    assert_eq!(replaced, with(replaced.clone(), expected));
    people.server.log_in("jane@example.com", &password_of("jane@example.com")).await;

    let read = people.get_account(&id).await;
    assert_eq!(people.administrator.put(&path, read.clone()).await.json(200), read, "as it was read");
    let reply = people.administrator.put(&path, json!({ "username": "jane@example.com" })).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["firstname", "lastname"]);
}

#[tokio::test]
async fn deletes_an_account_with_its_tokens() {
    let people = People::new().await;
    let jane = people.person("jane@example.com", json!({})).await;
    jane.client.get("/api/users/me").await.is(200);
    let done = people.administrator.delete(&jane.path()).await.json(200);
    assert_eq!(keys(&done), ["message"]);
    jane.client.get("/api/users/me").await.error(401, "unauthenticated");
    let gone = json!({ "resource": "user", "id": jane.id });
    for (method, body) in [
        ("GET", None),
        ("PATCH", Some(json!({}))),
        ("PUT", Some(new_user("a@example.com"))),
        ("DELETE", None),
    ] {
        let reply = people.administrator.send(method, &jane.path(), body).await;
        assert_eq!(reply.body["message"], "User not found.", "{method}");
        assert_eq!(reply.error(404, "not_found"), gone, "{method}");
    }
    let again = people.account(&jane.username, json!({})).await;
    assert_ne!(again, jane.id, "the username is free for another account");
    jane.client.get("/api/users/me").await.error(401, "unauthenticated");
}

#[tokio::test]
async fn cannot_delete_or_disable_oneself() {
    let people = People::new().await;
    let path = format!("{PATH}/{}", people.server.administrator.id);
    let own = json!({ "reason": "own_account" });
    assert_eq!(people.administrator.delete(&path).await.error(409, "conflict"), own);
    for status in ["DISABLED", "PENDING"] {
        let reply = people.administrator.patch(&path, json!({ "status": status })).await;
        assert_eq!(reply.error(409, "conflict"), own, "{status}");
    }
    people.administrator.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn filters_by_ids_and_usernames() {
    let people = People::new().await;
    let mut ids = Vec::new();
    for name in ["jane", "john", "jill"] {
        ids.push(people.account(&format!("{name}@example.com"), json!({})).await);
    }
    let (jane, john, jill) = (&ids[0], &ids[1], &ids[2]);
    for (query, expected) in [
        (format!("userId={jane}"), vec!["jane"]),
        (format!("userId={john}&userId={jane}"), vec!["jane", "john"]),
        (format!("userId={jane}&userId={NOBODY}"), vec!["jane"]),
        (format!("userId={NOBODY}"), vec![]),
        (format!("userId=5f5f5f5f5f5f5f5f5f5f5f5f&userId={jane}"), vec!["jane"]),
        (format!("userId=&userId={john}&userId=nope"), vec!["john"]),
        ("userId=nope&username=jane@example.com".to_owned(), vec![]),
        (format!("userId={jane}&username=nope"), vec![]),
        ("username=JILL@example.com".to_owned(), vec!["jill"]),
        ("username=jill%40example.com&username=john@example.com".to_owned(), vec!["john", "jill"]),
        ("username=nobody@example.com".to_owned(), vec![]),
        ("username=jane".to_owned(), vec![]),
        ("username=".to_owned(), vec![]),
        (format!("userId={jane}&username=jane@example.com"), vec!["jane"]),
        (
            format!("userId={jane}&userId={jill}&username=jill@example.com&username=john@example.com"),
            vec!["jill"],
        ),
        (format!("userId={jane}&username=john@example.com"), vec![]),
    ] {
        for base in ["/api", "/api/v1"] {
            let found = people.administrator.get(&format!("{base}/users?{query}")).await.array(200);
            let expected: Vec<_> = expected.iter().map(|name| format!("{name}@example.com")).collect();
            assert_eq!(each(&found, "username"), expected, "{query}");
            let with_meta = people.administrator.get(&format!("{base}/users?meta&{query}")).await.json(200);
            assert_eq!(with_meta["meta"], json!({ "total": expected.len() }), "{query}");
            assert_eq!(with_meta["data"], json!(found), "{query}");
        }
    }
}

#[tokio::test]
async fn returns_a_long_list_completely() {
    let people = People::new().await;
    let tenant = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &tenant).await;
    let mut usernames = Vec::new();
    for number in 0..420 {
        usernames.push(format!("user-{number}@acme.example"));
        people.account(&usernames[number], json!({ "tenant": tenant })).await;
    }
    for (client, path, before) in [
        (&people.administrator, PATH.to_owned(), vec!["admin@localhost", "admin@acme.example"]),
        (&admin.client, PATH.to_owned(), vec!["admin@acme.example"]),
        (&admin.client, format!("/api/tenants/{tenant}/users"), vec!["admin@acme.example"]),
    ] {
        let expected: Vec<_> = before.into_iter().chain(usernames.iter().map(String::as_str)).collect();
        let found = client.get(&path).await.array(200);
        assert_eq!(each(&found, "username"), expected, "oldest first, each once");
        let with_meta = client.get(&format!("{path}?meta")).await.json(200);
        assert_eq!(with_meta["meta"], json!({ "total": expected.len() }));
        assert_eq!(with_meta["data"], json!(found));
    }
}

#[tokio::test]
async fn lists_only_accounts_of_the_own_tenant() {
    let people = People::new().await;
    let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
    let reader = people.with_permissions("reader@acme.example", Some(&acme), &["tenant.account.read"]).await;
    let mine = people.account("mine@acme.example", json!({ "tenant": acme })).await;
    let theirs = people.account("theirs@other.example", json!({ "tenant": other })).await;
    let nowhere = people.account("nowhere@example.com", json!({})).await;

    let listed = reader.client.get(PATH).await.array(200);
    assert_names(&listed, "username", &["reader@acme.example", "mine@acme.example"]);
    assert_eq!(reader.client.get(&format!("{PATH}/{mine}")).await.json(200)["id"], *mine);
    for id in [&theirs, &nowhere, &people.server.administrator.id] {
        let found = reader.client.get(&format!("{PATH}?userId={id}")).await.array(200);
        assert!(found.is_empty(), "{found:?}");
        let details = reader.client.get(&format!("{PATH}/{id}")).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": "user", "id": id }));
    }
    let everywhere = people.with_permissions("auditor@example.com", None, &["iam.account.read"]).await;
    assert_eq!(everywhere.client.get(PATH).await.array(200).len(), 6);
    everywhere.client.get(&format!("{PATH}/{theirs}")).await.is(200);
}

#[tokio::test]
async fn a_tenant_right_needs_a_tenant() {
    let people = People::new().await;
    let homeless = people.with_permissions("homeless@example.com", None, &["tenant.all"]).await;
    for (method, path, body, scope) in [
        ("GET", PATH, None, "tenant.account.read"),
        ("POST", PATH, Some(new_user("new@example.com")), "tenant.account.create"),
        ("GET", "/api/roles", None, "tenant.roles.read"),
        ("POST", "/api/roles", Some(json!({ "name": "Support" })), "tenant.roles.create"),
    ] {
        let details = homeless.client.send(method, path, body).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": scope }), "{method} {path}");
    }
}

#[tokio::test]
async fn cannot_log_in_without_a_password() {
    let people = People::new().await;
    let id = people.account("jane@example.com", json!({ "password": null })).await;
    for password in ["", "null", "anything at all"] {
        let body = json!({ "username": "jane@example.com", "password": password });
        people.server.anonymous().post("/login", body).await.error(401, "unauthenticated");
    }
    people.change(&id, json!({ "password": "correct horse" })).await;
    people.server.log_in("jane@example.com", "correct horse").await;
}

#[tokio::test]
async fn an_id_of_another_form_finds_nothing() {
    let people = People::new().await;
    people.account("jane@example.com", json!({})).await;
    let acme = people.tenant("Acme").await;
    let admin = people.tenant_admin("admin@acme.example", &acme).await;
    for id in [
        "5f5f5f5f5f5f5f5f5f5f5f5f",
        "507f1f77bcf86cd799439011",
        "7",
        "-1",
        "0",
        "",
        "null",
        "undefined",
        "%7B%7D",
        "*",
        "%25",
        "jane@example.com",
        "7d444840-9dc0-41d1-b245-5ffdce74fad",
        "7d444840-9dc0-41d1-b245-5ffdce74fad22",
        "7d444840-9dc0-41d1-b245-5ffdce74fadg",
        "7d444840_9dc0_41d1_b245_5ffdce74fad2",
        "%20",
        "%00",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "%F0%9F%99%82",
    ] {
        for base in ["/api", "/api/v1"] {
            for path in [format!("{base}/users?userId={id}"), format!("{base}/tokens?accountId={id}")] {
                assert_eq!(people.administrator.get(&path).await.json(200), json!([]), "{path}");
                let counted = people.administrator.get(&format!("{path}&meta")).await.json(200);
                assert_eq!(counted, json!({ "data": [], "meta": { "total": 0 } }), "{path}");
            }
            let own = admin.client.get(&format!("{base}/users?userId={id}")).await.json(200);
            assert_eq!(own, json!([]), "{id}");
        }
    }
}
