//! The whole life of a connected account.

use std::time::Duration;

use denizen_tests::{TestServer, json};

use super::{System, user};
use crate::support::{soon, text};
use crate::workflow_runs::{Workflow, chain, node, step_of};

#[tokio::test]
async fn an_account_is_connected_used_refreshed_refused_and_revoked() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let fields = json!({ "url": format!("{}/resource", system.url), "connectedAccount": "drive" });
    let call = |id| node(id, "http.request", fields.clone());
    let workflow = Workflow::new(&system.manager, chain(&[call("call")])).await;

    let done = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(step_of(&server, &done, "call").await["result"]["body"]["account"], "jane");
    let first = text(&system.token(&account).await, "accessToken");

    server.advance(Duration::from_hours(2));
    let done = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(done["status"], "succeeded");
    assert_ne!(text(&system.token(&account).await, "accessToken"), first);

    let steps = [call("first"), node("pause", "time.wait", json!({ "for": "1h" })), call("second")];
    let workflow = Workflow::new(&system.manager, chain(&steps)).await;
    let begin = format!("/api/v1/workflow/manager/execute/{}", workflow.id);
    let begun =
        system.manager.with("x-username", "jane").post(&begin, json!({})).await.json(200)["data"].take();
    soon(async || step_of(&server, &begun, "pause").await["status"] == "waiting").await;
    let path = format!("/api/v1/external-users/{jane}");
    server.zaia().patch(&path, json!({ "blocked": true })).await.json(200);
    server.advance(Duration::from_hours(1));
    workflow.until(&text(&begun, "id"), "failed").await;
    assert_eq!(step_of(&server, &begun, "first").await["status"], "succeeded");
    assert_eq!(step_of(&server, &begun, "second").await["message"], "The external user is blocked.");

    server.zaia().post(&format!("{path}/erase"), json!(null)).await.json(200);
    system.has_revoked_all().await;
}
