//! Accounts as they are stored.

use denizen_domain::{
    Account, Avatar, Coded as _, Error, PermissionSet, PersonName, PhoneNumber, Result, Role, Status,
    Username,
};
use diesel::prelude::*;

use crate::error::broken_row;
use crate::schema::accounts;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, roles};

/// All of an account but its roles, which are kept apart, and the hash of its password, which stays in the database.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
pub(crate) struct AccountRow {
    pub(crate) id: StoredUuid,
    username: String,
    first_name: String,
    last_name: String,
    status: String,
    home_workspace_id: Option<StoredUuid>,
    permissions: String,
    confirmed: bool,
    avatar: Option<String>,
    phone: Option<String>,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl AccountRow {
    /// The account, with the roles that it holds.
    pub(crate) fn with(self, roles: Vec<Role>) -> Result<Account> {
        let Self {
            id,
            username,
            first_name,
            last_name,
            status,
            home_workspace_id,
            permissions,
            confirmed,
            avatar,
            phone,
            created_at,
            updated_at,
        } = self;
        let broken = |column, problem| broken_row("accounts", column, id, problem);
        Ok(Account {
            id: id.into(),
            username: Username::from_stored(username),
            first_name: PersonName::from_stored(first_name),
            last_name: PersonName::from_stored(last_name),
            status: Status::from_code(&status).map_err(|problem| broken("status", problem))?,
            home: home_workspace_id.map(Into::into),
            roles,
            permissions: PermissionSet::from_stored(&permissions)
                .map_err(|problem| broken("permissions", problem))?,
            confirmed,
            avatar: avatar.map(Avatar::from_stored),
            phone: phone.map(PhoneNumber::from_stored),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        let Account {
            id,
            username,
            first_name,
            last_name,
            status,
            home,
            roles: _,
            permissions,
            confirmed,
            avatar,
            phone,
            created_at,
            updated_at,
        } = account;
        Self {
            id: stored(*id),
            username: username.to_string(),
            first_name: first_name.to_string(),
            last_name: last_name.to_string(),
            status: status.to_string(),
            home_workspace_id: home.map(stored),
            permissions: permissions.to_stored(),
            confirmed: *confirmed,
            avatar: avatar.as_ref().map(ToString::to_string),
            phone: phone.as_ref().map(ToString::to_string),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// Accounts with the roles that they hold, which are read for all of them at once.
pub(crate) async fn with_roles(
    connection: &mut DbConnection,
    rows: Vec<AccountRow>,
) -> Result<Vec<Account>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut roles = roles::of_accounts(connection, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let held = roles.remove(&row.id.into()).unwrap_or_default();
            row.with(held)
        })
        .collect()
}
