//! Creates, changes and deletes accounts.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Account, AccountChanges, AccountId, AccountNumber, Authority, Conflict, Error, Forbidden, Membership,
    NewAccount, Origin, PasswordHash, Patch, PermissionSet, Reach, Result, Status, Unauthenticated, Username,
    Verb, Version, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::find::find_within;
use super::row::AccountRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::account_tokens::{delete_all_of as delete_tokens_of, delete_privileged_of};
use crate::people::administrators::Administered;
use crate::people::asker::{Asker, Standing};
use crate::people::memberships::{
    Entry, administered_beside, all_of as all_memberships_of, any_but, bring_in, delete as delete_membership,
    insert as insert_membership, vouch,
};
use crate::people::numbers;
use crate::people::roles::{assign as assign_roles, named as named_roles_of};
use crate::people::workflows::release as release_workflows;
use crate::people::workspaces::find as find_workspace;
use crate::queries::locks;
use crate::schema::accounts;
use crate::types::{StoredUuid, stored, texts};

/// Creates an account as a member of its home. Callers limited to a workspace create it there. Fails if the caller may
/// not create the account or grant its rights, and with [`Conflict::UsernameTaken`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    new: &NewAccount,
) -> Result<Account> {
    in_transaction!(connection, { insert(connection, origin, asker, new).await })
}

/// Creates an account in the caller's transaction.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    new: &NewAccount,
) -> Result<Account> {
    let now = origin.source.clock.now();
    let Standing { authority, reach, .. } = &asker.standing(connection, now).await?;
    let NewAccount { username, first_name, last_name, is_admin, rest } = new.clone();
    let home = match (*reach, &rest.home) {
        (Reach::Workspace(own), Patch::Absent) => Some(own),
        (_, home) => home.value(),
    };
    let mut account = Account {
        id: AccountId::from_uuid(origin.source.ids.uuid()),
        number: AccountNumber::UNASSIGNED,
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
        nick: None,
        website: None,
        created_at: now,
        updated_at: now,
        version: Version::default(),
    };
    let password = rest.password.clone();
    let rest = AccountChanges { home: home.into(), ..rest };
    let named_roles = named_roles(connection, authority, &rest).await?;
    rest.apply_to(&mut account, named_roles, now);
    authority.require_may_make(*reach, &account)?;
    if let Some(home) = account.home {
        require_workspace(connection, authority, home).await?;
    }
    require_free_username(connection, &account).await?;
    account.number = numbers::of_account(connection).await?;
    insert_row(connection, &account, password.as_ref()).await?;
    assign_roles(connection, account.id, &account.roles).await?;
    audit_events::created(connection, origin, account.home, &account).await?;
    if let Some(home) = account.home {
        let entry = Entry::Brought { as_admin: is_admin };
        insert_membership(connection, origin, home, &account, entry).await?;
    }
    if *reach == Reach::Everywhere {
        bring_in(connection, origin, &account).await?;
    }
    Ok(account)
}

/// Changes an account. The guard sees the locked account and may fail. A new password ends all its tokens, except the
/// one the caller is logged in with. `None` if there is no such account within reach. Fails if the caller may not make
/// the change, with [`Conflict::UsernameTaken`], with [`Conflict::LastAdministrator`], and with
/// [`Unauthenticated::WrongPassword`] if the account no longer has the password that was checked.
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: AccountId,
    changes: &AccountChanges,
    checked: Option<&PasswordHash>,
    guard: impl Fn(&Account) -> Result<()>,
) -> Result<Option<Account>> {
    in_transaction!(connection, {
        locks::lock_account(connection, id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, reach, token } = asker.standing(connection, now).await?;
        let Some(before) = find_within(connection, reach, id).await? else { return Ok(None) };
        guard(&before)?;
        let administers = administered_beside(connection, id, authority.account_id).await?;
        authority.require_may_touch_admin_of(reach, &administers)?;
        let mut account = before.clone();
        let named_roles = named_roles(connection, &authority, changes).await?;
        changes.clone().apply_to(&mut account, named_roles, now);
        authority.require_may_change(reach, &before, &account)?;
        if changes.password.is_some() || account.username != before.username {
            let is_member_elsewhere = any_but(connection, id, before.home).await?;
            authority.require_may_open(reach, &before, is_member_elsewhere, &administers)?;
        }
        if let Some(checked) = checked {
            require_password(connection, id, checked).await?;
        }
        if account.home != before.home {
            move_home(connection, origin, &authority, &before, &account).await?;
        }
        if account.username != before.username {
            require_free_username(connection, &account).await?;
            vouch(connection, id, Reach::Everywhere, false).await?;
            if authority.account_id != Some(id) {
                vouch(connection, id, reach, true).await?;
            }
        }
        update(connection, &before, &account).await?;
        if let Some(password) = &changes.password {
            set_password(connection, id, password).await?;
            delete_tokens_of(connection, origin, id, token.map(|token| token.id)).await?;
        }
        note_change(connection, origin, &before, &account, changes.password.is_some()).await?;
        Ok(Some(account))
    })
}

/// Deletes an account with its tokens and memberships. The guard sees the locked account and may fail. `false` if
/// there is no such account within reach. Fails if the caller may not delete it, and with
/// [`Conflict::LastAdministrator`].
pub async fn delete(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    id: AccountId,
    guard: impl Fn(&Account) -> Result<()>,
) -> Result<bool> {
    in_transaction!(connection, {
        locks::lock_account(connection, id).await?;
        let Standing { authority, reach, .. } = asker.standing(connection, origin.source.clock.now()).await?;
        let Some(account) = find_within(connection, reach, id).await? else { return Ok(false) };
        guard(&account)?;
        let administers = administered_beside(connection, id, authority.account_id).await?;
        authority.require_may_touch_admin_of(reach, &administers)?;
        authority.require_may_delete(reach, &account)?;
        delete_found(connection, origin, &account).await?;
        Ok(true)
    })
}

/// Deletes an account and everything that belongs to it. Fails with [`Conflict::LastAdministrator`].
pub(crate) async fn delete_found(
    connection: &mut DbConnection,
    origin: &Origin,
    account: &Account,
) -> Result<()> {
    let administered = Administered::before(connection, account.administers_directory()).await?;
    let memberships = all_memberships_of(connection, &[stored(account.id)]).await?;
    release_workflows(connection, origin, account).await?;
    let deleted = accounts::table.filter(accounts::id.eq(stored(account.id)));
    on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
        .or_error("delete an account")?;
    administered.require_still(connection).await?;
    let ended = |membership: &Membership| {
        audit_events::change_between(
            origin,
            Some(membership.workspace_id),
            Verb::Delete,
            Some(membership),
            None,
        )
    };
    audit_events::insert_all(connection, memberships.iter().map(ended).collect()).await?;
    audit_events::deleted(connection, origin, account.home, account).await
}

/// Records the changes to an account in the log of its home; if it moves, of both homes.
async fn note_change(
    connection: &mut DbConnection,
    origin: &Origin,
    before: &Account,
    after: &Account,
    has_new_password: bool,
) -> Result<()> {
    let homes = [Some(before.home), Some(after.home).filter(|home| *home != before.home)];
    for home in homes.into_iter().flatten() {
        // Each home sees only its own rights.
        let seen = |account: &Account| match home {
            Some(home) => account.clone().seen_within(Reach::Workspace(home)),
            None => account.clone(),
        };
        let (old, new) = (seen(before), seen(after));
        let mut change = audit_events::change_between(origin, home, Verb::Update, Some(&old), Some(&new));
        if has_new_password {
            change.entry.changes = change.entry.changes.and_secret("password");
        }
        if !change.entry.changes.is_empty() {
            audit_events::insert(connection, change).await?;
        }
    }
    Ok(())
}

/// Fails with [`Unauthenticated::WrongPassword`] if this is no longer an account's password.
pub(crate) async fn require_password(
    connection: &mut DbConnection,
    id: AccountId,
    checked: &PasswordHash,
) -> Result<()> {
    let holder = accounts::table
        .filter(accounts::id.eq(stored(id)))
        .filter(accounts::password_hash.eq(checked.as_stored()))
        .select(accounts::id);
    let holder = on_backend!(connection, |conn| holder.first::<StoredUuid>(conn).await.optional());
    match holder.or_error("check that a password still stands")? {
        Some(_) => Ok(()),
        None => Err(Error::Unauthenticated(Unauthenticated::WrongPassword)),
    }
}

/// Moves an account to another home, or to none, without changing its memberships.
pub(crate) async fn leave_home(
    connection: &mut DbConnection,
    origin: &Origin,
    account: &mut Account,
    home: Option<WorkspaceId>,
) -> Result<()> {
    let before = account.clone();
    account.leave_home(home, origin.source.clock.now());
    update(connection, &before, account).await?;
    note_change(connection, origin, &before, account, false).await?;
    delete_privileged_of(connection, origin, account.id).await
}

/// Stores a changed account and its roles. Fails with [`Conflict::LastAdministrator`].
async fn update(connection: &mut DbConnection, before: &Account, account: &Account) -> Result<()> {
    let is_as_before = account.administers_directory() && account.home == before.home;
    let administered =
        Administered::before(connection, before.administers_directory() && !is_as_before).await?;
    let row = AccountRow::from(account);
    let changed = accounts::table.filter(accounts::id.eq(stored(account.id)));
    on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
        .or_error("change an account")?;
    assign_roles(connection, account.id, &account.roles).await?;
    administered.require_still(connection).await
}

/// Moves the membership from the old home to the new one.
async fn move_home(
    connection: &mut DbConnection,
    origin: &Origin,
    authority: &Authority,
    before: &Account,
    after: &Account,
) -> Result<()> {
    if let Some(home) = after.home {
        require_workspace(connection, authority, home).await?;
        let entry = Entry::Brought { as_admin: false };
        insert_membership(connection, origin, home, after, entry).await?;
    }
    if let Some(old) = before.home {
        delete_membership(connection, origin, old, after.id).await?;
    }
    delete_privileged_of(connection, origin, after.id).await
}

async fn named_roles(
    connection: &mut DbConnection,
    authority: &Authority,
    changes: &AccountChanges,
) -> Result<Option<Vec<denizen_domain::Role>>> {
    match &changes.roles {
        Some(ids) => named_roles_of(connection, authority, ids).await.map(Some),
        None => Ok(None),
    }
}

async fn require_workspace(
    connection: &mut DbConnection,
    authority: &Authority,
    id: WorkspaceId,
) -> Result<()> {
    locks::keep_workspace(connection, id).await?;
    match find_workspace(connection, id).await? {
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

/// Fails with [`Conflict::UsernameTaken`] if another account has this username, in any form.
async fn require_free_username(connection: &mut DbConnection, account: &Account) -> Result<()> {
    let forms = Username::stored_forms(account.username.as_str());
    let holder = accounts::table
        .filter(accounts::username.eq_any(texts(&forms)))
        .filter(accounts::id.ne(stored(account.id)))
        .select(accounts::id);
    let holder = on_backend!(connection, |conn| holder.first::<StoredUuid>(conn).await.optional());
    match holder.or_error("look for a username")? {
        Some(_) => Err(Error::Conflict(Conflict::UsernameTaken)),
        None => Ok(()),
    }
}

/// Replaces the hash of a password by another of the same password. Nothing else changes, and tokens stay. `false` if the
/// account no longer has the old hash.
#[boxed]
pub async fn renew_password(
    connection: &mut DbConnection,
    id: AccountId,
    old: &PasswordHash,
    renewed: &PasswordHash,
) -> Result<bool> {
    let holder = accounts::table
        .filter(accounts::id.eq(stored(id)))
        .filter(accounts::password_hash.eq(old.as_stored()));
    let change = accounts::password_hash.eq(renewed.as_stored());
    let renewed = on_backend!(connection, |conn| diesel::update(holder).set(change).execute(conn).await);
    Ok(renewed.or_error("renew the hash of a password")? > 0)
}

async fn set_password(connection: &mut DbConnection, id: AccountId, password: &PasswordHash) -> Result<()> {
    let changed = accounts::table.filter(accounts::id.eq(stored(id)));
    let change = accounts::password_hash.eq(password.as_stored());
    on_backend!(connection, |conn| diesel::update(changed).set(change).execute(conn).await)
        .or_error("set a password")?;
    Ok(())
}
