//! `denizen webhooks`.

use denizen_tests::{TestServer, Value, json};

use super::{Endpoint, manager};
use crate::support::{create, text};

const WORKSPACE: [&str; 2] = ["--workspace", "default"];

/// The cells of a table, without its head.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
}

#[tokio::test]
async fn shows_endpoints_and_deliveries_and_steers_them() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let (id, url) = (endpoint.id.clone(), endpoint.receiver.url());
    let run = async |command: &str, more: &[&str]| {
        let arguments = [&["webhooks", command], more, &WORKSPACE].concat();
        server.operator_text(&arguments).await
    };
    let user = text(&create(&server, json!({ "name": "Jane" })).await, "id");
    let message = endpoint.next().await;
    endpoint.after_attempts(message.id(), 1).await;

    let table = run("list", &[]).await;
    assert!(table.starts_with("ID"), "{table}");
    assert_eq!(rows(&table)[0][..4], [id.as_str(), &url, "external_user.*", "no"]);
    let listed: Value = serde_json::from_str(&run("list", &["--json"]).await).unwrap();
    assert_eq!((&listed["id"], &listed["url"]), (&json!(id), &json!(url)));
    assert!(listed.get("secret").is_none(), "{listed:#}");

    let table = run("deliveries", &[&id]).await;
    let expected = [message.id(), "external_user.created", &user, "succeeded", "1", "200"];
    assert_eq!(rows(&table)[0][..6], expected);
    let delivery: Value = serde_json::from_str(&run("deliveries", &[&id, "--json"]).await).unwrap();
    assert_eq!(delivery, json!(endpoint.deliveries("").await));
    assert!(rows(&run("deliveries", &[&id, "--state", "failed"]).await).is_empty());

    let disabled: Value = serde_json::from_str(&run("disable", &[&id, "--json"]).await).unwrap();
    assert_eq!(disabled["disabled"], true);
    let missed = text(&create(&server, json!({ "name": "John" })).await, "id");
    assert!(run("enable", &[&id]).await.contains(&url));
    assert_eq!(endpoint.next().await.body["objectId"], missed);

    let replay = ["--since", "2024-01-01", "--json"];
    let begun: Value =
        serde_json::from_str(&run("replay", &[&[id.as_str()], &replay[..]].concat()).await).unwrap();
    let job = format!("/api/v1/jobs/{}", text(&begun, "jobId"));
    assert_eq!(manager.get(&job).await.json(200)["kind"], "webhook_replay");
    let again = [endpoint.receiver.next().await, endpoint.receiver.next().await];
    let mut again: Vec<_> = again.iter().map(|message| text(&message.body, "objectId")).collect();
    again.sort();
    let mut both = vec![user, missed];
    both.sort();
    assert_eq!(again, both);
}

#[tokio::test]
async fn refuses_what_is_not_there() {
    let server = TestServer::start().await;
    let nowhere = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    for command in [
        &["deliveries", nowhere][..],
        &["enable", nowhere],
        &["disable", nowhere],
        &["replay", nowhere, "--since", "2024-01-01"],
    ] {
        let complaint = server.refused_operator(&[&["webhooks"], command, &WORKSPACE].concat()).await;
        assert!(complaint.contains(nowhere) && complaint.contains("denizen webhooks list"), "{complaint}");
    }
}
