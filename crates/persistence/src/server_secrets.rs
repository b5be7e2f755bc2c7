//! What the server itself keeps secret, shared by all servers on one database: each purpose has generations, of which
//! the newest is in use.

use denizen_domain::{Conflict, Error, ObjectKind, Origin, Recorded, Result, Source, Timestamp, Verb};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value, json};

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::schema::server_secrets;
use crate::types::StoredTime;

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing the access tokens of external users: the private key, as PKCS #8.
    AccessTokens,
    /// Sealing cursors: 32 random bytes.
    Cursors,
    /// Deriving the tokens that are issued for accounts: 32 random bytes.
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

/// One generation of a secret.
#[derive(Clone)]
pub struct ServerSecret {
    /// Counts up from 1.
    pub generation: i64,
    /// The secret itself.
    pub bytes: Vec<u8>,
    /// When it was made.
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

/// The generations of a secret, newest first, at most as many as the limit.
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

/// The newest generation of a secret; the first one is made where there is none. Of several servers that start at
/// once, one makes it and all use it.
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

/// Adds a generation, which is in use from now on. Fails with [`Conflict::ConcurrentChange`] where somebody else adds
/// one at the same time.
pub async fn rotate(
    connection: &mut DbConnection,
    origin: &Origin,
    purpose: Purpose,
    secret: Vec<u8>,
) -> Result<ServerSecret> {
    // Read before the transaction, which is repeated where somebody else was faster: theirs is not to be replaced.
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

/// What the audit log has of a secret.
struct Generation {
    purpose: Purpose,
    number: i64,
}

impl Recorded for Generation {
    const KIND: ObjectKind = ObjectKind::ServerSecret;

    fn object_id(&self) -> String {
        self.purpose.code().to_owned()
    }

    fn record(&self, _: Timestamp) -> Map<String, Value> {
        Map::from_iter([("generation".to_owned(), json!(self.number))])
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
