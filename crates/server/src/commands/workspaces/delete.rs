//! `denizen workspaces delete`: deletes a workspace and all that is in it.

use std::io::{self, BufRead as _, Read as _};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use denizen_domain::{Origin, Source, Workspace};
use denizen_persistence::{Asker, workspaces};
use serde_json::json;

use crate::commands::named;
use crate::database;
use crate::operator;
use crate::output::Output;
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// Maximum bytes to read of the answer: more than the longest slug.
const LINE: u64 = 1024;

/// Delete a workspace with its keys, users, flows, workflows and log, for good
///
/// Asks for its slug on standard input, unless --yes is given. Accounts that are members of no other workspace are
/// deleted, too. Refused for the home of the last account that holds `all`. The server's own audit log keeps the deletion.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen workspaces delete my-company\n  \
    denizen workspaces delete my-company --yes --json")]
pub(crate) struct DeleteWorkspace {
    /// The workspace's slug or id
    #[arg(value_name = "SLUG|ID")]
    workspace: String,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl DeleteWorkspace {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, yes, output, database } = self;
        let database = database::open(&database).await?;
        let workspace = named::workspace(&mut database.read().await.map_err(reason)?, &workspace).await?;
        if !yes {
            confirm(&workspace)?;
        }
        let Workspace { id, slug, .. } = &workspace;
        // Not held while somebody types.
        let connection = &mut database.write().await.map_err(reason)?;
        let deleted = workspaces::delete(connection, &operator::origin(), Asker::Operator, *id).await;
        if !deleted.map_err(reason)? {
            bail!("the workspace {slug} is deleted already");
        }
        // Running servers help, and go on if this command is interrupted.
        let origin = Origin::server(Source::system());
        while workspaces::remove_some(connection, &origin, *id).await.map_err(reason)? {}
        output.object(
            &json!({ "id": id, "slug": slug, "deleted": true }),
            &[("deleted", slug.to_string()), ("id", id.to_string())],
        )
    }
}

/// Asks for the slug of a workspace. Fails if something else is typed.
fn confirm(workspace: &Workspace) -> anyhow::Result<()> {
    let Workspace { slug, name, .. } = workspace;
    eprintln!(
        "This deletes the workspace {name} for good, with all that is in it. Type its slug, {slug}, to delete it:"
    );
    let mut line = String::new();
    let read = io::stdin().lock().take(LINE).read_line(&mut line);
    read.context("cannot read the slug from standard input")?;
    if line.trim() == slug.as_str() {
        Ok(())
    } else {
        Err(anyhow!("the workspace {slug} was not deleted: its slug was not typed; --yes does not ask"))
    }
}
