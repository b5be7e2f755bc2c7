//! The directory over HTTP: axum in, axum out, with an OpenAPI document that is made of the same list as the routes.
//!
//! A contract is a room: `external_users` (Flowra and Zaia), `admin_users` (Notiflows), `channels`,
//! `api_keys`, `audit_events`, `accounts` (FlowMate), `organizations` and `flows` (Flowdock). A room holds its own
//! wire types and nothing of the rules, which are in `denizen_domain`, and nothing of SQL, which is in
//! `denizen_persistence`.
//!
//! # Recipes
//!
//! ## Adding an endpoint
//! 1. Write the handler in a file of its own. Its signature says who may call (`Caller<CanReadExternalUsers>`), what
//!    comes in (`PathId`, `Query`, `JsonBody`) and what goes out; its `#[utoipa::path]` says the same in the document.
//! 2. Add it to `routes()` of its room.
//! 3. `cargo xtask codegen` writes `openapi.json` anew.
//! 4. Write its tests: the good case, no credential, too small a scope, another workspace.
//!
//! ## Adding a body
//! 1. A struct of `Input` fields with `#[serde(default)]`; a `check` that applies each field's rule and notes what breaks.
//! 2. A sample in `samples.rs`.
//!
//! ## Adding an error
//! 1. Add it to [`denizen_domain::Error`]; the compiler asks for its answer in `error.rs`.

mod accounts;
mod actor;
mod admin_users;
mod api_keys;
mod app;
mod audit_events;
mod body;
mod caller;
mod channels;
mod client_address;
mod contract;
mod credentials;
mod done;
mod entity_tag;
mod error;
mod external_user_groups;
mod external_users;
mod flows;
mod idempotency;
mod identity;
mod key_usage;
mod log_in;
mod openapi;
mod operations;
mod organizations;
mod paging;
mod parameters;
mod passwords;
mod path;
mod query;
mod rate_limits;
mod request;
mod router;
mod samples;
mod session_cookie;
mod stream;
mod super_identities;
mod tiers;
mod tokens;

pub use app::{App, AppOptions, default_password_hashing_threads};
pub use audit_events::audit_event_json;
pub use denizen_persistence::log_in_failures::FailureLimits;
pub use external_users::external_user_json;
pub use ipnet::IpNet;
pub use rate_limits::RequestLimits;
pub use request::request_id_of;
pub use router::openapi;
pub use tokens::{ACCEPTED_SIGNING_KEYS, check_signing_key, generate_signing_key, signing_key_id};
