//! Checks between a request and its handler: who may call an operation, how often, whether the request is a repetition,
//! and whether its object has changed.
//!
//! `access` identifies the caller; `contracts` words the response.

pub(crate) mod admission;
pub(crate) mod caller;
pub(crate) mod entity_tags;
pub(crate) mod idempotency;
pub(crate) mod operations;
pub(crate) mod parameters;
pub(crate) mod rate_limits;
