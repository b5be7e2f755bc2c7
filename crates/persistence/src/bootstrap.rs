//! Creates the objects that an empty directory needs.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Account, AccountChanges, Channel, Conflict, Error, NewAccount, NewApiKey, Origin, Password, PasswordHash,
    Patch, PersonName, Result, Role, RoleName, ScopeSet, Slug, Status, Username, Workspace, WorkspaceName,
};

use crate::connection::{Database, DbConnection, in_transaction};
use crate::directory::channels;
use crate::people::{accounts, roles, workspaces};
use crate::{Asker, api_keys};

/// The slug of the first workspace.
const FIRST_SLUG: &str = "default";

/// The objects that the first start created.
#[derive(Debug, Clone, Default)]
pub struct FirstStart {
    /// The first workspace, if there was none.
    pub workspace: Option<FirstWorkspace>,
    /// The administrator, if there was no account.
    pub administrator: Option<Administrator>,
}

impl FirstStart {
    /// Returns whether nothing was created.
    pub fn is_empty(&self) -> bool {
        self.workspace.is_none() && self.administrator.is_none()
    }
}

/// The first workspace.
#[derive(Debug, Clone)]
pub struct FirstWorkspace {
    /// The workspace `default`.
    pub workspace: Workspace,
    /// Its channel.
    pub channel: Channel,
    /// Its first key, with the default scopes.
    pub key: NewApiKey,
}

/// The first account.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// The account, with the role ADMIN. Its home is the workspace `default`, if that exists, and it administers it.
    pub account: Account,
    /// Its password, which is never available again.
    pub password: Password,
}

/// Returns whether [`first_start`] would create anything.
#[boxed]
pub async fn is_first_start(database: &Database) -> Result<bool> {
    let connection = &mut database.read().await?;
    Ok(!workspaces::any(connection).await? || !accounts::any(connection).await?)
}

/// Creates the workspace `default`, with a channel and a key, if there is no workspace, and an administrator if there
/// is no account. Creates nothing if any step fails or another server does the same.
#[boxed]
pub async fn first_start(
    database: &Database,
    origin: &Origin,
    administrator: &Username,
) -> Result<FirstStart> {
    let connection = &mut database.write().await?;
    let needs_workspace = !workspaces::any(connection).await?;
    let password = if accounts::any(connection).await? { None } else { Some(new_password(origin).await?) };
    let made = in_transaction!(connection, {
        let workspace =
            if needs_workspace { Some(insert_workspace(connection, origin).await?) } else { None };
        let administrator = match &password {
            Some(password) => Some(insert_administrator(connection, origin, administrator, password).await?),
            None => None,
        };
        Ok(FirstStart { workspace, administrator })
    });
    match made {
        Err(Error::Conflict(Conflict::SlugTaken | Conflict::UsernameTaken)) => Ok(FirstStart::default()),
        made => made,
    }
}

async fn insert_workspace(connection: &mut DbConnection, origin: &Origin) -> Result<FirstWorkspace> {
    let slug = Slug::from_stored(FIRST_SLUG.to_owned());
    let name = WorkspaceName::from_stored("Default".to_owned());
    let workspace = workspaces::insert(connection, origin, &slug, &name).await?;
    let channel = channels::insert_default(connection, origin, workspace.id).await?;
    let key =
        api_keys::insert(connection, origin, workspace.id, "first key", &ScopeSet::default(), None).await?;
    Ok(FirstWorkspace { workspace, channel, key })
}

async fn insert_administrator(
    connection: &mut DbConnection,
    origin: &Origin,
    username: &Username,
    (password, hash): &(Password, PasswordHash),
) -> Result<Administrator> {
    let home = workspaces::find_by_slug(connection, FIRST_SLUG).await?.map(|workspace| workspace.id);
    let role = RoleName::from_stored(Role::ADMIN.to_owned());
    let role = roles::find_by_name(connection, None, &role).await?;
    let role = role.ok_or_else(|| Error::Internal("the role ADMIN is gone".to_owned()))?;
    let name = PersonName::from_stored("admin".to_owned());
    let new = NewAccount {
        username: username.clone(),
        first_name: name.clone(),
        last_name: name,
        is_admin: true,
        rest: AccountChanges {
            status: Some(Status::Active),
            home: Patch::from(home),
            roles: Some(vec![role.id]),
            confirmed: Some(true),
            password: Some(hash.clone()),
            ..AccountChanges::default()
        },
    };
    let account = accounts::insert(connection, origin, Asker::Operator, &new).await?;
    Ok(Administrator { account, password: password.clone() })
}

/// Generates a password and its hash, on a thread that may block, because hashing takes a while.
async fn new_password(origin: &Origin) -> Result<(Password, PasswordHash)> {
    let password = Password::generate(&*origin.source.ids);
    let (secret, ids) = (password.clone(), origin.source.ids.clone());
    let hash = tokio::task::spawn_blocking(move || secret.hash(&*ids)).await;
    let hash = hash.map_err(|error| Error::Internal(format!("hash a password: {error}")))??;
    Ok((password, hash))
}
