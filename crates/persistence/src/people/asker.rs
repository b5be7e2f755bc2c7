//! Who asks for a change of accounts, roles or workspaces, looked at again where the change is made.

use denizen_domain::{
    AccountId, AccountToken, AccountTokenId, Authority, Error, PermissionSet, Reach, Result, Right,
    SecretHash, Timestamp, Unauthenticated,
};

use crate::connection::DbConnection;
use crate::people::account_tokens::{find_by_password, find_signed_in};

/// Who asks, and by what right. A request may have been long on its way when its change is made: whoever was shut out, or
/// lost the right, in the meantime changes nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Whoever runs commands on the server itself: may do everything.
    Operator,
    /// Whoever is logged in with this token.
    LoggedIn {
        /// The token.
        token_id: AccountTokenId,
        /// What lets them ask; `None` for what everybody may do with their own account.
        right: Option<Right>,
    },
    /// Whoever has sent an account's username and password with the request. May do what everybody may do with their own
    /// account.
    Password {
        /// The account.
        account_id: AccountId,
        /// The [fingerprint](denizen_domain::PasswordHash::fingerprint) of the password's hash when it was checked.
        fingerprint: SecretHash,
    },
}

/// What an asker may do at this moment.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Its rights.
    pub(crate) authority: Authority,
    /// How far the right reaches by which it asks.
    pub(crate) reach: Reach,
    /// The token that it is logged in with.
    pub(crate) token: Option<AccountToken>,
}

impl Asker {
    /// What it may do at this moment. To be asked within the transaction that makes the change. Fails where its token or
    /// password, its account or its right is gone.
    pub(crate) async fn standing(self, connection: &mut DbConnection, now: Timestamp) -> Result<Standing> {
        match self {
            Self::Operator => {
                Ok(Standing { authority: Authority::operator(), reach: Reach::Everywhere, token: None })
            }
            Self::LoggedIn { token_id, right } => logged_in(connection, token_id, right, now).await,
            Self::Password { account_id, fingerprint } => {
                let holder = find_by_password(connection, account_id, fingerprint).await?;
                let holder = holder.ok_or(Error::Unauthenticated(Unauthenticated::WrongPassword))?;
                let authority = Authority::of(&holder.account, &PermissionSet::empty());
                Ok(Standing { authority, reach: Reach::Everywhere, token: None })
            }
        }
    }
}

async fn logged_in(
    connection: &mut DbConnection,
    token_id: AccountTokenId,
    right: Option<Right>,
    now: Timestamp,
) -> Result<Standing> {
    let signed_in = find_signed_in(connection, token_id, now).await?;
    let signed_in = signed_in.ok_or(Error::Unauthenticated(Unauthenticated::UnknownToken))?;
    let authority = signed_in.authority();
    let reach = match right {
        Some(right) => authority.reach(right)?,
        None => Reach::Everywhere,
    };
    Ok(Standing { authority, reach, token: Some(signed_in.token) })
}
