//! What stands between a request and its handler: who may call an operation, how often, whether the request was made
//! before, and whether its object has changed since.
//!
//! Finding out who the caller is belongs to `access`; how a contract words an answer belongs to `contracts`.

pub(crate) mod admission;
pub(crate) mod caller;
pub(crate) mod entity_tags;
pub(crate) mod idempotency;
pub(crate) mod rate_limits;
