//! Sends events to the endpoints of workspaces, as Standard Webhooks 1.0.0 defines.

mod body;
mod delivery;
mod sender;
mod tests_under_way;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use denizen_domain::{
    DeliveryAttempt, EventPosition, Job, Json, JsonObject, Result, Source, Timestamp, WebhookEndpoint,
    WebhookSecret, webhook_signatures,
};
use denizen_persistence::Database;
use denizen_persistence::jobs::Ending;
use denizen_persistence::webhooks::{self, ReplayRange};
use serde_json::json;

use self::sender::{Answer, Message, Outcome};
use self::tests_under_way::TestsUnderWay;
use crate::options::AppOptions;
use crate::outgoing::OutgoingClient;

/// Sends webhooks. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Webhooks {
    database: Database,
    source: Source,
    client: OutgoingClient,
    secret: Arc<[u8; 32]>,
    public_url: Option<String>,
    tests: TestsUnderWay,
}

/// What came of sending a message once, and how long the endpoint asked to wait.
pub(crate) type Attempted = (DeliveryAttempt, Option<Duration>);

impl Webhooks {
    /// Creates a sender that signs with secrets derived from the server's.
    pub(crate) fn new(
        database: Database,
        source: Source,
        secret: [u8; 32],
        options: &AppOptions,
    ) -> Result<Self> {
        let client = OutgoingClient::new(&options.webhook_allowed_networks)?;
        let public_url = options.public_url.clone();
        Ok(Self {
            database,
            source,
            client,
            secret: Arc::new(secret),
            public_url,
            tests: TestsUnderWay::default(),
        })
    }

    /// Returns the newest secret of an endpoint.
    pub(crate) fn secret_of(&self, endpoint: &WebhookEndpoint) -> WebhookSecret {
        WebhookSecret::derive(&self.secret, endpoint.id.as_uuid(), endpoint.generation)
    }

    /// Sends a message that tells of nothing, once, and stores nothing of it. Fails if the workspace has too many under way.
    pub(crate) async fn test(&self, endpoint: &WebhookEndpoint) -> Result<DeliveryAttempt> {
        let _under_way = self.tests.begin(endpoint.workspace_id)?;
        let now = self.source.clock.now();
        let id = self.source.ids.ordered_uuid(now);
        let body = json!({
            "id": id, "type": "webhook_endpoint.test", "timestamp": now.to_string(),
            "workspaceId": endpoint.workspace_id, "data": { "id": endpoint.id },
        });
        let (attempt, _) = self.attempt(endpoint, &id.to_string(), Bytes::from(body.to_string())).await;
        Ok(attempt)
    }

    /// Sends a message once.
    async fn attempt(&self, endpoint: &WebhookEndpoint, id: &str, body: Bytes) -> Attempted {
        let at = self.source.clock.now();
        let generations = endpoint.signing_generations(at).into_iter();
        let secrets: Vec<_> = generations
            .map(|generation| WebhookSecret::derive(&self.secret, endpoint.id.as_uuid(), generation))
            .collect();
        let signatures = webhook_signatures(&secrets, id, at.unix_seconds(), &body);
        let message =
            Message { url: &endpoint.url, id, sent_at: at.unix_seconds(), signatures: &signatures, body };
        let attempted = noted(at, sender::post(&self.client, &message).await);
        let outcome = if attempted.0.is_success() { "succeeded" } else { "failed" };
        metrics::counter!("denizen_webhook_attempts_total", "outcome" => outcome).increment(1);
        attempted
    }

    /// Makes the next events of the past due again for an endpoint.
    pub(crate) async fn replay(&self, job: &Job) -> Result<(Ending, Option<Json>)> {
        let connection = &mut self.database.write().await?;
        let endpoint = (job.workspace_id, delivery::endpoint_of(job));
        let Some(range) = ReplayRange::of(job) else { return Ok((Ending::Succeeded, None)) };
        let now = self.source.clock.now();
        let Progress { count, after } = Progress::of(job);
        let (more, next) = webhooks::replay_some(connection, endpoint, range, after, now).await?;
        let progress = Progress { count: count + more, after: next.or(after) }.to_json();
        let ending = if next.is_some() { Ending::GoesOn(now) } else { Ending::Succeeded };
        Ok((ending, Some(progress)))
    }
}

fn noted(at: Timestamp, Answer { outcome, duration }: Answer) -> Attempted {
    let (status, retry_after, error, answer) = match outcome {
        Outcome::Answered { status, retry_after, body } => (Some(status), retry_after, None, body),
        Outcome::Failed(reason) => (None, None, Some(reason.to_string()), String::new()),
    };
    let duration_milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    (DeliveryAttempt { at, duration_milliseconds, status, error, answer }, retry_after)
}

/// How far a replay is.
struct Progress {
    count: u64,
    after: Option<EventPosition>,
}

impl Progress {
    const COUNT: &str = "events";
    const AFTER: &str = "position";

    fn of(job: &Job) -> Self {
        let number = |name: &str| match &job.progress {
            Some(Json::Object(progress)) => match progress.get(name) {
                Some(Json::Number(number)) => number.as_str().parse::<i64>().ok(),
                _ => None,
            },
            _ => None,
        };
        let count = number(Self::COUNT).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        Self { count, after: number(Self::AFTER).map(EventPosition::from_stored) }
    }

    fn to_json(&self) -> Json {
        let position = self.after.map(EventPosition::as_i64);
        Json::Object(JsonObject::from_iter([
            (Self::COUNT.to_owned(), Json::of(&self.count).unwrap_or_default()),
            (Self::AFTER.to_owned(), Json::of(&position).unwrap_or_default()),
        ]))
    }
}
