//! Commands for members of workspaces and for flows and their members, with a running server.

use serde_json::{Value, json};

use crate::program::{Folder, Server};
use crate::{keys, length, text};

const UNKNOWN: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// The JSON keys of a flow.
const SHOWN: [&str; 10] = [
    "id",
    "workspaceId",
    "slug",
    "name",
    "description",
    "accessMode",
    "isArchived",
    "userCount",
    "createdAt",
    "updatedAt",
];

/// Creates a folder with a server and the workspace `acme`, which has no members.
fn set_up() -> (Folder, Server) {
    let folder = Folder::new();
    let server = folder.serve();
    folder.prints(&["workspaces", "create", "Acme"]);
    (folder, server)
}

/// Creates an account without a home.
fn account(folder: &Folder, email: &str) -> Value {
    folder.json(&["accounts", "create", "--email", email, "--first-name", "First", "--last-name", "Last"])
}

/// Returns the command that adds or removes a member of the workspace `acme`.
fn member<'a>(verb: &'a str, account: &'a str) -> [&'a str; 5] {
    ["workspaces", verb, account, "--workspace", "acme"]
}

/// Returns the command that adds or removes an account in a flow of the workspace `acme`.
fn participant<'a>(verb: &'a str, account: &'a str, flow: &'a str) -> [&'a str; 7] {
    ["flows", verb, account, "--workspace", "acme", "--flow", flow]
}

fn members(folder: &Folder) -> Vec<(String, bool)> {
    let members = folder.json(&["accounts", "list", "--workspace", "acme"]);
    let member = |member: &Value| (text(member, "username").to_owned(), member["isAdmin"] == true);
    members.as_array().unwrap().iter().map(member).collect()
}

fn user_count(folder: &Folder, flow: &str) -> Value {
    let flows = folder.json(&["flows", "list", "--workspace", "acme"]);
    let mut flows = flows.as_array().unwrap().iter();
    flows.find(|listed| text(listed, "slug") == flow).unwrap()["userCount"].clone()
}

/// Sends a request as the first administrator.
fn request(folder: &Folder, server: &Server, request: &str, body: &Value) -> u16 {
    let token = folder.json(&["tokens", "create", "--account", "admin@localhost"]);
    let headers = format!("authorization: Bearer {}", text(&token, "token"));
    server.request(request, &headers, &body.to_string())
}

/// Disables the workspace `acme`.
fn disable_workspace(folder: &Folder, server: &Server) {
    let workspaces = folder.json(&["workspaces", "list"]);
    let tenant = format!("PATCH /api/tenants/{}", text(&workspaces[1], "id"));
    assert_eq!(request(folder, server, &tenant, &json!({ "status": "DISABLED" })), 200);
}

#[test]
fn adds_promotes_and_removes_members() {
    let (folder, _server) = set_up();
    let made = account(&folder, "user@example.com");
    let workspace = folder.json(&["workspaces", "list"])[1].clone();
    let membership = |is_admin: bool| {
        let (workspace, account) = (&workspace["id"], &made["id"]);
        json!({ "workspaceId": workspace, "accountId": account, "isAdmin": is_admin })
    };
    let add = member("add", "user@example.com");
    assert_eq!(folder.json(&add), membership(false));
    assert_eq!(folder.json(&add), membership(false), "already a member");
    assert_eq!(members(&folder), [("user@example.com".to_owned(), false)]);

    assert_eq!(folder.json(&[&add[..], &["--admin"]].concat()), membership(true));
    assert_eq!(folder.json(&add), membership(true), "still an administrator");
    assert_eq!(members(&folder), [("user@example.com".to_owned(), true)]);

    account(&folder, "other@example.com");
    let id = text(&made, "id");
    let by_id = ["workspaces", "add", "other@example.com", "--workspace", text(&workspace, "id"), "--admin"];
    folder.prints(&by_id);
    assert_eq!(
        folder.prints(&member("add", id)),
        format!("account         {id} (user@example.com)\nworkspace       acme\nadministers it  yes\n")
    );

    let removed = json!({ "workspaceId": workspace["id"], "accountId": made["id"], "removed": true });
    assert_eq!(folder.json(&member("remove", "user@example.com")), removed);
    assert_eq!(members(&folder), [("other@example.com".to_owned(), true)]);
    assert_eq!(length(&folder.json(&["accounts", "list"])), 3, "the account stays");

    folder.prints(&add);
    assert_eq!(
        folder.prints(&member("remove", id)),
        format!("removed    {id} (user@example.com)\nworkspace  acme\n")
    );
}

#[test]
fn does_not_remove_non_members_or_the_last_administrator() {
    let (folder, server) = set_up();
    account(&folder, "user@example.com");
    assert_eq!(
        folder.fails(&member("remove", "user@example.com")),
        (
            1,
            "error: user@example.com is not a member of the workspace acme; \
             see `denizen accounts list --workspace acme`"
                .to_owned()
        )
    );
    folder.prints(&[&member("add", "user@example.com")[..], &["--admin"]].concat());
    assert_eq!(
        folder.fails(&member("remove", "user@example.com")),
        (
            1,
            "error: user@example.com is the last administrator of the workspace acme; first make another one \
             with `denizen workspaces add EMAIL --workspace acme --admin`"
                .to_owned()
        )
    );
    assert_eq!(members(&folder), [("user@example.com".to_owned(), true)]);

    account(&folder, "other@example.com");
    disable_workspace(&folder, &server);
    assert_inactive(folder.fails(&member("add", "other@example.com")));
    assert_eq!(length(&folder.json(&["accounts", "list", "--workspace", "acme"])), 1);
}

#[test]
fn creates_flows_with_free_slugs_and_lists_them() {
    let (folder, _server) = set_up();
    let create = |more: &[&str]| folder.json(&[&["flows", "create", "--workspace", "acme"], more].concat());
    let made = create(&["My flow"]);
    assert_eq!(keys(&made), SHOWN);
    assert_eq!((text(&made, "slug"), text(&made, "name")), ("my-flow", "My flow"));
    assert_eq!((text(&made, "accessMode"), text(&made, "description")), ("invitation", ""));
    assert_eq!((&made["isArchived"], &made["userCount"]), (&json!(false), &json!(0)));
    let second = create(&["My flow", "--access-mode", "organization", "--description", "what it is for"]);
    assert_eq!((text(&second, "slug"), text(&second, "accessMode")), ("my-flow-2", "organization"));
    assert_eq!(text(&second, "description"), "what it is for");
    let third = create(&["pwd/whoami", "--access-mode", "link"]);
    assert_eq!((text(&third, "slug"), text(&third, "accessMode")), ("pwd-whoami", "link"));
    let fourth = folder.prints(&["flows", "create", "…", "--workspace", "acme"]);
    let lines: Vec<&str> = fourth.lines().collect();
    assert_eq!(
        lines[1..5],
        ["slug         flow", "name         …", "workspace    acme", "access mode  invitation"]
    );

    account(&folder, "user@example.com");
    folder.prints(&participant("add", "user@example.com", "pwd-whoami"));
    let list = folder.json(&["flows", "list", "--workspace", "acme"]);
    assert_eq!((length(&list), keys(&list[0])), (4, SHOWN.to_vec()));
    assert_eq!((text(&list[2], "slug"), &list[2]["userCount"]), ("pwd-whoami", &json!(1)), "sorted by name");
    assert_eq!(folder.json(&["flows", "list", "--workspace", "default"]), json!([]));

    let table = folder.prints(&["flows", "list", "--workspace", text(&made, "workspaceId")]);
    let lines: Vec<&str> = table.lines().collect();
    let head = "SLUG        ID                                    ACCESS MODE   ARCHIVED  USERS  NAME";
    assert_eq!((lines.len(), lines[0]), (5, head));
    assert_eq!(
        lines[3],
        format!("pwd-whoami  {}  link          no        1      pwd/whoami", text(&third, "id"))
    );
}

#[test]
fn adds_accounts_to_flows_and_removes_them() {
    let (folder, _server) = set_up();
    let flow = folder.json(&["flows", "create", "My flow", "--workspace", "acme"]);
    let made = account(&folder, "user@example.com");
    let ids = json!({
        "workspaceId": flow["workspaceId"],
        "flowId": flow["id"],
        "accountId": made["id"],
    });
    assert_eq!(folder.json(&participant("add", "user@example.com", "my-flow")), ids);
    assert_eq!(
        folder.json(&participant("add", text(&made, "id"), text(&flow, "id"))),
        ids,
        "already in the flow"
    );
    assert_eq!(user_count(&folder, "my-flow"), 1);
    assert_eq!(members(&folder), [("user@example.com".to_owned(), false)], "now a member");

    let mut removed = ids.clone();
    removed["removed"] = true.into();
    assert_eq!(folder.json(&participant("remove", "user@example.com", text(&flow, "id"))), removed);
    assert_eq!(user_count(&folder, "my-flow"), 0);
    assert_eq!(members(&folder).len(), 1, "still a member");

    let shown = format!("{} (user@example.com)\nworkspace  acme\nflow       my-flow\n", text(&made, "id"));
    assert_eq!(
        folder.prints(&participant("add", "user@example.com", "my-flow")),
        format!("account    {shown}")
    );
    assert_eq!(
        folder.prints(&participant("remove", "user@example.com", "my-flow")),
        format!("removed    {shown}")
    );

    folder.prints(&participant("add", "user@example.com", "my-flow"));
    folder.prints(&member("remove", "user@example.com"));
    assert_eq!(user_count(&folder, "my-flow"), 0, "leaving a workspace means leaving its flows");
}

#[test]
fn adding_an_account_to_a_flow_unblocks_it() {
    let (folder, server) = set_up();
    folder.prints(&["flows", "create", "My flow", "--workspace", "acme"]);
    folder.prints(&[&member("add", "admin@localhost")[..], &["--admin"]].concat());
    let made = account(&folder, "user@example.com");
    let block = || {
        folder.prints(&participant("add", "user@example.com", "my-flow"));
        assert_eq!(user_count(&folder, "my-flow"), 1);
        let user = format!("PUT /flows/acme/my-flow/users/{}", made["number"]);
        assert_eq!(request(&folder, &server, &user, &json!({ "disabled": true })), 200);
        assert_eq!(user_count(&folder, "my-flow"), 0);
    };
    block();
    block();
    folder.prints(&participant("remove", "user@example.com", "my-flow"));
    assert_eq!(folder.fails(&participant("remove", "user@example.com", "my-flow")).0, 1);
}

#[test]
fn rejects_invalid_flows_and_additions() {
    let (folder, server) = set_up();
    folder.prints(&["flows", "create", "My flow", "--workspace", "acme"]);
    account(&folder, "user@example.com");
    assert_eq!(
        folder.fails(&participant("remove", "user@example.com", "my-flow")),
        (1, "error: user@example.com is not in the flow my-flow of the workspace acme".to_owned())
    );
    let elsewhere = folder.json(&["flows", "create", "Elsewhere", "--workspace", "default"]);
    for flow in ["nowhere", UNKNOWN, text(&elsewhere, "id"), "elsewhere"] {
        let sentence = format!(
            "error: the workspace acme has no flow {flow}; see `denizen flows list --workspace acme`"
        );
        for verb in ["add", "remove"] {
            let command = participant(verb, "user@example.com", flow);
            assert_eq!(folder.fails(&command), (1, sentence.clone()), "{command:?}");
        }
    }
    let create = |more: &[&str]| {
        let ended = folder.run(&[&["flows", "create"], more].concat());
        (ended.code.unwrap(), ended.complaint)
    };
    let (code, complaint) = create(&["A", "--workspace", "acme", "--access-mode", "everybody"]);
    assert_eq!(code, 2);
    assert!(complaint.contains("possible values: invitation, link, organization"), "{complaint}");
    let long = "x".repeat(1001);
    for wrong in [
        &["A"][..],
        &["--workspace", "acme"],
        &["", "--workspace", "acme"],
        &[" ", "--workspace", "acme"],
        &[&long[..101], "--workspace", "acme"],
        &["A", "--workspace", "acme", "--description", &long],
    ] {
        assert_eq!(create(wrong).0, 2, "{wrong:?}");
    }
    disable_workspace(&folder, &server);
    assert_inactive(folder.fails(&["flows", "create", "A", "--workspace", "acme"]));
    assert_inactive(folder.fails(&participant("add", "user@example.com", "my-flow")));
    assert_eq!(length(&folder.json(&["flows", "list", "--workspace", "acme"])), 1);
}

#[test]
fn names_unknown_accounts_and_workspaces() {
    let (folder, _server) = set_up();
    folder.prints(&["flows", "create", "My flow", "--workspace", "acme"]);
    for name in ["nobody@example.com", UNKNOWN] {
        let sentence = format!("error: there is no account {name}; see `denizen accounts list`");
        for verb in ["add", "remove"] {
            assert_eq!(folder.fails(&member(verb, name)), (1, sentence.clone()));
            assert_eq!(folder.fails(&participant(verb, name, "my-flow")), (1, sentence.clone()));
        }
    }
    let sentence = "error: there is no workspace nowhere; see `denizen workspaces list`".to_owned();
    for command in [
        &["workspaces", "add", "admin@localhost"][..],
        &["workspaces", "remove", "admin@localhost"],
        &["flows", "create", "A"],
        &["flows", "list"],
        &["flows", "add", "admin@localhost", "--flow", "my-flow"],
        &["flows", "remove", "admin@localhost", "--flow", "my-flow"],
    ] {
        let arguments = [command, &["--workspace", "nowhere"]].concat();
        assert_eq!(folder.fails(&arguments), (1, sentence.clone()), "{command:?}");
        assert_eq!(folder.fails(command).0, 2, "{command:?}");
    }
    for verb in ["add", "remove"] {
        assert_eq!(folder.fails(&member(verb, "nobody")).0, 2);
        assert_eq!(folder.fails(&participant(verb, "nobody", "my-flow")).0, 2);
        assert_eq!(folder.fails(&["flows", verb, "admin@localhost", "--workspace", "acme"]).0, 2);
    }
}

#[track_caller]
fn assert_inactive((code, complaint): (i32, String)) {
    assert_eq!(code, 1);
    let sentence = "error: the workspace acme is not active; first use `denizen workspaces resume acme`";
    assert!(complaint.starts_with(sentence), "{complaint}");
}
