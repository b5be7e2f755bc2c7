//! Accounts, roles, workspaces and tokens as FlowMate shows them.

use denizen_domain::{Account, AccountToken, Coded, PermissionSet, Role, Workspace};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// An account. What is not known of it is an empty text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account, example = samples::user)]
pub(crate) struct User {
    /// Its id, a UUID of version 4.
    id: Uuid,
    /// The same.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// What it logs in with: an e-mail address, in lower case.
    #[schema(format = "email")]
    username: String,
    /// First name.
    firstname: String,
    /// Last name.
    lastname: String,
    /// Whether it is in use.
    #[schema(value_type = StatusCode)]
    status: &'static str,
    /// Its home workspace; null where it has none.
    #[schema(required)]
    tenant: Option<Uuid>,
    /// The roles that it holds, whole.
    roles: Vec<RoleAnswer>,
    /// What it was given directly.
    permissions: Vec<&'static str>,
    /// Whether the person behind the address has confirmed it.
    confirmed: bool,
    /// The address of a picture.
    img: String,
    /// Phone number.
    phone: String,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last changed.
    #[schema(format = "date-time")]
    updated_at: String,
}

/// Whether an account or a workspace is in use.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "what the document shows; the answer holds the domain's own code")]
pub(crate) enum StatusCode {
    /// In use.
    Active,
    /// Not yet in use.
    Pending,
    /// No longer in use.
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
    /// The account as a token stands for it: with all that it may do, from wherever.
    pub(crate) fn with_permissions(account: Account, permissions: &PermissionSet) -> Self {
        Self { permissions: codes(permissions), ..Self::from(account) }
    }
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Role, example = samples::role)]
pub(crate) struct RoleAnswer {
    /// Its id, a UUID of version 4.
    id: Uuid,
    /// The same.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Its name.
    name: String,
    /// What its holders may do.
    permissions: Vec<&'static str>,
    /// Where it can be used: `global` or `tenant`.
    #[schema(example = "global")]
    scope: &'static str,
    /// Whether every workspace can use it.
    is_global: bool,
    /// What it is for; may be empty.
    description: String,
    /// The workspace that it belongs to; absent where it is global.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Uuid>,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last changed.
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
    /// Its id, a UUID of version 4.
    id: Uuid,
    /// The same.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Its name for people.
    name: String,
    /// Its name in commands and addresses, made of the first name that it had.
    slug: String,
    /// Whether it is in use. While it is not, its keys and the accounts whose home it is are refused.
    #[schema(value_type = StatusCode)]
    status: &'static str,
    /// Whether somebody has confirmed that it is wanted.
    confirmed: bool,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last changed.
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
    /// Its id, a UUID of version 4.
    id: Uuid,
    /// The same.
    #[serde(rename = "_id")]
    same_id: Uuid,
    /// Its secret, of which only the last four characters show.
    token: String,
    /// The account that it stands for.
    account_id: Uuid,
    /// Where it comes from: `login`, `issued` or `personal`.
    #[serde(rename = "type")]
    #[schema(example = "issued")]
    kind: &'static str,
    /// What it is for; may be empty.
    description: String,
    /// Who asked for it; may be empty.
    inquirer: String,
    /// What it allows beyond what the account may do.
    permissions: Vec<&'static str>,
    /// When it ends; null where it does not.
    #[schema(required, format = "date-time")]
    expires_at: Option<String>,
    /// When it was made.
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

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created {
    /// Its id.
    pub(crate) id: Uuid,
}

/// A token that was just made, or made anew.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::new_token)]
pub(crate) struct NewToken {
    /// Its secret, for `Authorization: Bearer`. It is shown here and nowhere else.
    pub(crate) token: String,
    /// Its id.
    pub(crate) id: Uuid,
}

fn codes(permissions: &PermissionSet) -> Vec<&'static str> {
    permissions.iter().map(Coded::code).collect()
}
