//! Failing commands: they print one sentence and end with the right exit code.

use std::net::TcpListener;

use serde_json::Value;

use crate::program::Folder;
use crate::text;

#[test]
fn rejects_taken_and_invalid_slugs() {
    let folder = Folder::migrated();
    folder.prints(&["workspaces", "create", "Acme"]);
    let refused = |arguments: &[&str]| folder.fails(&[&["workspaces", "create"], arguments].concat());
    assert_eq!(
        refused(&["acme"]),
        (1, "error: a workspace with the slug acme already exists; use another --slug".to_owned())
    );
    assert_eq!(refused(&["…"]), (2, "error: cannot derive a slug from this name; use --slug".to_owned()));
    assert_eq!(refused(&["Acme", "--slug", "A b"]).0, 2);
    assert_eq!(refused(&[""]).0, 2);
    for reserved in ["1", "2026", "007", "all", "find", "users", "invitations", "import", "join"] {
        assert_eq!(refused(&["Reserved", "--slug", reserved]).0, 2, "{reserved}");
    }
    for name in ["1", "2026", "#7", "All", "Find!", "users", "\u{200B}", "a\tb"] {
        assert_eq!(refused(&[name]).0, 2, "{name:?}");
    }
    let made = folder.json(&["workspaces", "create", "2026", "--slug", "year-2026"]);
    assert_eq!((text(&made, "slug"), text(&made, "name")), ("year-2026", "2026"));
}

#[test]
fn rejects_invalid_keys() {
    let folder = Folder::migrated();
    folder.prints(&["workspaces", "create", "Acme"]);
    let refused = |arguments: &[&str]| {
        let ended = folder.run(&[&["keys", "create"], arguments].concat());
        (ended.code, ended.complaint)
    };
    let (code, complaint) = refused(&["--workspace", "acme", "--name", "ci", "--scope", "everything"]);
    assert_eq!(code, Some(2));
    assert!(complaint.contains("external_users:read, external_users:write,"), "{complaint}");
    let long = "a".repeat(101);
    for wrong in [
        &["--workspace", "acme"][..],
        &["--workspace", "acme", "--name", ""],
        &["--workspace", "acme", "--name", &long],
        &["--workspace", "acme", "--name", "ci", "--expires-in", "0d"],
        &["--workspace", "acme", "--name", "ci", "--expires-at", "2020-01-01T00:00:00Z"],
        &[
            "--workspace",
            "acme",
            "--name",
            "ci",
            "--expires-at",
            "2999-01-01T00:00:00Z",
            "--expires-in",
            "1d",
        ],
    ] {
        assert_eq!(refused(wrong).0, Some(2), "{wrong:?}");
    }
    let nowhere = refused(&["--workspace", "nowhere", "--name", "ci"]);
    assert_eq!(nowhere.0, Some(1));
    assert_eq!(nowhere.1, "error: there is no workspace nowhere; see `denizen workspaces list`\n");
    let unknown = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    for verb in ["rotate", "revoke"] {
        let (code, complaint) = folder.fails(&["keys", verb, unknown, "--workspace", "acme"]);
        assert_eq!(code, 1);
        let expected = format!("error: the workspace acme has no key {unknown}");
        assert!(complaint.starts_with(&expected), "{complaint}");
    }
    for overlap in ["31d", "-1d", "soon", ""] {
        let rotate = ["keys", "rotate", unknown, "--workspace", "acme", "--overlap", overlap];
        assert_eq!(folder.run(&rotate).code, Some(2), "{overlap}");
    }
}

#[test]
fn rejects_invalid_accounts() {
    let folder = Folder::migrated();
    for name in ["Acme", "Other"] {
        folder.prints(&["workspaces", "create", name]);
    }
    let refused = |email: &str, more: &[&str]| {
        let named = ["accounts", "create", "--email", email, "--first-name", "First", "--last-name", "Last"];
        folder.fails(&[&named, more].concat())
    };
    let email = "user@example.com";
    assert_eq!(refused("nobody", &[]).0, 2);
    assert_eq!(refused(email, &["--role", ""]).0, 2);
    assert_eq!(
        refused(email, &["--role", "GARDENER", "--workspace", "acme"]),
        (
            1,
            "error: no role GARDENER is available to the account; available are ADMIN, TENANT_ADMIN, USER"
                .to_owned()
        )
    );
    let nowhere = "error: there is no workspace nowhere; see `denizen workspaces list`";
    assert_eq!(refused(email, &["--workspace", "nowhere"]), (1, nowhere.to_owned()));
    assert_eq!(folder.json(&["accounts", "list"]), Value::Array(vec![]));

    folder.prints(&["accounts", "create", "--email", email, "--first-name", "First", "--last-name", "Last"]);
    let taken = "error: the account user@example.com already exists";
    assert_eq!(refused("User@Example.COM", &["--workspace", "acme"]), (1, taken.to_owned()));
}

#[test]
fn reads_passwords_from_standard_input_and_checks_their_length() {
    let folder = Folder::migrated();
    let create = [
        "accounts",
        "create",
        "--email",
        "user@example.com",
        "--first-name",
        "First",
        "--last-name",
        "Last",
        "--password-stdin",
    ];
    let sentence = |minimum: u32| {
        let sentence =
            format!("error: the password on standard input must have {minimum} to 1000 characters");
        (2, sentence)
    };
    for input in ["", "\n", "1234567\n12345678\n", &"x".repeat(1001)] {
        assert_eq!(folder.run_from(input, &create).failure(), sentence(8), "{input:?}");
    }
    let longer = [&create[..], &["--min-password-length", "12"]].concat();
    assert_eq!(folder.run_from("12345678", &longer).failure(), sentence(12));
    assert_eq!(folder.json(&["accounts", "list"]), Value::Array(vec![]));

    let set = ["accounts", "set-password", "user@example.com"];
    assert_eq!(folder.fails(&set).0, 2, "a password is required");
    assert_eq!(
        folder.run_from("1234567", &[&set[..], &["--password-stdin"]].concat()).failure(),
        sentence(8)
    );
}

#[test]
fn names_unknown_accounts_and_tokens() {
    let folder = Folder::migrated();
    let unknown = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    for name in ["nobody@example.com", unknown] {
        let sentence = format!("error: there is no account {name}; see `denizen accounts list`");
        for command in [
            &["accounts", "disable", name][..],
            &["accounts", "enable", name],
            &["tokens", "create", "--account", name],
            &["tokens", "list", "--account", name],
        ] {
            assert_eq!(folder.fails(command), (1, sentence.clone()), "{command:?}");
        }
    }
    assert_eq!(folder.fails(&["accounts", "disable", "nobody"]).0, 2);
    assert_eq!(
        folder.fails(&["tokens", "revoke", unknown]),
        (1, format!("error: there is no token {unknown}; see `denizen tokens list`"))
    );
}

#[test]
fn names_a_missing_database_without_creating_it() {
    let folder = Folder::new();
    let sentence = "error: there is no database at ./denizen-data/denizen.db; start the server once or run `denizen migrate`";
    let unknown = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    for command in [
        &["workspaces", "create", "Acme"][..],
        &["workspaces", "list"],
        &["workspaces", "add", "a@b.example", "--workspace", "default"],
        &["workspaces", "remove", "a@b.example", "--workspace", "default"],
        &["keys", "create", "--workspace", "default", "--name", "ci"],
        &["keys", "list", "--workspace", "default"],
        &["keys", "rotate", unknown, "--workspace", "default"],
        &["keys", "revoke", unknown, "--workspace", "default"],
        &["audit", "list", "--workspace", "default"],
        &["audit", "list", "--server"],
        &["accounts", "create", "--email", "a@b.example", "--first-name", "A", "--last-name", "B"],
        &["accounts", "list"],
        &["accounts", "disable", "a@b.example"],
        &["tokens", "create", "--account", "a@b.example"],
        &["tokens", "list"],
        &["tokens", "revoke", unknown],
        &["flows", "create", "My flow", "--workspace", "default"],
        &["flows", "list", "--workspace", "default"],
        &["flows", "add", "a@b.example", "--workspace", "default", "--flow", "my-flow"],
        &["flows", "remove", "a@b.example", "--workspace", "default", "--flow", "my-flow"],
        &["external-users", "list", "--workspace", "default"],
        &["external-users", "get", "user_1", "--workspace", "default"],
        &["signing-keys", "list"],
        &["signing-keys", "rotate"],
        &["encryption-keys", "reseal"],
        &["migrate", "--status"],
    ] {
        assert_eq!(folder.fails(command), (1, sentence.to_owned()), "{command:?}");
    }
    let doctor = folder.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, Some(1));
    let report: Value = serde_json::from_str(&doctor.printed).unwrap();
    assert_eq!(text(&report, "status"), "failed");
    assert_eq!(text(&report["checks"][0], "status"), "failed");
    assert!(sentence.ends_with(text(&report["checks"][0], "message")), "{report}");
    assert!(folder.is_empty());
}

#[test]
fn does_not_migrate_a_database_implicitly() {
    let folder = Folder::new();
    let file = folder.path().join("empty.db");
    std::fs::write(&file, "").unwrap();
    let url = format!("sqlite://{}", file.display());
    let (code, complaint) = folder.fails(&["workspaces", "list", "--database-url", &url]);
    assert_eq!(code, 1);
    assert!(complaint.starts_with("error: the database lacks "), "{complaint}");
    assert!(complaint.ends_with(" migrations; run `denizen migrate` first"), "{complaint}");
    let status = folder.json(&["migrate", "--status", "--database-url", &url]);
    assert_eq!(status[0]["applied"], false);
    let doctor = folder.run(&["doctor", "--database-url", &url]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.printed.contains("the database lacks "), "{doctor:?}");
}

#[test]
fn with_its_port_in_use_serve_creates_nothing() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(
        folder.fails(&["serve", "--listen", &address]),
        (1, format!("error: --listen {address}: address in use: another program uses this port"))
    );
    assert!(folder.is_empty());
}

#[test]
fn names_an_unreachable_database_without_password() {
    let folder = Folder::new();
    // A port that was just free, so nothing listens on it.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://me:pass-word@127.0.0.1:{port}/users");
    let sentence =
        format!("error: cannot reach the PostgreSQL at 127.0.0.1:{port}/users: connection refused");
    let serve = folder.run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    assert_eq!((serve.code, serve.printed.as_str()), (Some(1), ""));
    assert_eq!(serve.complaint.lines().last(), Some(sentence.as_str()));
    assert_eq!(folder.fails(&["workspaces", "list", "--database-url", &url]), (1, sentence.clone()));
    let doctor = folder.run(&["doctor", "--database-url", &url]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.printed.contains("connection refused") && !doctor.printed.contains("pass-word"));
}

#[test]
fn a_password_that_breaks_the_database_url_is_not_shown() {
    let folder = Folder::new();
    for url in [
        "postgres://me:pa55/w0rd@t4il@127.0.0.1:1/users",
        "postgres://me:12/w0rd@t4il:3@127.0.0.1:1/users",
        "postgres://me:12?w0rd@t4il/users",
        "postgres://me:12#w0rd@t4il/users",
        "postgres:/me:pa55@t4il/users",
        "me:pa55@t4il/users",
        "mysql://me:pa55@t4il/users",
    ] {
        for command in [
            &["serve", "--listen", "127.0.0.1:0", "--database-url", url][..],
            &["doctor", "--database-url", url],
            &["doctor", "--json", "--database-url", url],
            &["migrate", "--database-url", url],
            &["workspaces", "list", "--database-url", url],
        ] {
            let ended = folder.run(command);
            let shown = ended.printed + &ended.complaint;
            assert_eq!(ended.code, Some(1), "{shown}");
            assert!(shown.contains("cannot use the database URL"), "{shown}");
            for secret in ["pa55", "w0rd", "t4il", "me:"] {
                assert!(!shown.contains(secret), "{command:?}: {shown}");
            }
        }
    }
    for misplaced in ["postgres://me:pa55@t4il/users", "--url=postgres://me:pa55@t4il/users"] {
        for command in [&["doctor", misplaced][..], &["serve", misplaced], &[misplaced]] {
            let ended = folder.run(command);
            assert_eq!(ended.code, Some(2));
            assert!(!ended.complaint.contains("pa55"), "{}", ended.complaint);
        }
    }
}

#[test]
fn names_an_unusable_data_folder() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let ended = folder.run(&[command, &["--data-dir", "file/data"]].concat());
        assert_eq!(ended.code, Some(1));
        let last = ended.complaint.lines().last().unwrap();
        assert!(last.starts_with("error: cannot create the data folder file/data: "), "{last}");
    }
    for command in [&["migrate"][..], &["workspaces", "list"]] {
        assert_eq!(
            folder.fails(&[command, &["--data-dir", "file"]].concat()),
            (1, "error: the data folder file is a file".to_owned())
        );
    }
    let (code, complaint) = folder.fails(&["migrate", "--database-url", "sqlite://nowhere/here.db"]);
    assert_eq!(code, 1);
    assert!(complaint.starts_with("error: cannot write the database file nowhere/here.db: "), "{complaint}");
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn with_an_invalid_signing_key_serve_creates_nothing() {
    let folder = Folder::new();
    let refused = |file: &str| {
        let ended = folder.run(&["serve", "--listen", "127.0.0.1:0", "--signing-key-file", file]);
        assert_eq!((ended.code, ended.printed.as_str()), (Some(1), ""));
        ended.complaint.lines().last().unwrap().to_owned()
    };
    let missing = refused("key.pem");
    assert!(missing.starts_with("error: cannot read the signing key key.pem: "), "{missing}");
    let key = folder.path().join("key.pem");
    std::fs::write(&key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    let broken = refused("key.pem");
    assert!(broken.starts_with("error: cannot use the signing key key.pem: "), "{broken}");
    assert!(!folder.path().join("denizen-data").exists());

    folder.prints(&["migrate"]);
    let doctor = folder.run(&["doctor", "--signing-key-file", "key.pem"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.printed.contains("cannot use the signing key key.pem"), "{doctor:?}");
}

#[test]
fn unknown_configuration_keys_fail_every_command() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("denizen.toml"), "listn = \"127.0.0.1:0\"\n").unwrap();
    let sentence = "error: the key listn in denizen.toml is unknown; the nearest known name is listen";
    for command in [&["serve"][..], &["workspaces", "list"]] {
        let arguments = [command, &["--config", "denizen.toml"]].concat();
        assert_eq!(folder.fails(&arguments), (2, sentence.to_owned()));
    }
    assert!(!folder.path().join("denizen-data").exists());
}
