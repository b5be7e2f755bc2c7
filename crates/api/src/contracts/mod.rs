//! The published APIs, a folder for each, in its own words: its routes, its wire types, and nothing of the rules.
//!
//! A handler translates a contract's words into a call of `denizen_persistence` and the result back. What two contracts
//! share belongs below: in `wire`, `access`, `guards` or the domain.

pub(crate) mod flowdock;
pub(crate) mod flowmate;
pub(crate) mod flowra_zaia;
pub(crate) mod notiflows;
pub(crate) mod operations;
mod samples;
