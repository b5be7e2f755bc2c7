//! Commands for accounts and their tokens, and their effects on a running server.

use serde_json::{Value, json};

use crate::program::Folder;
use crate::{keys, length, text};

const PASSWORD: &str = "correct horse";

/// The JSON keys of an account.
const SHOWN: [&str; 10] = [
    "id",
    "number",
    "username",
    "firstName",
    "lastName",
    "status",
    "workspaceId",
    "isAdmin",
    "roles",
    "createdAt",
];

/// Creates an account with [`PASSWORD`].
fn create(folder: &Folder, email: &str, more: &[&str]) -> Value {
    let create = ["accounts", "create", "--email", email, "--first-name", "First", "--last-name", "Last"];
    folder.json_from(PASSWORD, &[&create, more, &["--password-stdin"]].concat())
}

#[test]
fn creates_and_lists_accounts() {
    let folder = Folder::migrated();
    let workspace = folder.json(&["workspaces", "create", "Acme"]);
    let made = create(&folder, "User@Example.com", &["--workspace", "acme", "--role", "user"]);
    assert_eq!(keys(&made), SHOWN);
    assert_eq!(text(&made, "username"), "user@example.com");
    assert_eq!((text(&made, "firstName"), text(&made, "lastName")), ("First", "Last"));
    assert_eq!((&made["status"], &made["isAdmin"]), (&json!("ACTIVE"), &json!(false)));
    assert_eq!(made["workspaceId"], workspace["id"]);
    assert_eq!(made["roles"], json!(["USER"]));
    let nowhere = create(&folder, "nowhere@example.com", &[]);
    assert_eq!((&nowhere["workspaceId"], &nowhere["roles"]), (&Value::Null, &json!([])));
    assert_eq!((&made["number"], &nowhere["number"]), (&json!(1), &json!(2)));

    assert_eq!(folder.json(&["accounts", "list", "--workspace", "acme"]), json!([made]));
    let all = folder.json(&["accounts", "list"]);
    assert_eq!(length(&all), 2);
    assert!(!keys(&all[0]).contains(&"isAdmin"), "only shown for a workspace");
    let table = folder.prints(&["accounts", "list"]);
    assert_eq!(table.lines().count(), 3);
    assert!(table.starts_with("ID                                    NUMBER  USERNAME "), "{table}");
    assert!(!table.contains("argon2"), "{table}");
    assert!(folder.prints(&["accounts", "list", "--workspace", "acme"]).contains("  no     "));
}

#[test]
fn creates_workspace_and_global_administrators() {
    let folder = Folder::migrated();
    folder.prints(&["workspaces", "create", "Acme"]);
    let everywhere = create(&folder, "admin@example.com", &["--admin"]);
    assert_eq!((&everywhere["roles"], &everywhere["isAdmin"]), (&json!(["ADMIN"]), &json!(false)));
    let more = ["--workspace", "acme", "--admin", "--role", "USER", "--role", "TENANT_ADMIN"];
    let at_home = create(&folder, "admin@acme.example", &more);
    assert_eq!((&at_home["roles"], &at_home["isAdmin"]), (&json!(["TENANT_ADMIN", "USER"]), &json!(true)));
    assert_eq!(folder.json(&["accounts", "list", "--workspace", "acme"]), json!([at_home]));
}

#[test]
fn a_disabled_account_is_locked_out_until_enabled() {
    let folder = Folder::new();
    let server = folder.serve();
    let email = "user@example.com";
    let made = create(&folder, email, &["--workspace", "default", "--admin"]);
    let token = folder.json(&["tokens", "create", "--account", email]);
    let token = text(&token, "token");
    assert_eq!((server.log_in(email, PASSWORD), server.status_of_token(token)), (200, 200));

    let disabled = folder.json(&["accounts", "disable", text(&made, "id")]);
    assert_eq!((keys(&disabled), text(&disabled, "status")), (SHOWN.to_vec(), "DISABLED"));
    assert_eq!(disabled["isAdmin"], true);
    assert_eq!((server.log_in(email, PASSWORD), server.status_of_token(token)), (401, 401));

    assert_eq!(folder.json(&["accounts", "enable", email]), made);
    assert_eq!((server.log_in(email, PASSWORD), server.status_of_token(token)), (200, 200));
}

#[test]
fn a_new_password_revokes_all_tokens() {
    let folder = Folder::new();
    let server = folder.serve();
    let email = "user@example.com";
    let named = ["accounts", "create", "--email", email, "--first-name", "First", "--last-name", "Last"];
    folder.json(&named);
    assert_eq!(server.log_in(email, ""), 401, "an account without a password cannot log in");
    assert_eq!(server.log_in(email, PASSWORD), 401);
    let token = folder.json(&["tokens", "create", "--account", email]);
    assert_eq!(server.status_of_token(text(&token, "token")), 200);

    let set = folder.json_from(PASSWORD, &["accounts", "set-password", email, "--password-stdin"]);
    assert_eq!((keys(&set), text(&set, "username")), (SHOWN.to_vec(), email));
    assert_eq!(server.status_of_token(text(&token, "token")), 401);
    assert_eq!(server.log_in(email, PASSWORD), 200);
}

#[test]
fn only_an_active_account_gets_a_token() {
    let folder = Folder::migrated();
    let email = "user@example.com";
    create(&folder, email, &[]);
    let token = ["tokens", "create", "--account", email];
    folder.prints(&["accounts", "disable", email]);
    let sentence =
        format!("error: the account {email} is not active; run `denizen accounts enable {email}` first");
    assert_eq!(folder.fails(&token), (1, sentence));
    folder.prints(&["accounts", "enable", email]);
    folder.json(&token);
}

#[test]
fn creates_lists_and_revokes_tokens() {
    let folder = Folder::new();
    let mut server = folder.serve();
    let administrator = server.printed("administrator");
    let made = create(&folder, "user@example.com", &[]);
    let issue =
        |more: &[&str]| folder.json(&[&["tokens", "create", "--account", "user@example.com"], more].concat());
    let token = issue(&["--expires-in", "2h", "--description", "nightly import"]);
    assert_eq!(keys(&token), ["id", "token"]);
    assert_eq!(server.status_of_token(text(&token, "token")), 200);
    let other = issue(&[]);
    assert_ne!(other, issue(&[]), "every token is new");
    folder.prints(&["tokens", "create", "--account", &administrator]);

    let list = folder.json(&["tokens", "list", "--account", text(&made, "id")]);
    assert_eq!(length(&list), 3);
    let shown = ["id", "kind", "accountId", "username", "token", "description", "expiresAt", "createdAt"];
    assert_eq!(keys(&list[0]), shown);
    assert_eq!((&list[0]["id"], &list[0]["accountId"]), (&token["id"], &made["id"]));
    assert_eq!((text(&list[0], "kind"), text(&list[0], "description")), ("issued", "nightly import"));
    let ending = text(&token, "token");
    assert_eq!(text(&list[0], "token"), format!("****{}", &ending[ending.len() - 4..]));
    assert!(list[0]["expiresAt"].is_string() && list[1]["expiresAt"].is_null());
    let all = folder.prints(&["tokens", "list"]);
    assert_eq!(all.lines().count(), 5, "{all}");
    assert!(all.contains("user@example.com") && all.contains("admin@localhost"), "{all}");
    assert!(!all.contains("tok_"), "{all}");

    let revoked = folder.json(&["tokens", "revoke", text(&token, "id")]);
    assert_eq!(revoked, json!({ "id": token["id"], "revoked": true }));
    assert_eq!(server.status_of_token(text(&token, "token")), 401);
    assert_eq!(server.status_of_token(text(&other, "token")), 200);
}
