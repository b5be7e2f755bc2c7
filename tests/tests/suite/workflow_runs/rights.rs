//! Whose rights the steps of workflows have.

use std::time::Duration;

use denizen_tests::{Client, TestServer, Value, json};

use super::{Workflow, chain, manager, node, steps_of};
use crate::support::{ALL_SCOPES, create, soon, text};

/// A graph that waits for an hour and then blocks a user.
fn patient() -> Value {
    chain(&[
        node("wait", "time.wait", json!({ "for": "1h" })),
        node("block", "external-users.block", json!({ "externalId": "u-1" })),
    ])
}

async fn wait_for_step(server: &TestServer, execution: &str) {
    soon(async || {
        let steps = steps_of(server, &json!({ "id": execution })).await;
        steps.first().is_some_and(|step| step["status"] == "waiting")
    })
    .await;
}

async fn is_blocked(manager: &Client) -> bool {
    manager.get("/api/v1/external-users/username/u-1").await.json(200)["blocked"] == true
}

#[tokio::test]
async fn a_key_that_is_revoked_in_the_middle_of_a_run_does_nothing_more() {
    let server = TestServer::with_fixed_time().await;
    let (observer, key) = (manager(&server).await, server.new_key(&ALL_SCOPES).await);
    create(&server, json!({ "externalId": "u-1" })).await;
    let maker = server.flowra().with_key(&key);
    let workflow = Workflow::new(&maker, patient()).await;
    let id = workflow.begin(json!(null)).await;
    wait_for_step(&server, &id).await;
    server.operator(&["keys", "revoke", &key.id, "--workspace", &server.workspace.slug, "--json"]).await;
    server.advance(Duration::from_hours(1));
    let workflow = Workflow { manager: observer.clone(), id: workflow.id };
    let failed = workflow.until(&id, "failed").await;
    let gone = "block: The account or key that made the workflow is gone, disabled or revoked.";
    assert_eq!(failed["error"], gone);
    assert!(!is_blocked(&observer).await);
}

#[tokio::test]
async fn a_key_has_the_scopes_in_a_workflow_that_it_has_elsewhere() {
    let server = TestServer::start().await;
    let scopes = ["workflows:read", "workflows:write", "workflows:run", "external_users:read"];
    let maker = server.flowra().with_key(&server.new_key(&scopes).await);
    create(&server, json!({ "externalId": "u-1" })).await;
    let graph = chain(&[
        node("find", "external-users.get", json!({ "externalId": "u-1" })),
        node("block", "external-users.block", json!({ "id": "=data.id" })),
    ]);
    let done = Workflow::new(&maker, graph).await.run(json!(null)).await;
    assert_eq!(done["error"], "block: The credential lacks the scope external_users:write.");
    assert_eq!(done["succeeded"], 1, "it may read");
}

#[tokio::test]
async fn an_account_works_with_accounts_of_its_workspace_only() {
    let server = TestServer::start().await;
    let (here, elsewhere) = (server.workspace.clone(), server.new_workspace("elsewhere").await);
    let boss = server.new_account("boss@example.com", Some(&here), &["TENANT_ADMIN"]).await;
    server.new_account("stranger@example.com", Some(&elsewhere), &["USER"]).await;
    let client = server.as_account(&boss).await;
    let run = async |nodes: &[Value]| {
        let body = json!({ "name": "Test", "graph": chain(nodes), "trigger": { "type": "webhook" } });
        let id = text(&client.post("/api/flows", body).await.json(201)["data"], "id");
        client.post(&format!("/api/flows/{id}/start"), json!({})).await.is(200);
        soon(async || client.get(&format!("/api/flows/{id}")).await.json(200)["data"]["status"] == "active")
            .await;
        let begun = server.anonymous().post(&format!("/hook/{id}"), json!({})).await.json(200);
        let path = format!("/api/executions/{}", text(&begun["data"], "requestId"));
        soon(async || client.get(&path).await.json(200)["data"]["status"] != "running").await;
        client.get(&path).await.json(200)["data"].clone()
    };
    let invited =
        json!({ "username": "new@example.com", "firstname": "Nia", "lastname": "New", "roles": ["USER"] });
    let done = run(&[
        node("invite", "accounts.invite", invited),
        node("add", "accounts.addRole", json!({ "id": "=data.id", "role": "tenant_admin" })),
        node("remove", "accounts.removeRole", json!({ "username": "new@example.com", "role": "USER" })),
        node("disable", "accounts.disable", json!({ "id": "=data.id" })),
        node("enable", "accounts.enable", json!({ "id": "=data.id" })),
        node("get", "accounts.get", json!({ "username": "new@example.com" })),
    ])
    .await;
    assert_eq!(done["status"], "succeeded", "{done:#}");
    let steps = steps_of(&server, &done).await;
    let last = &steps[5]["result"];
    assert_eq!((&last["status"], &last["roles"]), (&json!("ACTIVE"), &json!(["TENANT_ADMIN"])));

    let stranger = json!({ "username": "stranger@example.com" });
    let found = run(&[node("get", "accounts.get", stranger.clone())]).await;
    assert_eq!(steps_of(&server, &found).await[0]["result"], json!(null));
    let refused = run(&[node("disable", "accounts.disable", stranger)]).await;
    assert_eq!(refused["error"], "disable: Account not found.", "{refused:#}");
    let greater =
        run(&[node("admin", "accounts.addRole", json!({ "username": "new@example.com", "role": "ADMIN" }))])
            .await;
    assert!(text(&greater, "error").contains("Callers can grant only rights they hold"), "{greater:#}");
}

#[tokio::test]
async fn an_account_that_is_disabled_or_loses_the_right_ends_what_its_workflows_do() {
    let server = TestServer::with_fixed_time().await;
    let observer = manager(&server).await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let admin = server.as_administrator().await;
    for (name, change, error) in [
        (
            "first@example.com",
            json!({ "status": "DISABLED" }),
            "block: The account or key that made the workflow is gone, disabled or revoked.",
        ),
        (
            "second@example.com",
            json!({ "roles": [] }),
            "block: The account lacks the permission flows.write.",
        ),
    ] {
        let account = server.new_account(name, Some(&server.workspace), &["TENANT_ADMIN"]).await;
        let client = server.as_account(&account).await;
        let body = json!({ "name": "Test", "graph": patient(), "trigger": { "type": "manual" } });
        let id = text(&client.post("/api/flows", body).await.json(201)["data"], "id");
        client.post(&format!("/api/flows/{id}/start"), json!({})).await.is(200);
        let workflow = Workflow { manager: observer.clone(), id };
        soon(async || workflow.get().await["status"] == "active").await;
        let execution = workflow.begin(json!(null)).await;
        wait_for_step(&server, &execution).await;
        admin.patch(&format!("/api/users/{}", account.id), change).await.is(200);
        server.advance(Duration::from_hours(1));
        assert_eq!(workflow.until(&execution, "failed").await["error"], error);
    }
    assert!(!is_blocked(&observer).await);
}

#[tokio::test]
async fn the_executions_of_a_suspended_workspace_wait() {
    let server = TestServer::with_fixed_time().await;
    let observer = manager(&server).await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let workflow = Workflow::new(&observer, patient()).await;
    let id = workflow.begin(json!(null)).await;
    wait_for_step(&server, &id).await;
    let root = server.new_account("root@example.com", None, &["ADMIN"]).await;
    let admin = server.as_account(&root).await;
    let tenant = format!("/api/tenants/{}", server.workspace.id);
    admin.patch(&tenant, json!({ "status": "DISABLED" })).await.is(200);
    server.advance(Duration::from_hours(1));
    let path = format!("/api/executions/{id}/steps");
    let steps = async || admin.get(&path).await.json(200)["data"].as_array().unwrap().clone();
    soon(async || {
        let jobs = server
            .operator(&[
                "jobs",
                "list",
                "--workspace",
                &server.workspace.slug,
                "--kind",
                "workflow_run",
                "--json",
            ])
            .await;
        // The job has looked, and looks again in a minute.
        jobs[0]["state"] == "waiting" && jobs[0]["dueAt"].as_str() > jobs[0]["updatedAt"].as_str()
    })
    .await;
    assert_eq!(steps().await.len(), 1, "nothing happens");
    admin.patch(&tenant, json!({ "status": "ACTIVE" })).await.is(200);
    server.advance(Duration::from_mins(1));
    workflow.until(&id, "succeeded").await;
    assert!(is_blocked(&observer).await);
}

#[tokio::test]
async fn a_workflow_has_the_rights_of_whoever_last_changed_what_it_does() {
    let server = TestServer::start().await;
    let observer = manager(&server).await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let graph = chain(&[node("block", "external-users.block", json!({ "externalId": "u-1" }))]);
    let workflow = Workflow::new(&observer, graph.clone()).await;
    workflow.set_active(false).await;
    let scopes = ["workflows:read", "workflows:write", "workflows:run"];
    let lesser = server.flowra().with_key(&server.new_key(&scopes).await);
    let path = format!("{}/update/{}", super::PATH, workflow.id);
    lesser.put(&path, json!({ "name": "Mine" })).await.is(200);
    workflow.set_active(true).await;
    let done = workflow.run(json!(null)).await;
    assert_eq!(done["status"], "succeeded", "another name changes nothing: {done:#}");

    workflow.set_active(false).await;
    let mut changed = graph;
    changed["nodes"][0]["fields"]["reason"] = json!("spam");
    lesser.put(&path, json!({ "graph": changed })).await.is(200);
    workflow.set_active(true).await;
    let done = workflow.run(json!(null)).await;
    assert_eq!(done["error"], "block: The credential lacks the scope external_users:write.");
}
