//! How external users connect to other systems.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AuthConfig, AuthConfigId, Conflict, Error, Origin, Resource, Result, Slice, Toolkit, Window, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::AuthConfigRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::first_locked;
use crate::queries::keyset::load_window;
use crate::queries::locks;
use crate::schema::{auth_configs, connected_accounts};
use crate::types::{StoredTime, StoredUuid, all_stored, stored};

/// Selects the auth configs of a workspace that are not deleted.
macro_rules! kept {
    ($workspace_id:expr) => {
        auth_configs::table
            .filter(auth_configs::workspace_id.eq(stored($workspace_id)))
            .filter(auth_configs::deleted_at.is_null())
    };
}

macro_rules! filtered {
    ($workspace_id:expr, $toolkit:expr) => {{
        let mut query = kept!($workspace_id).into_boxed();
        if let Some(toolkit) = $toolkit {
            query = query.filter(auth_configs::toolkit.eq(toolkit.to_string()));
        }
        query
    }};
}

/// Stores an auth config with the sealed secret of its client, if there is one. Fails with [`Conflict::TooManyAuthConfigs`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    config: &AuthConfig,
    sealed: Option<Vec<u8>>,
) -> Result<()> {
    in_transaction!(connection, {
        locks::lock_workspace(connection, config.workspace_id).await?;
        let those = kept!(config.workspace_id);
        let count = on_backend!(connection, |conn| those.count().get_result::<i64>(conn).await);
        let count = count.or_error("count auth configs")?;
        if usize::try_from(count).is_ok_and(|count| count >= AuthConfig::MAXIMUM) {
            return Err(Error::Conflict(Conflict::TooManyAuthConfigs));
        }
        let row = AuthConfigRow::new(config, sealed.clone())?;
        on_backend!(connection, |conn| diesel::insert_into(auth_configs::table)
            .values(&row)
            .execute(conn)
            .await)
        .or_error("insert an auth config")?;
        audit_events::created(connection, origin, config.workspace_id, config).await
    })
}

/// Lists a page of the auth configs of a workspace, perhaps only those of a system.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    toolkit: Option<&Toolkit>,
    window: &Window,
) -> Result<Slice<AuthConfig>> {
    let rows = load_window!(
        connection,
        filtered!(workspace_id, toolkit),
        auth_configs::created_at,
        auth_configs::id,
        window,
        StoredTime,
        AuthConfigRow
    );
    let configs = rows.or_error("list auth configs")?.into_iter().map(AuthConfig::try_from);
    Ok(Slice::cut(configs.collect::<Result<_>>()?, window))
}

/// Counts the auth configs of such a list: at most [`AuthConfig::MAXIMUM`].
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    toolkit: Option<&Toolkit>,
) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(workspace_id, toolkit).count().get_result(conn).await)
        .or_error("count auth configs")
}

/// Finds an auth config by id.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: AuthConfigId,
) -> Result<Option<AuthConfig>> {
    let query = kept!(workspace_id).filter(auth_configs::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<AuthConfigRow>(conn).await.optional());
    row.or_error("find an auth config")?.map(AuthConfig::try_from).transpose()
}

/// Locks an auth config against deletion, shared with others who do the same. Fails if there is none.
pub(super) async fn keep(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: AuthConfigId,
) -> Result<()> {
    let query = kept!(workspace_id).filter(auth_configs::id.eq(stored(id)));
    let row = first_locked!(connection, query, for_share, AuthConfigRow);
    match row.or_error("keep an auth config")? {
        Some(_) => Ok(()),
        None => Err(Error::not_found(Resource::AuthConfig, id)),
    }
}

/// Finds auth configs by their ids, deleted or not.
#[boxed]
pub async fn find_all(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    ids: &[AuthConfigId],
) -> Result<Vec<AuthConfig>> {
    let query = auth_configs::table
        .filter(auth_configs::workspace_id.eq(stored(workspace_id)))
        .filter(auth_configs::id.eq_any(all_stored(ids)));
    let rows = on_backend!(connection, |conn| query.load::<AuthConfigRow>(conn).await);
    rows.or_error("find auth configs")?.into_iter().map(AuthConfig::try_from).collect()
}

/// Finds an auth config by id, deleted or not, with the sealed secret of its client.
#[boxed]
pub async fn find_sealed(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: AuthConfigId,
) -> Result<Option<(AuthConfig, Option<Vec<u8>>)>> {
    let query = auth_configs::table
        .filter(auth_configs::workspace_id.eq(stored(workspace_id)))
        .filter(auth_configs::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<AuthConfigRow>(conn).await.optional());
    let Some(mut row) = row.or_error("find an auth config")? else { return Ok(None) };
    let sealed = row.sealed.take();
    Ok(Some((AuthConfig::try_from(row)?, sealed)))
}

/// Deletes an auth config. Its secret stays as long as something must be revoked with it. `false` if the workspace has no such
/// auth config. Fails with [`Conflict::AuthConfigInUse`].
#[boxed]
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: AuthConfigId,
) -> Result<bool> {
    in_transaction!(connection, {
        let query = kept!(workspace_id).filter(auth_configs::id.eq(stored(id)));
        let row = first_locked!(connection, query, for_update, AuthConfigRow);
        let Some(row) = row.or_error("lock an auth config")? else { return Ok(false) };
        let used = connected_accounts::table
            .filter(connected_accounts::workspace_id.eq(stored(workspace_id)))
            .filter(connected_accounts::auth_config_id.eq(stored(id)))
            .filter(connected_accounts::deleted_at.is_null())
            .select(connected_accounts::id);
        let used = on_backend!(connection, |conn| used.first::<StoredUuid>(conn).await.optional());
        if used.or_error("look for what uses an auth config")?.is_some() {
            return Err(Error::Conflict(Conflict::AuthConfigInUse));
        }
        let gone = kept!(workspace_id).filter(auth_configs::id.eq(stored(id)));
        let marked = auth_configs::deleted_at.eq(Some(StoredTime::from(origin.source.clock.now())));
        on_backend!(connection, |conn| diesel::update(gone).set(marked).execute(conn).await)
            .or_error("mark an auth config as deleted")?;
        audit_events::deleted(connection, origin, workspace_id, &AuthConfig::try_from(row)?).await?;
        remove_if_unused(connection, workspace_id, stored(id)).await?;
        Ok(true)
    })
}

/// Removes an auth config that is deleted, once no account needs it any more.
pub(super) async fn remove_if_unused(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: StoredUuid,
) -> Result<()> {
    let users = connected_accounts::table
        .filter(connected_accounts::workspace_id.eq(stored(workspace_id)))
        .filter(connected_accounts::auth_config_id.eq(id))
        .select(connected_accounts::id);
    let users = on_backend!(connection, |conn| users.first::<StoredUuid>(conn).await.optional());
    if users.or_error("look for what uses an auth config")?.is_some() {
        return Ok(());
    }
    let unused = auth_configs::table
        .filter(auth_configs::workspace_id.eq(stored(workspace_id)))
        .filter(auth_configs::id.eq(id))
        .filter(auth_configs::deleted_at.is_not_null());
    on_backend!(connection, |conn| diesel::delete(unused).execute(conn).await)
        .or_error("remove an auth config")?;
    Ok(())
}
