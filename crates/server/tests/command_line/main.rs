//! Tests the command line as operators use it: the real program in a temporary folder, on SQLite.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose setup fails must fail")]

mod accounts;
mod encryption;
mod limits;
mod organizations;
mod outages;
mod program;
mod refusals;
mod workspaces;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use program::Folder;

/// Returns the keys of an object, in order.
fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_else(|| panic!("{key} is not a string in {object}"))
}

fn length(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

#[test]
fn only_the_first_start_prints_a_key_and_an_administrator() {
    let folder = Folder::new();
    let mut server = folder.serve();
    let secret = server.printed("secret key");
    let (administrator, password) = (server.printed("administrator"), server.printed("password"));
    assert_eq!(server.status(&secret), 200);
    assert_eq!(administrator, "admin@localhost");
    assert_eq!(server.log_in(&administrator, &password), 200);
    let (status, _) = server.stop();
    assert_eq!(status.code(), Some(0));

    let server = folder.serve_with(&["--admin-email", "other@example.com"]);
    assert_eq!(server.status(&secret), 200);
    assert_eq!(server.log_in(&administrator, &password), 200);
    let (status, rest) = server.stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(rest, "Data: ./denizen-data/denizen.db\n");
}

#[test]
fn secrets_of_the_first_start_can_go_to_a_private_file() {
    let folder = Folder::new();
    let file = folder.path().join("secrets");
    std::fs::write(&file, "mine").unwrap();
    let start = ["--first-start-file", "secrets"];
    let refused = folder.run(&[&["serve", "--listen", "127.0.0.1:0"], &start[..]].concat());
    assert_eq!((refused.code, refused.printed.as_str()), (Some(1), ""));
    let last = refused.complaint.lines().last().unwrap();
    assert!(last.starts_with("error: --first-start-file secrets: File exists"), "{last}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(folder.json(&["workspaces", "list"]), json!([]), "no secret was lost");

    std::fs::remove_file(&file).unwrap();
    let server = folder.serve_with(&start);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let secrets = std::fs::read_to_string(&file).unwrap();
    let value = |label: &str| {
        let line = secrets.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("{label} is missing in {secrets}")).trim().to_owned()
    };
    assert_eq!(server.status(&value("secret key")), 200);
    assert_eq!(server.log_in(&value("administrator"), &value("password")), 200);
    let (status, printed) = server.stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(printed, "Data: ./denizen-data/denizen.db\n\nFirst start. The secrets are in secrets\n");

    let (status, printed) = folder.serve_with(&start).stop();
    assert_eq!((status.code(), printed.as_str()), (Some(0), "Data: ./denizen-data/denizen.db\n"));
}

#[test]
fn a_misspelt_log_filter_stops_the_start_and_an_unknown_target_is_named() {
    let folder = Folder::new();
    let (code, complaint) = folder.fails(&["serve", "--listen", "127.0.0.1:0", "--log-filter", "inof"]);
    assert_eq!(code, 2);
    assert!(
        complaint.ends_with("inof is neither a level nor a crate; the nearest known name is info"),
        "{complaint}"
    );
    assert!(folder.is_empty());

    // The port is in use, so that the server ends by itself.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = folder.run(&["serve", "--listen", &address, "--log-filter", "denizen_serer=debug"]);
    let warning: Value = serde_json::from_str(ended.complaint.lines().next().unwrap()).unwrap();
    assert_eq!(text(&warning, "level"), "WARN");
    assert_eq!((text(&warning, "unknown"), text(&warning, "nearest")), ("denizen_serer", "denizen_server"));
}

#[test]
fn settings_are_printed_with_their_sources_and_without_secrets() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("denizen.toml"), "max_connections = 7\nlog_filter = \"warn\"\n")
        .unwrap();
    let environment = [
        ("DENIZEN_CONFIG", "denizen.toml"),
        ("DENIZEN_DATABASE_URL", "postgres://me:pa55@db.example/users"),
        ("DENIZEN_LOG_FILTER", "error"),
    ];
    let print = ["config", "print", "--listen", "127.0.0.1:1", "--json"];
    let ended = folder.run_with(&environment, &print);
    assert!(ended.code == Some(0) && !ended.printed.contains("pa55"), "{ended:?}");
    let settings: Value = serde_json::from_str(&ended.printed).unwrap();
    let of = |name: &str| {
        let mut settings = settings.as_array().unwrap().iter();
        let setting = settings.find(|setting| setting["name"] == name).unwrap();
        (setting["value"].clone(), text(setting, "source").to_owned())
    };
    for (name, value, source) in [
        ("listen", json!("127.0.0.1:1"), "--listen"),
        ("database_url", json!("***"), "DENIZEN_DATABASE_URL"),
        ("log_filter", json!("error"), "DENIZEN_LOG_FILTER"),
        ("max_connections", json!("7"), "denizen.toml"),
        ("drain_timeout", json!("30s"), "default"),
        ("public_url", Value::Null, "default"),
        ("encryption_key", Value::Null, "default"),
    ] {
        assert_eq!(of(name), (value, source.to_owned()), "{name}");
    }
    let table = folder.prints(&["config", "print"]);
    assert!(
        table.lines().any(|line| line.split_whitespace().eq(["listen", "127.0.0.1:8080", "default"])),
        "{table}"
    );

    let both = [("DENIZEN_DATABASE_URL", "postgres://a/b"), ("DENIZEN_DATABASE_URL_FILE", "denizen.toml")];
    let sentence = "error: --database-url and --database-url-file exclude each other";
    assert_eq!(folder.run_with(&both, &["config", "print"]).failure(), (2, sentence.to_owned()));
}

#[test]
fn the_log_tells_contract_client_and_time_of_each_request() {
    let folder = Folder::new();
    let mut server = folder.serve_with_log();
    let secret = server.printed("secret key");
    assert_eq!(server.status(&secret), 200);
    assert_eq!(server.request("GET /health/live", "accept: */*", ""), 200);
    assert_eq!(server.stop().0.code(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.filter(|line| line["target"] == "denizen::request").collect();
    let contracts: Vec<&str> = lines.iter().map(|line| text(line, "contract")).collect();
    assert_eq!(contracts, ["flowra", "operations"]);
    for line in lines {
        assert_eq!(text(&line, "client"), "127.0.0.1");
        let milliseconds = line["milliseconds"].to_string();
        let (_, decimals) = milliseconds.split_once('.').unwrap_or_default();
        assert!(decimals.len() <= 3, "{milliseconds}");
    }
}

#[test]
fn a_start_waits_for_the_database_with_one_line() {
    let folder = Folder::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://me@127.0.0.1:{port}/users");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url];
    for (wait, lines) in [("0", 0), ("600ms", 1)] {
        let ended = folder.run(&[&serve[..], &["--database-wait", wait]].concat());
        assert_eq!(ended.code, Some(1));
        assert_eq!(ended.complaint.matches("waiting for the database").count(), lines, "{ended:?}");
        assert!(ended.complaint.ends_with("connection refused\n"), "{ended:?}");
    }
}

#[test]
fn prints_completions_and_manual_pages() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(folder.prints(&["completions", shell]).contains("--database-url"), "{shell}");
    }
    assert!(folder.prints(&["man"]).contains(".TH denizen 1"));
    folder.prints(&["man", "."]);
    let page = std::fs::read_to_string(folder.path().join("denizen-serve.1")).unwrap();
    assert!(page.contains("database\\-url"), "{page}");
}

#[test]
fn a_start_without_accounts_creates_an_administrator() {
    let folder = Folder::migrated();
    folder.prints(&["workspaces", "create", "Acme"]);
    let (status, printed) = folder.serve_with(&["--admin-email", "Root@Example.com"]).stop();
    assert_eq!(status.code(), Some(0));
    let lines: Vec<&str> = printed.lines().skip(1).collect();
    let (password, others) = lines.split_last().unwrap();
    let shown = "There was no account yet. This is shown once:";
    assert_eq!(others, ["", shown, "  administrator  root@example.com"]);
    assert_eq!(password.strip_prefix("  password       ").unwrap().len(), 24);

    let accounts = folder.json(&["accounts", "list"]);
    assert_eq!(length(&accounts), 1);
    assert_eq!(accounts[0]["roles"], json!(["ADMIN"]));
    assert_eq!(accounts[0]["workspaceId"], Value::Null, "there is no workspace `default`");
}

#[test]
fn a_server_with_little_logging_runs_until_stopped() {
    for filter in ["off", "error", "denizen_api=debug"] {
        let folder = Folder::new();
        let mut server = folder.serve_with(&["--log-filter", filter]);
        let secret = server.printed("secret key");
        assert_eq!(server.status(&secret), 200, "{filter}");
        assert_eq!(server.stop().0.code(), Some(0), "{filter}");
    }
}

#[test]
fn commands_and_a_running_server_share_the_database() {
    let folder = Folder::new();
    let server = folder.serve();
    folder.prints(&["workspaces", "create", "My Company"]);
    let key = folder.json(&["keys", "create", "--workspace", "my-company", "--name", "ci"]);
    assert_eq!(server.status(text(&key, "secretKey")), 200);

    let headers = format!(
        "x-notiflows-api-key: {}\r\nx-notiflows-secret-key: {}",
        text(&key, "publicKey"),
        text(&key, "secretKey")
    );
    let body = r#"{"email": "jane@example.com"}"#;
    assert_eq!(server.request("PUT /admin/users/user_12345", &headers, body), 201);
    let user = folder.json(&["external-users", "get", "user_12345", "--workspace", "my-company"]);
    assert_eq!(text(&user, "email"), "jane@example.com");

    assert_eq!(folder.json(&["doctor"])["checks"][0]["status"], "ok");
    folder.prints(&["keys", "revoke", text(&key, "id"), "--workspace", "my-company"]);
    server.waits_for_status(text(&key, "secretKey"), 401);
}

#[test]
fn lists_searches_and_finds_external_users() {
    let folder = Folder::new();
    let mut server = folder.serve();
    let public = server.printed("public key");
    let secret = server.printed("secret key");
    let headers = format!("x-notiflows-api-key: {public}\r\nx-notiflows-secret-key: {secret}");
    for number in 1..=3 {
        let request = format!("PUT /admin/users/user_{number}");
        let body = format!(r#"{{"email": "person{number}@example.com"}}"#);
        assert_eq!(server.request(&request, &headers, &body), 201);
    }
    let list = |arguments: &[&str]| {
        folder.json(&[&["external-users", "list", "--workspace", "default"], arguments].concat())
    };
    let all = list(&["--all"]);
    assert_eq!(length(&all), 3);
    assert_eq!(list(&[]), all);
    assert_eq!(list(&["--limit", "2"]), json!([all[0], all[1]]));
    assert_eq!(list(&["--search", "PERSON2@"]), json!([all[1]]));
    assert_eq!(list(&["--search", "nobody"]), json!([]));
    for name in [text(&all[2], "id"), "user_3"] {
        assert_eq!(folder.json(&["external-users", "get", name, "--workspace", "default"]), all[2]);
    }
    let ended = folder.run(&["external-users", "list", "--workspace", "default", "--limit", "1"]);
    assert_eq!(ended.printed.lines().count(), 2, "{ended:?}");
    assert_eq!(ended.complaint, "There are more than 1; use --limit or --all.\n");
    assert_eq!(
        folder.fails(&["external-users", "get", "user_4", "--workspace", "default"]),
        (1, "error: the workspace default has no external user user_4".to_owned())
    );
}

#[test]
fn creates_and_lists_workspaces() {
    let folder = Folder::migrated();
    let made = folder.json(&["workspaces", "create", "My Company"]);
    let shown = [
        "id",
        "number",
        "slug",
        "name",
        "status",
        "confirmed",
        "requestsPerSecond",
        "createdAt",
        "updatedAt",
    ];
    assert_eq!(keys(&made), [&shown[..], &["defaultChannel"]].concat());
    assert_eq!((text(&made, "slug"), text(&made, "name")), ("my-company", "My Company"));
    assert_eq!(made["number"], 1);
    assert_eq!(keys(&made["defaultChannel"]), ["id", "name"]);
    folder.prints(&["workspaces", "create", "My Company", "--slug", "other"]);
    folder.prints(&["workspaces", "create", "Acme Ümlaut"]);

    let list = folder.json(&["workspaces", "list"]);
    let slugs: Vec<&str> = list.as_array().unwrap().iter().map(|workspace| text(workspace, "slug")).collect();
    assert_eq!(slugs, ["my-company", "other", "acme-umlaut"]);
    assert_eq!(keys(&list[0]), shown);
    let table = folder.prints(&["workspaces", "list"]);
    assert_eq!(table.lines().count(), 4);
    assert!(table.starts_with("SLUG         ID                                    NUMBER "), "{table}");
}

#[test]
fn creates_lists_rotates_and_revokes_keys() {
    let folder = Folder::migrated();
    let workspace = folder.json(&["workspaces", "create", "Acme"]);
    let create = |arguments: &[&str]| {
        folder.json(&[&["keys", "create", "--workspace", "acme", "--name"], arguments].concat())
    };
    let made = create(&["ci", "--scope", "external_users:read", "--expires-in", "90d"]);
    let shown = [
        "id",
        "workspaceId",
        "name",
        "publicKey",
        "scopes",
        "expiresAt",
        "lastUsedAt",
        "lastUsedAddress",
        "revokedAt",
        "oldSecretsEndAt",
        "createdAt",
        "updatedAt",
    ];
    assert_eq!(keys(&made), [&shown[..], &["secretKey"]].concat());
    assert_eq!(made["workspaceId"], workspace["id"]);
    assert_eq!(made["scopes"], json!(["external_users:read"]));
    assert!(text(&made, "secretKey").starts_with("sk_"));
    assert!(made["expiresAt"].is_string());

    let other = create(&["app", "--expires-at", "2999-12-31T23:59:59+01:00"]);
    assert_eq!(text(&other, "expiresAt"), "2999-12-31T22:59:59.000000Z");
    assert_eq!(length(&other["scopes"]), 6);

    let list = folder.json(&["keys", "list", "--workspace", text(&workspace, "id")]);
    assert_eq!(length(&list), 2);
    assert_eq!(keys(&list[0]), shown);
    assert!(!folder.prints(&["keys", "list", "--workspace", "acme"]).contains("sk_"));

    let rotated =
        folder.json(&["keys", "rotate", text(&other, "id"), "--workspace", "acme", "--overlap", "12h"]);
    assert_eq!(keys(&rotated), keys(&other));
    assert_ne!(rotated["secretKey"], other["secretKey"]);
    assert_eq!(rotated["publicKey"], other["publicKey"]);

    let revoke = ["keys", "revoke", text(&made, "id"), "--workspace", "acme"];
    let revoked = folder.json(&revoke);
    assert!(revoked["revokedAt"].is_string());
    assert_eq!(folder.json(&revoke), revoked, "revoking again changes nothing");
    assert_eq!(
        folder.fails(&["keys", "rotate", text(&made, "id"), "--workspace", "acme"]),
        (1, "error: The API key is revoked or expired and cannot get a new secret.".to_owned())
    );
}

#[test]
fn the_old_secret_works_during_the_overlap() {
    let folder = Folder::new();
    let server = folder.serve();
    let key = folder.json(&["keys", "create", "--workspace", "default", "--name", "ci"]);
    let rotate = ["keys", "rotate", text(&key, "id"), "--workspace", "default"];
    let second = folder.json(&rotate);
    assert_eq!(server.status(text(&key, "secretKey")), 200);
    assert_eq!(server.status(text(&second, "secretKey")), 200);
    let third = folder.json(&[&rotate[..], &["--overlap", "0"]].concat());
    server.waits_for_status(text(&key, "secretKey"), 401);
    server.waits_for_status(text(&second, "secretKey"), 401);
    assert_eq!(server.status(text(&third, "secretKey")), 200);
    let printed = folder.prints(&rotate);
    for line in ["secret key (shown only once)  sk_", "old secrets end "] {
        assert!(printed.contains(line), "{printed}");
    }
}

#[test]
fn lists_audit_events() {
    let folder = Folder::migrated();
    folder.prints(&["workspaces", "create", "Acme"]);
    let key = folder.json(&["keys", "create", "--workspace", "acme", "--name", "ci"]);
    folder.prints(&["keys", "revoke", text(&key, "id"), "--workspace", "acme"]);
    let list = |arguments: &[&str]| {
        folder.json(
            &[&["audit", "list", "--workspace", "acme", "--object", text(&key, "id")], arguments].concat(),
        )
    };
    let all = list(&[]);
    assert_eq!(length(&all), 2);
    assert_eq!((text(&all[0], "action"), text(&all[1], "action")), ("api_key.revoke", "api_key.create"));
    assert_eq!(all[0]["actor"], json!({ "type": "operator", "id": null }));
    let id = text(&key, "id").to_uppercase();
    assert_eq!(folder.json(&["audit", "list", "--workspace", "acme", "--object", &id]), all);
    assert_eq!(list(&["--oldest-first"]), json!([all[1], all[0]]));
    assert_eq!(list(&["--action", "api_key.create", "--actor", "operator"]), json!([all[1]]));
    assert_eq!(list(&["--actor", "server"]), json!([]));
    assert_eq!(list(&["--after", text(&all[1], "occurredAt")]), json!([all[0]]));
    assert_eq!(list(&["--before", text(&all[0], "occurredAt"), "--all"]), json!([all[1]]));
    assert_eq!(list(&["--limit", "1"]), json!([all[0]]));

    let ended = folder.run(&["audit", "list", "--workspace", "acme", "--limit", "1"]);
    assert!(ended.printed.starts_with("TIME  "), "{ended:?}");
    assert!(ended.printed.contains("api_key.revoke"), "{ended:?}");
    assert_eq!(ended.complaint, "There are more than 1; use --limit or --all.\n");
    let of_server = folder.json(&["audit", "list", "--server", "--all"]);
    assert!(!of_server.to_string().contains(text(&key, "id")), "{of_server}");
    for wrong in [
        &[][..],
        &["--workspace", "acme", "--server"],
        &["--server", "--actor", "somebody"],
        &["--server", "--action", "everything"],
        &["--server", "--after", "yesterday"],
    ] {
        assert_eq!(folder.run(&[&["audit", "list"], wrong].concat()).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn migrate_lists_what_it_ran() {
    let folder = Folder::new();
    let applied = folder.json(&["migrate"]);
    let names = applied["applied"].as_array().unwrap();
    assert_eq!(names[0], "2026-11-21-030000_directory");
    assert_eq!(folder.json(&["migrate"]), json!({ "applied": [] }));
    assert_eq!(folder.prints(&["migrate"]), "applied  nothing: the schema is up to date\n");
    let status = folder.json(&["migrate", "--status"]);
    assert_eq!(length(&status), names.len());
    assert_eq!(status[0], json!({ "name": names[0], "applied": true, "known": true }));
}

#[test]
fn rotates_signing_keys() {
    let folder = Folder::migrated();
    assert_eq!(folder.json(&["signing-keys", "list"]), json!([]));
    let first = folder.json(&["signing-keys", "rotate"]);
    assert_eq!((&first["generation"], text(&first, "use")), (&json!(2), "next"), "it signs soon");
    assert_eq!(folder.json(&["signing-keys", "rotate"]), first, "a rotation is under way");
    let uses = |list: &Value| -> Vec<(i64, String)> {
        let keys = list.as_array().unwrap().iter();
        keys.map(|key| (key["generation"].as_i64().unwrap(), text(key, "use").to_owned())).collect()
    };
    let expected = |uses: &[(i64, &str)]| -> Vec<(i64, String)> {
        uses.iter().map(|(generation, usage)| (*generation, (*usage).to_owned())).collect()
    };
    let list = folder.json(&["signing-keys", "list"]);
    assert_eq!(uses(&list), expected(&[(3, "next"), (2, "next"), (1, "signing")]));
    assert!(list[0]["signsFrom"].is_null() && list[1]["signsFrom"].is_string());

    let second = folder.json(&["signing-keys", "rotate", "--now"]);
    assert_eq!((&second["kid"], text(&second, "use")), (&first["kid"], "signing"));
    let third = folder.json(&["signing-keys", "rotate", "--now"]);
    assert_eq!((&third["generation"], text(&third, "use")), (&json!(3), "signing"));
    let list = folder.json(&["signing-keys", "list"]);
    assert_eq!(uses(&list), expected(&[(4, "next"), (3, "signing")]));
    assert!(folder.prints(&["signing-keys", "list"]).contains("SIGNS FROM"));

    let events = folder.json(&["audit", "list", "--server", "--action", "server_secret.rotate"]);
    assert_eq!(length(&events), 3);
    assert_eq!(text(&events[0], "objectId"), "access_tokens");
    assert_eq!(events[0]["changes"], json!({ "generation": { "old": 2, "new": 3 } }));
    let events = folder.json(&["audit", "list", "--server", "--action", "server_secret.revoke"]);
    assert_eq!(events[0]["changes"], json!({ "generation": { "old": 2, "new": null } }));
}

#[test]
fn the_server_creates_an_encryption_key_beside_the_database() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let file = folder.path().join("denizen-data/encryption.key");
    drop(folder.serve());
    let key = std::fs::read_to_string(&file).unwrap();
    assert_eq!(key.trim().len(), 44, "32 bytes in Base64");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    drop(folder.serve());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key, "the second start keeps it");
    let files = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let drafts = files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(".key."));
    assert_eq!(drafts.count(), 0);

    let generated = folder.json(&["encryption-keys", "generate"]);
    assert_ne!(generated, folder.json(&["encryption-keys", "generate"]));
    assert_eq!(folder.json(&["encryption-keys", "reseal"]), json!({ "resealed": 0 }));
    let checks = folder.json(&["doctor"])["checks"].clone();
    let named = |name: &str| {
        checks.as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()["status"].clone()
    };
    assert_eq!((named("encryption key"), named("encryption key file")), (json!("ok"), json!("ok")));

    std::fs::write(&file, "short").unwrap();
    let (code, complaint) = folder.fails(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 1);
    let expected =
        "error: cannot use the encryption key ./denizen-data/encryption.key: line 1 is not 32 bytes";
    assert!(complaint.starts_with(expected), "{complaint}");
    let both = ["doctor", "--encryption-key-file", "a", "--encryption-key", text(&generated, "key")];
    let sentence = "error: --encryption-key and --encryption-key-file exclude each other";
    assert_eq!(folder.fails(&both), (2, sentence.to_owned()));
}

#[test]
fn the_openapi_document_needs_no_database() {
    let folder = Folder::new();
    let document = folder.json(&["openapi"]);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(folder.prints(&["openapi"]), folder.prints(&["openapi", "--json"]));
    assert!(folder.is_empty());
}

#[test]
fn doctor_reports_missing_and_expiring_keys() {
    let folder = Folder::migrated();
    let status = |report: &Value, name: &str| {
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        text(check, "status").to_owned()
    };
    let report = folder.json(&["doctor"]);
    for name in ["workspaces", "keys", "signing key"] {
        assert_eq!(status(&report, name), "warning", "{name}");
    }
    for name in ["database", "schema", "clock"] {
        assert_eq!(status(&report, name), "ok", "{name}");
    }
    folder.prints(&["workspaces", "create", "Acme"]);
    folder.prints(&["signing-keys", "rotate"]);
    folder.prints(&["keys", "create", "--workspace", "acme", "--name", "app"]);
    for name in ["workspaces", "keys", "signing key"] {
        assert_eq!(status(&folder.json(&["doctor"]), name), "ok", "{name}");
    }
    folder.prints(&["keys", "create", "--workspace", "acme", "--name", "ci", "--expires-in", "13d"]);
    assert_eq!(status(&folder.json(&["doctor"]), "keys"), "warning");
    assert!(folder.prints(&["doctor"]).contains("soon to end: ci of acme at "));
}

#[test]
fn only_its_owner_can_read_a_database_file() {
    let folder = Folder::new();
    let file = folder.path().join("here.db");
    let url = format!("sqlite://{}", file.display());
    folder.prints(&["migrate", "--database-url", &url]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join("denizen-data").exists());

    let finding = || {
        let report = folder.json(&["doctor", "--database-url", &url]);
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "database file").unwrap()
    };
    assert_eq!(text(&finding(), "status"), "ok");
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(text(&finding(), "status"), "warning");
    assert!(text(&finding(), "message").contains("chmod 600"));
}

#[test]
fn ignores_empty_variables() {
    let folder = Folder::new();
    let names = ["DENIZEN_CONFIG", "DENIZEN_DATA_DIR", "DENIZEN_DATABASE_URL", "DENIZEN_SQLITE_SYNCHRONOUS"];
    let ended = folder.run_with(&names.map(|name| (name, "")), &["migrate"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(folder.path().join("denizen-data/denizen.db").is_file());
    let ended = folder.run_with(&[("DENIZEN_DATA_DIR", "elsewhere")], &["migrate"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(folder.path().join("elsewhere/denizen.db").is_file());
}

#[test]
fn the_configuration_file_sets_the_database() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("denizen.toml"), "data_dir = \"elsewhere\"\n").unwrap();
    folder.prints(&["migrate", "--config", "denizen.toml"]);
    assert!(folder.path().join("elsewhere/denizen.db").is_file());
    assert_eq!(folder.json(&["--config", "denizen.toml", "workspaces", "list"]), json!([]));
}

#[test]
fn every_commands_help_has_an_example() {
    let folder = Folder::new();
    for command in [
        &["workspaces", "create"][..],
        &["workspaces", "list"],
        &["workspaces", "limit"],
        &["workspaces", "add"],
        &["workspaces", "remove"],
        &["keys", "create"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["keys", "revoke"],
        &["audit", "list"],
        &["accounts", "create"],
        &["accounts", "list"],
        &["accounts", "disable"],
        &["accounts", "enable"],
        &["accounts", "set-password"],
        &["tokens", "create"],
        &["tokens", "list"],
        &["tokens", "revoke"],
        &["flows", "create"],
        &["flows", "list"],
        &["flows", "add"],
        &["flows", "remove"],
        &["external-users", "list"],
        &["external-users", "get"],
        &["signing-keys", "list"],
        &["signing-keys", "rotate"],
        &["encryption-keys", "generate"],
        &["encryption-keys", "reseal"],
        &["migrate"],
        &["doctor"],
        &["openapi"],
        &["serve"],
    ] {
        let help = folder.prints(&[command, &["--help"]].concat());
        let (_, examples) = help.split_once("\nExample").unwrap_or_else(|| panic!("{help}"));
        assert!(examples.contains(&format!(":\n  denizen {}", command.join(" "))), "{help}");
    }
    assert_eq!(folder.run(&[]).code, Some(2));
    assert_eq!(folder.run(&["workspaces"]).code, Some(2));
    assert_eq!(folder.run(&["accuonts"]).code, Some(2));
}
