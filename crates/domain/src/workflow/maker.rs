//! Whose rights the steps of a workflow have, and what stops a chain of workflows.

use super::function::Function;
use super::limits::WorkflowLimits;
use crate::account::Authority;
use crate::error::{Error, Forbidden};
use crate::primitives::WorkspaceId;
use crate::rights::{Permission, Reach, Right, ScopeSet};

/// The rights of the maker of a workflow at the moment of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MakerStanding {
    /// The operator: may do everything.
    Operator,
    /// An active account.
    Account(Authority),
    /// A key in force.
    Key(ScopeSet),
    /// An account or a key that is gone, disabled or revoked.
    Gone,
}

impl MakerStanding {
    /// Fails if the maker may not do what a step does in this workspace: with [`Forbidden::MakerGone`] if it can do nothing any
    /// more, with the right that it lacks, and with [`Forbidden::NoKeys`] for what no key may do.
    pub fn require(&self, function: Function, workspace_id: WorkspaceId) -> Result<(), Error> {
        let Some(right) = function.right() else {
            return if *self == Self::Gone { Err(Error::Forbidden(Forbidden::MakerGone)) } else { Ok(()) };
        };
        match self {
            Self::Operator => Ok(()),
            Self::Gone => Err(Error::Forbidden(Forbidden::MakerGone)),
            Self::Key(scopes) => match right.scope {
                Some(scope) => scopes.require(scope),
                None => Err(Error::Forbidden(Forbidden::NoKeys)),
            },
            Self::Account(authority) => {
                let right = Right { everywhere: Permission::All, at_home: Some(right.permission) };
                match authority.reach(right)? {
                    Reach::Everywhere => Ok(()),
                    Reach::Workspace(home) if home == workspace_id => Ok(()),
                    Reach::Workspace(_) => Err(Error::Forbidden(Forbidden::ForeignWorkspace)),
                }
            }
        }
    }
}

/// Returns how many executions have led to one that another one of this depth has started, or why it must not run.
pub fn chained(depth: u32) -> Result<u32, String> {
    if depth >= WorkflowLimits::MAXIMUM_DEPTH {
        return Err(format!(
            "Workflows have started each other {} times in a row. The chain ends here.",
            WorkflowLimits::MAXIMUM_DEPTH
        ));
    }
    Ok(depth + 1)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::rights::PermissionSet;

    fn workspace(number: u128) -> WorkspaceId {
        WorkspaceId::from_uuid(Uuid::from_u128(number))
    }

    fn account(permissions: &str) -> MakerStanding {
        let permissions = PermissionSet::from_stored(permissions).unwrap();
        let home = Some(workspace(1));
        MakerStanding::Account(Authority {
            account_id: None,
            home,
            lasting: permissions.clone(),
            permissions,
        })
    }

    fn key(scopes: &str) -> MakerStanding {
        MakerStanding::Key(ScopeSet::from_stored(scopes).unwrap())
    }

    #[test]
    fn a_step_may_do_what_its_maker_may() {
        let refused =
            |standing: &MakerStanding, function, place| match standing.require(function, workspace(place)) {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            };
        let lacks_flows = "The account lacks the permission flows.write.";
        for (standing, function, place, expected) in [
            (account("flows.write"), Function::BlockUser, 1, "ok"),
            (
                account("flows.write"),
                Function::BlockUser,
                2,
                "The caller has no rights outside its workspace.",
            ),
            (account("all"), Function::BlockUser, 2, "ok"),
            (account("tenant.all"), Function::BlockUser, 1, lacks_flows),
            (account("tenant.all"), Function::InviteAccount, 1, "ok"),
            (
                account("flows.write"),
                Function::InviteAccount,
                1,
                "The account lacks the permission tenant.account.create.",
            ),
            (account(""), Function::Map, 1, "ok"),
            (account(""), Function::Request, 1, lacks_flows),
            (key("external_users:read"), Function::ListUsers, 1, "ok"),
            (
                key("external_users:read"),
                Function::DeleteUser,
                1,
                "The credential lacks the scope external_users:write.",
            ),
            (key("external_users:write"), Function::DeleteUser, 1, "ok"),
            (key("workflows:write"), Function::Request, 1, "ok"),
            (
                key("external_users:write"),
                Function::GetAccount,
                1,
                "Workflows of keys cannot work with accounts.",
            ),
            (MakerStanding::Operator, Function::GetAccount, 1, "ok"),
            (
                MakerStanding::Gone,
                Function::Map,
                1,
                "The account or key that made the workflow is gone, disabled or revoked.",
            ),
            (
                MakerStanding::Gone,
                Function::GetUser,
                1,
                "The account or key that made the workflow is gone, disabled or revoked.",
            ),
        ] {
            assert_eq!(refused(&standing, function, place), expected, "{standing:?} {function:?} {place}");
        }
    }

    #[test]
    fn a_chain_of_workflows_ends() {
        assert_eq!(chained(0), Ok(1));
        assert_eq!(chained(4), Ok(5));
        assert!(chained(5).unwrap_err().contains("5 times"));
    }
}
