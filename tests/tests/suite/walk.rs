//! Paging through all users returns each exactly once, while others are created.

use std::collections::{BTreeMap, BTreeSet};

use denizen_tests::{Client, TestServer, Value, json};
use tokio::task::{JoinHandle, JoinSet};

use crate::support::text;

const USERS: usize = 1_500;

/// How many requests create users at the same time.
const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_list_gives_each_user_once_during_inserts() {
    let server = TestServer::start().await;
    let ids = make_users(&server).await;
    assert_eq!(ids.len(), USERS);

    let newcomers = Newcomers::begin(server.notiflows());
    for (name, walked) in [
        ("Zaia's page numbers", by_number(&server.zaia()).await),
        ("Zaia's links", by_link(&server.zaia(), "/api/v1/external-users?pageSize=100").await),
        (
            "Flowra's links, by name",
            by_link(&server.flowra(), "/api/v1/external-users?limit=90&sortBy=name").await,
        ),
        ("Flowra's whole list", ids_of(&server.flowra().get("/api/v1/external-users").await.array(200))),
        ("Notiflows' cursors", by_cursor(&server.notiflows()).await),
    ] {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &walked {
            *seen.entry(id).or_default() += 1;
        }
        let repeated: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
        assert!(repeated.is_empty(), "{name} repeats {repeated:?}");
        let missing: Vec<_> = ids.iter().filter(|id| !seen.contains_key(id.as_str())).collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
    }
    assert!(newcomers.end().await > 0, "no users were added in the meantime");
}

async fn make_users(server: &TestServer) -> BTreeSet<String> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let notiflows = server.notiflows();
        writers.spawn(async move {
            let mut ids = Vec::new();
            for number in (writer..USERS).step_by(WRITERS) {
                let user = notiflows.put(&format!("/admin/users/user-{number}"), json!({})).await.json(201);
                ids.push(text(&user, "id"));
            }
            ids
        });
    }
    writers.join_all().await.into_iter().flatten().collect()
}

/// Users created during the walk.
struct Newcomers {
    task: JoinHandle<usize>,
    enough: tokio::sync::watch::Sender<bool>,
}

impl Newcomers {
    fn begin(notiflows: Client) -> Self {
        let (enough, stop) = tokio::sync::watch::channel(false);
        let task = tokio::spawn(async move {
            let mut made = 0;
            while !*stop.borrow() {
                notiflows.put(&format!("/admin/users/a-newcomer-{made}"), json!({})).await.is(201);
                made += 1;
            }
            made
        });
        Self { task, enough }
    }

    /// Stops, and returns how many were created.
    async fn end(self) -> usize {
        self.enough.send_replace(true);
        self.task.await.unwrap()
    }
}

/// Page by page, until a page is not full.
async fn by_number(zaia: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 1.. {
        let path = format!("/api/v1/external-users?pageSize=100&pageNumber={number}");
        let page = zaia.get(&path).await.array(200);
        ids.extend(ids_of(&page));
        if page.len() < 100 {
            break;
        }
    }
    ids
}

async fn by_link(client: &Client, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let reply = client.get(&path).await;
        next = reply.next();
        ids.extend(ids_of(&reply.array(200)));
    }
    ids
}

async fn by_cursor(notiflows: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    let mut path = "/admin/users?limit=70".to_owned();
    loop {
        let body = notiflows.get(&path).await.json(200);
        ids.extend(ids_of(body["items"].as_array().unwrap()));
        let Some(after) = body["page"]["after"].as_str() else { return ids };
        path = format!("/admin/users?limit=70&after={after}");
    }
}

#[track_caller]
fn ids_of(users: &[Value]) -> Vec<String> {
    crate::support::each(users, "id")
}
