//! `/api/v1/audit-events`: who has changed what.

use std::collections::BTreeSet;
use std::time::Duration;

use denizen_tests::{Client, Key, TestServer, Value, json};

use crate::people::{People, new_user};
use crate::support::{assert_time, create, create_channel, each, keys, path_of, text, with};
use crate::tiers::create_tier;

const PATH: &str = "/api/v1/audit-events";
const USERS: &str = "/api/v1/external-users";
const KEYS: &str = "/api/v1/api-keys";

/// A client whose key has the default scopes, and may read the log and manage keys.
async fn auditor(server: &TestServer) -> Client {
    server.zaia().with_key(&auditor_key(server).await)
}

async fn auditor_key(server: &TestServer) -> Key {
    let scopes = [
        "audit:read",
        "api_keys:manage",
        "settings:read",
        "settings:write",
        "external_users:read",
        "external_users:write",
        "external_users:authenticate",
        "workflows:read",
        "workflows:run",
    ];
    server.new_key(&scopes).await
}

async fn events(auditor: &Client, query: &str) -> Vec<Value> {
    auditor.get(&format!("{PATH}?limit=100&{query}")).await.array(200)
}

/// Reads the log page by page from a path.
async fn all_events(auditor: &Client, path: &str) -> Vec<Value> {
    let (mut walked, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = auditor.get(&path).await;
        next = page.next();
        walked.extend(page.array(200));
    }
    walked
}

#[tokio::test]
async fn logs_a_change_with_actor_and_old_values() {
    let server = TestServer::with_fixed_time().await;
    let key = auditor_key(&server).await;
    let auditor = server.zaia().with_key(&key);
    let user =
        create(&server, json!({ "name": "Jane", "customFields": { "plan": "free", "seats": 1 } })).await;
    server.advance(Duration::from_mins(1));
    let changes = json!({ "name": "Jane D.", "customFields": { "plan": "premium" } });
    auditor.with("x-request-id", "req-7").patch(&path_of(&user), changes).await.is(200);

    let noted = events(&auditor, &format!("objectId={}", text(&user, "id"))).await;
    assert_eq!(each(&noted, "action"), ["external_user.update", "external_user.create"]);
    let update = &noted[0];
    assert_eq!(
        keys(update),
        [
            "actingFor",
            "action",
            "actor",
            "address",
            "changes",
            "id",
            "objectId",
            "objectType",
            "occurredAt",
            "operator",
            "requestId"
        ]
    );
    assert_eq!(update["occurredAt"], "2024-01-15T10:31:00.000000Z");
    assert_eq!((&update["objectType"], &update["objectId"]), (&json!("external_user"), &user["id"]));
    assert_eq!(update["actor"], json!({ "type": "api_key", "id": key.id }));
    assert_eq!((&update["requestId"], &update["address"]), (&json!("req-7"), &json!("127.0.0.1")));
    assert_eq!(update["operator"], Value::Null);
    assert_eq!(update["actingFor"], Value::Null);
    let changes = json!({
        "displayName": { "old": "Jane", "new": "Jane D." },
        "customFields.plan": { "old": "free", "new": "premium" },
    });
    assert_eq!(update["changes"], changes);
    let made = &noted[1];
    assert_eq!(made["actor"], json!({ "type": "api_key", "id": server.workspace.key.id }));
    assert_eq!(made["changes"]["displayName"], json!({ "old": null, "new": "Jane" }));

    // An empty change is not logged.
    auditor.patch(&path_of(&user), json!({ "name": "Jane D." })).await.is(200);
    assert_eq!(events(&auditor, &format!("objectId={}", text(&user, "id"))).await.len(), 2);
    auditor.delete(&path_of(&user)).await.is(204);
    let noted = events(&auditor, &format!("objectId={}", text(&user, "id"))).await;
    assert_eq!(noted[0]["action"], "external_user.delete");
}

#[tokio::test]
async fn logs_key_changes() {
    let server = TestServer::with_fixed_time().await;
    let auditor = auditor(&server).await;
    let expires_at = "2999-01-01T00:00:00.000000Z";
    let body = json!({ "name": "ci", "scopes": ["settings:read"], "expiresAt": expires_at });
    let made = auditor.post(KEYS, body).await.json(200);
    let path = format!("{KEYS}/{}", text(&made, "id"));
    auditor.post(&format!("{path}/rotate"), json!({ "overlapSeconds": 60 })).await.is(200);
    server.operator(&["keys", "rotate", &text(&made, "id"), "--workspace", "default", "--json"]).await;
    auditor.delete(&path).await.is(200);
    auditor.delete(&path).await.is(200);

    let noted = events(&auditor, &format!("order=oldest&objectId={}", text(&made, "id"))).await;
    let actions = ["api_key.create", "api_key.rotate", "api_key.rotate", "api_key.revoke"];
    let rotations: Vec<_> = each(&noted, "action");
    assert_eq!(rotations.iter().filter(|action| *action == "api_key.rotate").count(), 2);
    assert_eq!(rotations.iter().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(actions));
    assert_eq!(rotations.len(), actions.len());
    let of = |action: &str, actor: &str| {
        let found = noted.iter().find(|event| event["action"] == action && event["actor"]["type"] == actor);
        found.unwrap_or_else(|| panic!("no {action} by {actor} in {noted:#?}")).clone()
    };
    let created = of("api_key.create", "api_key");
    assert_eq!(created["changes"]["scopes"], json!({ "old": null, "new": ["settings:read"] }));
    assert_eq!(created["changes"]["expiresAt"], json!({ "old": null, "new": expires_at }));
    let rotated = of("api_key.rotate", "api_key");
    let end = json!({ "old": null, "new": "2024-01-15T10:31:00.000000Z" });
    assert_eq!(rotated["changes"], json!({ "oldSecretsEndAt": end }));
    let by_operator = of("api_key.rotate", "operator");
    assert_eq!(by_operator["actor"], json!({ "type": "operator", "id": null }));
    assert_eq!((&by_operator["requestId"], &by_operator["address"]), (&Value::Null, &Value::Null));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert!(text(&by_operator, "operator").ends_with(&format!("@{}", host.trim())), "{by_operator}");
    let revoked = of("api_key.revoke", "api_key");
    assert_eq!(keys(&revoked["changes"]), ["revokedAt"]);
}

#[tokio::test]
async fn logs_changes_of_tiers_groups_and_channels() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    let tier =
        json!({ "name": "Gold", "description": "The best", "prompt": "Be kind", "maxAssistantMessages": 9 });
    let group =
        json!({ "externalId": "acme", "name": "Acme Inc", "tierId": create_tier(&server, "Silver").await });
    let channel = json!({ "name": "web shop", "description": "Ours", "prompt": "Be brief" });
    for (object, path, body) in [
        ("tier", "/api/v1/tiers", tier),
        ("external_user_group", "/api/v1/external-user-groups", group),
        ("channel", "/api/v1/channels", channel),
    ] {
        let id = text(&auditor.post(path, body.clone()).await.json(200), "id");
        let path = format!("{path}/{id}");
        auditor.patch(&path, json!({ "name": "Renamed" })).await.is(200);
        auditor.delete(&path).await.is(200);
        let noted = events(&auditor, &format!("order=oldest&objectId={id}")).await;
        assert_eq!(
            each(&noted, "action"),
            ["create", "update", "delete"].map(|verb| format!("{object}.{verb}"))
        );
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(noted[0]["changes"][field], json!({ "old": null, "new": value }), "{object}: {field}");
        }
        assert_eq!(noted[1]["changes"], json!({ "name": { "old": body["name"], "new": "Renamed" } }));
    }

    // One with users is marked as removed.
    let channel = create_channel(&server, "red").await;
    create(&server, json!({ "channelId": channel })).await;
    auditor.delete(&format!("/api/v1/channels/{channel}")).await.is(200);
    let noted = events(&auditor, &format!("objectId={channel}")).await;
    assert_eq!(noted[0]["changes"], json!({ "isRemoved": { "old": false, "new": true } }));
}

#[tokio::test]
async fn logs_user_changes() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    let group = json!({ "externalId": null, "name": "Acme Inc", "tierId": null });
    let group = auditor.post("/api/v1/external-user-groups", group).await.json(200);
    let places = json!({ "externalUserGroupId": group["id"], "tierId": create_tier(&server, "Gold").await });
    let user = create(&server, with(json!({ "externalId": "jane" }), places.clone())).await;
    let story = json!({ "reason": "Spam", "until": "2999-01-01T00:00:00.000000Z" });
    auditor.patch(&path_of(&user), json!({ "blocked": story })).await.is(200);
    let users = json!([{ "external_id": "jane", "phone": "+4930123456" }, { "external_id": "john" }]);
    for _ in 0..2 {
        server.notiflows().post("/admin/users/bulk", json!({ "users": users })).await.is(200);
    }
    auditor.delete(&path_of(&user)).await.is(204);
    auditor.send("POST", &format!("{}/restore", path_of(&user)), None).await.is(200);

    let noted = events(&auditor, &format!("order=oldest&objectId={}", text(&user, "id"))).await;
    let actions = ["create", "update", "update", "delete", "restore"];
    let actions = actions.map(|verb| format!("external_user.{verb}"));
    assert_eq!(each(&noted, "action"), actions, "the second time, many at once have changed nothing");
    for (field, value) in places.as_object().unwrap() {
        assert_eq!(noted[0]["changes"][field], json!({ "old": null, "new": value }));
        assert_eq!(noted[3]["changes"][field], json!({ "old": value, "new": null }));
        assert_eq!(noted[4]["changes"][field], json!({ "old": null, "new": value }));
    }
    let blocked = json!({
        "blocked": { "old": false, "new": true },
        "blockedReason": { "old": null, "new": story["reason"] },
        "blockedUntil": { "old": null, "new": story["until"] },
    });
    assert_eq!(noted[1]["changes"], blocked);
    assert_eq!(noted[2]["changes"], json!({ "phone": { "old": null, "new": "+4930123456" } }));
    let made = events(&auditor, "action=external_user.create").await;
    assert_eq!(made.len(), 2);
    assert_eq!(made[0]["changes"]["externalId"]["new"], "john");
}

#[tokio::test]
async fn logs_workspace_limits() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    server.operator(&["workspaces", "limit", "default", "--requests-per-second", "500", "--json"]).await;
    let noted = events(&auditor, &format!("objectId={}", server.workspace.id)).await;
    assert_eq!(noted[0]["action"], "workspace.update");
    assert_eq!(noted[0]["changes"], json!({ "requestsPerSecond": { "old": null, "new": 500 } }));
}

#[tokio::test]
async fn filters_by_object_actor_and_time() {
    let server = TestServer::with_fixed_time().await;
    let auditor = auditor(&server).await;
    let user = create(&server, json!({ "name": "Jane" })).await;
    server.advance(Duration::from_mins(1));
    let channel = create_channel(&server, "web shop").await;
    auditor.put(&format!("{}/toggle-active", path_of(&user)), Value::Null).await.is(200);
    let actions = async |query: &str| each(&events(&auditor, query).await, "action");

    assert_eq!(actions(&format!("objectId={channel}")).await, ["channel.create"]);
    assert_eq!(actions(&format!("objectId={}", channel.to_uppercase())).await, ["channel.create"]);
    let first_key = format!("actor=api_key:{}", server.workspace.key.id);
    assert_eq!(actions(&first_key).await, ["channel.create", "external_user.create"]);
    assert_eq!(
        actions(&format!("{first_key}&order=oldest")).await,
        ["external_user.create", "channel.create"]
    );
    assert_eq!(actions(&format!("{first_key}&action=channel.create")).await, ["channel.create"]);
    assert_eq!(actions("action=external_user.update").await, ["external_user.update"]);
    let by_server = events(&auditor, "actor=server").await;
    assert!(
        by_server.iter().any(|event| event["objectId"] == *server.workspace.channel_id),
        "{by_server:#?}"
    );
    let by_operator = events(&auditor, "actor=operator").await;
    assert!(by_operator.iter().all(|event| event["actor"]["type"] == "operator") && !by_operator.is_empty());
    let nobody = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    for none in ["objectId=7", "actor=account:", "actor=external_user:", "action=tier.delete"] {
        let none = if none.ends_with(':') { format!("{none}{nobody}") } else { none.to_owned() };
        assert!(actions(&none).await.is_empty(), "{none}");
    }
    let (then, now) = ("2024-01-15T10:30:00Z", "2024-01-15T10:31:00Z");
    let user_id = text(&user, "id");
    for (when, expected) in [
        (format!("occurredAfter={then}"), vec!["external_user.update"]),
        (format!("occurredBefore={now}"), vec!["external_user.create"]),
        (format!("occurredAfter={then}&occurredBefore={now}"), vec![]),
        (format!("occurredAfter={now}"), vec![]),
        (
            "occurredBefore=2024-01-15T12%3A31%3A00.000001%2B02:00".to_owned(),
            vec!["external_user.update", "external_user.create"],
        ),
    ] {
        assert_eq!(actions(&format!("{when}&objectId={user_id}")).await, expected, "{when}");
    }
}

#[tokio::test]
async fn rejects_invalid_parameters() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    let broken = "objectId=&actor=somebody&action=external_user&occurredAfter=soon&occurredBefore=7&order=best&limit=101";
    let fields = auditor.get(&format!("{PATH}?{broken}")).await.broken_fields(400, "bad_request");
    let all = ["action", "actor", "limit", "objectId", "occurredAfter", "occurredBefore", "order"];
    assert_eq!(fields, all);
    for odd in ["objectId=%00", "limit=0", "cursor=abc", "order=newest&order=oldest", "actor=api_key:7"] {
        auditor.get(&format!("{PATH}?{odd}")).await.broken_fields(400, "bad_request");
    }
    create(&server, json!({})).await;
    let next = auditor.get(&format!("{PATH}?limit=1")).await.next().unwrap();
    auditor.get(&format!("{next}&order=oldest")).await.broken_fields(400, "bad_request");
    for end in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        auditor.get(&format!("{PATH}?occurredAfter={end}&occurredBefore={end}")).await.is(200);
    }
}

#[tokio::test]
async fn paging_gives_every_event_once_during_writes() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    for number in 0..30 {
        create_channel(&server, &format!("channel {number}")).await;
    }
    let known = events(&auditor, "").await;
    let ids = each(&known, "id");
    let mut times = each(&known, "occurredAt");
    assert!(times.is_sorted_by(|later, earlier| later >= earlier), "{times:?}");
    times.dedup();
    assert!(times.len() > 1);

    let (mut walked, mut next, mut added) = (Vec::new(), Some(format!("{PATH}?limit=4")), 0);
    while let Some(path) = next {
        let page = auditor.get(&path).await;
        next = page.next();
        walked.extend(each(&page.array(200), "id"));
        create_channel(&server, &format!("added {added}")).await;
        added += 1;
    }
    assert_eq!(walked, ids, "newest first: new events come before");

    let upwards = each(&all_events(&auditor, &format!("{PATH}?order=oldest&limit=7")).await, "id");
    assert_eq!(upwards[..ids.len()], ids.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(upwards.len(), ids.len() + added);
    assert_eq!(auditor.get(PATH).await.array(200).len(), 25);
}

#[tokio::test]
async fn each_workspace_has_its_own_log() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    let other = server.new_workspace("other").await;
    server
        .zaia()
        .with_key(&other.key)
        .post("/api/v1/channels", json!({ "name": "theirs", "description": null, "prompt": null }))
        .await
        .is(200);
    create_channel(&server, "ours").await;
    let log = auditor.get(&format!("{PATH}?limit=100")).await;
    assert!(log.text.contains("ours") && !log.text.contains("theirs"), "{log}");
    assert!(!log.text.contains(&other.id) && !log.text.contains(&other.key.id), "{log}");
    assert!(events(&auditor, &format!("actor=api_key:{}", other.key.id)).await.is_empty());
    let refused = server.zaia().get(PATH).await.error(403, "forbidden");
    assert_eq!(refused, json!({ "required_scope": "audit:read" }));
}

#[tokio::test]
async fn the_log_contains_no_secrets() {
    let people = People::new().await;
    let server = &people.server;
    let auditor = auditor(server).await;
    let mut secrets = vec![server.workspace.key.secret.clone(), server.administrator.password.clone()];
    let made = auditor.post(KEYS, json!({ "name": "ci" })).await.json(200);
    let rotation = format!("{KEYS}/{}/rotate", text(&made, "id"));
    let rotated = auditor.post(&rotation, json!({})).await.json(200);
    secrets.extend([text(&made, "secretKey"), text(&rotated, "secretKey")]);
    let user = create(server, json!({ "externalId": "user_12345" })).await;
    secrets.push(text(&user, "accessToken"));
    let password = "correct horse battery";
    let body =
        with(new_user("jane@example.com"), json!({ "password": password, "tenant": server.workspace.id }));
    let account = people.administrator.post("/api/users", body).await.json(200);
    secrets.push(password.to_owned());
    let changed = json!({ "password": "another horse battery" });
    people.administrator.patch(&format!("/api/users/{}", text(&account, "id")), changed).await.is(200);
    secrets.push("another horse battery".to_owned());
    let request = json!({ "accountId": account["id"], "description": "import", "new": true });
    secrets.push(text(&people.administrator.post("/api/tokens", request).await.json(200), "token"));
    let jane = server
        .anonymous()
        .post("/login", json!({ "username": "jane@example.com", "password": "another horse battery" }))
        .await
        .json(200);
    secrets.push(text(&jane, "token"));
    let personal =
        server.bearer(&text(&jane, "token")).post("/api/tokens/personal", json!({})).await.json(200);
    secrets.push(text(&personal, "token"));

    let mut log = Value::from(all_events(&auditor, &format!("{PATH}?limit=100")).await).to_string();
    for whose in [&["--workspace", "default"][..], &["--server"]] {
        log += &server.operator(&[&["audit", "list", "--all", "--json"], whose].concat()).await.to_string();
    }
    assert!(log.contains(&text(&made, "id")) && log.contains(&text(&user, "id")), "{log}");
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in {log}");
    }
    for hint in ["sk_", "argon2", "secretHash", "accessToken"] {
        assert!(!log.contains(hint), "{hint} is in {log}");
    }
}

#[tokio::test]
async fn does_not_log_failed_requests() {
    let server = TestServer::start().await;
    let auditor = auditor(&server).await;
    create(&server, json!({ "externalId": "user_1" })).await;
    let before = events(&auditor, "").await;
    let taken = crate::support::zaia_body(&server, json!({ "externalId": "user_1" }));
    server.zaia().post(USERS, taken).await.is(409);
    server.zaia().delete(&format!("/api/v1/channels/{}", server.workspace.channel_id)).await.is(409);
    auditor.post(KEYS, json!({ "name": "" })).await.is(400);
    assert_eq!(events(&auditor, "").await, before);
    assert_time(&before[0]["occurredAt"]);
}

#[tokio::test]
async fn logs_the_user_a_key_acts_as() {
    let server = TestServer::start().await;
    let jane = create(&server, json!({ "externalId": "u-1", "identifier": "jane@example.com" })).await;
    let john = create(&server, json!({ "externalId": "u-2" })).await;
    let log = server.zaia().with_key(&server.new_key(&["audit:read"]).await);
    for (username, acting_for) in [("Jane@example.com", &jane["id"]), ("nobody", &Value::Null)] {
        let acting = server.flowra().with("x-username", username);
        acting.send("PUT", &format!("{}/toggle-active", path_of(&john)), None).await.is(200);
        let events =
            log.get(&format!("/api/v1/audit-events?objectId={}", text(&john, "id"))).await.array(200);
        assert_eq!(
            (&events[0]["action"], &events[0]["actingFor"]),
            (&json!("external_user.update"), acting_for)
        );
    }
}
