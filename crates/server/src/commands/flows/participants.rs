//! `denizen flows add` and `remove`: the users of a flow.

use anyhow::{anyhow, ensure};
use clap::Args;
use denizen_domain::{Account, Flow, Workspace};
use denizen_persistence::{DbConnection, flows};
use serde_json::json;

use super::FlowArguments;
use crate::commands::named::{self, AccountName, id_and_username};
use crate::database;
use crate::operator;
use crate::output::Output;
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Add an account to a flow
///
/// Also makes it a member of the workspace if needed, and unblocks it from the flow.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen flows add user@example.com --workspace default --flow my-flow")]
pub(crate) struct AddParticipant {
    #[command(flatten)]
    participant: ParticipantArguments,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl AddParticipant {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { participant, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let (account, workspace, flow) = participant.find(connection).await?;
        let origin = operator::origin();
        let added = flows::add_account(connection, &origin, workspace.id, flow.id, account.id).await;
        let added = added.map_err(|error| named::refusal(error, &workspace))?;
        added.ok_or_else(|| anyhow!("the account {} or the flow {} is deleted", account.id, flow.id))?;
        output.object(
            &json!({ "workspaceId": workspace.id, "flowId": flow.id, "accountId": account.id }),
            &[
                ("account", id_and_username(&account)),
                ("workspace", workspace.slug.to_string()),
                ("flow", flow.slug.to_string()),
            ],
        )
    }
}

/// Remove an account from a flow and unblock it; it stays a member of the workspace
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  denizen flows remove user@example.com --workspace default --flow my-flow"
)]
pub(crate) struct RemoveParticipant {
    #[command(flatten)]
    participant: ParticipantArguments,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RemoveParticipant {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { participant, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let (account, workspace, flow) = participant.find(connection).await?;
        let was_in =
            flows::remove(connection, &operator::origin(), &flow, account.id).await.map_err(reason)?;
        let (username, slug) = (&account.username, &flow.slug);
        ensure!(was_in, "{username} is not in the flow {slug} of the workspace {}", workspace.slug);
        output.object(
            &json!({
                "workspaceId": workspace.id,
                "flowId": flow.id,
                "accountId": account.id,
                "removed": true,
            }),
            &[
                ("removed", id_and_username(&account)),
                ("workspace", workspace.slug.to_string()),
                ("flow", flow.slug.to_string()),
            ],
        )
    }
}

/// An account and a flow.
#[derive(Debug, Args)]
struct ParticipantArguments {
    /// The account's username or id
    #[arg(value_name = "EMAIL|ID", value_parser = AccountName::parse)]
    account: AccountName,

    #[command(flatten)]
    flow: FlowArguments,
}

impl ParticipantArguments {
    async fn find(&self, connection: &mut DbConnection) -> anyhow::Result<(Account, Workspace, Flow)> {
        let account = self.account.find(connection).await?;
        let (workspace, flow) = self.flow.find(connection).await?;
        Ok((account, workspace, flow))
    }
}
