//! What every command that opens a database needs.

use anyhow::{Context as _, Result, anyhow};
use denizen_domain::Error;

/// Runs a future of the database's to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Runtime::new().context("cannot start the asynchronous runtime")?.block_on(future)
}

/// The error as a developer has to see it. To the caller of a server it would not say what is wrong inside.
pub(crate) fn explained(error: Error) -> anyhow::Error {
    match error.context() {
        "" => error.into(),
        context => anyhow!("{context}"),
    }
}
