//! The response of operations without a result.

use serde::Serialize;
use utoipa::ToSchema;

/// A confirmation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Text for people.
    #[schema(example = "Deleted.")]
    pub(crate) message: &'static str,
}
