//! The secrets of webhook endpoints, and the signatures made with them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use uuid::Uuid;

use crate::primitives::keyed_with;

/// Keeps these secrets apart from everything else that is derived from the same secret of the server.
const LABEL: &[u8] = b"webhook endpoint\0";

/// The secret that signs what is sent to a webhook endpoint. `Debug` hides it.
///
/// ```
/// use denizen_domain::{IdSource as _, RandomIds, WebhookSecret};
///
/// let secret = WebhookSecret::derive(&[7; 32], RandomIds.uuid(), 0);
/// assert!(secret.expose().starts_with("whsec_"));
/// assert!(secret.sign("msg_1", 1_700_000_000, b"{}").starts_with("v1,"));
/// ```
#[derive(Clone)]
pub struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    /// Derives the secret of an endpoint from the server's own. The result is always the same; another generation is
    /// another secret.
    pub fn derive(server_secret: &[u8; 32], endpoint_id: Uuid, generation: u32) -> Self {
        let mut code = keyed_with(server_secret);
        code.update(LABEL);
        code.update(endpoint_id.as_bytes());
        code.update(&generation.to_be_bytes());
        Self(code.finalize().into_bytes().into())
    }

    /// Returns the text to show: `whsec_` and the secret in Base64, as libraries of Standard Webhooks read it.
    pub fn expose(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// Signs a message: `v1,` and the HMAC-SHA256 of `{message_id}.{timestamp_seconds}.{body}` in Base64. The time is
    /// that of the attempt, in seconds since 1970.
    pub fn sign(&self, message_id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let mut code = keyed_with(&self.0);
        code.update(format!("{message_id}.{timestamp_seconds}.").as_bytes());
        code.update(body);
        format!("v1,{}", STANDARD.encode(code.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret(…)")
    }
}

/// Returns the value of the header `webhook-signature`: the signature by each secret, separated by blanks. A receiver
/// accepts a message if it knows one of them, so a secret can be replaced while messages arrive.
pub fn webhook_signatures(
    secrets: &[WebhookSecret],
    message_id: &str,
    timestamp_seconds: i64,
    body: &[u8],
) -> String {
    let signatures = secrets.iter().map(|secret| secret.sign(message_id, timestamp_seconds, body));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that Standard Webhooks publishes. Its secret has 24 bytes, which HMAC pads with zeros.
    fn published() -> WebhookSecret {
        let mut bits = [0; 32];
        bits[..24].copy_from_slice(&STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        WebhookSecret(bits)
    }

    #[test]
    fn signs_the_published_example() {
        let signature =
            published().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_depends_on_server_endpoint_and_generation() {
        let derived = |server: u8, endpoint: u128, generation: u32| {
            WebhookSecret::derive(&[server; 32], Uuid::from_u128(endpoint), generation).expose()
        };
        assert_eq!(derived(1, 1, 1), derived(1, 1, 1));
        for other in [derived(2, 1, 1), derived(1, 2, 1), derived(1, 1, 2)] {
            assert_ne!(derived(1, 1, 1), other);
        }
    }

    #[test]
    fn a_secret_is_shown_as_libraries_read_it_and_otherwise_hidden() {
        let secret = WebhookSecret::derive(&[1; 32], Uuid::nil(), 1);
        let bits = STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(bits, secret.0);
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
    }

    #[test]
    fn each_secret_signs() {
        let secrets = [1, 2].map(|generation| WebhookSecret::derive(&[1; 32], Uuid::nil(), generation));
        let signatures = webhook_signatures(&secrets, "msg_1", 0, b"{}");
        let each: Vec<_> = secrets.iter().map(|secret| secret.sign("msg_1", 0, b"{}")).collect();
        assert_eq!(signatures.split(' ').collect::<Vec<_>>(), each);
        assert_eq!(webhook_signatures(&[], "msg_1", 0, b"{}"), "");
    }
}
