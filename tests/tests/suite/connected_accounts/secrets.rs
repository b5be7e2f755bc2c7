//! No secret is shown, logged, recorded or stored as it is.

use std::collections::BTreeSet;
use std::time::Duration;

use denizen_tests::{TestServer, json};

use super::{ACCOUNTS, CLIENT_SECRET, CONFIGS, System, auth_config, manager, user};
use crate::support::{soon, text};
use crate::workflow_runs::{Workflow, chain, node};

#[tokio::test]
async fn no_answer_log_event_or_file_has_a_secret() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    let mut secrets =
        BTreeSet::from([CLIENT_SECRET.to_owned(), "basic-password".into(), "replaced-key".into()]);
    let link = system.link("jane").await;
    secrets.insert(text(&link, "linkToken"));
    let page = system.agree(&mut server.browser(), &link).await;
    let account = system.account(&text(&link, "connectedAccountId")).await;
    for (scheme, credentials) in [
        ("BASIC", json!({ "username": "jane", "password": "basic-password" })),
        ("API_KEY", json!({ "apiKey": "replaced-key" })),
    ] {
        let config = auth_config(&system.manager, scheme, json!({})).await;
        let body = json!({ "authConfigId": config, "eUID": "jane", "credentials": credentials });
        system.manager.post(ACCOUNTS, body).await.json(201);
    }
    let fields = json!({ "url": format!("{}/resource", system.url), "connectedAccount": "drive" });
    let workflow = Workflow::new(&system.manager, chain(&[node("call", "http.request", fields)])).await;
    assert_eq!(workflow.run_for(Some("jane"), json!({})).await["status"], "succeeded");
    for _ in 0..2 {
        secrets.insert(text(&system.token(&account).await, "accessToken"));
        let issued = system.tell("tokens").await;
        secrets.extend(issued.access.into_iter().chain(issued.refresh));
        server.advance(Duration::from_hours(1));
    }
    assert!(secrets.len() >= 7, "{secrets:?}");

    let mut told = vec![page.url.to_string()];
    for path in [
        "/api/v1/events?limit=100",
        "/api/v1/audit-events?limit=100",
        "/api/v1/jobs",
        "/api/v1/workflow/manager/executions",
        "/metrics",
        ACCOUNTS,
        CONFIGS,
        &format!("{ACCOUNTS}/grouped-by-toolkit?eUID={jane}"),
    ] {
        told.push(system.manager.get(path).await.is(200).text);
    }
    told.push(server.operator_text(&["audit", "list", "--workspace", "default", "--json"]).await);
    for text in &told {
        let shown: Vec<_> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
        assert!(shown.is_empty(), "{shown:?} in {text}");
    }
    let Some(bytes) = server.database_bytes() else { return };
    let kept: Vec<_> = secrets.iter().filter(|secret| contains(&bytes, secret.as_bytes())).collect();
    assert!(kept.is_empty(), "the database has {kept:?}");
}

#[tokio::test]
async fn no_line_of_the_log_has_a_secret() {
    let server = TestServer::start().await;
    let (program, url) = server.beside().await;
    let Some(mut system) = System::start_for(&url, manager(&server).await.at(&url)).await else { return };
    user(&system.manager, "jane").await;
    let link = system.link("jane").await;
    let mut secrets = BTreeSet::from([CLIENT_SECRET.to_owned(), text(&link, "linkToken")]);
    let mut browser = server.browser();
    let back = system.agree_until(&mut browser, &link, &format!("{url}/connect/callback")).await;
    secrets.extend(["code", "state"].map(|name| back.parameter(name).unwrap()));
    browser.open(back.url.as_str(), "https://shop.example.com").await;
    let account = system.account(&text(&link, "connectedAccountId")).await;
    let first = text(&system.token(&account).await, "accessToken");
    soon(async || text(&system.token(&account).await, "accessToken") != first).await;
    // A refusal is logged, too.
    let issued = system.tell("tokens").await;
    secrets.extend(issued.access.into_iter().chain(issued.refresh).chain([first]));
    system.tell("forget").await;
    system.until(&text(&account, "id"), "EXPIRED").await;
    let log = program.log().await;
    assert!(log.contains("/connect/callback"), "the log is that of these requests:\n{log}");
    let shown: Vec<_> = secrets.iter().filter(|secret| log.contains(secret.as_str())).collect();
    assert!(shown.is_empty(), "{shown:?} in\n{log}");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_use_is_in_the_audit_log_and_is_no_event() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    let config = auth_config(&manager, "BEARER_TOKEN", json!({})).await;
    let body = json!({ "authConfigId": config, "eUID": "jane", "credentials": { "token": "t1" } });
    let account = manager.post(ACCOUNTS, body).await.json(201);
    let id = text(&account, "id");
    manager.post(&format!("{ACCOUNTS}/{id}/token"), json!(null)).await.json(200);
    let changes = json!({ "displayName": "Jane's CRM", "credentials": { "token": "t2" } });
    manager.patch(&format!("{ACCOUNTS}/{id}"), changes).await.json(200);
    let log = manager.get(&format!("/api/v1/audit-events?objectId={id}")).await.array(200);
    let actions: BTreeSet<_> = log.iter().map(|entry| text(entry, "action")).collect();
    let expected = ["connected_account.update", "connected_account.use", "connected_account.create"];
    assert_eq!(actions, BTreeSet::from(expected.map(str::to_owned)));
    let update = log.iter().find(|entry| entry["action"] == "connected_account.update").unwrap();
    let hidden = json!({ "old": null, "new": null });
    assert_eq!(update["changes"], json!({ "displayName": hidden, "credentials": hidden }));
    let events = manager.get(&format!("/api/v1/events?objectId={id}")).await.json(200);
    assert_eq!(events["events"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn without_an_encryption_key_nothing_is_connected() {
    let Some(server) = TestServer::without_encryption_key().await else { return };
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    let config = auth_config(&manager, "API_KEY", json!({})).await;
    let body = json!({ "authConfigId": config, "eUID": "jane", "credentials": { "apiKey": "k" } });
    let error = manager.post(ACCOUNTS, body).await.error(503, "unavailable");
    assert_eq!(error["reason"], "no_encryption_key");
    let error = manager.post(CONFIGS, System::config("http://127.0.0.1:9")).await.error(503, "unavailable");
    assert_eq!(error["reason"], "no_encryption_key");
    assert_eq!(manager.get(ACCOUNTS).await.json(200)["totalItems"], 0);
}

#[tokio::test]
async fn what_is_sealed_is_sealed_again_with_another_key() {
    let server = TestServer::with_fixed_time().await;
    let Some(system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.txt");
    let new = server.operator(&["encryption-keys", "generate", "--json"]).await;
    let old = server.encryption_key();
    std::fs::write(&file, format!("{}\n{old}\n", text(&new, "key"))).unwrap();
    let arguments = ["--encryption-key-file", file.to_str().unwrap()];
    let reseal = [&["encryption-keys", "reseal", "--json"], &arguments[..]].concat();
    let resealed = server.operator(&reseal).await;
    assert_eq!(resealed["resealed"], 2, "the client's secret, and the tokens");
    assert_eq!(server.operator(&reseal).await["resealed"], 0);
    // The running server does not have the new key.
    let path = format!("{ACCOUNTS}/{}/token", text(&account, "id"));
    let error = system.manager.post(&path, json!(null)).await.error(503, "unavailable");
    assert_eq!(error["reason"], "unknown_encryption_key");
    soon(async || system.manager.get("/health/ready").await.status == 200).await;
}
