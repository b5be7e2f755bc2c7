//! `denizen events tail`.

use denizen_tests::{TestServer, Value, json};

use crate::support::{create, each, path_of, text};

#[tokio::test]
async fn prints_events_of_a_workspace() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "name": "Jane" })).await;
    server
        .zaia()
        .patch(&path_of(&user), json!({ "name": "Jane D.", "email": "jane@example.com" }))
        .await
        .is(200);
    let (id, tail) =
        (text(&user, "id"), ["events", "tail", "--workspace", "default", "--after", "0", "--no-follow"]);

    let table =
        server.operator_text(&[&tail[..], &["--types", "external_user.*,tier.created"]].concat()).await;
    let lines: Vec<_> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], ["POSITION", "TIME", "TYPE", "OBJECT", "ACTOR", "CHANGED"]);
    let key = format!("api_key:{}", server.workspace.key.id);
    assert_eq!(lines[1][2..], ["external_user.created", &id, &key, "-"]);
    assert_eq!(lines[2][2..], ["external_user.updated", &id, &key, "displayName", "email"]);
    assert_eq!(lines.len(), 3);

    let printed = server.operator_text(&[&tail[..], &["--object", &id, "--json"]].concat()).await;
    let events: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each(&events, "type"), ["external_user.created", "external_user.updated"]);
    assert_eq!(events[1]["previous"], json!({ "displayName": "Jane", "email": null }));
}
