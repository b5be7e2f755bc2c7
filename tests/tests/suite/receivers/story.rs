//! What every receiver does.

use denizen_tests::{Client, RunningProgram, TestServer, Value, json};

use super::messages::Message;
use crate::support::{create, path_of, soon, text};

/// A receiver that runs.
struct Receiver {
    program: RunningProgram,
    url: String,
}

impl Receiver {
    /// Starts it with a secret, on a free port, which it prints last in its first line.
    async fn start(start: &impl Fn(&[(&str, &str)]) -> RunningProgram, secret: &str) -> Self {
        let mut program = start(&[("SECRET", secret), ("PORT", "0")]);
        let line = program.line().await;
        let is_other = |character: char| !character.is_ascii_digit();
        let port = line.trim_end_matches(is_other).rsplit(is_other).next().unwrap();
        Self { program, url: format!("http://127.0.0.1:{port}/webhooks") }
    }

    /// Waits until it has accepted so many events, and returns their lines in the order of their positions.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::with_capacity(count);
        for _ in 0..count {
            lines.push(self.program.line().await.replace('"', ""));
        }
        lines.sort_by_key(|line| line.split(' ').next().unwrap().parse::<i64>().unwrap());
        lines
    }

    /// Ends it, and asserts that it has accepted nothing else.
    async fn stop(self) {
        assert_eq!(self.program.stop().await, Vec::<String>::new());
    }
}

/// A server with an endpoint that gets events about external users.
struct Story {
    server: TestServer,
    client: Client,
    path: String,
}

impl Story {
    async fn begin() -> (Self, String) {
        let server = TestServer::start().await;
        let client = server.zaia().with_key(&server.new_key(&["webhooks:manage", "events:read"]).await);
        // The receiver needs the secret to start, and the endpoint the receiver's port.
        let body = json!({ "url": "http://127.0.0.1:1", "types": ["external_user.*"], "disabled": true });
        let endpoint = client.post("/api/v1/webhook-endpoints", body).await.json(200);
        let path = format!("/api/v1/webhook-endpoints/{}", text(&endpoint, "id"));
        (Self { server, client, path }, text(&endpoint, "secret"))
    }

    /// Sends events to a receiver from now on.
    async fn lead_to(&self, receiver: &Receiver) {
        let body = json!({ "url": receiver.url, "disabled": false });
        self.client.patch(&self.path, body).await.is(200);
    }

    /// The status that answers a test message.
    async fn test(&self) -> Value {
        self.client.post(&format!("{}/test", self.path), json!({})).await.json(200)["status"].clone()
    }

    async fn rotate(&self, overlap_seconds: u32) -> String {
        let path = format!("{}/rotate-secret", self.path);
        let rotated = self.client.post(&path, json!({ "overlapSeconds": overlap_seconds })).await.json(200);
        text(&rotated, "secret")
    }

    /// The lines that a receiver prints of all events after the first ones.
    async fn expected(&self, first: usize) -> Vec<String> {
        let page = self.client.get("/api/v1/events?after=0&types=external_user.*").await.json(200);
        let events = page["events"].as_array().unwrap().iter().skip(first);
        let line = |event: &Value| {
            format!("{} {} {}", event["position"], text(event, "type"), text(event, "objectId"))
        };
        events.map(line).collect()
    }

    /// Sends everything again, and waits until it was.
    async fn replay(&self, count: usize) {
        let body = json!({ "since": "2020-01-01T00:00:00Z" });
        self.client.post(&format!("{}/replay", self.path), body).await.is(200);
        soon(async || {
            let deliveries = self.client.get(&format!("{}/deliveries", self.path)).await.array(200);
            let has_two = |delivery: &Value| delivery["attempts"].as_array().unwrap().len() == 2;
            deliveries.len() == count && deliveries.iter().all(has_two)
        })
        .await;
    }
}

/// Asserts that a receiver works: with the server, with others who send to it, and with new secrets.
pub(super) async fn tell(start: impl Fn(&[(&str, &str)]) -> RunningProgram) {
    let (story, secret) = Story::begin().await;
    let mut receiver = Receiver::start(&start, &secret).await;
    story.lead_to(&receiver).await;
    assert_eq!(story.test().await, 204);

    let jane = create(&story.server, json!({ "name": "Jane" })).await;
    create(&story.server, json!({ "name": "Jürgen" })).await;
    story.server.zaia().patch(&path_of(&jane), json!({ "name": "Jane D." })).await.is(200);
    story.server.zaia().delete(&path_of(&jane)).await.is(204);
    let events = story.expected(0).await;
    assert_eq!(events.len(), 4);
    assert_eq!(receiver.lines(4).await, events);
    // What is sent again is accepted, and ignored.
    story.replay(4).await;

    receives_what_is_signed_and_news(&mut receiver, &secret).await;

    // During the overlap, both secrets verify.
    let renewed = story.rotate(3_600).await;
    create(&story.server, json!({ "name": "Mary" })).await;
    assert_eq!(receiver.lines(1).await, story.expected(4).await);
    let mut successor = Receiver::start(&start, &renewed).await;
    story.lead_to(&successor).await;
    create(&story.server, json!({ "name": "John" })).await;
    assert_eq!(successor.lines(1).await, story.expected(5).await);

    story.rotate(0).await;
    assert_eq!(story.test().await, 401, "no secret before the last one signs any more");
    receiver.stop().await;
    successor.stop().await;
}

async fn receives_what_is_signed_and_news(receiver: &mut Receiver, secret: &str) {
    let other_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let message = |id: &str, position: i64| Message::new(secret, id, position);
    for (what, refused) in [
        ("another secret", Message::new(other_secret, "forged", 1)),
        ("another body", message("changed", 1).with_body(r#"{"id":"changed","position":2,"objectId":"x"}"#)),
        ("no JSON", message("none", 1).with_body("\u{0}")),
        ("another id", message("one", 1).with("webhook-id", "another")),
        ("an old message", Message::old(secret)),
        ("another time", message("time", 1).with("webhook-timestamp", "now")),
        ("an unknown signature", message("unknown", 1).with("webhook-signature", "v2,AAAA v1 nonsense")),
        ("no signature", message("unsigned", 1).without("webhook-signature")),
    ] {
        assert_eq!(refused.send(&receiver.url).await, 401, "{what}");
    }
    // The third comes late, and the last one is the same as the first.
    for (id, position) in [("first", 7), ("second", 9), ("third", 8), ("first", 10)] {
        assert_eq!(message(id, position).send(&receiver.url).await, 204, "{id}");
    }
    let accepted = receiver.lines(2).await;
    assert_eq!(accepted, ["7 external_user.updated somebody", "9 external_user.updated somebody"]);
}
