//! Commands for rate limits, and their effects on a running server.

use serde_json::{Value, json};

use crate::program::{Folder, soon};

const LIMIT: [&str; 3] = ["workspaces", "limit", "default"];

fn limit(folder: &Folder, arguments: &[&str]) -> Value {
    folder.json(&[&LIMIT, arguments].concat())["requestsPerSecond"].clone()
}

#[test]
fn a_workspace_limit_applies_until_removed() {
    let folder = Folder::new();
    let mut server = folder.serve();
    let secret = server.printed("secret key");
    // Sequential requests stay below a thousand a second, but exceed one a second.
    let statuses = || (0..10).map(|_| server.status(&secret)).collect::<Vec<_>>();
    assert_eq!(statuses(), [200; 10]);
    assert_eq!(limit(&folder, &["--requests-per-second", "1"]), 1);
    assert_eq!(folder.json(&["workspaces", "list"])[0]["requestsPerSecond"], 1);
    soon(|| statuses().contains(&429));
    assert_eq!(limit(&folder, &["--requests-per-second", "0"]), 0);
    soon(|| statuses() == [200; 10]);
    assert_eq!(limit(&folder, &["--default"]), Value::Null);
    assert_eq!(statuses(), [200; 10]);
}

#[test]
fn prints_the_limit_readably() {
    let folder = Folder::migrated();
    folder.prints(&["workspaces", "create", "Acme"]);
    let id = folder.json(&["workspaces", "list"])[0]["id"].as_str().unwrap().to_owned();
    for (name, arguments, shown) in [
        ("acme", &["--requests-per-second", "50"][..], "50"),
        (&id, &["--requests-per-second=0"], "any number"),
        ("acme", &["--default"], "as many as the server's settings say"),
    ] {
        let printed = folder.prints(&[&["workspaces", "limit", name], arguments].concat());
        assert_eq!(printed, format!("slug               acme\nrequests a second  {shown}\n"));
    }
}

#[test]
fn rejects_invalid_limits() {
    let folder = Folder::migrated();
    for (arguments, complaint) in [
        (&[][..], "required arguments were not provided"),
        (&["--requests-per-second", "1", "--default"], "cannot be used with"),
        (&["--requests-per-second=-1"], "expected a whole number from 0 (unlimited) to 4294967295"),
        (&["--requests-per-second", "many"], "expected a whole number from 0 (unlimited) to 4294967295"),
    ] {
        let (code, said) = folder.fails(&[&LIMIT, arguments].concat());
        assert!(code == 2 && said.contains(complaint), "{arguments:?}: {code} {said}");
    }
    let nowhere = "error: there is no workspace default; see `denizen workspaces list`";
    assert_eq!(folder.fails(&[&LIMIT[..], &["--default"]].concat()), (1, nowhere.to_owned()));
    assert_eq!(folder.json(&["workspaces", "list"]), json!([]));
}
