//! The whole life of a connected account.

use std::time::Duration;

use denizen_tests::{TestServer, json};

use super::{System, user};
use crate::support::text;
use crate::workflow_runs::{Workflow, chain, node, step_of};

#[tokio::test]
async fn an_account_is_connected_used_refreshed_refused_and_revoked() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let fields = json!({ "url": format!("{}/resource", system.url), "connectedAccount": "drive" });
    let workflow = Workflow::new(&system.manager, chain(&[node("call", "http.request", fields)])).await;

    let done = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(step_of(&server, &done, "call").await["result"]["body"]["account"], "jane");
    let first = text(&system.token(&account).await, "accessToken");

    server.advance(Duration::from_hours(2));
    let done = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(done["status"], "succeeded");
    assert_ne!(text(&system.token(&account).await, "accessToken"), first);

    let path = format!("/api/v1/external-users/{jane}");
    server.zaia().patch(&path, json!({ "blocked": true })).await.json(200);
    let refused = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(step_of(&server, &refused, "call").await["message"], "The external user is blocked.");

    server.zaia().post(&format!("{path}/erase"), json!(null)).await.json(200);
    system.has_revoked_all().await;
}
