//! Fifty requests at once for one new user give one user, and everybody gets it.

use std::collections::BTreeMap;
use std::future::Future;

use denizen_tests::{Reply, TestServer, Value, json};
use tokio::task::JoinSet;

use crate::support::{each, text, zaia_body};

const REQUESTS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authenticating_a_new_external_id() {
    let server = TestServer::start().await;
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": "new-one", "id": null, "identifier": null,
    });
    let replies = at_once(|| {
        let (zaia, claim) = (server.zaia(), claim.clone());
        async move { zaia.post("/api/v1/external-users/authenticate", claim).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS)]));
    assert_one_user(&server, &replies, "externalId", "new-one").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authenticating_a_new_identifier_in_any_case() {
    let server = TestServer::start().await;
    let mut number = 0;
    let replies = at_once(|| {
        number += 1;
        let identifier = if number % 2 == 0 { "Jane@Example.com" } else { "jane@example.COM" };
        let claim = json!({
            "channelId": server.workspace.channel_id, "externalId": null, "id": null, "identifier": identifier,
        });
        let zaia = server.zaia();
        async move { zaia.post("/api/v1/external-users/authenticate", claim).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS)]));
    let listed = server.flowra().get("/api/v1/external-users").await.array(200);
    assert_one_id(&replies, &listed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn putting_a_new_external_id() {
    let server = TestServer::start().await;
    let mut number = 0;
    let replies = at_once(|| {
        number += 1;
        let body = json!({ "custom_fields": { format!("from_{number}"): true } });
        let notiflows = server.notiflows();
        async move { notiflows.put("/admin/users/new-one", body).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS - 1), (201, 1)]));
    assert_one_user(&server, &replies, "externalId", "new-one").await;

    let user = server.notiflows().get("/admin/users/new-one").await.json(200);
    let fields = user["custom_fields"].as_object().unwrap().len();
    assert_eq!(fields, REQUESTS, "no change is lost: {user:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn creating_a_new_username() {
    let server = TestServer::start().await;
    let replies = at_once(|| {
        let flowra = server.flowra();
        async move { flowra.post("/api/v1/external-users", json!({ "name": "jane" })).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS - 1), (201, 1)]));
    assert_one_user(&server, &replies, "identifier", "jane").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn creating_a_new_external_id_lets_one_win() {
    let server = TestServer::start().await;
    let body = zaia_body(&server, json!({ "externalId": "new-one" }));
    let replies = at_once(|| {
        let (zaia, body) = (server.zaia(), body.clone());
        async move { zaia.post("/api/v1/external-users", body).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, 1), (409, REQUESTS - 1)]));
    let (winners, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    for other in others {
        let details = other.error(409, "conflict");
        assert_eq!((&details["param"], &details["reason"]), (&json!("externalId"), &json!("taken")));
    }
    assert_one_user(&server, &winners, "externalId", "new-one").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acting_for_a_new_username() {
    let server = TestServer::start().await;
    let replies = at_once(|| {
        let flowra = server.flowra().with("x-username", "jane");
        async move { flowra.get("/api/v1/external-users/me").await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS)]));
    assert_one_user(&server, &replies, "identifier", "jane").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_ways_at_once() {
    let server = TestServer::start().await;
    let mut number = 0;
    let replies = at_once(|| {
        number += 1;
        let (zaia, notiflows) = (server.zaia(), server.notiflows());
        let claim = json!({
            "channelId": server.workspace.channel_id, "externalId": "new-one", "id": null, "identifier": null,
        });
        let upserts = number % 2 == 0;
        async move {
            if upserts {
                notiflows.put("/admin/users/new-one", json!({ "first_name": "Jane" })).await
            } else {
                zaia.post("/api/v1/external-users/authenticate", claim).await
            }
        }
    })
    .await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 201)), "{:?}", statuses(&replies));
    assert_one_user(&server, &replies, "externalId", "new-one").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_external_id_in_many_channels_is_one_person() {
    let server = TestServer::start().await;
    let mut channels = Vec::new();
    for number in 0..10 {
        channels.push(crate::support::create_channel(&server, &format!("channel {number}")).await);
    }
    let mut channels = channels.iter().cycle();
    let replies = at_once(|| {
        let claim = json!({
            "channelId": channels.next(), "externalId": "new-one", "id": null, "identifier": null,
        });
        let zaia = server.zaia();
        async move { zaia.post("/api/v1/external-users/authenticate", claim).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS)]));
    let listed = server.flowra().get("/api/v1/external-users").await.array(200);
    assert_eq!(listed.len(), 10);
    let person = text(&listed[0], "superIdentityId");
    assert!(each(&listed, "superIdentityId").iter().all(|id| *id == person), "{listed:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn making_and_deleting_at_once_is_never_an_error_of_the_server() {
    let server = TestServer::start().await;
    let mut number = 0;
    let replies = at_once(|| {
        number += 1;
        let (notiflows, deletes) = (server.notiflows(), number % 3 == 0);
        async move {
            if deletes {
                notiflows.delete("/admin/users/now-and-then").await
            } else {
                notiflows.put("/admin/users/now-and-then", json!({ "first_name": "Jane" })).await
            }
        }
    })
    .await;
    for reply in replies {
        match reply.status {
            200 | 201 | 204 | 404 => {}
            // Whoever always comes in between may be told to try again.
            _ => assert_eq!(reply.error(409, "conflict")["reason"], "concurrent_change"),
        }
    }
}

/// Sends fifty requests at once, and gives their answers.
async fn at_once<F>(mut request: impl FnMut() -> F) -> Vec<Reply>
where
    F: Future<Output = Reply> + Send + 'static,
{
    let requests: JoinSet<Reply> = (0..REQUESTS).map(|_| request()).collect();
    requests.join_all().await
}

fn statuses(replies: &[Reply]) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for reply in replies {
        *statuses.entry(reply.status).or_default() += 1;
    }
    statuses
}

async fn assert_one_user(server: &TestServer, replies: &[Reply], field: &str, value: &str) {
    let listed = server.flowra().get("/api/v1/external-users").await.array(200);
    assert_one_id(replies, &listed);
    assert_eq!(listed[0][field], value);
}

#[track_caller]
fn assert_one_id(replies: &[Reply], listed: &[Value]) {
    assert_eq!(listed.len(), 1, "{listed:#?}");
    for reply in replies {
        assert_eq!(reply.body["id"], listed[0]["id"], "{reply}");
    }
}
