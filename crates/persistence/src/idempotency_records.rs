//! Requests with an idempotency key, and what was answered: each is done once, whichever server it comes to.
//!
//! What is stored says nothing to who reads it here: hashes, and answers that are sealed.

use denizen_domain::{Conflict, Error, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::idempotency_records;
use crate::types::{StoredTime, StoredUuid};

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKey {
    /// The workspace of whoever sent the request, where it is that of one workspace only.
    pub workspace_id: Option<WorkspaceId>,
    /// A hash of whoever sent it, and of the key that it carried.
    pub key_hash: [u8; 32],
}

/// A request that is about to be done.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// A hash of the request.
    pub fingerprint: Vec<u8>,
    /// Which attempt at it this is.
    pub attempt: Uuid,
    /// Until when nobody else attempts it.
    pub locked_until: Timestamp,
    /// From when on the record counts for nothing.
    pub expires_at: Timestamp,
}

/// What there is already of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// A hash of the request that came with it.
    pub fingerprint: Vec<u8>,
    /// The sealed answer; `None` while the request is under way.
    pub answer: Option<Vec<u8>>,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = idempotency_records, primary_key(workspace_id, key_hash), treat_none_as_null = true)]
struct RecordRow {
    workspace_id: StoredUuid,
    key_hash: Vec<u8>,
    fingerprint: Vec<u8>,
    attempt: StoredUuid,
    locked_until: StoredTime,
    answer: Option<Vec<u8>>,
    expires_at: StoredTime,
}

/// The columns of a record that say whether it can be taken over.
type Standing = (Vec<u8>, StoredUuid, StoredTime, Option<Vec<u8>>, StoredTime);

/// Takes a key for an attempt: `None` where it is that attempt's now, and what there is already where it is not. Taken over
/// are records that have expired, and those of the same request whose attempt was given up, as by a server that crashed.
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
        // Whoever had it has given it up in this moment.
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
            // A late answer of the attempt before is not lost.
            .filter(
                idempotency_records::answer
                    .is_null()
                    .or(idempotency_records::expires_at.le(StoredTime::from(now))),
            );
        let taken_over = on_backend!(connection, |conn| diesel::update(old).set(&row).execute(conn).await);
        if taken_over.or_error("take an idempotency record over")? == 1 { Ok(None) } else { Err(gone()) }
    })
}

/// Stores what an attempt has answered. `false` where the record is no longer that attempt's.
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

/// Gives a key up, so that the next attempt is made like the first.
pub async fn give_up(connection: &mut DbConnection, key: RecordKey, attempt: Uuid) -> Result<()> {
    let own = idempotency_records::table
        .filter(idempotency_records::workspace_id.eq(stored_workspace(key)))
        .filter(idempotency_records::key_hash.eq(key.key_hash.to_vec()))
        .filter(idempotency_records::attempt.eq(StoredUuid::from_uuid(attempt)));
    on_backend!(connection, |conn| diesel::delete(own).execute(conn).await)
        .or_error("delete an idempotency record")?;
    Ok(())
}

/// Deletes records that have expired, at most so many, but for those that expire in the same moment as the last. How many
/// there were.
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

/// Whatever belongs to no workspace has the nil UUID for one.
fn stored_workspace(key: RecordKey) -> StoredUuid {
    key.workspace_id.map_or(StoredUuid::from_uuid(Uuid::nil()), Into::into)
}
