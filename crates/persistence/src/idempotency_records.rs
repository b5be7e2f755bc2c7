//! Requests with an idempotency key, and their responses. All servers together run each once.
//!
//! The table reveals nothing: it holds hashes and encrypted responses.

use async_recursion::async_recursion as boxed;
use denizen_domain::{Conflict, Error, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::idempotency_records;
use crate::types::{StoredTime, StoredUuid};

/// The key of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKey {
    /// The workspace of the sender, if it is limited to one.
    pub workspace_id: Option<WorkspaceId>,
    /// A hash of the sender and its idempotency key.
    pub key_hash: [u8; 32],
}

/// A request about to run.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// A hash of the request.
    pub fingerprint: Vec<u8>,
    /// The id of this attempt.
    pub attempt: Uuid,
    /// Until when other attempts wait.
    pub locked_until: Timestamp,
    /// When the record expires.
    pub expires_at: Timestamp,
}

/// The existing record of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// A hash of the request that used the key.
    pub fingerprint: Vec<u8>,
    /// The encrypted response; `None` while the request runs.
    pub answer: Option<Vec<u8>>,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = idempotency_records, primary_key(workspace_id, key_hash), treat_none_as_null = true, treat_none_as_default_value = false)]
struct RecordRow {
    workspace_id: StoredUuid,
    key_hash: Vec<u8>,
    fingerprint: Vec<u8>,
    attempt: StoredUuid,
    locked_until: StoredTime,
    answer: Option<Vec<u8>>,
    expires_at: StoredTime,
}

/// The columns that decide whether a record can be taken over.
type Standing = (Vec<u8>, StoredUuid, StoredTime, Option<Vec<u8>>, StoredTime);

/// Reserves a key for an attempt. `None` on success, otherwise the existing record. Takes over expired records, and
/// those of the same request whose attempt was abandoned, such as by a crashed server.
#[boxed]
pub async fn claim(
    connection: &mut DbConnection,
    key: RecordKey,
    new: &NewRecord,
    now: Timestamp,
) -> Result<Option<Record>> {
    in_transaction!(connection, {
        let row = row_of(key, new);
        let inserted = on_backend!(connection, |conn| {
            diesel::insert_into(idempotency_records::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(conn)
                .await
        });
        if inserted.or_error("insert an idempotency record")? == 1 {
            return Ok(None);
        }
        let query = idempotency_records::table.find((row.workspace_id, key.key_hash.to_vec())).select((
            idempotency_records::fingerprint,
            idempotency_records::attempt,
            idempotency_records::locked_until,
            idempotency_records::answer,
            idempotency_records::expires_at,
        ));
        let found = on_backend!(connection, |conn| query.first::<Standing>(conn).await.optional());
        // Its owner has released it in the meantime.
        let gone = || Error::Conflict(Conflict::ConcurrentChange);
        let (fingerprint, attempt, locked_until, answer, expires_at) =
            found.or_error("find an idempotency record")?.ok_or_else(gone)?;
        let is_expired = Timestamp::from(expires_at) <= now;
        let is_given_up = answer.is_none() && Timestamp::from(locked_until) <= now;
        let is_free = is_expired || (is_given_up && fingerprint == new.fingerprint);
        if !is_free {
            return Ok(Some(Record { fingerprint, answer }));
        }
        let old = idempotency_records::table
            .filter(idempotency_records::workspace_id.eq(row.workspace_id))
            .filter(idempotency_records::key_hash.eq(key.key_hash.to_vec()))
            .filter(idempotency_records::attempt.eq(attempt))
            // A late response of the previous attempt is not lost.
            .filter(
                idempotency_records::answer
                    .is_null()
                    .or(idempotency_records::expires_at.le(StoredTime::from(now))),
            );
        let taken_over = on_backend!(connection, |conn| diesel::update(old).set(&row).execute(conn).await);
        if taken_over.or_error("take an idempotency record over")? == 1 { Ok(None) } else { Err(gone()) }
    })
}

/// Stores the response of an attempt. `false` if the record no longer belongs to the attempt.
#[boxed]
pub async fn complete(
    connection: &mut DbConnection,
    key: RecordKey,
    attempt: Uuid,
    answer: &[u8],
) -> Result<bool> {
    let own = idempotency_records::table
        .filter(idempotency_records::workspace_id.eq(stored_workspace(key)))
        .filter(idempotency_records::key_hash.eq(key.key_hash.to_vec()))
        .filter(idempotency_records::attempt.eq(StoredUuid::from_uuid(attempt)));
    let change = idempotency_records::answer.eq(answer.to_vec());
    let completed = on_backend!(connection, |conn| diesel::update(own).set(change).execute(conn).await);
    Ok(completed.or_error("store an answer")? == 1)
}

/// Releases a key: the next attempt runs like the first.
#[boxed]
pub async fn give_up(connection: &mut DbConnection, key: RecordKey, attempt: Uuid) -> Result<()> {
    let own = idempotency_records::table
        .filter(idempotency_records::workspace_id.eq(stored_workspace(key)))
        .filter(idempotency_records::key_hash.eq(key.key_hash.to_vec()))
        .filter(idempotency_records::attempt.eq(StoredUuid::from_uuid(attempt)));
    on_backend!(connection, |conn| diesel::delete(own).execute(conn).await)
        .or_error("delete an idempotency record")?;
    Ok(())
}

/// Deletes expired records, up to a limit, and all that expire at the same time as the last. Returns how many.
#[boxed]
pub async fn sweep(connection: &mut DbConnection, now: Timestamp, limit: u32) -> Result<usize> {
    let last = idempotency_records::table
        .filter(idempotency_records::expires_at.le(StoredTime::from(now)))
        .order(idempotency_records::expires_at.asc())
        .select(idempotency_records::expires_at)
        .offset(i64::from(limit.max(1)) - 1)
        .limit(1);
    let last = on_backend!(connection, |conn| last.first::<StoredTime>(conn).await.optional());
    let end = last.or_error("look for expired idempotency records")?.unwrap_or_else(|| now.into());
    let expired = idempotency_records::table.filter(idempotency_records::expires_at.le(end));
    on_backend!(connection, |conn| diesel::delete(expired).execute(conn).await)
        .or_error("delete expired idempotency records")
}

fn row_of(key: RecordKey, new: &NewRecord) -> RecordRow {
    let NewRecord { fingerprint, attempt, locked_until, expires_at } = new;
    RecordRow {
        workspace_id: stored_workspace(key),
        key_hash: key.key_hash.to_vec(),
        fingerprint: fingerprint.clone(),
        attempt: StoredUuid::from_uuid(*attempt),
        locked_until: (*locked_until).into(),
        answer: None,
        expires_at: (*expires_at).into(),
    }
}

/// Objects outside workspaces use the nil UUID.
fn stored_workspace(key: RecordKey) -> StoredUuid {
    key.workspace_id.map_or(StoredUuid::from_uuid(Uuid::nil()), Into::into)
}
