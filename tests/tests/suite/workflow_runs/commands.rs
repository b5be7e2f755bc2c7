//! `denizen workflows`.

use denizen_tests::{TestServer, json};

use super::{Workflow, chain, manager, node};
use crate::support::{soon, text};

#[tokio::test]
async fn an_operator_steers_workflows_and_sees_what_becomes_of_them() {
    let server = TestServer::start().await;
    let graph = chain(&[
        node("note", "log.write", json!({ "message": "='n is ' + string(data.n)" })),
        node("wrong", "external-users.block", json!({ "externalId": "nobody" })),
    ]);
    let workflow = Workflow::new(&manager(&server).await, graph).await;
    let (id, slug) = (workflow.id.as_str(), server.workspace.slug.as_str());
    let listed = server.operator(&["workflows", "list", "--workspace", slug, "--json"]).await;
    assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&json!(id), &json!("active")));
    let shown = server.operator_text(&["workflows", "show", id, "--workspace", slug]).await;
    assert!(shown.contains("note (log.write), wrong (external-users.block)"), "{shown}");

    let begun = server
        .operator(&["workflows", "run", id, "--workspace", slug, "--input", r#"{"n": 7}"#, "--json"])
        .await;
    let execution = text(&begun, "id");
    workflow.until(&execution, "failed").await;
    let failed = server
        .operator(&["workflows", "executions", "--workspace", slug, "--state", "failed", "--json"])
        .await;
    assert_eq!((&failed[0]["id"], &failed[0]["trigger"]["type"]), (&json!(execution), &json!("manual")));
    let logs = server.operator_text(&["workflows", "logs", &execution, "--workspace", slug]).await;
    assert!(logs.contains("n is 7") && logs.contains("External user not found"), "{logs}");

    let stopped = server.operator(&["workflows", "stop", id, "--workspace", slug, "--json"]).await;
    assert_eq!(stopped["status"], "stopping");
    soon(async || workflow.get().await["status"] == "inactive").await;
    let refused = server.refused_operator(&["workflows", "run", id, "--workspace", slug]).await;
    assert!(refused.contains("the workflow is inactive; see `denizen workflows start`"), "{refused}");
    let started = server.operator(&["workflows", "start", id, "--workspace", slug, "--json"]).await;
    assert_eq!(started["status"], "starting");
    soon(async || workflow.get().await["status"] == "active").await;

    let elsewhere = server.new_workspace("elsewhere").await;
    let unknown = server.refused_operator(&["workflows", "show", id, "--workspace", &elsewhere.slug]).await;
    assert!(unknown.contains("has no workflow"), "{unknown}");
}
