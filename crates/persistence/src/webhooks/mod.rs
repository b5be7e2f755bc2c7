//! Webhook endpoints, and the deliveries of events to them.
//!
//! Each endpoint that is enabled has a job of the same id, in a lane of its own: so one server at a time sends to it.

mod deliveries;
mod endpoints;
mod replay;
mod row;

pub(crate) use self::deliveries::remove_some_of;
pub use self::deliveries::{Round, due, list_deliveries, remove_deliveries, store_round, sweep};
pub use self::endpoints::{create, delete, find, find_for_delivery, list, rotate_secret, update};
pub use self::replay::{ReplayRange, begin_replay, replay_events, replay_some};
