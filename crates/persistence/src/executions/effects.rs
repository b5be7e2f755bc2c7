//! What steps do in the directory.

use denizen_domain::{
    Account, AccountAction, AccountChanges, AccountReference, Actor, Conflict, Direction, Error, Execution,
    ExternalUser, ExternalUserChanges, ExternalUserId, Function, Json, NewAccount, Origin, Page, PageNumber,
    Patch, Permission, Reach, Reason, Resource, Result, Right, Role, RoleId, RoleName, RoleReference,
    Timestamp, UserAction, UserReference, Username, Violation, Violations, Window, WorkflowLimits,
    WorkspaceId, account_as_json, user_as_json,
};

use super::makers::standing_of;
use crate::connection::DbConnection;
use crate::directory::external_users;
use crate::people::{Asker, accounts, roles};

/// What a step changes in the directory, with the rights of the maker of its workflow.
#[derive(Debug, Clone)]
pub struct Effect {
    /// The maker of the workflow.
    pub maker: Actor,
    /// The function of the step, which says what the maker must be allowed to do.
    pub function: Function,
    /// The change.
    pub change: DirectoryChange,
}

/// A change of a step in the directory.
#[derive(Debug, Clone)]
pub enum DirectoryChange {
    /// Of external users.
    User {
        /// The action.
        action: UserAction,
        /// Since when users may have been deleted who can be restored.
        restorable_from: Timestamp,
    },
    /// Of accounts.
    Account(AccountAction),
}

/// Makes the change of a step in its transaction, and returns its result. Fails if the maker of the workflow may not make it.
pub(super) async fn perform(
    connection: &mut DbConnection,
    origin: &Origin,
    execution: &Execution,
    effect: &Effect,
) -> Result<Json> {
    let Effect { maker, function, change } = effect;
    let workspace_id = execution.workspace_id;
    let standing = standing_of(connection, *maker, workspace_id, origin.source.clock.now()).await?;
    standing.require(*function, workspace_id)?;
    match change {
        DirectoryChange::User { action, restorable_from } => {
            perform_on_user(connection, origin, execution, action, *restorable_from).await
        }
        DirectoryChange::Account(action) => {
            perform_on_account(connection, origin, *maker, workspace_id, action).await
        }
    }
}

async fn perform_on_user(
    connection: &mut DbConnection,
    origin: &Origin,
    execution: &Execution,
    action: &UserAction,
    restorable_from: Timestamp,
) -> Result<Json> {
    let (workspace_id, now) = (execution.workspace_id, origin.source.clock.now());
    let shown = |user: &ExternalUser| user_as_json(user, now);
    match action {
        UserAction::Get(reference) => {
            let user = find_user(connection, execution, reference).await?;
            Ok(user.as_ref().map_or(Json::Null, shown))
        }
        UserAction::List(filter, limit) => {
            let page = Page::Number(PageNumber::FIRST);
            let window = Window { page, limit: *limit, direction: Direction::Ascending };
            let order = denizen_domain::ExternalUserOrder::CreatedAt;
            let slice = external_users::list(connection, workspace_id, filter, order, &window).await?;
            Ok(Json::Array(fitting(slice.items.iter().map(shown))))
        }
        UserAction::Upsert(external_id, changes) => {
            let no_guard = |_: Option<&ExternalUser>| Ok(());
            let upserted =
                external_users::upsert(connection, origin, workspace_id, external_id, changes, no_guard)
                    .await?;
            Ok(shown(&upserted.0))
        }
        UserAction::UpsertByUsername(username, changes) => {
            let (user, _) =
                external_users::find_or_create_by_username(connection, origin, workspace_id, username)
                    .await?;
            change_user(connection, origin, workspace_id, user.id, changes).await
        }
        UserAction::Change(reference, changes) => {
            let id = id_of_user(connection, execution, reference).await?;
            change_user(connection, origin, workspace_id, id, changes).await
        }
        UserAction::Delete(reference) => {
            let id = id_of_user(connection, execution, reference).await?;
            let user = external_users::find(connection, workspace_id, id).await?;
            if !external_users::delete(connection, origin, workspace_id, id, |_| Ok(())).await? {
                return Err(Error::not_found(Resource::ExternalUser, id));
            }
            Ok(user.as_ref().map_or(Json::Null, shown))
        }
        UserAction::Restore(id) => {
            let user =
                external_users::restore(connection, origin, workspace_id, *id, restorable_from).await?;
            user.as_ref().map(shown).ok_or_else(|| Error::not_found(Resource::ExternalUser, id))
        }
    }
}

/// Returns the first of some users: as many as the result of a step can hold.
fn fitting(users: impl Iterator<Item = Json>) -> Vec<Json> {
    let (mut fitting, mut size) = (Vec::new(), "[]".len());
    for user in users {
        size += user.to_string().len() + ",".len();
        if size > WorkflowLimits::MAXIMUM_RESULT {
            break;
        }
        fitting.push(user);
    }
    fitting
}

async fn change_user(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
    changes: &ExternalUserChanges,
) -> Result<Json> {
    let changes_of = |_: &ExternalUser| Ok(changes.clone());
    let user = external_users::change(connection, origin, workspace_id, id, changes_of).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(user_as_json(&user, origin.source.clock.now()))
}

async fn find_user(
    connection: &mut DbConnection,
    execution: &Execution,
    reference: &UserReference,
) -> Result<Option<ExternalUser>> {
    let workspace_id = execution.workspace_id;
    match reference {
        UserReference::Id(id) => external_users::find(connection, workspace_id, *id).await,
        UserReference::ExternalId(id) => {
            external_users::find_by_external_id(connection, workspace_id, id).await
        }
        UserReference::Username(name) => {
            external_users::find_by_username(connection, workspace_id, name).await
        }
        UserReference::InContext => {
            let id = execution.user_id.ok_or_else(no_user)?;
            external_users::find(connection, workspace_id, id).await
        }
    }
}

fn no_user() -> Error {
    let message = "must name a user, because the execution runs in nobody's name";
    Error::Invalid(Violations::of("id", Violation::new(Reason::Required, message)))
}

async fn id_of_user(
    connection: &mut DbConnection,
    execution: &Execution,
    reference: &UserReference,
) -> Result<ExternalUserId> {
    let name = match reference {
        UserReference::Id(id) => return Ok(*id),
        UserReference::InContext => return execution.user_id.ok_or_else(no_user),
        UserReference::ExternalId(name) | UserReference::Username(name) => name,
    };
    let user = find_user(connection, execution, reference).await?;
    user.map(|user| user.id).ok_or_else(|| Error::not_found(Resource::ExternalUser, name))
}

/// Returns the maker as the caller of a change of accounts, within the workspace only.
fn asker(maker: Actor, workspace_id: WorkspaceId, permission: Permission) -> Asker {
    match maker {
        Actor::Account(account_id) => Asker::Maker {
            account_id,
            workspace_id,
            right: Right { everywhere: Permission::All, at_home: Some(permission) },
        },
        // Keys were refused before.
        _ => Asker::Operator,
    }
}

async fn perform_on_account(
    connection: &mut DbConnection,
    origin: &Origin,
    maker: Actor,
    workspace_id: WorkspaceId,
    action: &AccountAction,
) -> Result<Json> {
    match action {
        AccountAction::Get(reference) => {
            let account = find_account(connection, workspace_id, reference).await?;
            Ok(account.as_ref().map_or(Json::Null, account_as_json))
        }
        AccountAction::Invite { username, first_name, last_name, roles } => {
            let mut ids = Vec::with_capacity(roles.len());
            for role in roles {
                ids.push(id_of_role(connection, workspace_id, role).await?);
            }
            let new = NewAccount {
                username: username.clone(),
                first_name: first_name.clone(),
                last_name: last_name.clone(),
                is_admin: false,
                rest: AccountChanges {
                    home: Patch::Value(workspace_id),
                    roles: Some(ids),
                    ..AccountChanges::default()
                },
            };
            let asker = asker(maker, workspace_id, Permission::TenantAccountCreate);
            let account = accounts::create(connection, origin, asker, &new).await?;
            Ok(account_as_json(&account))
        }
        AccountAction::SetStatus(reference, status) => {
            let account = require_account(connection, workspace_id, reference).await?;
            let changes = AccountChanges { status: Some(*status), ..AccountChanges::default() };
            change_account(connection, origin, maker, workspace_id, &account, &changes).await
        }
        AccountAction::AddRole(reference, role) | AccountAction::RemoveRole(reference, role) => {
            let account = require_account(connection, workspace_id, reference).await?;
            let id = id_of_role(connection, workspace_id, role).await?;
            let mut ids: Vec<_> =
                account.roles.iter().map(|role| role.id).filter(|held| *held != id).collect();
            if matches!(action, AccountAction::AddRole(..)) {
                ids.push(id);
            }
            let changes = AccountChanges { roles: Some(ids), ..AccountChanges::default() };
            change_account(connection, origin, maker, workspace_id, &account, &changes).await
        }
    }
}

async fn change_account(
    connection: &mut DbConnection,
    origin: &Origin,
    maker: Actor,
    workspace_id: WorkspaceId,
    account: &Account,
    changes: &AccountChanges,
) -> Result<Json> {
    let asker = asker(maker, workspace_id, Permission::TenantAccountUpdate);
    // The roles of the account were read before it was locked.
    let guard = |locked: &Account| {
        let unchanged = locked.version == account.version;
        unchanged.then_some(()).ok_or(Error::Conflict(Conflict::ConcurrentChange))
    };
    let changed = accounts::change(connection, origin, asker, account.id, changes, None, guard).await?;
    let changed = changed.ok_or_else(|| Error::not_found(Resource::Account, account.id))?;
    Ok(account_as_json(&changed))
}

async fn find_account(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    reference: &AccountReference,
) -> Result<Option<Account>> {
    let here = Reach::Workspace(workspace_id);
    let id = match reference {
        AccountReference::Id(id) => *id,
        AccountReference::Username(name) => {
            let forms = Username::stored_forms(name);
            match accounts::find_by_username(connection, &forms).await? {
                Some(account) => account.id,
                None => return Ok(None),
            }
        }
    };
    accounts::find_within(connection, here, id).await
}

async fn require_account(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    reference: &AccountReference,
) -> Result<Account> {
    let account = find_account(connection, workspace_id, reference).await?;
    let named = match reference {
        AccountReference::Id(id) => id.to_string(),
        AccountReference::Username(name) => name.clone(),
    };
    account.ok_or_else(|| Error::not_found(Resource::Account, named))
}

async fn id_of_role(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    reference: &RoleReference,
) -> Result<RoleId> {
    let name = match reference {
        RoleReference::Id(id) => return Ok(*id),
        RoleReference::Name(name) => name,
    };
    let unknown = || Error::not_found(Resource::Role, name);
    let parsed = RoleName::parse(name).map_err(|_| unknown())?;
    let role: Option<Role> = roles::find_by_name(connection, Some(workspace_id), &parsed).await?;
    role.map(|role| role.id).ok_or_else(unknown)
}
