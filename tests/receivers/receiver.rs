//! Receives webhooks. SECRET is the endpoint's secret, and PORT is where to listen.

use std::collections::{HashMap, HashSet};
use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing::post};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, sync::Mutex};

struct Receiver {
    webhook: Webhook,
    known: Mutex<Known>,
}

/// What was received before. Store it with what the events change: memory forgets it.
#[derive(Default)]
struct Known {
    ids: HashSet<String>,
    positions: HashMap<String, i64>,
}

/// Does what the receiver is for, once for each event that is news.
fn apply(event: &Value) {
    println!("{} {} {}", event["position"], event["type"], event["objectId"]);
}

impl Known {
    fn receive(&mut self, event: &Value) {
        let (Some(id), Some(object), Some(position)) =
            (event["id"].as_str(), event["objectId"].as_str(), event["position"].as_i64())
        else {
            return; // a test message, which is about no object
        };
        if self.ids.contains(id) {
            return; // repeated
        }
        if self.positions.get(object).is_none_or(|last| position > *last) {
            apply(event); // otherwise late: a later change of the object came first
            self.positions.insert(object.to_owned(), position);
        }
        self.ids.insert(id.to_owned());
    }
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if receiver.webhook.verify(&body, &headers).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(event) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    receiver.known.lock().await.receive(&event);
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let webhook = Webhook::new(&env::var("SECRET")?)?;
    let receiver = Arc::new(Receiver { webhook, known: Mutex::default() });
    let app = Router::new().route("/webhooks", post(receive)).with_state(receiver);
    let port: u16 = env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
