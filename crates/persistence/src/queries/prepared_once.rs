//! Statements that are prepared once for each connection.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// An update of the same columns each time, or an insert that updates instead. diesel prepares each of these anew, because others
/// leave columns out.
pub(crate) struct PreparedOnce<S>(pub(crate) S);

impl<DB: Backend, S: QueryFragment<DB>> QueryFragment<DB> for PreparedOnce<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S: Query> Query for PreparedOnce<S> {
    type SqlType = S::SqlType;
}

impl<S> QueryId for PreparedOnce<S> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
