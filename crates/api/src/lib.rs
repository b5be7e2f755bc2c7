//! The directory over HTTP: axum in, axum out, with an OpenAPI document that is made of the same list as the routes.
//!
//! # Rooms
//!
//! Imports run from top to bottom, as `cargo xtask check` proves:
//!
//! | room | what is in it |
//! |---|---|
//! | `app`, `router`, `openapi` | what is put together at the top: start and upkeep, routes and what surrounds them, the document |
//! | `contracts` | a folder for each published API, in its own words |
//! | `state` | what handlers share; takes its parts from the rooms below |
//! | `guards` | who may call, how often, whether the request was made before, whether its object has changed |
//! | `access` | from a credential to the caller it belongs to |
//! | `sweep` | removes what has ended, in batches |
//! | `options` | the settings |
//! | `wire` | how requests are read and answers written |
//!
//! Nothing below `state` knows the whole application: extractors take the parts they need with `FromRef`, and lists name
//! what reading them takes. The rules are in `denizen_domain`, and SQL is in `denizen_persistence`.
//!
//! # Recipes
//!
//! ## Adding an endpoint
//! 1. Write the handler in a file of its own. Its signature says who may call (`Caller<CanReadExternalUsers>`), what
//!    comes in (`PathId`, `Query`, `JsonBody`) and what goes out; its `#[utoipa::path]` says the same in the document.
//! 2. Add it to `routes()` of its folder in `contracts`.
//! 3. `cargo xtask codegen` writes `openapi.json` anew.
//! 4. Write its tests: the good case, no credential, too small a scope, another workspace.
//!
//! ## Adding a body
//! 1. A struct of `Input` fields with `#[serde(default)]`; a `check` that applies each field's rule and notes what breaks.
//! 2. A sample in `contracts/samples.rs`.
//!
//! ## Adding an error
//! 1. Add it to [`denizen_domain::Error`]; the compiler asks for its answer in `wire/envelope/problem.rs`.

mod access;
mod app;
mod contracts;
mod guards;
mod openapi;
mod options;
mod router;
mod state;
mod sweep;
mod wire;

pub use access::tokens::{ACCEPTED_SIGNING_KEYS, check_signing_key, generate_signing_key, signing_key_id};
pub use app::App;
pub use contracts::flowra_zaia::{audit_event_json, external_user_json};
pub use denizen_persistence::log_in_failures::FailureLimits;
pub use ipnet::IpNet;
pub use options::{AppOptions, RequestLimits, default_password_hashing_threads};
pub use router::{openapi, request_id_of};
