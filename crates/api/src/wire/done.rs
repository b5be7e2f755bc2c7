//! What operations answer that leave nothing to show.

use serde::Serialize;
use utoipa::ToSchema;

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// For people.
    #[schema(example = "Deleted.")]
    pub(crate) message: &'static str,
}
