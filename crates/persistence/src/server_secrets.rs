//! The server's own secrets, shared by all servers on one database. Each purpose has generations; the newest is in
//! use.

use denizen_domain::{
    Conflict, Error, JsonObject, ObjectKind, Origin, Recorded, Result, Source, Timestamp, Verb,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::server_secrets;
use crate::types::StoredTime;

/// The purpose of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs the access tokens of external users: a private key, as PKCS #8.
    AccessTokens,
    /// Seals cursors: 32 random bytes.
    Cursors,
    /// Derives the tokens issued for accounts: 32 random bytes.
    IssuedTokens,
}

impl Purpose {
    const fn code(self) -> &'static str {
        match self {
            Self::AccessTokens => "access_tokens",
            Self::Cursors => "cursors",
            Self::IssuedTokens => "issued_tokens",
        }
    }
}

/// A generation of a secret.
#[derive(Clone)]
pub struct ServerSecret {
    /// Its number, from 1.
    pub generation: i64,
    /// The secret.
    pub bytes: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for ServerSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ServerSecret(generation {})", self.generation)
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = server_secrets)]
struct SecretRow {
    purpose: String,
    generation: i64,
    secret: Vec<u8>,
    created_at: StoredTime,
}

/// Lists the generations of a secret, newest first, up to a limit.
pub async fn newest(
    connection: &mut DbConnection,
    purpose: Purpose,
    limit: u32,
) -> Result<Vec<ServerSecret>> {
    let query = server_secrets::table
        .filter(server_secrets::purpose.eq(purpose.code()))
        .order(server_secrets::generation.desc())
        .limit(i64::from(limit));
    let rows = on_backend!(connection, |conn| query.load::<SecretRow>(conn).await)
        .or_error("read server secrets")?;
    let secret = |row: SecretRow| {
        let SecretRow { purpose: _, generation, secret, created_at } = row;
        ServerSecret { generation, bytes: secret, created_at: created_at.into() }
    };
    Ok(rows.into_iter().map(secret).collect())
}

/// Returns the newest generation of a secret, and creates the first if there is none. If several servers start at
/// once, one creates it and all use it.
pub async fn find_or_create(
    connection: &mut DbConnection,
    source: &Source,
    purpose: Purpose,
    make: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<ServerSecret> {
    if let Some(newest) = newest(connection, purpose, 1).await?.pop() {
        return Ok(newest);
    }
    let first = ServerSecret { generation: 1, bytes: make()?, created_at: source.clock.now() };
    insert(connection, purpose, &first).await?;
    let newest = newest(connection, purpose, 1).await?.pop();
    newest.ok_or_else(|| Error::Internal(format!("the secret for {} is gone", purpose.code())))
}

/// Adds a generation, which is in use from now on. Fails with [`Conflict::ConcurrentChange`] if another server adds
/// one at the same time.
pub async fn rotate(
    connection: &mut DbConnection,
    origin: &Origin,
    purpose: Purpose,
    secret: Vec<u8>,
) -> Result<ServerSecret> {
    // Read before the transaction, which is retried if another server was faster: its generation must not be replaced.
    let current = newest(connection, purpose, 1).await?.pop().map_or(0, |secret| secret.generation);
    let generation = current + 1;
    in_transaction!(connection, {
        let rotated =
            ServerSecret { generation, bytes: secret.clone(), created_at: origin.source.clock.now() };
        if insert(connection, purpose, &rotated).await? == 0 {
            return Err(Error::Conflict(Conflict::ConcurrentChange));
        }
        let before = (current > 0).then_some(Generation { purpose, number: current });
        let after = Some(&Generation { purpose, number: generation });
        audit_events::done(connection, origin, None, Verb::Rotate, before.as_ref(), after).await?;
        Ok(rotated)
    })
}

/// A secret as the audit log records it.
struct Generation {
    purpose: Purpose,
    number: i64,
}

impl Recorded for Generation {
    const KIND: ObjectKind = ObjectKind::ServerSecret;

    fn object_id(&self) -> String {
        self.purpose.code().to_owned()
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        JsonObject::from_iter([("generation".to_owned(), json!(self.number).into())])
    }
}

async fn insert(connection: &mut DbConnection, purpose: Purpose, secret: &ServerSecret) -> Result<usize> {
    let ServerSecret { generation, bytes, created_at } = secret;
    let row = SecretRow {
        purpose: purpose.code().to_owned(),
        generation: *generation,
        secret: bytes.clone(),
        created_at: (*created_at).into(),
    };
    on_backend!(connection, |conn| {
        diesel::insert_into(server_secrets::table).values(&row).on_conflict_do_nothing().execute(conn).await
    })
    .or_error("insert a server secret")
}
