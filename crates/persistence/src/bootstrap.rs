//! What an empty directory starts with.

use denizen_domain::{
    Channel, Conflict, Error, NewApiKey, Result, ScopeSet, Slug, Source, Workspace, WorkspaceName,
};

use crate::transaction::in_transaction;
use crate::{Database, api_keys, channels, workspaces};

/// What the first start made.
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// The workspace `default`.
    pub workspace: Workspace,
    /// Its channel.
    pub channel: Channel,
    /// Its first key, with every scope that a key has by default.
    pub key: NewApiKey,
}

/// Gives an empty directory the workspace `default` with a channel and a key. `None` where there is a workspace
/// already, and also where another server makes it at this moment.
pub async fn first_start(database: &Database, source: &Source) -> Result<Option<FirstStart>> {
    let connection = &mut database.write().await?;
    if workspaces::any(connection).await? {
        return Ok(None);
    }
    let slug = Slug::from_stored("default".to_owned());
    let name = WorkspaceName::from_stored("Default".to_owned());
    let made = in_transaction!(connection, {
        let workspace = workspaces::insert(connection, source, &slug, &name).await?;
        let channel = channels::insert_default(connection, source, workspace.id).await?;
        let key = api_keys::insert(connection, source, workspace.id, "first key", &ScopeSet::default(), None)
            .await?;
        Ok(FirstStart { workspace, channel, key })
    });
    match made {
        Err(Error::Conflict(Conflict::SlugTaken)) => Ok(None),
        made => made.map(Some),
    }
}
