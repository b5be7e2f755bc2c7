//! Webhooks: events are sent to the endpoints of a workspace.

mod addresses;
mod commands;
mod contents;
mod deliveries;
mod failures;
mod filters;
mod independence;
mod removal;
mod replay;
mod secrets;
mod settings;

use denizen_tests::{Client, Message, Receiver, TestServer, Value, json};

use crate::support::{ALL_SCOPES, soon, text, with};

const PATH: &str = "/api/v1/webhook-endpoints";

/// A client whose key may do everything.
async fn manager(server: &TestServer) -> Client {
    server.zaia().with_key(&server.new_key(&ALL_SCOPES).await)
}

/// A webhook endpoint with a receiver of its own.
struct Endpoint {
    manager: Client,
    receiver: Receiver,
    id: String,
    /// `whsec_…`
    secret: String,
    /// The position in the feed after which it gets events.
    start: i64,
}

impl Endpoint {
    /// Creates one with these settings.
    async fn new(manager: &Client, settings: Value) -> Self {
        let receiver = Receiver::start().await;
        let settings = with(json!({ "url": receiver.url() }), settings);
        let created = manager.post(PATH, settings).await.json(200);
        let start = created["position"].as_i64().unwrap();
        Self {
            manager: manager.clone(),
            receiver,
            id: text(&created, "id"),
            secret: text(&created, "secret"),
            start,
        }
    }

    /// Creates one that gets the events of external users.
    async fn of_users(manager: &Client) -> Self {
        Self::new(manager, json!({ "types": ["external_user.*"] })).await
    }

    fn path(&self) -> String {
        format!("{PATH}/{}", self.id)
    }

    /// Its settings and its state.
    async fn get(&self) -> Value {
        self.manager.get(&self.path()).await.json(200)
    }

    async fn change(&self, changes: Value) -> Value {
        self.manager.patch(&self.path(), changes).await.json(200)
    }

    async fn job(&self) -> Value {
        self.manager.get(&format!("/api/v1/jobs/{}", self.id)).await.json(200)
    }

    /// Its deliveries, newest first.
    async fn deliveries(&self, query: &str) -> Vec<Value> {
        self.manager.get(&format!("{}/deliveries?limit=100&{query}", self.path())).await.array(200)
    }

    /// Waits for the next message. Events have their positions at once when someone reads the feed, otherwise within a second.
    async fn next(&mut self) -> Message {
        end_of_feed(&self.manager).await;
        self.receiver.next().await
    }

    /// Waits until it has got all events that there are, and returns the messages since the last that was taken.
    async fn all(&mut self) -> Vec<Message> {
        let end = end_of_feed(&self.manager).await;
        soon(async || self.get().await["position"].as_i64() >= Some(end)).await;
        self.receiver.arrived()
    }

    /// Waits until its job rests, on a server whose clock stands still.
    async fn rest(&self) {
        soon(async || {
            let job = self.job().await;
            is_at_rest(&job, &job["updatedAt"])
        })
        .await;
    }

    /// Calls its job, and waits until it rests again. The server would look for jobs that are due within a second: too slow
    /// for tests that move the clock. A job that is called early must not do anything early.
    async fn call(&self) {
        let now = text(&self.get().await, "description") + ".";
        let now = self.change(json!({ "description": now })).await["updatedAt"].clone();
        soon(async || {
            let job = self.job().await;
            job["updatedAt"] == now && is_at_rest(&job, &now)
        })
        .await;
    }

    /// Waits until a delivery has so many attempts, and returns it.
    async fn after_attempts(&self, event_id: &str, count: usize) -> Value {
        let query = format!("eventId={event_id}");
        soon(async || {
            let deliveries = self.deliveries(&query).await;
            deliveries.first().is_some_and(|delivery| attempts(delivery).len() == count)
        })
        .await;
        self.deliveries(&query).await.remove(0)
    }
}

/// Whether a job neither runs nor is due at this time.
fn is_at_rest(job: &Value, now: &Value) -> bool {
    job["state"] != "running" && (job["dueAt"].is_null() || job["dueAt"].as_str() > now.as_str())
}

/// Gives all events their positions, and returns the last one.
async fn end_of_feed(manager: &Client) -> i64 {
    manager.get("/api/v1/events?after=latest").await.json(200)["position"].as_i64().unwrap()
}

/// The events after a position.
async fn events(manager: &Client, after: i64) -> Vec<Value> {
    let page = manager.get(&format!("/api/v1/events?after={after}&limit=100")).await.json(200);
    page["events"].as_array().unwrap().clone()
}

/// The attempts of a delivery.
#[track_caller]
fn attempts(delivery: &Value) -> &[Value] {
    delivery["attempts"].as_array().unwrap_or_else(|| panic!("no attempts in {delivery:#}"))
}

/// What messages tell of.
fn types(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| text(&message.body, "type")).collect()
}
