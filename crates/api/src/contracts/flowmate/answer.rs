//! Accounts, roles, workspaces and tokens as FlowMate shows them.

use denizen_domain::{Account, AccountToken, Coded, PermissionSet, Role, Workspace};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// An account. Unknown texts are empty strings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account, example = samples::user)]
pub(crate) struct User {
    /// The account's id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// The e-mail address used to log in, in lower case.
    #[schema(format = "email")]
    username: String,
    /// First name.
    firstname: String,
    /// Last name.
    lastname: String,
    /// Its status.
    #[schema(value_type = StatusCode)]
    status: &'static str,
    /// Its home workspace, or null.
    #[schema(required)]
    tenant: Option<Uuid>,
    /// Its roles, as full objects.
    roles: Vec<RoleAnswer>,
    /// Permissions granted directly.
    permissions: Vec<&'static str>,
    /// Whether the person has confirmed the address.
    confirmed: bool,
    /// URL of a picture.
    img: String,
    /// Phone number.
    phone: String,
    /// Time of creation.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

/// Status of an account or a workspace.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "documents the type; responses hold the domain's code")]
pub(crate) enum StatusCode {
    /// Active.
    Active,
    /// Not yet active.
    Pending,
    /// No longer active.
    Disabled,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        let Account {
            id,
            number: _,
            username,
            first_name,
            last_name,
            status,
            home,
            roles,
            permissions,
            confirmed,
            avatar,
            phone,
            nick: _,
            website: _,
            created_at,
            updated_at,
            version: _,
        } = account;
        Self {
            id: id.as_uuid(),
            same_id: id.as_uuid(),
            username: username.into_string(),
            firstname: first_name.into_string(),
            lastname: last_name.into_string(),
            status: status.code(),
            tenant: home.map(denizen_domain::WorkspaceId::as_uuid),
            roles: roles.into_iter().map(RoleAnswer::from).collect(),
            permissions: codes(&permissions),
            confirmed,
            img: avatar.map(denizen_domain::Avatar::into_string).unwrap_or_default(),
            phone: phone.map(denizen_domain::PhoneNumber::into_string).unwrap_or_default(),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

impl User {
    /// Returns the account with all its effective permissions, also those of roles.
    pub(crate) fn with_permissions(account: Account, permissions: &PermissionSet) -> Self {
        Self { permissions: codes(permissions), ..Self::from(account) }
    }
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Role, example = samples::role)]
pub(crate) struct RoleAnswer {
    /// The role's id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Its name.
    name: String,
    /// Permissions of its holders.
    permissions: Vec<&'static str>,
    /// Scope of the role: `global` or `tenant`.
    #[schema(example = "global")]
    scope: &'static str,
    /// Whether every workspace can use it.
    is_global: bool,
    /// Purpose; may be empty.
    description: String,
    /// The workspace that owns it; absent for global roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Uuid>,
    /// Time of creation.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<Role> for RoleAnswer {
    fn from(role: Role) -> Self {
        let is_global = role.is_global();
        let Role { id, workspace_id, name, description, permissions, created_at, updated_at, version: _ } =
            role;
        Self {
            id: id.as_uuid(),
            same_id: id.as_uuid(),
            name: name.into_string(),
            permissions: codes(&permissions),
            scope: if is_global { "global" } else { "tenant" },
            is_global,
            description: description.into_string(),
            tenant: workspace_id.map(denizen_domain::WorkspaceId::as_uuid),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::tenant)]
pub(crate) struct Tenant {
    /// The workspace's id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Display name.
    name: String,
    /// Its name in commands and URLs, derived from its first name.
    slug: String,
    /// Its status. Unless active, its keys and the accounts that have it as home are refused.
    #[schema(value_type = StatusCode)]
    status: &'static str,
    /// Whether the workspace has been confirmed.
    confirmed: bool,
    /// Time of creation.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<Workspace> for Tenant {
    fn from(workspace: Workspace) -> Self {
        let Workspace {
            id,
            number: _,
            slug,
            name,
            status,
            confirmed,
            requests_per_second: _,
            created_at,
            updated_at,
        } = workspace;
        Self {
            id: id.as_uuid(),
            same_id: id.as_uuid(),
            name: name.into_string(),
            slug: slug.into_string(),
            status: status.code(),
            confirmed,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::account_token)]
pub(crate) struct TokenAnswer {
    /// The token's id, a UUID v4.
    id: Uuid,
    /// Same as `id`.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// The secret, masked except for its last four characters.
    token: String,
    /// The account that it authenticates.
    account_id: Uuid,
    /// Origin: `login`, `issued` or `personal`.
    #[serde(rename = "type")]
    #[schema(example = "issued")]
    kind: &'static str,
    /// Purpose; may be empty.
    description: String,
    /// Who requested it; may be empty.
    inquirer: String,
    /// Permissions in addition to those of the account.
    permissions: Vec<&'static str>,
    /// Expiry time; null if it never expires.
    #[schema(required, format = "date-time")]
    expires_at: Option<String>,
    /// Time of creation.
    #[schema(format = "date-time")]
    created_at: String,
}

impl From<AccountToken> for TokenAnswer {
    fn from(token: AccountToken) -> Self {
        let AccountToken {
            id,
            account_id,
            kind,
            ending,
            description,
            inquirer,
            permissions,
            life: _,
            expires_at,
            created_at,
        } = token;
        Self {
            id: id.as_uuid(),
            same_id: id.as_uuid(),
            token: format!("****{ending}"),
            account_id: account_id.as_uuid(),
            kind: kind.code(),
            description,
            inquirer,
            permissions: codes(&permissions),
            expires_at: expires_at.map(|end| end.to_string()),
            created_at: created_at.to_string(),
        }
    }
}

/// A created object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created {
    /// Its id.
    pub(crate) id: Uuid,
}

/// A token that was just created or renewed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::new_token)]
pub(crate) struct NewToken {
    /// The secret, for `Authorization: Bearer`. Only this response shows it.
    pub(crate) token: String,
    /// Its id.
    pub(crate) id: Uuid,
}

fn codes(permissions: &PermissionSet) -> Vec<&'static str> {
    permissions.iter().map(Coded::code).collect()
}
