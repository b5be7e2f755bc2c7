//! The harness of the tests in `tests/`: the whole server over HTTP, on both databases.
//!
//! Every test starts its own server on its own database:
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
//! `DENIZEN_TEST_DATABASE` is `sqlite` (the default) or `postgres`, on the server of `TEST_DATABASE_URL`, whose user must
//! be allowed to create databases. Most databases are copies of one on which a server has started before.
//!
//! * [`TestServer`] starts and stops servers and hands out clients: [`flowra`](TestServer::flowra),
//!   [`flowra_bearer`](TestServer::flowra_bearer), [`zaia`](TestServer::zaia), [`notiflows`](TestServer::notiflows),
//!   [`anonymous`](TestServer::anonymous), [`bearer`](TestServer::bearer), [`basic`](TestServer::basic).
//! * [`TestServer::as_administrator`], [`TestServer::as_account`] and [`TestServer::log_in`] log in, and return clients;
//!   [`TestServer::another`] starts another server on the same database.
//! * [`Client`] sends requests; [`Reply`] is the answer, with assertions.
//! * [`TestServer::raw`] and [`TestServer::connect`] send bytes unchanged, for malformed requests.
//! * [`TestServer::operator`] runs the real `denizen` on the same database, as an operator would;
//!   [`TestServer::new_key`], [`TestServer::new_workspace`], [`TestServer::new_account`], [`TestServer::new_flow`],
//!   [`TestServer::add_to_workspace`] and [`TestServer::add_to_flow`] are built on it.
//! * [`ForeignClient`] runs the scripts of `tests/clients/`, in JavaScript and Python; [`build_go`] builds a program in Go;
//!   [`RunningProgram`] is a program that runs beside a test; [`shell`] runs commands, such as `curl`, if it
//!   [is installed](has_curl), and the [`program`] under test.
//! * [`Browser`] opens pages as a person would, with cookies and redirects.
//! * [`Receiver`] listens at a port, and takes and answers the [`Message`]s that a server sends as webhooks.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what goes wrong here fails the test that asked for it"
)]

mod browser;
mod client;
mod database;
mod foreign;
mod operator;
mod program;
mod raw;
mod receiver;
mod reply;
mod server;
mod template;

pub use browser::{Browser, Page};
pub use client::Client;
pub use database::is_on_postgres;
pub use foreign::{ForeignClient, build_go, has_curl, shell};
pub use operator::{Account, Flow, Key, Workspace, program};
pub use program::RunningProgram;
pub use raw::RawConnection;
pub use receiver::{Answer, Message, Receiver};
pub use reply::Reply;
pub use serde_json::{Value, json};
pub use server::TestServer;
