//! The administrators of the directory: the active accounts with [`Permission::All`](denizen_domain::Permission::All).
//! At least one stays, or nobody could let anybody in.

use denizen_domain::{Coded as _, Conflict, Error, Permission, Result, Status};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::locks;
use crate::schema::{account_roles, accounts, roles, workspaces};
use crate::types::StoredUuid;

/// Whether the directory had an administrator before a change that may take the last one away.
pub(crate) struct Administered(bool);

impl Administered {
    /// Looks before a change, if it may take an administrator away.
    pub(crate) async fn before(connection: &mut DbConnection, may_end: bool) -> Result<Self> {
        Ok(Self(may_end && any(connection).await?))
    }

    /// Fails with [`Conflict::LastAdministrator`] if the change took the last administrator away. To be called after the
    /// change, in its transaction. Of several such changes at once, each sees those before it.
    pub(crate) async fn require_still(self, connection: &mut DbConnection) -> Result<()> {
        if !self.0 {
            return Ok(());
        }
        locks::lock_administrators(connection).await?;
        if any(connection).await? { Ok(()) } else { Err(Error::Conflict(Conflict::LastAdministrator)) }
    }
}

/// Returns whether any account in use holds every permission, directly or in a role.
async fn any(connection: &mut DbConnection) -> Result<bool> {
    let every = Permission::All.code();
    // Stored sets list permissions in order, this one first.
    let with_more = format!("{every} %");
    let home_in_use = workspaces::table
        .filter(workspaces::id.nullable().eq(accounts::home_workspace_id))
        .filter(workspaces::status.eq(Status::Active.code()));
    let role = account_roles::table
        .inner_join(roles::table.on(roles::id.eq(account_roles::role_id)))
        .filter(account_roles::account_id.eq(accounts::id))
        .filter(roles::permissions.eq(every).or(roles::permissions.like(&with_more)));
    let administrators = accounts::table
        .filter(accounts::status.eq(Status::Active.code()))
        .filter(accounts::home_workspace_id.is_null().or(exists(home_in_use)))
        .filter(accounts::permissions.eq(every).or(accounts::permissions.like(&with_more)).or(exists(role)))
        .select(accounts::id)
        .limit(1);
    let found = on_backend!(connection, |conn| administrators.load::<StoredUuid>(conn).await);
    Ok(!found.or_error("look for administrators of the directory")?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_that_includes_all_sorts_first() {
        assert_eq!(Permission::ALL.first(), Some(&Permission::All));
        assert!(Permission::ALL.is_sorted());
    }
}
