//! Clears the deleted group or tier of users. This changes their version but not the time of their last change, and
//! the audit log records only the deletion.

use denizen_domain::{ExternalUserGroupId, Result, TierId, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::audit_events::mark_of_object;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::dialect::load_locked;
use crate::schema::external_users;
use crate::types::{StoredUuid, stored};

/// How many users change at a time.
const BATCH: i64 = 500;

/// Clears a column of a batch of the users with a value in it. Returns whether there were any.
macro_rules! clear_some {
    ($connection:expr, $workspace_id:expr, $column:ident, $value:expr) => {{
        let named = external_users::table
            .filter(external_users::workspace_id.eq(stored($workspace_id)))
            .filter(external_users::$column.eq(Some(stored($value))));
        let some = named
            .order((external_users::created_at.asc(), external_users::id.asc()))
            .select(external_users::id)
            .limit(BATCH);
        let some = on_backend!($connection, |conn| some.load::<StoredUuid>(conn).await);
        let some = some.or_error("look for the users of what is deleted")?;
        if some.is_empty() {
            return Ok(false);
        }
        // In the order of other locks on several users, which prevents deadlocks.
        let locked = named
            .filter(external_users::id.eq_any(some.clone()))
            .order(external_users::id.asc())
            .select(external_users::id);
        load_locked!($connection, locked, StoredUuid).or_error("lock the users of what is deleted")?;
        let cleared = some.clone();
        let some = named.filter(external_users::id.eq_any(some));
        let changes = (
            external_users::$column.eq(None::<StoredUuid>),
            external_users::version.eq(external_users::version + 1),
        );
        on_backend!($connection, |conn| diesel::update(some).set(changes).execute(conn).await)
            .or_error("take users off what is deleted")?;
        $connection.mark(cleared.into_iter().map(|id| mark_of_object(&id.to_string())));
        Ok(true)
    }};
}

/// Clears a deleted group of a batch of users, in the caller's transaction. Returns whether there were any.
pub(crate) async fn clear_group(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserGroupId,
) -> Result<bool> {
    clear_some!(connection, workspace_id, external_user_group_id, id)
}

/// Clears a deleted tier of a batch of users, in the caller's transaction. Returns whether there were any.
pub(crate) async fn clear_tier(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: TierId,
) -> Result<bool> {
    clear_some!(connection, workspace_id, tier_id, id)
}
