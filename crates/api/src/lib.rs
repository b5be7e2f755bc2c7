//! The HTTP API of the directory, built on axum. One list of handlers defines the routes and the OpenAPI document.
//!
//! # Rooms
//!
//! Each room imports only from rooms below (`cargo xtask check`):
//!
//! | room | contents |
//! |---|---|
//! | `app`, `router`, `openapi` | start and background work, routes and middleware, the OpenAPI document |
//! | `contracts` | one folder per published API |
//! | `state` | what handlers share, built from the rooms below |
//! | `guards` | authorization, rate limits, idempotency and preconditions |
//! | `jobs` | runs work that outlives a request |
//! | `webhooks`, `workflows` | sends events to others' endpoints; runs workflows |
//! | `access` | authentication: maps credentials to callers |
//! | `feeds` | gives events their positions, and wakes those who wait for them |
//! | `outgoing` | sends requests to other systems, never inside the operator's network |
//! | `sweep` | removes expired data, in batches |
//! | `options` | the settings |
//! | `wire` | reads requests and writes responses |
//!
//! Rooms below `state` never use the whole application. Extractors take the parts they need with `FromRef`, and lists
//! declare what they read from. `denizen_domain` contains the rules, and `denizen_persistence` the SQL.
//!
//! # Recipes
//!
//! ## Adding an endpoint
//! 1. Write the handler in its own file. Its signature declares who may call it (`Caller<CanReadExternalUsers>`), its
//!    inputs (`PathId`, `Query`, `JsonBody`) and its output. `#[utoipa::path]` documents the same.
//! 2. Add it to `routes()` of its folder in `contracts`.
//! 3. Run `cargo xtask codegen` to update `openapi.json`.
//! 4. Test success, no credential, a missing scope and another workspace.
//!
//! ## Adding a body
//! 1. Write a struct of `Input` fields with `#[serde(default)]`, and a `check` that validates each field after the violations
//!    of unknown ones. Implement `Body`, which names the object that responses show.
//! 2. Add a sample in `contracts/samples.rs`.
//!
//! ## Adding an error
//! 1. Add it to [`denizen_domain::Error`]; the compiler requires its response in `wire/envelope/problem.rs`.

mod access;
mod app;
mod connections;
mod contracts;
mod feeds;
mod guards;
mod jobs;
mod openapi;
mod options;
mod outgoing;
mod router;
mod state;
mod sweep;
mod webhooks;
mod wire;
mod workflows;

pub use access::encryption::{EncryptionKeys, SealedAs};
pub use access::tokens::{check_signing_key, generate_signing_key, signing_key_id};
pub use app::App;
pub use contracts::audit_events::audit_event_json;
pub use contracts::external_users::{deleted_external_user_json, external_user_json};
pub use contracts::flowra_zaia::{delivery_json, event_json, job_json, webhook_endpoint_json};
pub use contracts::workflows::{execution_json, step_json, workflow_json};
pub use denizen_persistence::log_in_failures::FailureLimits;
pub use ipnet::IpNet;
pub use options::{AppOptions, RequestLimits, default_password_hashing_threads};
pub use router::{allow_origins, openapi, request_id_of, without_trailing_slash};
pub use wire::origin::{CorsOrigin, InvalidOrigin, Origin};
