//! The rows of accounts.

use denizen_domain::{
    Account, AccountNumber, Avatar, Coded as _, Error, Nick, PermissionSet, PersonName, PhoneNumber, Profile,
    Result, Role, Status, Username, Version, Website,
};
use diesel::prelude::*;

use crate::connection::{DbConnection, broken_row};
use crate::people::roles::of_accounts as roles_of_accounts;
use crate::schema::accounts;
use crate::types::{StoredTime, StoredUuid, stored};

/// An account without its roles, which have their own table, and its password's hash, which stays in the database.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true, treat_none_as_default_value = false)]
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
    number: Option<i64>,
    nick: Option<String>,
    website: Option<String>,
    version: i64,
}

impl AccountRow {
    /// Returns the username.
    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// Returns the account with its roles.
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
            number,
            nick,
            website,
            version,
        } = self;
        let broken = |column, problem| broken_row("accounts", column, id, problem);
        Ok(Account {
            id: id.into(),
            number: assigned(number, id)?,
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
            nick: nick.map(Nick::from_stored),
            website: website.map(Website::from_stored),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version: Version::from_stored(version),
        })
    }
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        let Account {
            id,
            number,
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
            nick,
            website,
            created_at,
            updated_at,
            version,
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
            number: Some(number.as_i64()),
            nick: nick.as_ref().map(ToString::to_string),
            website: website.as_ref().map(ToString::to_string),
            version: version.as_i64(),
        }
    }
}

/// The public fields of an account.
#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(crate) struct ProfileRow {
    id: StoredUuid,
    number: Option<i64>,
    username: String,
    first_name: String,
    last_name: String,
    nick: Option<String>,
    avatar: Option<String>,
    website: Option<String>,
}

impl TryFrom<ProfileRow> for Profile {
    type Error = Error;

    fn try_from(row: ProfileRow) -> Result<Self> {
        let ProfileRow { id, number, username, first_name, last_name, nick, avatar, website } = row;
        Ok(Self {
            account_id: id.into(),
            number: assigned(number, id)?,
            username: Username::from_stored(username),
            first_name: PersonName::from_stored(first_name),
            last_name: PersonName::from_stored(last_name),
            nick: nick.map(Nick::from_stored),
            avatar: avatar.map(Avatar::from_stored),
            website: website.map(Website::from_stored),
        })
    }
}

/// Returns an assigned number. Fails for accounts created by a server before numbers.
fn assigned(number: Option<i64>, id: StoredUuid) -> Result<AccountNumber> {
    let missing = || broken_row("accounts", "number", id, "an older server made it, which knows no numbers");
    number.map(AccountNumber::from_stored).ok_or_else(missing)
}

/// Converts rows to accounts, and loads the roles of all of them at once.
pub(crate) async fn with_roles(
    connection: &mut DbConnection,
    rows: Vec<AccountRow>,
) -> Result<Vec<Account>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut roles = roles_of_accounts(connection, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let held = roles.remove(&row.id.into()).unwrap_or_default();
            row.with(held)
        })
        .collect()
}
