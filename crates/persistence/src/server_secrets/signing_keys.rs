//! The keys that sign access tokens of external users.
//!
//! There is always one that signs and a next one, which is published beforehand. All servers decide by the stored times
//! which one signs, so they change to the next at the same moment.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Error, JsonObject, ObjectKind, Origin, Recorded, Result, Source, Timestamp, Verb, earliest_signing,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{SecretRow, insert};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::server_secrets;
use crate::types::StoredTime;

/// The purpose of these secrets.
const PURPOSE: &str = "access_tokens";

/// A key that signs access tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its number, from 1.
    pub generation: i64,
    /// The private key, as PKCS #8.
    pub private_key: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it begins to sign; `None` if that is not decided.
    pub signs_from: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey(generation {})", self.generation)
    }
}

impl From<SecretRow> for SigningKey {
    fn from(row: SecretRow) -> Self {
        let SecretRow { purpose: _, generation, secret, created_at, signs_from } = row;
        Self {
            generation,
            private_key: secret,
            created_at: created_at.into(),
            signs_from: signs_from.map(Into::into),
        }
    }
}

/// Selects a key by its number.
macro_rules! numbered {
    ($generation:expr) => {
        server_secrets::table
            .filter(server_secrets::purpose.eq(PURPOSE))
            .filter(server_secrets::generation.eq($generation))
    };
}

/// Lists all keys, newest first.
#[boxed]
pub async fn list(connection: &mut DbConnection) -> Result<Vec<SigningKey>> {
    let query = server_secrets::table
        .filter(server_secrets::purpose.eq(PURPOSE))
        .order(server_secrets::generation.desc());
    let rows = on_backend!(connection, |conn| query.load::<SecretRow>(conn).await);
    Ok(rows.or_error("read the signing keys")?.into_iter().map(SigningKey::from).collect())
}

/// Creates the first key and the next one, as far as they are missing. If several servers start at once, all use the
/// same.
pub async fn ensure(
    connection: &mut DbConnection,
    source: &Source,
    make: impl Fn() -> Result<Vec<u8>>,
) -> Result<()> {
    let now = source.clock.now();
    if list(connection).await?.is_empty() {
        add(connection, 1, make()?, now, Some(now)).await?;
    }
    let keys = list(connection).await?;
    if keys.iter().all(|key| key.signs_from.is_some()) {
        let newest = keys.as_slice().first().map_or(0, |key| key.generation);
        add(connection, newest + 1, make()?, now, None).await?;
    }
    Ok(())
}

/// When the next key begins to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// As soon as no cache of the public keys lacks it. Tokens of earlier keys are accepted until they expire.
    Announced,
    /// Now. Earlier keys are deleted, so their tokens are refused: somebody else may know them.
    AtOnce,
}

/// Lets the next key sign, makes `fresh` the one after it, and returns the key that signs from now on or soon. If another
/// rotation is under way, it returns that one's key; several at once count as one.
#[boxed]
pub async fn rotate(
    connection: &mut DbConnection,
    origin: &Origin,
    rotation: Rotation,
    fresh: Vec<u8>,
) -> Result<SigningKey> {
    let now = origin.source.clock.now();
    // Read before the transaction: what another server rotates in the meantime must not be rotated once more.
    let keys = list(connection).await?;
    let not_begun = |key: &&SigningKey| key.signs_from.is_none_or(|begin| begin > now);
    let missing = || Error::Internal("there is no next signing key".to_owned());
    let next = keys.iter().rfind(not_begun).ok_or_else(missing)?;
    let before = keys.iter().find(|key| !not_begun(key)).map(|key| Generation(key.generation));
    let signs_from = match rotation {
        Rotation::Announced if next.signs_from.is_some() => return Ok(next.clone()),
        Rotation::Announced => earliest_signing(next.created_at, now),
        Rotation::AtOnce => now,
    };
    in_transaction!(connection, {
        if !let_sign(connection, next.generation, rotation, signs_from).await? {
            return find(connection, next.generation).await?.ok_or_else(missing);
        }
        add(connection, next.generation + 1, fresh.clone(), now, None).await?;
        let after = Generation(next.generation);
        audit_events::done(connection, origin, None, Verb::Rotate, before.as_ref(), Some(&after)).await?;
        if rotation == Rotation::AtOnce {
            delete_before(connection, next.generation).await?;
            audit_events::done(connection, origin, None, Verb::Revoke, before.as_ref(), None).await?;
        }
        Ok(SigningKey { signs_from: Some(signs_from), ..next.clone() })
    })
}

/// Sets when a key begins to sign, unless that is decided. Now goes before a later moment. Returns whether it was set.
async fn let_sign(
    connection: &mut DbConnection,
    generation: i64,
    rotation: Rotation,
    from: Timestamp,
) -> Result<bool> {
    let from = StoredTime::from(from);
    let change = server_secrets::signs_from.eq(Some(from));
    let undecided = server_secrets::signs_from.is_null();
    let changed = match rotation {
        Rotation::Announced => {
            let key = numbered!(generation).filter(undecided);
            on_backend!(connection, |conn| diesel::update(key).set(change).execute(conn).await)
        }
        Rotation::AtOnce => {
            let key = numbered!(generation).filter(undecided.or(server_secrets::signs_from.gt(from)));
            on_backend!(connection, |conn| diesel::update(key).set(change).execute(conn).await)
        }
    };
    Ok(changed.or_error("let a key sign")? == 1)
}

async fn find(connection: &mut DbConnection, generation: i64) -> Result<Option<SigningKey>> {
    let query = numbered!(generation);
    let row = on_backend!(connection, |conn| query.first::<SecretRow>(conn).await.optional());
    Ok(row.or_error("find a signing key")?.map(SigningKey::from))
}

async fn delete_before(connection: &mut DbConnection, generation: i64) -> Result<()> {
    let earlier = server_secrets::table
        .filter(server_secrets::purpose.eq(PURPOSE))
        .filter(server_secrets::generation.lt(generation));
    on_backend!(connection, |conn| diesel::delete(earlier).execute(conn).await)
        .or_error("delete signing keys")?;
    Ok(())
}

async fn add(
    connection: &mut DbConnection,
    generation: i64,
    private_key: Vec<u8>,
    created_at: Timestamp,
    signs_from: Option<Timestamp>,
) -> Result<()> {
    let row = SecretRow {
        purpose: PURPOSE.to_owned(),
        generation,
        secret: private_key,
        created_at: created_at.into(),
        signs_from: signs_from.map(Into::into),
    };
    insert(connection, &row).await
}

/// A key as the audit log records it.
struct Generation(i64);

impl Recorded for Generation {
    const KIND: ObjectKind = ObjectKind::ServerSecret;

    fn object_id(&self) -> String {
        PURPOSE.to_owned()
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        JsonObject::from_iter([("generation".to_owned(), json!(self.0).into())])
    }
}
