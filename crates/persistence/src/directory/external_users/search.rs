//! Searches for users with a text.

use std::sync::Arc;

use denizen_domain::{ExternalUserFilter, Result, WorkspaceId};
use diesel::prelude::*;
use uuid::Uuid;

use super::dialect;
use super::needle::Needle;
use crate::connection::{DbConnection, OrError as _};
use crate::memory::TextSample;
use crate::queries::dialect::load_rows;
use crate::schema::external_users;
use crate::types::stored;

/// How many users a sample has.
const SAMPLE: u16 = 512;

/// A condition that searches for a text.
pub(super) struct Search {
    /// What the text must be found in: the searchable texts, or the username.
    pub(super) column: &'static str,
    pub(super) needle: Needle,
    /// What to look up in the index. Without it, users are compared in the order of the list.
    pub(super) indexed: Option<String>,
}

/// Returns the searches of a filter, each in the way that reads few users.
pub(super) async fn searches(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserFilter,
) -> Result<Vec<Search>> {
    let mut searches = Vec::new();
    // Searchable texts include the username, so the index narrows this down, too.
    for text in filter.search.iter().chain(&filter.username) {
        if let Some(needle) = Needle::new(&text.folded_for_search()) {
            let sample = sample(connection, workspace_id).await?;
            let is_rare = !sample.is_frequent(&needle.marked());
            let indexed = is_rare.then(|| dialect::indexed_text(connection.backend(), &needle, &sample));
            searches.push(Search { column: "external_users.search_text", needle, indexed });
        }
    }
    if let Some(needle) = filter.username.as_ref().and_then(|text| Needle::new(&text.folded())) {
        searches.push(Search { column: "external_users.username_folded", needle, indexed: None });
    }
    Ok(searches)
}

async fn sample(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<Arc<TextSample>> {
    let kept = connection.memory().text_samples.get(&workspace_id);
    if let Some(sample) = kept {
        return Ok(sample);
    }
    let sample = Arc::new(take_sample(connection, workspace_id).await?);
    connection.memory().text_samples.insert(workspace_id, Arc::clone(&sample));
    Ok(sample)
}

/// Reads everyone in a small workspace, or else the next user from each of many places. Ids are random, so they are spread
/// evenly over all users, however these were created.
async fn take_sample(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<TextSample> {
    let first = external_users::table
        .filter(external_users::workspace_id.eq(stored(workspace_id)))
        .order(external_users::id)
        .limit(i64::from(SAMPLE))
        .select(external_users::search_text);
    let texts = load_rows!(connection, first, String).or_error("read the texts of external users")?;
    if texts.len() < usize::from(SAMPLE) {
        return Ok(TextSample::new(texts, true));
    }
    let step = u128::MAX / u128::from(SAMPLE);
    let places = (0..u128::from(SAMPLE)).map(|number| Uuid::from_u128(number * step)).collect();
    let mut texts = dialect::texts_from(connection, workspace_id, places).await?;
    texts.dedup();
    Ok(TextSample::new(texts, false))
}
