//! Failed log-ins. Too many block further ones for a while. The database counts them for all servers.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{Result, Source, Timestamp};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::log_in_failures;
use crate::types::{StoredTime, StoredUuid};

/// A log-in attempt, as failures are counted.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// A hash of the username, whether or not an account has it.
    pub username_hash: [u8; 32],
    /// The source: an address, or its network.
    pub address: String,
}

/// The maximum number of failures.
#[derive(Debug, Clone, Copy)]
pub struct FailureLimits {
    /// For one username.
    pub per_username: u32,
    /// From one address.
    pub per_address: u32,
    /// Within this time.
    pub window: Duration,
}

/// The limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitReached {
    /// The maximum number of failures.
    pub limit: u32,
    /// When the next failure expires.
    pub until: Timestamp,
}

/// Returns the limit that blocks an attempt now. Of two, the one that blocks for longer.
#[boxed]
pub async fn limit_reached(
    connection: &mut DbConnection,
    attempt: &Attempt,
    limits: FailureLimits,
    now: Timestamp,
) -> Result<Option<LimitReached>> {
    let counts_from = StoredTime::from(now.minus(limits.window));
    let of_username = log_in_failures::table
        .filter(log_in_failures::username_hash.eq(attempt.username_hash.to_vec()))
        .filter(log_in_failures::occurred_at.gt(counts_from))
        .select(log_in_failures::occurred_at)
        .order(log_in_failures::occurred_at.desc())
        .offset(i64::from(limits.per_username.max(1)) - 1)
        .limit(1);
    let of_username = on_backend!(connection, |conn| of_username.first::<StoredTime>(conn).await.optional());
    let of_address = log_in_failures::table
        .filter(log_in_failures::address.eq(&attempt.address))
        .filter(log_in_failures::occurred_at.gt(counts_from))
        .select(log_in_failures::occurred_at)
        .order(log_in_failures::occurred_at.desc())
        .offset(i64::from(limits.per_address.max(1)) - 1)
        .limit(1);
    let of_address = on_backend!(connection, |conn| of_address.first::<StoredTime>(conn).await.optional());
    let reached = |limit: u32, oldest: Option<StoredTime>| {
        oldest.map(|oldest| LimitReached { limit, until: Timestamp::from(oldest).plus(limits.window) })
    };
    let of_username = reached(limits.per_username, of_username.or_error("count failures of a username")?);
    let of_address = reached(limits.per_address, of_address.or_error("count failures of an address")?);
    Ok(of_username.into_iter().chain(of_address).max_by_key(|reached| reached.until))
}

/// Records a failure.
#[boxed]
pub async fn record(connection: &mut DbConnection, source: &Source, attempt: &Attempt) -> Result<()> {
    let row = (
        log_in_failures::id.eq(StoredUuid::from_uuid(source.ids.uuid())),
        log_in_failures::username_hash.eq(attempt.username_hash.to_vec()),
        log_in_failures::address.eq(&attempt.address),
        log_in_failures::occurred_at.eq(StoredTime::from(source.clock.now())),
    );
    on_backend!(connection, |conn| diesel::insert_into(log_in_failures::table)
        .values(row)
        .execute(conn)
        .await)
    .or_error("note a failed log-in")?;
    Ok(())
}

/// Deletes expired failures, up to a limit. Returns how many.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, before: Timestamp, limit: u32) -> Result<usize> {
    let old = log_in_failures::table
        .filter(log_in_failures::occurred_at.lt(StoredTime::from(before)))
        .select(log_in_failures::id)
        .limit(i64::from(limit));
    let ids = on_backend!(connection, |conn| old.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for old failures")?;
    if ids.is_empty() {
        return Ok(0);
    }
    let deleted = log_in_failures::table.filter(log_in_failures::id.eq_any(ids));
    on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
        .or_error("delete old failures")
}
