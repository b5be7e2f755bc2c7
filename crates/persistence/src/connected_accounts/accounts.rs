//! Stores and finds connected accounts.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccessTokenLife, Conflict, ConnectedAccount, ConnectedAccountChanges, ConnectedAccountId,
    ConnectionStatus, Error, ExternalUserId, JobId, JobKind, Json, NewJob, Origin, Resource, Result,
    Timestamp, Toolkit, Verb, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::auth_configs;
use super::new_link::{NewLink, insert_link};
use super::row::AccountRow;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::queries::dialect::first_locked;
use crate::queries::locks;
use crate::schema::{connected_accounts, external_users};
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{audit_events, jobs};

/// What an account presents to its system, sealed by the caller.
#[derive(Debug, Clone)]
pub struct SealedCredentials {
    /// The sealed form.
    pub sealed: Vec<u8>,
    /// The life of the access token; `None` if it does not end, or if nobody knows.
    pub life: Option<AccessTokenLife>,
}

/// A connected account with what it presents.
#[derive(Debug, Clone)]
pub struct StoredAccount {
    /// The account.
    pub account: ConnectedAccount,
    /// What it presents, sealed; `None` if it has nothing yet.
    pub sealed: Option<Vec<u8>>,
    /// How often that has been replaced.
    pub generation: i64,
    /// The life of the access token, if the system has said when it ends.
    pub life: Option<AccessTokenLife>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

impl TryFrom<AccountRow> for StoredAccount {
    type Error = Error;

    fn try_from(mut row: AccountRow) -> Result<Self> {
        Ok(Self {
            sealed: row.sealed.take(),
            generation: row.generation,
            life: row.life(),
            deleted_at: row.deleted_at.map(Into::into),
            account: row.try_into()?,
        })
    }
}

/// Selects the row of an account.
macro_rules! row_of {
    ($workspace_id:expr, $id:expr) => {
        connected_accounts::table
            .filter(connected_accounts::workspace_id.eq(stored($workspace_id)))
            .filter(connected_accounts::id.eq(stored($id)))
    };
}
pub(super) use row_of;

/// Selects accounts that are not deleted, and whose users are not deleted.
macro_rules! kept {
    ($workspace_id:expr) => {
        connected_accounts::table
            .filter(connected_accounts::workspace_id.eq(stored($workspace_id)))
            .filter(connected_accounts::deleted_at.is_null())
            .filter(diesel::dsl::exists(
                external_users::table
                    .filter(external_users::workspace_id.eq(connected_accounts::workspace_id))
                    .filter(external_users::id.eq(connected_accounts::external_user_id))
                    .select(external_users::id),
            ))
    };
}
pub(super) use kept;

/// Stores an account with what it presents, or with the link that connects it. Fails with [`Error::NotFound`] if the workspace has
/// no such external user or auth config any more, and with [`Conflict::TooManyConnectedAccounts`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    account: &ConnectedAccount,
    credentials: Option<SealedCredentials>,
    link: Option<NewLink>,
) -> Result<()> {
    let workspace_id = account.workspace_id;
    in_transaction!(connection, {
        require_user(connection, workspace_id, account.external_user_id).await?;
        auth_configs::keep(connection, workspace_id, account.auth_config_id).await?;
        let those = connected_accounts::table
            .filter(connected_accounts::workspace_id.eq(stored(workspace_id)))
            .filter(connected_accounts::external_user_id.eq(stored(account.external_user_id)))
            .filter(connected_accounts::deleted_at.is_null());
        let count = on_backend!(connection, |conn| those.count().get_result::<i64>(conn).await);
        let count = count.or_error("count the connected accounts of an external user")?;
        if usize::try_from(count).is_ok_and(|count| count >= ConnectedAccount::MAXIMUM) {
            return Err(Error::Conflict(Conflict::TooManyConnectedAccounts));
        }
        let mut row = AccountRow::from(account);
        if let Some(SealedCredentials { sealed, life }) = credentials.clone() {
            row.sealed = Some(sealed);
            row.ends_at = life.map(|life| life.ends_at.into());
            row.refresh_at = life.map(|life| life.refresh_at.into());
        }
        on_backend!(connection, |conn| diesel::insert_into(connected_accounts::table)
            .values(&row)
            .execute(conn)
            .await)
        .or_error("insert a connected account")?;
        if let Some(link) = &link {
            insert_link(connection, account, link, origin.source.clock.now()).await?;
        }
        audit_events::created(connection, origin, workspace_id, account).await?;
        call_job(connection, workspace_id, account.id, origin.source.clock.now()).await
    })
}

/// Locks the user against deletion, and against other requests that connect accounts.
async fn require_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<()> {
    locks::lock_external_user(connection, workspace_id, id).await?;
    let user = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::id.eq(stored(id)))
        .select(external_users::id);
    let user = on_backend!(connection, |conn| user.first::<StoredUuid>(conn).await.optional());
    match user.or_error("find the user of a connected account")? {
        Some(_) => Ok(()),
        None => Err(Error::not_found(Resource::ExternalUser, id)),
    }
}

/// Makes the job of an account run now: there is something to do, or to see when there is.
pub(super) async fn call_job(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    now: Timestamp,
) -> Result<()> {
    let job = NewJob {
        id: JobId::from_uuid(id.as_uuid()),
        workspace_id,
        lane: id.as_uuid(),
        kind: JobKind::ConnectedAccount,
        object_id: id.to_string(),
        payload: Json::Null,
    };
    jobs::enqueue(connection, &job, now).await
}

/// Finds an account by id, unless its user is deleted.
#[boxed]
pub async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
) -> Result<Option<ConnectedAccount>> {
    let query = kept!(workspace_id).filter(connected_accounts::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<AccountRow>(conn).await.optional());
    row.or_error("find a connected account")?.map(ConnectedAccount::try_from).transpose()
}

/// Finds an account with what it presents, deleted or not.
#[boxed]
pub async fn find_stored(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
) -> Result<Option<StoredAccount>> {
    let query = row_of!(workspace_id, id);
    let row = on_backend!(connection, |conn| query.first::<AccountRow>(conn).await.optional());
    row.or_error("find a connected account")?.map(StoredAccount::try_from).transpose()
}

/// Finds the account of an external user with a system that can be used: the one that was connected last.
#[boxed]
pub async fn find_for_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    user_id: ExternalUserId,
    toolkit: &Toolkit,
) -> Result<Option<ConnectedAccount>> {
    let query = kept!(workspace_id)
        .filter(connected_accounts::external_user_id.eq(stored(user_id)))
        .filter(connected_accounts::toolkit.eq(toolkit.to_string()))
        .filter(connected_accounts::status.eq(ConnectionStatus::Active.to_string()))
        .filter(connected_accounts::is_disabled.eq(false))
        .order((connected_accounts::created_at.desc(), connected_accounts::id.desc()));
    let row = on_backend!(connection, |conn| query.first::<AccountRow>(conn).await.optional());
    row.or_error("find a connected account of a user")?.map(ConnectedAccount::try_from).transpose()
}

/// Finds an account that is not deleted, and locks it until the transaction ends.
pub(super) async fn lock(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
) -> Result<Option<ConnectedAccount>> {
    let query = row_of!(workspace_id, id).filter(connected_accounts::deleted_at.is_null());
    let row = first_locked!(connection, query, for_update, AccountRow);
    row.or_error("lock a connected account")?.map(ConnectedAccount::try_from).transpose()
}

/// Stores the fields of a locked account, and tells of the change. Returns the account as it is now.
pub(super) async fn store_change(
    connection: &mut DbConnection,
    origin: &Origin,
    before: &ConnectedAccount,
    mut after: ConnectedAccount,
) -> Result<ConnectedAccount> {
    if after == *before {
        return Ok(after);
    }
    after.updated_at = origin.source.clock.now();
    store_fields(connection, &after).await?;
    record_change(connection, origin, before, &after, &[]).await?;
    Ok(after)
}

async fn store_fields(connection: &mut DbConnection, account: &ConnectedAccount) -> Result<()> {
    let row = AccountRow::from(account);
    let change = (
        connected_accounts::display_name.eq(row.display_name),
        connected_accounts::label.eq(row.label),
        connected_accounts::status.eq(row.status),
        connected_accounts::status_reason.eq(row.status_reason),
        connected_accounts::is_disabled.eq(row.is_disabled),
        connected_accounts::updated_at.eq(row.updated_at),
    );
    let those = row_of!(account.workspace_id, account.id);
    on_backend!(connection, |conn| diesel::update(those).set(change).execute(conn).await)
        .or_error("change a connected account")?;
    Ok(())
}

/// Records a change. Of names, and of what the account presents, only that they have changed.
async fn record_change(
    connection: &mut DbConnection,
    origin: &Origin,
    before: &ConnectedAccount,
    after: &ConnectedAccount,
    hidden: &[&str],
) -> Result<()> {
    let workspace_id = Some(after.workspace_id);
    let mut change =
        audit_events::change_between(origin, workspace_id, Verb::Update, Some(before), Some(after));
    let renamed = [
        (before.display_name != after.display_name).then_some("displayName"),
        (before.label != after.label).then_some("label"),
    ];
    for field in renamed.into_iter().flatten().chain(hidden.iter().copied()) {
        change.entry.changes = change.entry.changes.and_secret(field);
    }
    audit_events::insert(connection, change).await
}

/// Changes an account, and what it presents, if that is given. `None` if the workspace has no such account.
#[boxed]
pub async fn update(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    changes: &ConnectedAccountChanges,
    credentials: Option<SealedCredentials>,
) -> Result<Option<ConnectedAccount>> {
    in_transaction!(connection, {
        let Some(before) = lock(connection, workspace_id, id).await? else { return Ok(None) };
        let mut after = before.clone();
        changes.clone().apply_to(&mut after);
        let Some(credentials) = &credentials else {
            return store_change(connection, origin, &before, after).await.map(Some);
        };
        after.connect();
        after.updated_at = origin.source.clock.now();
        replace_credentials(connection, workspace_id, id, credentials).await?;
        call_job(connection, workspace_id, id, after.updated_at).await?;
        store_fields(connection, &after).await?;
        record_change(connection, origin, &before, &after, &["credentials"]).await?;
        Ok(Some(after))
    })
}

/// The columns of what an account presents from now on.
macro_rules! credentials_of {
    ($credentials:expr) => {{
        let $crate::connected_accounts::SealedCredentials { sealed, life } = $credentials;
        (
            connected_accounts::sealed.eq(Some(sealed.clone())),
            connected_accounts::generation.eq(connected_accounts::generation + 1),
            connected_accounts::ends_at.eq(life.map(|life| StoredTime::from(life.ends_at))),
            connected_accounts::refresh_at.eq(life.map(|life| StoredTime::from(life.refresh_at))),
            connected_accounts::refreshing_until.eq(None::<StoredTime>),
        )
    }};
}
pub(super) use credentials_of;

/// Stores what a locked account presents from now on.
pub(super) async fn replace_credentials(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ConnectedAccountId,
    credentials: &SealedCredentials,
) -> Result<()> {
    let (those, change) = (row_of!(workspace_id, id), credentials_of!(credentials));
    on_backend!(connection, |conn| diesel::update(those).set(change).execute(conn).await)
        .or_error("store what a connected account presents")?;
    Ok(())
}

/// Notes in the audit log that what an account presents was handed out.
#[boxed]
pub async fn note_use(
    connection: &mut DbConnection,
    origin: &Origin,
    account: &ConnectedAccount,
) -> Result<()> {
    in_transaction!(connection, {
        audit_events::done(connection, origin, account.workspace_id, Verb::Use, Some(account), Some(account))
            .await
    })
}
