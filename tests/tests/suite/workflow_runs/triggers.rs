//! What starts workflows, and what stops them from starting each other.

use std::time::Duration;

use denizen_tests::{TestServer, json};

use super::{Workflow, chain, manager, node, step_of};
use crate::support::{create, path_of, soon, text};

#[tokio::test]
async fn an_event_starts_a_workflow_in_the_name_of_its_user() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    create(&server, json!({ "externalId": "before", "email": "a@example.com" })).await;
    let trigger = json!({
        "type": "event", "events": ["external_user.created", "external_user.blocked"],
        "filter": "event.type == 'external_user.blocked' || event.data.email != null",
    });
    let fields = json!({ "customFields": { "seen": "=event.type", "name": "=user.username" } });
    let graph = chain(&[node("note", "external-users.update", fields)]);
    let workflow = Workflow::with(&manager, graph, json!({ "trigger": trigger })).await;
    create(&server, json!({ "externalId": "without" })).await;
    let user = create(&server, json!({ "externalId": "with", "email": "b@example.com" })).await;
    let [execution] = <[_; 1]>::try_from(workflow.ended(1).await).unwrap();
    assert_eq!(
        (&execution["user"], &execution["status"]),
        (&user["id"], &json!("succeeded")),
        "{execution:#}"
    );
    assert_eq!(execution["trigger"]["event"]["type"], "external_user.created");
    let path = path_of(&user);
    let seen = manager.get(&path).await.json(200)["customFields"].clone();
    assert_eq!(seen, json!({ "seen": "external_user.created", "name": "with" }));

    manager.patch(&path, json!({ "blocked": true })).await;
    workflow.ended(2).await;
    let log = manager
        .get(&format!("/api/v1/audit-events?objectId={}&limit=100", text(&user, "id")))
        .await
        .array(200);
    let by_workflow: Vec<_> = log.iter().filter(|entry| entry["actor"]["type"] == "workflow").collect();
    assert_eq!(by_workflow.len(), 2, "{log:#?}");
    assert!(
        by_workflow
            .iter()
            .all(|entry| entry["actor"]["id"] == workflow.id && entry["actingFor"] == user["id"])
    );
    let begun = manager.get("/api/v1/audit-events?action=execution.create&limit=100").await.array(200);
    assert_eq!(begun.len(), 2, "each execution is in the log: {begun:#?}");
}

#[tokio::test]
async fn workflows_that_start_each_other_come_to_an_end() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let graph = chain(&[node(
        "again",
        "external-users.update",
        json!({ "customFields": { "n": "=(has(user.customFields.n) ? user.customFields.n : 0) + 1" } }),
    )]);
    let trigger = json!({ "trigger": { "type": "event", "events": ["external_user.updated"] } });
    let ping = Workflow::with(&manager, graph.clone(), trigger.clone()).await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let path = path_of(&user);
    manager.patch(&path, json!({ "firstName": "Ada" })).await;
    let executions = ping.ended(7).await;
    let error = text(&executions[0], "error");
    assert!(error.contains("started each other 5 times in a row"), "{error}");
    assert!(executions[1..].iter().all(|execution| execution["status"] == "succeeded"), "{executions:#?}");
    assert_eq!(manager.get(&path).await.json(200)["customFields"]["n"], 6);
}

#[tokio::test]
async fn a_schedule_starts_a_workflow_and_makes_up_for_what_was_missed() {
    let mut server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let graph = chain(&[node("note", "log.write", json!({ "message": "=trigger.scheduledAt" }))]);
    let schedule = json!({ "cron": "0 * * * *" });
    let workflow = Workflow::with(&manager, graph, schedule).await;
    let next = text(&workflow.get().await, "nextRunAt");
    server.advance(Duration::from_hours(1));
    let [first] = <[_; 1]>::try_from(workflow.ended(1).await).unwrap();
    assert_eq!(
        (&first["trigger"]["scheduledAt"], &first["trigger"]["missed"]),
        (&json!(next), &json!(0)),
        "{first:#}"
    );
    assert_eq!(step_of(&server, &first, "note").await["message"], next);

    server.stop().await;
    server.advance(Duration::from_hours(5));
    server.restart().await;
    let workflow = Workflow { manager: super::manager(&server).await, id: workflow.id };
    let executions = workflow.ended(2).await;
    assert_eq!(executions[0]["trigger"]["missed"], 4, "{executions:#?}");
    let latest = text(&executions[0], "createdAt");
    soon(async || text(&workflow.get().await, "nextRunAt") > latest).await;
}

#[tokio::test]
async fn a_stopped_workflow_is_not_started_by_anything() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let graph = chain(&[node("note", "log.write", json!({ "message": "hello" }))]);
    let trigger = json!({ "trigger": { "type": "event", "events": ["external_user.created"] } });
    let workflow = Workflow::with(&manager, graph, trigger).await;
    let add = async |id: &str| create(&server, json!({ "externalId": id })).await;
    add("first").await;
    workflow.ended(1).await;
    workflow.set_active(false).await;
    add("second").await;
    workflow.set_active(true).await;
    add("third").await;
    let executions = workflow.ended(2).await;
    assert_eq!(executions[0]["trigger"]["event"]["data"]["externalId"], "third", "{executions:#?}");
}

#[tokio::test]
async fn a_workspace_begins_so_many_executions_in_a_minute() {
    let server = TestServer::with_fixed_time_and(&["--workflow-starts-per-minute=2"]).await;
    let manager = manager(&server).await;
    let graph = chain(&[node("note", "log.write", json!({ "message": "hello" }))]);
    let workflow = Workflow::new(&manager, graph).await;
    workflow.run(json!(1)).await;
    workflow.run(json!(2)).await;
    let path = format!("{}/execute/{}", super::PATH, workflow.id);
    let refused = manager.post(&path, json!({})).await;
    assert!(refused.header("retry-after").is_some());
    refused.error(429, "rate_limited");
    server.advance(Duration::from_mins(1));
    workflow.run(json!(3)).await;
    assert_eq!(workflow.executions().await.len(), 3);
}
