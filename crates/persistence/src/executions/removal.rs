//! Removes old executions.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Result, Timestamp};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::{execution_steps, executions};
use crate::types::{StoredTime, StoredUuid};

/// How many steps are removed at a time.
const STEPS: i64 = 1_000;

/// Removes some of the oldest executions that ended before a time, their steps first. Returns how many rows.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, before: Timestamp, limit: u32) -> Result<usize> {
    in_transaction!(connection, {
        let ended = executions::finished_at.lt(StoredTime::from(before));
        let old = executions::table
            .filter(ended)
            .order(executions::finished_at.asc())
            .select((executions::workspace_id, executions::id))
            .limit(i64::from(limit));
        let old = on_backend!(connection, |conn| old.load::<(StoredUuid, StoredUuid)>(conn).await);
        let (workspaces, ids): (Vec<_>, Vec<_>) =
            old.or_error("look for old executions")?.into_iter().unzip();
        if ids.is_empty() {
            return Ok(0);
        }
        let steps = execution_steps::table
            .filter(execution_steps::workspace_id.eq_any(workspaces.clone()))
            .filter(execution_steps::execution_id.eq_any(ids.clone()));
        let some =
            steps.clone().select((execution_steps::execution_id, execution_steps::number)).limit(STEPS);
        let some = on_backend!(connection, |conn| some.load::<(StoredUuid, i64)>(conn).await);
        let (of, numbers): (Vec<_>, Vec<_>) = some.or_error("look for old steps")?.into_iter().unzip();
        if !numbers.is_empty() {
            let those = steps
                .filter(execution_steps::execution_id.eq_any(of))
                .filter(execution_steps::number.eq_any(numbers));
            return on_backend!(connection, |conn| diesel::delete(those).execute(conn).await)
                .or_error("remove the steps of old executions");
        }
        // One that is tried again meanwhile has not ended any more.
        let gone = executions::table
            .filter(executions::workspace_id.eq_any(workspaces))
            .filter(executions::id.eq_any(ids))
            .filter(ended);
        on_backend!(connection, |conn| diesel::delete(gone).execute(conn).await)
            .or_error("remove old executions")
    })
}
