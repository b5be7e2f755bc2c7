//! Messages to receivers that the server did not send.

use denizen_server::Source;
use denizen_tests::json;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use standardwebhooks::Webhook;

/// A message as the server would send it.
pub(super) struct Message {
    headers: HeaderMap,
    body: String,
}

impl Message {
    /// A message about a change of the object `somebody`, signed now.
    pub(super) fn new(secret: &str, id: &str, position: i64) -> Self {
        Self::signed_at(Source::system().clock.now().unix_seconds(), secret, id, position)
    }

    /// A message that is too old to be accepted.
    pub(super) fn old(secret: &str) -> Self {
        Self::signed_at(Source::system().clock.now().unix_seconds() - 600, secret, "old", 1)
    }

    fn signed_at(seconds: i64, secret: &str, id: &str, position: i64) -> Self {
        let event = json!({
            "id": id, "position": position, "type": "external_user.updated", "objectId": "somebody", "data": { "name": "Zoë" },
        });
        let body = event.to_string();
        let signature = Webhook::new(secret).unwrap().sign(id, seconds, body.as_bytes()).unwrap();
        let message = Self { headers: HeaderMap::new(), body };
        let message = message.with("webhook-id", id).with("webhook-timestamp", &seconds.to_string());
        message.with("webhook-signature", &signature)
    }

    /// The same with another header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    /// The same without a header.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// The same with another body, whose signature it does not carry.
    pub(super) fn with_body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// Sends it to a receiver, and returns the status of the answer.
    pub(super) async fn send(self, url: &str) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(url).headers(self.headers).header("content-type", "application/json");
        request.body(self.body).send().await.unwrap().status().as_u16()
    }
}
