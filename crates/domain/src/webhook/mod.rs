//! Webhooks: the endpoints to which events are sent, what became of each event, and how messages are signed, as Standard
//! Webhooks 1.0.0 defines.

mod delivery;
mod endpoint;
mod secret;

pub use delivery::{DeliveryAttempt, DeliveryFilter, DeliveryState, WebhookDelivery};
pub use endpoint::{WebhookEndpoint, WebhookEndpointChanges, WebhookFilter};
pub use secret::{WebhookSecret, webhook_signatures};
