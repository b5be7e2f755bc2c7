//! Commands that change and delete workspaces, with a running server.

use serde_json::{Value, json};

use crate::program::{Folder, Server};
use crate::text;

/// Creates a folder with a server, and a key of the workspace `acme`.
fn set_up() -> (Folder, Server, String) {
    let folder = Folder::new();
    let server = folder.serve();
    folder.prints(&["workspaces", "create", "Acme"]);
    let key = folder.json(&["keys", "create", "--workspace", "acme", "--name", "ci"]);
    let secret = text(&key, "secretKey").to_owned();
    assert_eq!(server.status(&secret), 200);
    (folder, server, secret)
}

/// What the log says of the workspace, oldest first.
fn log(folder: &Folder, log: &[&str]) -> Vec<Value> {
    let list = ["audit", "list", "--oldest-first"];
    let log = folder.json(&[&list[..], log].concat());
    let log = log.as_array().unwrap().iter();
    log.filter(|event| event["objectType"] == "workspace").cloned().collect()
}

#[test]
fn renames_suspends_and_resumes_a_workspace() {
    let (folder, server, secret) = set_up();
    let renamed = folder.json(&["workspaces", "rename", "acme", "Acme Ltd"]);
    assert_eq!((text(&renamed, "name"), text(&renamed, "slug")), ("Acme Ltd", "acme"));
    for (verb, status, code) in [("suspend", "DISABLED", 401), ("resume", "ACTIVE", 200)] {
        let printed = folder.prints(&["workspaces", verb, "acme"]);
        assert_eq!(printed, format!("slug    acme\nname    Acme Ltd\nstatus  {status}\n"));
        server.waits_for_status(&secret, code);
    }
    let noted = log(&folder, &["--workspace", "acme"]);
    let changes: Vec<_> = noted.iter().skip(1).map(|event| event["changes"].clone()).collect();
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    let expected = [
        json!({ "name": change("Acme", "Acme Ltd") }),
        json!({ "status": change("ACTIVE", "DISABLED") }),
        json!({ "status": change("DISABLED", "ACTIVE") }),
    ];
    assert_eq!(changes, expected);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for event in noted {
        assert_eq!(event["actor"], json!({ "type": "operator", "id": null }));
        let operator = text(&event, "operator");
        assert!(operator.ends_with(&format!("@{}", host.trim())), "{operator}");
    }
    assert!(folder.prints(&["audit", "list", "--workspace", "acme"]).contains(&format!("@{}", host.trim())));

    let (code, said) = folder.fails(&["workspaces", "suspend", "default"]);
    assert!(code == 1 && said.contains("no administrator left"), "the administrator lives there: {said}");
    let nowhere = "error: there is no workspace nowhere; see `denizen workspaces list`".to_owned();
    assert_eq!(folder.fails(&["workspaces", "resume", "nowhere"]), (1, nowhere));
    assert_eq!(folder.fails(&["workspaces", "rename", "acme", " "]).0, 2);
}

#[test]
fn deletes_a_workspace_once_its_slug_is_typed() {
    let (folder, server, secret) = set_up();
    let delete = ["workspaces", "delete", "acme"];
    for typed in ["", "\n", "Acme\n", "yes\n"] {
        let ended = folder.run_from(typed, &delete);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.complaint.contains("Type its slug, acme, to delete it:"), "{ended:?}");
        assert!(ended.complaint.ends_with("--yes does not ask\n"), "{ended:?}");
    }
    assert_eq!(server.status(&secret), 200);
    let id = text(&folder.json(&["workspaces", "list"])[1], "id").to_owned();
    assert_eq!(folder.json_from("acme\n", &delete), json!({ "id": id, "slug": "acme", "deleted": true }));
    server.waits_for_status(&secret, 401);
    assert_eq!(folder.json(&["workspaces", "list"]).as_array().unwrap().len(), 1);
    let noted = log(&folder, &["--server"]);
    assert_eq!(noted.len(), 1);
    assert_eq!((text(&noted[0], "action"), text(&noted[0], "objectId")), ("workspace.delete", &*id));

    folder.prints(&["workspaces", "create", "Acme"]);
    folder.prints(&[&delete[..], &["--yes"]].concat());
    let (code, said) = folder.fails(&["workspaces", "delete", "default", "--yes"]);
    assert!(code == 1 && said.contains("no administrator left"), "the administrator lives there: {said}");
}
