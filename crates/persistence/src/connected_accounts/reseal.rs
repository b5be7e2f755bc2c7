//! Seals again what is sealed, when the keys of the server change.

use async_recursion::async_recursion as boxed;
use denizen_domain::{AuthConfigId, ConnectedAccountId, Result, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::schema::{auth_configs, connected_accounts};
use crate::types::{StoredUuid, stored};

/// Something sealed, and whose it is.
#[derive(Debug, Clone)]
pub enum SealedSecret {
    /// The secret of an auth config's client.
    OfClient(AuthConfigId, Vec<u8>),
    /// What a connected account presents.
    OfAccount(ConnectedAccountId, Vec<u8>),
}

impl SealedSecret {
    /// Returns the sealed form.
    pub fn sealed(&self) -> &[u8] {
        match self {
            Self::OfClient(_, sealed) | Self::OfAccount(_, sealed) => sealed,
        }
    }

    /// Returns the id of whose it is.
    pub const fn id(&self) -> Uuid {
        match self {
            Self::OfClient(id, _) => id.as_uuid(),
            Self::OfAccount(id, _) => id.as_uuid(),
        }
    }
}

/// Returns what is sealed in a workspace, in two lists that are ordered by id, those of accounts last: the first after one of them,
/// up to a limit.
#[boxed]
pub async fn sealed_after(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    after: Option<&SealedSecret>,
    limit: u32,
) -> Result<Vec<SealedSecret>> {
    macro_rules! some_of {
        ($table:ident, $variant:ident, $after:expr) => {{
            let query = $table::table
                .filter($table::workspace_id.eq(stored(workspace_id)))
                .filter($table::sealed.is_not_null())
                .filter($table::id.gt(StoredUuid::from_uuid($after)))
                .order($table::id.asc())
                .select(($table::id, $table::sealed.assume_not_null()))
                .limit(i64::from(limit));
            let rows = on_backend!(connection, |conn| query.load::<(StoredUuid, Vec<u8>)>(conn).await);
            let rows = rows.or_error("look for what is sealed")?.into_iter();
            rows.map(|(id, sealed)| SealedSecret::$variant(id.into(), sealed)).collect::<Vec<_>>()
        }};
    }
    let (client, account) = match after {
        None => (Some(Uuid::nil()), Uuid::nil()),
        Some(SealedSecret::OfClient(id, _)) => (Some(id.as_uuid()), Uuid::nil()),
        Some(SealedSecret::OfAccount(id, _)) => (None, id.as_uuid()),
    };
    if let Some(client) = client {
        let found = some_of!(auth_configs, OfClient, client);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(some_of!(connected_accounts, OfAccount, account))
}

/// Replaces a sealed form, unless it has changed in the meantime. Returns whether it was replaced.
#[boxed]
pub async fn reseal(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    before: &SealedSecret,
    after: Vec<u8>,
) -> Result<bool> {
    macro_rules! replace {
        ($table:ident, $id:expr, $sealed:expr) => {{
            let row = $table::table
                .filter($table::workspace_id.eq(stored(workspace_id)))
                .filter($table::id.eq(stored(*$id)))
                .filter($table::sealed.eq(Some($sealed.clone())));
            let change = $table::sealed.eq(Some(after));
            on_backend!(connection, |conn| diesel::update(row).set(change).execute(conn).await)
        }};
    }
    let changed = match before {
        SealedSecret::OfClient(id, sealed) => replace!(auth_configs, id, sealed),
        SealedSecret::OfAccount(id, sealed) => replace!(connected_accounts, id, sealed),
    };
    Ok(changed.or_error("seal a secret again")? > 0)
}
