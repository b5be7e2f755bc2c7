//! The whole server over HTTP, on both databases: what the tests in `tests/` tell their stories with.
//!
//! Every test starts a server of its own, on a database of its own:
//!
//! ```no_run
//! # use denizen_tests::{TestServer, json};
//! # async fn story() {
//! let server = TestServer::start().await;
//! let made = server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.json(201);
//! let found = server.zaia().get(&format!("/api/v1/external-users/{}", made["id"].as_str().unwrap())).await;
//! assert_eq!(found.json(200)["identifier"], "jane");
//! # }
//! ```
//!
//! `DENIZEN_TEST_DATABASE` says on which database: `sqlite` (the default), or `postgres`, where `TEST_DATABASE_URL` names
//! a server on which databases may be made.
//!
//! * [`TestServer`] starts and stops servers and hands out clients: [`flowra`](TestServer::flowra),
//!   [`flowra_bearer`](TestServer::flowra_bearer), [`zaia`](TestServer::zaia), [`notiflows`](TestServer::notiflows),
//!   [`anonymous`](TestServer::anonymous), [`bearer`](TestServer::bearer), [`basic`](TestServer::basic).
//! * [`TestServer::as_administrator`], [`TestServer::as_account`] and [`TestServer::log_in`] log in, and hand out clients
//!   that are logged in; [`TestServer::another`] starts a further server on the same database.
//! * [`Client`] sends requests; [`Reply`] holds the answer and what tests ask of it.
//! * [`TestServer::raw`] and [`TestServer::connect`] send bytes as they are, for what no well-behaved client would send.
//! * [`TestServer::operator`] runs the real `denizen` on the same database, as an operator would;
//!   [`TestServer::new_key`], [`TestServer::new_workspace`], [`TestServer::new_account`], [`TestServer::new_flow`],
//!   [`TestServer::add_to_workspace`] and [`TestServer::add_to_flow`] are built on it.
//! * [`NodeClient`] runs scripts with the client library that Flowdock published.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what goes wrong here fails the test that asked for it"
)]

mod client;
mod database;
mod node;
mod operator;
mod raw;
mod reply;
mod server;
mod template;

pub use client::Client;
pub use node::NodeClient;
pub use operator::{Account, Flow, Key, Workspace};
pub use raw::RawConnection;
pub use reply::Reply;
pub use serde_json::{Value, json};
pub use server::TestServer;
