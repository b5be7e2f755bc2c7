//! The workflows in `docs/workflows.md`, run as they stand there, but for the addresses of other systems.

use std::time::Duration;

use denizen_tests::{Answer, Client, Receiver, TestServer, Value, json};

use super::{Workflow, step_of};
use crate::support::{create, path_of, soon, text};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/workflows.md"));

/// Returns the workflow of a section of the document.
fn workflow_of(section: &str, receiver: Option<&Receiver>) -> Value {
    let section = DOCUMENT.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let block = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let address =
        receiver.map(|receiver| format!("http://127.0.0.1:{}", receiver.port())).unwrap_or_default();
    let block =
        block.replace("https://mail.example.com", &address).replace("https://crm.example.com", &address);
    serde_json::from_str(&block).unwrap()
}

/// A client with the key that the document creates.
async fn documented(server: &TestServer) -> Client {
    let mut scopes: Vec<_> = DOCUMENT.split("--scope ").skip(1).collect();
    scopes = scopes.iter().map(|rest| rest.split([' ', '\n']).next().unwrap()).collect();
    assert_eq!(scopes.len(), 6);
    server.flowra().with_key(&server.new_key(&scopes).await)
}

#[tokio::test]
async fn new_users_are_welcomed() {
    let server = TestServer::start().await;
    let (client, mut receiver) = (documented(&server).await, Receiver::start().await);
    let workflow = Workflow::of(&client, &workflow_of("Welcome a new user", Some(&receiver))).await;
    create(&server, json!({ "externalId": "silent" })).await;
    create(&server, json!({ "externalId": "u-1", "email": "ada@example.com", "name": "Ada" })).await;
    create(&server, json!({ "externalId": "u-2", "email": "bo@example.com" })).await;
    let mut bodies = [receiver.next().await.body, receiver.next().await.body];
    bodies.sort_by_key(|body| text(body, "to"));
    assert_eq!(
        bodies,
        [json!({ "to": "ada@example.com", "name": "Ada" }), json!({ "to": "bo@example.com", "name": "u-2" }),]
    );
    workflow.ended(2).await;
}

#[tokio::test]
async fn the_crm_hears_of_blocks_in_their_order() {
    let server = TestServer::start().await;
    let (client, mut receiver) = (documented(&server).await, Receiver::start().await);
    receiver.will_answer([Answer::status(204)]);
    let workflow =
        Workflow::of(&client, &workflow_of("Block in the CRM what is blocked here", Some(&receiver))).await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    for round in 1..=3 {
        let block = json!({ "blocked": { "reason": format!("spam {round}") } });
        server.zaia().patch(&path_of(&user), block).await.is(200);
        server.zaia().patch(&path_of(&user), json!({ "blocked": false })).await.is(200);
    }
    for round in 1..=3 {
        for (blocked, reason) in [(true, json!(format!("spam {round}"))), (false, json!(null))] {
            let message = receiver.next().await;
            assert_eq!(message.path, format!("/people/{}", text(&user, "id")));
            assert_eq!(message.header("authorization"), "Bearer TOKEN");
            assert_eq!(message.body, json!({ "blocked": blocked, "reason": reason }));
        }
    }
    let first = workflow.ended(6).await.pop().unwrap();
    assert_eq!(step_of(&server, &first, "note").await["message"], "The CRM answered 204");
}

#[tokio::test]
async fn dormant_users_are_blocked_every_monday() {
    let server = TestServer::with_fixed_time().await;
    let client = documented(&server).await;
    let workflow = Workflow::of(&client, &workflow_of("Clean up dormant users every Monday", None)).await;
    let next = text(&workflow.get().await, "nextRunAt");
    let add = async |id: &str, fields: Value| {
        create(&server, json!({ "externalId": id, "customFields": fields })).await;
    };
    add("dormant", json!({})).await;
    add("seen long ago", json!({ "lastSeenAt": "2020-01-01T00:00:00Z" })).await;
    add("seen lately", json!({ "lastSeenAt": "2999-01-01T00:00:00Z" })).await;
    server.advance(Duration::from_hours(91 * 24));
    workflow.ended(1).await;
    soon(async || text(&workflow.get().await, "nextRunAt") > next).await;
    let blocked = async |id: &str| {
        client.get(&format!("/api/v1/external-users/username/{}", id.replace(' ', "%20"))).await.json(200)["blocked"]
            == true
    };
    let done = workflow.executions().await.remove(0);
    assert_eq!(done["status"], "succeeded", "{done:#}");
    assert_eq!(step_of(&server, &done, "report").await["message"], "Blocked 2 users");
    assert_eq!(
        (blocked("dormant").await, blocked("seen long ago").await, blocked("seen lately").await),
        (true, true, false)
    );
}
