//! Lists of deleted external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{DeletedExternalUser, Result, Slice, Timestamp, Window, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::removal::DeletedRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::schema::deleted_external_users;
use crate::types::{StoredTime, stored};

/// Selects the users of a workspace that were deleted after a time, if there is one, and are neither erased nor forgotten.
macro_rules! deleted {
    ($workspace_id:expr, $after:expr) => {{
        let query = deleted_external_users::table
            .filter(deleted_external_users::workspace_id.eq(stored($workspace_id)))
            .filter(deleted_external_users::record.is_not_null())
            .into_boxed();
        match $after {
            Some(after) => query.filter(deleted_external_users::deleted_at.gt(StoredTime::from(after))),
            None => query,
        }
    }};
}

/// Lists a page of the users that were deleted after a time, by when they were, or of all that can be restored.
#[boxed]
pub async fn list_deleted(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    after: Option<Timestamp>,
    window: &Window,
) -> Result<Slice<DeletedExternalUser>> {
    let rows = load_window!(
        connection,
        deleted!(workspace_id, after),
        deleted_external_users::deleted_at,
        deleted_external_users::id,
        window,
        StoredTime,
        DeletedRow
    );
    let rows = rows.or_error("list deleted external users")?.into_iter();
    let users = rows.filter_map(|row| row.into_deleted().transpose());
    Ok(Slice::cut(users.collect::<Result<_>>()?, window))
}

/// Counts the users that were deleted after a time, or all that can be restored.
#[boxed]
pub async fn count_deleted(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    after: Option<Timestamp>,
) -> Result<i64> {
    on_backend!(connection, |conn| deleted!(workspace_id, after).count().get_result(conn).await)
        .or_error("count deleted external users")
}
