//! What the steps of workflows do.

use denizen_tests::{TestServer, json};

use super::{Workflow, chain, manager, node, step_of, steps_of};
use crate::support::{create, soon, text};

#[tokio::test]
async fn ten_steps_work_with_an_external_user() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let group = manager
        .post("/api/v1/external-user-groups", json!({ "name": "Beta", "externalId": null, "tierId": null }))
        .await;
    let (group, tier) = (text(&group.json(200), "id"), {
        let tier = manager.post("/api/v1/tiers", json!({ "name": "Gold", "description": "A plan", "prompt": null, "maxAssistantMessages": null })).await;
        text(&tier.json(200), "id")
    });
    let made = "=steps.made.id";
    let graph = chain(&[
        node(
            "made",
            "external-users.upsert",
            json!({ "externalId": "=data.id", "email": "=data.email", "customFields": { "n": 1 } }),
        ),
        node(
            "changed",
            "external-users.update",
            json!({ "id": made, "firstName": "Ada", "customFields": { "n": "=data.customFields.n + 1" } }),
        ),
        node("grouped", "external-users.setGroup", json!({ "externalId": "u-1", "groupId": group })),
        node("tiered", "external-users.setTier", json!({ "username": "u-1", "tierId": tier })),
        node("blocked", "external-users.block", json!({ "id": made, "reason": "spam" })),
        node("listed", "external-users.list", json!({ "blocked": true })),
        node("unblocked", "external-users.unblock", json!({ "id": "=data[0].id" })),
        node("deleted", "external-users.delete", json!({ "id": made })),
        node("restored", "external-users.restore", json!({ "id": made })),
        node("found", "external-users.get", json!({ "id": made })),
    ]);
    let workflow = Workflow::new(&manager, graph).await;
    let done = workflow.run(json!({ "id": "u-1", "email": "ada@example.com" })).await;
    assert_eq!((&done["status"], &done["succeeded"]), (&json!("succeeded"), &json!(10)), "{done:#}");
    let user = manager.get("/api/v1/external-users/username/u-1").await.json(200);
    assert_eq!((&user["firstName"], &user["customFields"]["n"]), (&json!("Ada"), &json!(2)));
    assert_eq!((&user["externalUserGroupId"], &user["tierId"]), (&json!(group), &json!(tier)));
    assert_eq!(user["blocked"], false);
    let blocked = step_of(&server, &done, "blocked").await;
    assert_eq!(
        (&blocked["result"]["blocked"], &blocked["result"]["blockedReason"]),
        (&json!(true), &json!("spam"))
    );
    let found = step_of(&server, &done, "found").await;
    assert_eq!((&found["result"]["id"], &found["status"]), (&user["id"], &json!("succeeded")));
}

#[tokio::test]
async fn a_step_that_cannot_be_done_fails_with_the_reason() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let graph = |function: &str, fields| chain(&[node("only", function, fields)]);
    for (function, fields, message) in [
        (
            "external-users.update",
            json!({ "externalId": "nobody", "firstName": "A" }),
            "External user not found",
        ),
        (
            "external-users.block",
            json!({}),
            "id must name a user, because the execution runs in nobody's name",
        ),
        (
            "external-users.upsert",
            json!({ "externalId": "=data.id", "email": "=data.email" }),
            "email must be an e-mail address",
        ),
        (
            "external-users.upsert",
            json!({ "externalId": "=data.id", "tierId": "=data.tier" }),
            "Tier not found.",
        ),
        (
            "accounts.get",
            json!({ "username": "a@example.com" }),
            "Workflows of keys cannot work with accounts.",
        ),
        ("data.map", json!({ "x": "=data.missing.more" }), "fields.x"),
        ("data.split", json!({ "list": "=data.id" }), "list must be a list"),
        (
            "data.map",
            json!({ "x": "=[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, [1,2,3,4,5,6,7,8,9,10].map(e, [1,2,3,4,5,6,7,8,9,10].map(f, a + b + c + d + e + f))))))" }),
            "fields.x",
        ),
    ] {
        let workflow = Workflow::new(&manager, graph(function, fields)).await;
        let done = workflow
            .run(json!({ "id": "u-1", "email": "nobody", "tier": "00000000-0000-4000-8000-000000000000" }))
            .await;
        assert_eq!((&done["status"], &done["errors"]), (&json!("failed"), &json!(1)), "{function}: {done:#}");
        assert!(text(&done, "error").contains(message), "{function}: {done:#}");
    }
    let nobody = manager.get("/api/v1/external-users/username/u-1").await.json(200);
    assert!(nobody.is_null());
}

#[tokio::test]
async fn a_list_is_split_and_what_comes_of_its_items_is_merged() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let nodes = json!([
        node("split", "data.split", json!({ "list": "=data.numbers" })),
        node("even", "data.filter", json!({ "condition": "=data % 2 == 0" })),
        node("twice", "data.map", json!({ "twice": "=data * 2" })),
        node("all", "data.merge", json!({})),
        node(
            "sum",
            "data.map",
            json!({ "count": "=size(data)", "first": "=data[0].twice", "input": "=trigger.input.numbers" })
        ),
    ]);
    let edges = json!([
        { "source": "split", "target": "even" },
        { "source": "even", "target": "twice", "config": { "condition": "data != 4" } },
        { "source": "twice", "target": "all" },
        { "source": "all", "target": "sum" },
    ]);
    let workflow = Workflow::new(&manager, json!({ "nodes": nodes, "edges": edges })).await;
    let done = workflow.run(json!({ "numbers": [1, 2, 3, 4, 5, 6] })).await;
    assert_eq!(done["status"], "succeeded", "{done:#}");
    let sum = step_of(&server, &done, "sum").await;
    assert_eq!(sum["result"], json!({ "count": 2, "first": 4, "input": [1, 2, 3, 4, 5, 6] }));
    let counters = &done["stepCounters"];
    assert_eq!(counters["even"], json!({ "in": 6, "out": 6, "errors": 0 }));
    assert_eq!(counters["twice"], json!({ "in": 2, "out": 2, "errors": 0 }));

    let nothing = workflow.run(json!({ "numbers": [1] })).await;
    assert_eq!((&nothing["status"], &nothing["succeeded"]), (&json!("succeeded"), &json!(2)), "{nothing:#}");
}

#[tokio::test]
async fn a_branch_that_fails_leaves_the_others_alone_and_is_done_again() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let graph = chain(&[
        node("split", "data.split", json!({ "list": "=data" })),
        node("tier", "external-users.update", json!({ "externalId": "=data", "firstName": "Ada" })),
    ]);
    let workflow = Workflow::new(&manager, graph).await;
    for id in ["one", "three"] {
        create(&server, json!({ "externalId": id })).await;
    }
    let done = workflow.run(json!(["one", "two", "three"])).await;
    assert_eq!(done["stepCounters"]["tier"], json!({ "in": 3, "out": 2, "errors": 1 }), "{done:#}");
    assert_eq!(done["status"], "failed");

    create(&server, json!({ "externalId": "two" })).await;
    let account = server.as_administrator().await;
    let id = text(&done, "id");
    account.post(&format!("/api/executions/{id}/retry"), json!({})).await.is(200);
    let done = workflow.until(&id, "succeeded").await;
    assert_eq!(done["stepCounters"]["tier"], json!({ "in": 3, "out": 3, "errors": 0 }), "{done:#}");
    let attempts: Vec<_> =
        steps_of(&server, &done).await.iter().map(|step| step["attempts"].clone()).collect();
    assert_eq!(attempts, [1, 1, 1, 1], "only what had failed was done again");
}

#[tokio::test]
async fn an_execution_ends_when_its_last_step_is_stored_and_is_stored_no_more() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let upsert = node("put", "external-users.upsert", json!({ "externalId": "u-1" }));
    let done = Workflow::new(&manager, chain(&[upsert])).await.run(json!(null)).await;
    let step = step_of(&server, &done, "put").await;
    assert_eq!((&done["status"], &done["finishedAt"]), (&json!("succeeded"), &step["updatedAt"]));
    let later = manager.get(&format!("{}/executions/{}", super::PATH, text(&done, "id"))).await.json(200);
    assert_eq!(later["data"]["finishedAt"], step["updatedAt"]);
}

#[tokio::test]
async fn a_step_waits_for_days_and_survives_a_restart() {
    let mut server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let graph = chain(&[
        node("wait", "time.wait", json!({ "for": "3d" })),
        node("note", "log.write", json!({ "message": "='after ' + string(data.n)" })),
    ]);
    let workflow = Workflow::new(&manager, graph).await;
    let id = workflow.begin(json!({ "n": 7 })).await;
    let waits = async || {
        let steps = steps_of(&server, &json!({ "id": id })).await;
        steps.first().is_some_and(|step| step["status"] == "waiting")
    };
    soon(waits).await;
    server.advance(std::time::Duration::from_hours(71));
    server.restart().await;
    let manager = super::manager(&server).await;
    let workflow = Workflow { manager, id: workflow.id };
    assert_eq!(workflow.execution(&id).await["status"], "running");
    server.advance(std::time::Duration::from_hours(1));
    let done = workflow.until(&id, "succeeded").await;
    let note = step_of(&server, &done, "note").await;
    assert_eq!((&note["message"], &note["result"]), (&json!("after 7"), &json!({ "n": 7 })));
}

#[tokio::test]
async fn an_execution_that_takes_too_long_fails() {
    let server = TestServer::with_fixed_time_and(&["--workflow-duration-with-waits=2h"]).await;
    let manager = manager(&server).await;
    let workflow = Workflow::new(&manager, chain(&[node("wait", "time.wait", json!({ "for": "3d" }))])).await;
    let id = workflow.begin(json!(null)).await;
    let waits = async || {
        let steps = steps_of(&server, &json!({ "id": id })).await;
        steps.first().is_some_and(|step| step["status"] == "waiting")
    };
    soon(waits).await;
    server.advance(std::time::Duration::from_hours(2));
    let failed = workflow.until(&id, "failed").await;
    assert_eq!(failed["error"], "The execution has taken longer than it may.");
    assert_eq!(steps_of(&server, &failed).await[0]["status"], "cancelled");
}

#[tokio::test]
async fn stopping_a_workflow_cancels_what_waits() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let workflow = Workflow::new(&manager, chain(&[node("wait", "time.wait", json!({ "for": "3d" }))])).await;
    let id = workflow.begin(json!(null)).await;
    workflow.set_active(false).await;
    let cancelled = workflow.execution(&id).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["error"]),
        (&json!("cancelled"), &json!("The workflow was stopped."))
    );
    let path = format!("{}/execute/{}", super::PATH, workflow.id);
    manager.post(&path, json!({})).await.error(409, "conflict");
    workflow.set_active(true).await;
    assert_eq!(workflow.execution(&id).await["status"], "cancelled", "it does not come back by itself");
}
