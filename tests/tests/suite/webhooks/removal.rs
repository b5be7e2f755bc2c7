//! Endpoints, and workspaces with endpoints, that are gone or out of use.

use std::time::Duration;

use denizen_tests::{Answer, Client, TestServer, json};

use super::{Endpoint, PATH, end_of_feed, manager};
use crate::people::People;
use crate::support::{ALL_SCOPES, create, soon, zaia_body};

#[tokio::test]
async fn a_deleted_endpoint_gets_nothing_more() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let mut witness = Endpoint::of_users(&manager).await;
    endpoint.receiver.will_answer([Answer::status(500)]);
    create(&server, json!({ "name": "Jane" })).await;
    endpoint.next().await;
    endpoint.rest().await;
    server.advance(Duration::from_secs(1));

    manager.delete(&endpoint.path()).await.is(200);
    for path in [endpoint.path(), format!("{}/deliveries", endpoint.path())] {
        manager.get(&path).await.error(404, "not_found");
    }
    manager.delete(&endpoint.path()).await.error(404, "not_found");
    soon(async || endpoint.job().await["state"] == "succeeded").await;

    create(&server, json!({ "name": "John" })).await;
    server.advance(Duration::from_hours(1));
    witness.call().await;
    assert_eq!(witness.all().await.len(), 2);
    assert!(endpoint.receiver.arrived().is_empty());
}

#[tokio::test]
async fn a_workspace_has_at_most_fifty() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let body = json!({ "url": "https://hooks.example/", "disabled": true });
    for _ in 0..50 {
        manager.post(PATH, body.clone()).await.is(200);
    }
    let details = manager.post(PATH, body.clone()).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "limit_reached" }));
    let listed = manager.get(PATH).await.array(200);
    assert_eq!(listed.len(), 50);
    manager.delete(&format!("{PATH}/{}", listed[0]["id"].as_str().unwrap())).await.is(200);
    manager.post(PATH, body).await.is(200);
}

/// A workspace whose endpoint has failed once, and another one's endpoint, which works.
struct TwoWorkspaces {
    people: People,
    /// The path of the first workspace.
    path: String,
    endpoint: Endpoint,
    witness: Endpoint,
}

impl TwoWorkspaces {
    async fn new() -> Self {
        let people = People::with_fixed_time().await;
        let server = &people.server;
        let acme = server.new_workspace("Acme").await;
        let of_acme = server.zaia().with_key(&server.new_key_of(&acme, &ALL_SCOPES).await);
        let mut endpoint = Endpoint::of_users(&of_acme).await;
        endpoint.receiver.will_answer([Answer::status(500)]);
        let user = zaia_body(server, json!({ "name": "Jane", "channelId": acme.channel_id }));
        of_acme.post("/api/v1/external-users", user).await.is(200);
        endpoint.next().await;
        endpoint.rest().await;
        let witness = Endpoint::of_users(&manager(server).await).await;
        let path = format!("/api/tenants/{}", acme.id);
        Self { people, path, endpoint, witness }
    }

    fn root(&self) -> &Client {
        &self.people.administrator
    }

    /// Asserts that nothing is sent to the first workspace's endpoint, although it is due.
    async fn assert_silence(&mut self) {
        self.people.server.advance(Duration::from_hours(1));
        self.witness.call().await;
        create(&self.people.server, json!({ "name": "John" })).await;
        assert_eq!(self.witness.all().await.len(), 1);
        assert!(self.endpoint.receiver.arrived().is_empty());
    }
}

#[tokio::test]
async fn nothing_is_sent_for_a_deleted_workspace() {
    let mut two = TwoWorkspaces::new().await;
    two.root().delete(&two.path).await.is(200);
    two.assert_silence().await;
}

#[tokio::test]
async fn nothing_is_sent_while_a_workspace_is_out_of_use() {
    let mut two = TwoWorkspaces::new().await;
    two.root().patch(&two.path, json!({ "status": "DISABLED" })).await.is(200);
    two.assert_silence().await;
    two.root().patch(&two.path, json!({ "status": "ACTIVE" })).await.is(200);
    two.people.server.advance(Duration::from_mins(2));
    let again = two.endpoint.next().await;
    assert_eq!(again.body["data"]["displayName"], "Jane", "what was due meanwhile");
    end_of_feed(&two.endpoint.manager).await;
}
