//! The published APIs, with a module for each: its routes, handlers and wire types, but no business rules.
//!
//! A handler translates a request of its contract into a call of `denizen_persistence`, and the result into a response.
//! Bodies, responses and lists that contracts share are in folders named after their objects. Other code that they share
//! belongs in `wire`, `access`, `guards` or the domain crate.

pub(crate) mod api_keys;
pub(crate) mod audit_events;
pub(crate) mod external_users;
pub(crate) mod flowdock;
pub(crate) mod flowmate;
pub(crate) mod flowra_zaia;
pub(crate) mod notiflows;
pub(crate) mod operations;
mod samples;
pub(crate) mod workflows;
