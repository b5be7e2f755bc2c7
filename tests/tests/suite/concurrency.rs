//! Parallel requests for one new object create one: all get it, or all but one fail with a conflict.

use std::collections::BTreeMap;
use std::future::Future;

use denizen_tests::{Reply, TestServer, Value, json};
use tokio::task::JoinSet;

use crate::people::{People, new_user};
use crate::support::{each, text, zaia_body};

const REQUESTS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authenticate_creates_an_external_id_once() {
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
async fn authenticate_creates_an_identifier_once() {
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
async fn put_creates_a_user_once() {
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
async fn post_creates_a_username_once() {
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
async fn one_of_many_creates_the_external_id() {
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
async fn acting_as_creates_a_user_once() {
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
async fn all_operations_create_one_user() {
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
async fn one_external_id_in_many_channels_is_one_person() {
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
async fn creating_while_deleting_never_fails_with_500() {
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
            // A request that keeps losing may be told to retry.
            _ => assert_eq!(reply.error(409, "conflict")["reason"], "concurrent_change"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_creates_the_account() {
    let people = People::new().await;
    let mut number = 0;
    let replies = at_once(|| {
        number += 1;
        let username = if number % 2 == 0 { "Jane@Example.com" } else { "jane@example.COM" };
        let client = people.administrator.clone();
        async move { client.post("/api/users", new_user(username)).await }
    })
    .await;
    let winner = only_winner(replies, "username");
    let listed = people.administrator.get("/api/users?username=jane@example.com").await.array(200);
    assert_eq!(each(&listed, "id"), [winner]);
    assert_eq!(people.administrator.get("/api/users").await.array(200).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_gets_the_username() {
    let people = People::new().await;
    let mut ids = Vec::new();
    for number in 0..REQUESTS {
        ids.push(people.account(&format!("user-{number}@example.com"), json!({})).await);
    }
    let mut ids = ids.into_iter();
    let replies = at_once(|| {
        let (client, id) = (people.administrator.clone(), ids.next().unwrap());
        let body = json!({ "username": "jane@example.com" });
        async move { client.patch(&format!("/api/users/{id}"), body).await }
    })
    .await;
    let winner = only_winner(replies, "username");
    let listed = people.administrator.get("/api/users?username=jane@example.com").await.array(200);
    assert_eq!(each(&listed, "id"), [winner]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_creates_the_role() {
    let people = People::new().await;
    for body in [json!({ "name": "Support" }), json!({ "name": "Support", "isGlobal": true })] {
        let replies = at_once(|| {
            let (client, body) = (people.administrator.clone(), body.clone());
            async move { client.post("/api/roles", body).await }
        })
        .await;
        only_winner(replies, "name");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tenants_of_one_name_get_unique_slugs() {
    let people = People::new().await;
    let replies = at_once(|| {
        let client = people.administrator.clone();
        async move { client.post("/api/tenants", json!({ "name": "Acme" })).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS)]));
    let listed = people.administrator.get("/api/tenants").await.array(200);
    let mut slugs = each(&listed, "slug");
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), REQUESTS + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_token_requests_get_one_token() {
    let people = People::new().await;
    let jane = people.account("jane@example.com", json!({})).await;
    let replies = at_once(|| {
        let (client, body) = (people.administrator.clone(), json!({ "accountId": jane, "expiresIn": "2h" }));
        async move { client.post("/api/tokens", body).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, REQUESTS)]));
    let listed = people.administrator.get(&format!("/api/tokens?accountId={jane}")).await.array(200);
    assert_one_id(&replies, &listed);
}

/// The limit is 100, and 80 exist.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn personal_tokens_never_exceed_the_limit() {
    let people = People::new().await;
    let jane = people.person("jane@example.com", json!({})).await;
    for _ in 0..80 {
        jane.client.post("/api/tokens/personal", json!({})).await.is(200);
    }
    let replies = at_once(|| {
        let client = jane.client.clone();
        async move { client.post("/api/tokens/personal", json!({})).await }
    })
    .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, 20), (409, REQUESTS - 20)]));
}

/// All of them wait for a hash, but only ten learn that their password is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_guesses_do_not_exceed_the_limit() {
    let people = People::on(TestServer::with(&["--password-hashing-threads=1"]).await).await;
    let other = people.server.another().await;
    people.account_with_password("jane@example.com", json!({})).await;
    let mut number = 0;
    let replies = at_once(|| {
        number += 1;
        // The right one comes among the last.
        let password = if number == REQUESTS { "password of jane@example.com" } else { "wrong password" };
        let client = if number % 2 == 0 { people.server.anonymous() } else { other.anonymous() };
        let body = json!({ "username": "jane@example.com", "password": password });
        async move { client.post("/login", body).await }
    })
    .await;
    let statuses = statuses(&replies);
    let checked = statuses[&401];
    // Each of the two servers may be checking one when the other counts the tenth.
    assert!((10..=11).contains(&checked), "{statuses:?}");
    assert!(statuses.keys().all(|status| [200, 401, 429].contains(status)), "{statuses:?}");
    let body = json!({ "username": "jane@example.com", "password": "password of jane@example.com" });
    people.server.anonymous().post("/login", body).await.error(429, "rate_limited");
}

/// The right password is refused after ten failures, however many are under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_correct_guess_is_throttled() {
    let people = People::on(TestServer::with(&["--password-hashing-threads=4"]).await).await;
    people.account_with_password("jane@example.com", json!({})).await;
    let guess = |password: &str| {
        let (client, body) =
            (people.server.anonymous(), json!({ "username": "jane@example.com", "password": password }));
        async move { client.post("/login", body).await }
    };
    let mut wrong: JoinSet<Reply> = (0..30).map(|_| guess("wrong password")).collect();
    let mut failed = 0;
    while failed < 10 {
        let reply = wrong.join_next().await.unwrap().unwrap();
        failed += usize::from(reply.status == 401);
    }
    guess("password of jane@example.com").await.error(429, "rate_limited");
    failed += wrong.join_all().await.iter().filter(|reply| reply.status == 401).count();
    assert!((10..=13).contains(&failed), "{failed} failed because of the password");
}

/// Asserts that one request succeeded and the others were told that a name is taken. Returns the object.
#[track_caller]
fn only_winner(replies: Vec<Reply>, param: &str) -> String {
    assert_eq!(statuses(&replies), BTreeMap::from([(200, 1), (409, REQUESTS - 1)]));
    let (winners, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    for other in others {
        assert_eq!(other.error(409, "conflict"), json!({ "param": param, "reason": "taken" }));
    }
    text(&winners[0].body, "id")
}

/// Sends fifty requests at once, and returns the answers.
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
