//! The server's own secrets, shared by all servers on one database. Each purpose has generations; the newest is in
//! use, except of [signing keys](signing_keys).

pub mod signing_keys;

use async_recursion::async_recursion as boxed;
use denizen_domain::{Error, Result, Source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::server_secrets;
use crate::types::StoredTime;

/// The purpose of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Seals cursors: 32 random bytes.
    Cursors,
    /// Derives the tokens issued for accounts: 32 random bytes.
    IssuedTokens,
    /// Derives the secrets of webhook endpoints: 32 random bytes.
    Webhooks,
}

impl Purpose {
    const fn code(self) -> &'static str {
        match self {
            Self::Cursors => "cursors",
            Self::IssuedTokens => "issued_tokens",
            Self::Webhooks => "webhooks",
        }
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = server_secrets, treat_none_as_default_value = false)]
struct SecretRow {
    purpose: String,
    generation: i64,
    secret: Vec<u8>,
    created_at: StoredTime,
    signs_from: Option<StoredTime>,
}

/// Returns the newest generation of a secret, and creates the first if there is none. If several servers start at
/// once, one creates it and all use it.
pub async fn find_or_create(
    connection: &mut DbConnection,
    source: &Source,
    purpose: Purpose,
    make: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    if let Some(secret) = newest(connection, purpose).await? {
        return Ok(secret);
    }
    let first = SecretRow {
        purpose: purpose.code().to_owned(),
        generation: 1,
        secret: make()?,
        created_at: source.clock.now().into(),
        signs_from: None,
    };
    insert(connection, &first).await?;
    let newest = newest(connection, purpose).await?;
    newest.ok_or_else(|| Error::Internal(format!("the secret for {} is gone", purpose.code())))
}

async fn newest(connection: &mut DbConnection, purpose: Purpose) -> Result<Option<Vec<u8>>> {
    let query = server_secrets::table
        .filter(server_secrets::purpose.eq(purpose.code()))
        .order(server_secrets::generation.desc())
        .select(server_secrets::secret);
    on_backend!(connection, |conn| query.first(conn).await.optional()).or_error("read a server secret")
}

/// Stores the secrets again as they are. Fails with [`Error::ReadOnly`] if the database stores no changes.
#[boxed]
pub async fn try_to_write(connection: &mut DbConnection) -> Result<()> {
    let query =
        diesel::update(server_secrets::table).set(server_secrets::generation.eq(server_secrets::generation));
    let stored = on_backend!(connection, |conn| query.execute(conn).await).or_error("try to write");
    stored.map(|_| ()).map_err(|error| match error {
        Error::Internal(context) | Error::Unavailable(context) => Error::ReadOnly(context),
        error => error,
    })
}

/// Adds a generation, unless another server has added it.
async fn insert(connection: &mut DbConnection, row: &SecretRow) -> Result<()> {
    on_backend!(connection, |conn| {
        diesel::insert_into(server_secrets::table).values(row).on_conflict_do_nothing().execute(conn).await
    })
    .or_error("insert a server secret")?;
    Ok(())
}
