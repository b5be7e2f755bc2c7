//! Statements that must differ between the two databases, each with the reason.

use denizen_domain::{ChannelId, ExternalUserId, Result, SearchText, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::error::OrError as _;
use crate::schema::{channels, external_users};
use crate::types::{StoredUuid, stored};
use crate::{Backend, DbConnection};

/// The pieces of a condition on `external_users`, between which the workspace's id and the pattern are bound.
pub(crate) struct SearchCondition {
    pub(crate) before_workspace: &'static str,
    pub(crate) before_pattern: &'static str,
    pub(crate) pattern: String,
    pub(crate) end: &'static str,
}

/// Users with a text in what can be searched. PostgreSQL has a trigram index on the column, which `LIKE` uses; SQLite
/// has one beside the table, which has to be asked. Texts of one or two characters have no trigram: SQLite compares
/// them with every user of the workspace.
pub(crate) fn search(backend: Backend, text: &SearchText) -> SearchCondition {
    let text = text.as_str();
    if backend == Backend::Sqlite && text.chars().count() >= 3 {
        SearchCondition {
            // The `+` keeps SQLite from walking through the workspace's rows instead of the few that match.
            before_workspace: "(external_users.id IN (SELECT external_user_id FROM external_users_search_rows \
                               WHERE +workspace_id = ",
            before_pattern: " AND row_number IN \
                             (SELECT rowid FROM external_users_search WHERE external_users_search MATCH ",
            pattern: format!("\"{}\"", text.replace('"', "\"\"")),
            end: ")))",
        }
    } else {
        SearchCondition {
            before_workspace: "(external_users.workspace_id = ",
            before_pattern: " AND external_users.search_text LIKE ",
            pattern: contains(text),
            end: " ESCAPE '\\')",
        }
    }
}

/// The pattern of `LIKE` for texts that contain this one. `\` is the escape character.
pub(crate) fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// Keeps others from changing a user until the transaction ends. SQLite has no row locks and needs none: its
/// transactions that write exclude each other from the beginning.
pub(crate) async fn lock_external_user(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ExternalUserId,
) -> Result<()> {
    let DbConnection::Postgres(object) = connection else { return Ok(()) };
    let row = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .filter(external_users::id.eq(stored(id)))
        .select(external_users::id)
        .for_update();
    row.load::<StoredUuid>(&mut ***object).await.or_error("lock an external user")?;
    Ok(())
}

/// Keeps others from changing a channel, and new users from coming into it, until the transaction ends.
pub(crate) async fn lock_channel(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    id: ChannelId,
) -> Result<()> {
    let DbConnection::Postgres(object) = connection else { return Ok(()) };
    let row = channels::table
        .filter(channels::workspace_id.eq(stored(workspace_id)))
        .filter(channels::id.eq(stored(id)))
        .select(channels::id)
        .for_update();
    row.load::<StoredUuid>(&mut ***object).await.or_error("lock a channel")?;
    Ok(())
}
