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
    /// Whether the workspace has most users of the directory.
    pub(super) has_most_users: bool,
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
            let (column, has_most_users) = ("external_users.search_text", sample.has_most_users());
            searches.push(Search { column, needle, indexed, has_most_users });
        }
    }
    if let Some(needle) = filter.username.as_ref().and_then(|text| Needle::new(&text.folded())) {
        let column = "external_users.username_folded";
        searches.push(Search { column, needle, indexed: None, has_most_users: false });
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
        return Ok(TextSample::of_everyone(texts));
    }
    let step = u128::MAX / u128::from(SAMPLE);
    let places: Vec<_> = (0..u128::from(SAMPLE)).map(|number| Uuid::from_u128(number * step)).collect();
    let mut users = dialect::users_from(connection, workspace_id, places.clone()).await?;
    let has_most_users = match dialect::count_roughly(connection).await? {
        Some(all) => count_by_distance(&places, &users).saturating_mul(2) > all,
        None => false,
    };
    users.dedup();
    Ok(TextSample::new(users.into_iter().map(|(_, text)| text).collect(), has_most_users))
}

/// Returns about how many users a workspace has, from how far it is from some ids to the next user.
fn count_by_distance(places: &[Uuid], users: &[(Uuid, String)]) -> u128 {
    let high_half = |id: &Uuid| u128::from(id.as_u64_pair().0);
    let distances =
        places.iter().zip(users).map(|(place, (id, _))| high_half(id).saturating_sub(high_half(place)));
    let (count, sum) =
        distances.fold((0, 0), |(count, sum): (u128, u128), distance| (count + 1, sum + distance));
    (count << 64) / sum.max(1)
}

#[cfg(test)]
mod tests {
    use denizen_domain::{IdSource as _, RandomIds};

    use super::*;

    #[test]
    fn distances_tell_how_many_there_are() {
        let places: Vec<_> = (0..512).map(|number| Uuid::from_u128(number * (u128::MAX / 512))).collect();
        for count in [600_u128, 20_000] {
            let mut ids: Vec<_> = (0..count).map(|_| RandomIds.uuid()).collect();
            ids.sort();
            let next = |place: &Uuid| ids.iter().find(|id| *id >= place).map(|id| (*id, String::new()));
            let users: Vec<_> = places.iter().filter_map(next).collect();
            let estimate = count_by_distance(&places, &users);
            assert!((count * 2 / 3..count * 3 / 2).contains(&estimate), "{estimate} for {count}");
        }
    }
}
