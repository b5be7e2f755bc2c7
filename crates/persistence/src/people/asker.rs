//! The callers of changes to accounts, roles and workspaces. Their rights are reread where the change is made.

use denizen_domain::{
    AccountId, AccountToken, AccountTokenId, Authority, Error, Forbidden, PermissionSet, Reach, Result,
    Right, SecretHash, Timestamp, Unauthenticated, WorkspaceId,
};

use crate::connection::DbConnection;
use crate::people::account_tokens::{find_by_password, find_signed_in};
use crate::people::accounts::find_in_use;

/// A caller, and the right it uses. A caller that is disabled or loses the right while the request is under way
/// changes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// An operator, who runs commands on the server: may do everything.
    Operator,
    /// An account logged in with this token.
    LoggedIn {
        /// The token.
        token_id: AccountTokenId,
        /// The right it uses; `None` for what every account may do with itself.
        right: Option<Right>,
    },
    /// The account that made a workflow, for a step of it in this workspace.
    Maker {
        /// The account.
        account_id: AccountId,
        /// The workspace, beyond which the step has no rights.
        workspace_id: WorkspaceId,
        /// The right it uses.
        right: Right,
    },
    /// An account whose username and password came with the request. May do what every account may do with itself.
    Password {
        /// The account.
        account_id: AccountId,
        /// The [fingerprint](denizen_domain::PasswordHash::fingerprint) of the password's hash when it was checked.
        fingerprint: SecretHash,
    },
}

/// The rights of a caller at this moment.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Its rights.
    pub(crate) authority: Authority,
    /// The reach of the right it uses.
    pub(crate) reach: Reach,
    /// The token it is logged in with.
    pub(crate) token: Option<AccountToken>,
}

impl Asker {
    /// Reads the caller's rights. To be called in the transaction of the change. Fails if its token, password, account
    /// or right is gone.
    pub(crate) async fn standing(self, connection: &mut DbConnection, now: Timestamp) -> Result<Standing> {
        match self {
            Self::Operator => {
                Ok(Standing { authority: Authority::operator(), reach: Reach::Everywhere, token: None })
            }
            Self::LoggedIn { token_id, right } => logged_in(connection, token_id, right, now).await,
            Self::Maker { account_id, workspace_id, right } => {
                let account = find_in_use(connection, account_id).await?;
                let account = account.ok_or(Error::Forbidden(Forbidden::MakerGone))?;
                let authority = Authority::of(&account, &PermissionSet::empty());
                if !authority.reach(right)?.includes(workspace_id) {
                    return Err(Error::Forbidden(Forbidden::ForeignWorkspace));
                }
                Ok(Standing { authority, reach: Reach::Workspace(workspace_id), token: None })
            }
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
