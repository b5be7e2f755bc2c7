//! Directory errors for operators.

use anyhow::anyhow;
use denizen_domain::Error;

/// Converts an error for the operator, who may see details hidden from callers.
pub(crate) fn reason(error: Error) -> anyhow::Error {
    match error.context() {
        "" => error.into(),
        context => anyhow!("{context}"),
    }
}
