//! Making, changing and deleting accounts.

use denizen_domain::{
    Account, AccountChanges, AccountId, AccountTokenId, Authority, Conflict, Error, Forbidden, NewAccount,
    PasswordHash, Patch, PermissionSet, Reach, Result, Source, Status, Timestamp, Username, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find_within;
use super::row::AccountRow;
use crate::error::OrError as _;
use crate::schema::accounts;
use crate::transaction::in_transaction;
use crate::types::{StoredUuid, stored};
use crate::{DbConnection, account_tokens, dialect, memberships, on_backend, roles, workspaces};

/// Makes an account, as a member of its home. Whoever reaches one workspace only makes it there. Fails where it, or
/// what it is given, is not the caller's to make or give, and then with [`Conflict::UsernameTaken`].
pub async fn create(
    connection: &mut DbConnection,
    source: &Source,
    authority: &Authority,
    reach: Reach,
    new: &NewAccount,
) -> Result<Account> {
    in_transaction!(connection, { insert(connection, source, authority, reach, new).await })
}

/// Makes an account like [`create`], and an admin of its home, where it has one.
pub async fn create_admin(
    connection: &mut DbConnection,
    source: &Source,
    authority: &Authority,
    reach: Reach,
    new: &NewAccount,
) -> Result<Account> {
    in_transaction!(connection, { insert_admin(connection, source, authority, reach, new).await })
}

/// Makes an account and an admin of its home within a transaction that makes more.
pub(crate) async fn insert_admin(
    connection: &mut DbConnection,
    source: &Source,
    authority: &Authority,
    reach: Reach,
    new: &NewAccount,
) -> Result<Account> {
    let account = insert(connection, source, authority, reach, new).await?;
    if let Some(home) = account.home {
        memberships::set_admin(connection, home, account.id, true).await?;
    }
    Ok(account)
}

async fn insert(
    connection: &mut DbConnection,
    source: &Source,
    authority: &Authority,
    reach: Reach,
    new: &NewAccount,
) -> Result<Account> {
    let now = source.clock.now();
    let NewAccount { username, first_name, last_name, rest } = new.clone();
    let home = match (reach, &rest.home) {
        (Reach::Workspace(own), Patch::Absent) => Some(own),
        (_, home) => home.value(),
    };
    let mut account = Account {
        id: AccountId::from_uuid(source.ids.uuid()),
        username,
        first_name,
        last_name,
        status: Status::Active,
        home,
        roles: Vec::new(),
        permissions: PermissionSet::empty(),
        confirmed: false,
        avatar: None,
        phone: None,
        created_at: now,
        updated_at: now,
    };
    let password = rest.password.clone();
    let rest = AccountChanges { home: home.into(), ..rest };
    let named_roles = named_roles(connection, authority, &rest).await?;
    rest.apply_to(&mut account, named_roles, now);
    authority.require_may_make(reach, &account)?;
    if let Some(home) = account.home {
        require_workspace(connection, authority, home).await?;
    }
    insert_row(connection, &account, password.as_ref()).await?;
    roles::assign(connection, account.id, &account.roles).await?;
    if let Some(home) = account.home {
        memberships::insert(connection, home, account.id, false, now).await?;
    }
    Ok(account)
}

/// Changes an account. A new password ends all its tokens but the one that is kept. `None` where there is no such account
/// within reach. Fails where the change is not the caller's to make, and then with [`Conflict::UsernameTaken`].
pub async fn change(
    connection: &mut DbConnection,
    source: &Source,
    authority: &Authority,
    reach: Reach,
    id: AccountId,
    changes: &AccountChanges,
    kept_token: Option<AccountTokenId>,
) -> Result<Option<Account>> {
    in_transaction!(connection, {
        dialect::lock_account(connection, id).await?;
        let Some(before) = find_within(connection, reach, id).await? else { return Ok(None) };
        let now = source.clock.now();
        let mut account = before.clone();
        let named_roles = named_roles(connection, authority, changes).await?;
        changes.clone().apply_to(&mut account, named_roles, now);
        authority.require_may_change(reach, &before, &account)?;
        if changes.password.is_some() || account.username != before.username {
            let is_member_elsewhere = memberships::any_but(connection, id, before.home).await?;
            authority.require_may_open(reach, &before, is_member_elsewhere)?;
        }
        if account.username != before.username {
            require_free_username(connection, &account.username).await?;
        }
        if account.home != before.home {
            move_home(connection, authority, &before, &account).await?;
        }
        update(connection, &account).await?;
        if let Some(password) = &changes.password {
            set_password(connection, id, password).await?;
            account_tokens::delete_all_of(connection, id, kept_token).await?;
        }
        Ok(Some(account))
    })
}

/// Deletes an account, with its tokens and memberships. `false` where there is no such account. Fails where it is not
/// the caller's to delete.
pub async fn delete(
    connection: &mut DbConnection,
    authority: &Authority,
    reach: Reach,
    id: AccountId,
) -> Result<bool> {
    in_transaction!(connection, {
        dialect::lock_account(connection, id).await?;
        let Some(account) = find_within(connection, reach, id).await? else { return Ok(false) };
        authority.require_may_delete(reach, &account)?;
        let deleted = accounts::table.filter(accounts::id.eq(stored(id)));
        on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
            .or_error("delete an account")?;
        Ok(true)
    })
}

/// Moves an account to another home, or to none, without a change of its memberships.
pub(crate) async fn leave_home(
    connection: &mut DbConnection,
    account: &mut Account,
    home: Option<WorkspaceId>,
    now: Timestamp,
) -> Result<()> {
    account.leave_home(home, now);
    update(connection, account).await?;
    account_tokens::delete_privileged_of(connection, account.id).await
}

/// Stores an account that is there already, and the roles that it holds.
async fn update(connection: &mut DbConnection, account: &Account) -> Result<()> {
    let row = AccountRow::from(account);
    let changed = accounts::table.filter(accounts::id.eq(stored(account.id)));
    on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
        .or_error("change an account")?;
    roles::assign(connection, account.id, &account.roles).await
}

/// Whoever moves is a member of the new home, and no longer of the old one.
async fn move_home(
    connection: &mut DbConnection,
    authority: &Authority,
    before: &Account,
    after: &Account,
) -> Result<()> {
    if let Some(home) = after.home {
        require_workspace(connection, authority, home).await?;
        memberships::insert(connection, home, after.id, false, after.updated_at).await?;
    }
    if let Some(old) = before.home {
        memberships::delete(connection, old, after.id).await?;
    }
    account_tokens::delete_privileged_of(connection, after.id).await
}

async fn named_roles(
    connection: &mut DbConnection,
    authority: &Authority,
    changes: &AccountChanges,
) -> Result<Option<Vec<denizen_domain::Role>>> {
    match &changes.roles {
        Some(ids) => roles::named(connection, authority, ids).await.map(Some),
        None => Ok(None),
    }
}

async fn require_workspace(
    connection: &mut DbConnection,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<()> {
    dialect::keep_workspace(connection, id).await?;
    match workspaces::find(connection, id).await? {
        Some(_) => Ok(()),
        None => Err(authority.unknown("workspace", Forbidden::ForeignWorkspace)),
    }
}

async fn insert_row(
    connection: &mut DbConnection,
    account: &Account,
    password: Option<&PasswordHash>,
) -> Result<()> {
    let values =
        (AccountRow::from(account), accounts::password_hash.eq(password.map(PasswordHash::as_stored)));
    let inserted = on_backend!(connection, |conn| {
        diesel::insert_into(accounts::table).values(values).on_conflict_do_nothing().execute(conn).await
    });
    match inserted.or_error("insert an account")? {
        0 => Err(Error::Conflict(Conflict::UsernameTaken)),
        _ => Ok(()),
    }
}

async fn require_free_username(connection: &mut DbConnection, username: &Username) -> Result<()> {
    let holder = accounts::table.filter(accounts::username.eq(username.as_str())).select(accounts::id);
    let holder = on_backend!(connection, |conn| holder.first::<StoredUuid>(conn).await.optional());
    match holder.or_error("look for a username")? {
        Some(_) => Err(Error::Conflict(Conflict::UsernameTaken)),
        None => Ok(()),
    }
}

async fn set_password(connection: &mut DbConnection, id: AccountId, password: &PasswordHash) -> Result<()> {
    let changed = accounts::table.filter(accounts::id.eq(stored(id)));
    let change = accounts::password_hash.eq(password.as_stored());
    on_backend!(connection, |conn| diesel::update(changed).set(change).execute(conn).await)
        .or_error("set a password")?;
    Ok(())
}
