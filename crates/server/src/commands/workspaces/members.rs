//! `denizen workspaces add` and `remove`: manage the members of a workspace.

use anyhow::anyhow;
use clap::Args;
use denizen_domain::{Account, Conflict, Error, Workspace};
use denizen_persistence::{Asker, DbConnection, memberships, organizations};
use serde_json::json;

use crate::commands::named::{AccountName, WorkspaceArgument, id_and_username, refusal};
use crate::database;
use crate::operator;
use crate::output::{Output, yes_or_no};
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Make an account a member or administrator of a workspace
///
/// Without --admin, an administrator stays one. The account also joins the flows of the workspace to which it is
/// invited.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces add user@example.com --workspace default --admin")]
pub(crate) struct AddMember {
    #[command(flatten)]
    member: MemberArguments,

    /// Make it an administrator of the workspace
    #[arg(long)]
    admin: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl AddMember {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { member, admin, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let (account, workspace) = member.find(connection).await?;
        let added =
            organizations::add(connection, &operator::origin(), workspace.id, account.id, admin).await;
        let added = added.map_err(|error| refusal(error, &workspace))?;
        added.ok_or_else(|| anyhow!("the account {} is deleted", account.id))?;
        let membership = memberships::find(connection, workspace.id, account.id).await.map_err(reason)?;
        let is_admin = membership.is_some_and(|membership| membership.is_admin);
        output.object(
            &json!({ "workspaceId": workspace.id, "accountId": account.id, "isAdmin": is_admin }),
            &[
                ("account", id_and_username(&account)),
                ("workspace", workspace.slug.to_string()),
                ("administers it", yes_or_no(is_admin)),
            ],
        )
    }
}

/// Remove an account from a workspace and all its flows; the account stays
///
/// If this was its home, its new home is the workspace of which it has been a member longest.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces remove user@example.com --workspace default")]
pub(crate) struct RemoveMember {
    #[command(flatten)]
    member: MemberArguments,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RemoveMember {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { member, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let (account, workspace) = member.find(connection).await?;
        let origin = operator::origin();
        let removed =
            organizations::remove(connection, &origin, Asker::Operator, workspace.id, account.id).await;
        let removed = removed.map_err(|error| failure(error, &account, &workspace))?;
        removed.ok_or_else(|| {
            let (username, slug) = (&account.username, &workspace.slug);
            anyhow!("{username} is not a member of the workspace {slug}; see `denizen accounts list --workspace {slug}`")
        })?;
        output.object(
            &json!({ "workspaceId": workspace.id, "accountId": account.id, "removed": true }),
            &[("removed", id_and_username(&account)), ("workspace", workspace.slug.to_string())],
        )
    }
}

/// An account and a workspace.
#[derive(Debug, Args)]
struct MemberArguments {
    /// The account's username or id
    #[arg(value_name = "EMAIL|ID", value_parser = AccountName::parse)]
    account: AccountName,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

impl MemberArguments {
    async fn find(&self, connection: &mut DbConnection) -> anyhow::Result<(Account, Workspace)> {
        let account = self.account.find(connection).await?;
        Ok((account, self.workspace.find(connection).await?))
    }
}

fn failure(error: Error, account: &Account, workspace: &Workspace) -> anyhow::Error {
    let (username, slug) = (&account.username, &workspace.slug);
    match error {
        Error::Conflict(Conflict::LastAdmin) => anyhow!(
            "{username} is the last administrator of the workspace {slug}; first make another one with \
             `denizen workspaces add EMAIL --workspace {slug} --admin`"
        ),
        error => refusal(error, workspace),
    }
}
