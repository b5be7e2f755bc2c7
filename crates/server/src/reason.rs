//! Errors of the directory, as operators see them.

use anyhow::anyhow;
use denizen_domain::Error;

/// Explains an error of the directory to the operator, who may see what is hidden from callers.
pub(crate) fn reason(error: Error) -> anyhow::Error {
    match error.context() {
        "" => error.into(),
        context => anyhow!("{context}"),
    }
}
