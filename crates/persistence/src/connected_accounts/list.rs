//! Lists connected accounts.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    ConnectedAccount, ConnectedAccountFilter, ConnectionStatus, ExternalUserId, Result, Slice, Window,
    WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::accounts::kept;
use super::row::AccountRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::schema::{connected_accounts, external_users};
use crate::types::{StoredTime, StoredUuid, stored};

/// How many accounts [`count`] counts at most.
pub const MAXIMUM_COUNT: i64 = 10_000;

macro_rules! filtered {
    ($workspace_id:expr, $filter:expr) => {{
        let ConnectedAccountFilter { external_user_id, toolkit, auth_config_id, status } = $filter;
        let mut query = kept!($workspace_id).into_boxed();
        if let Some(id) = external_user_id {
            query = query.filter(connected_accounts::external_user_id.eq(stored(*id)));
        }
        if let Some(toolkit) = toolkit {
            query = query.filter(connected_accounts::toolkit.eq(toolkit.to_string()));
        }
        if let Some(id) = auth_config_id {
            query = query.filter(connected_accounts::auth_config_id.eq(stored(*id)));
        }
        if let Some(status) = status {
            let is_disabled = *status == ConnectionStatus::Inactive;
            let connection = if is_disabled { ConnectionStatus::Active } else { *status };
            query = query.filter(connected_accounts::status.eq(connection.to_string()));
            if connection == ConnectionStatus::Active {
                query = query.filter(connected_accounts::is_disabled.eq(is_disabled));
            }
        }
        query
    }};
}

/// Lists a page of the connected accounts of a workspace.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ConnectedAccountFilter,
    window: &Window,
) -> Result<Slice<ConnectedAccount>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, filter),
        connected_accounts::created_at,
        connected_accounts::id,
        window,
        StoredTime,
        AccountRow
    );
    let accounts = rows.or_error("list connected accounts")?.into_iter().map(ConnectedAccount::try_from);
    Ok(Slice::cut(accounts.collect::<Result<_>>()?, window))
}

/// Lists all connected accounts of an external user, by system, oldest first: at most [`ConnectedAccount::MAXIMUM`].
#[boxed]
pub async fn list_of_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    user_id: ExternalUserId,
) -> Result<Vec<ConnectedAccount>> {
    let query = kept!(workspace_id).filter(connected_accounts::external_user_id.eq(stored(user_id))).order((
        connected_accounts::toolkit.asc(),
        connected_accounts::created_at.asc(),
        connected_accounts::id.asc(),
    ));
    let rows = on_backend!(connection, |conn| query.load::<AccountRow>(conn).await);
    let rows = rows.or_error("list the connected accounts of a user")?;
    rows.into_iter().map(ConnectedAccount::try_from).collect()
}

/// Counts the connected accounts of a list: at most [`MAXIMUM_COUNT`].
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ConnectedAccountFilter,
) -> Result<i64> {
    let ids = on_backend!(connection, |conn| {
        let some = filtered!(workspace_id, filter).select(connected_accounts::id).limit(MAXIMUM_COUNT);
        some.load::<StoredUuid>(conn).await
    });
    Ok(i64::try_from(ids.or_error("count connected accounts")?.len()).unwrap_or(MAXIMUM_COUNT))
}
