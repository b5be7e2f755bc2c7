//! Searches for users with a text.

use std::sync::Arc;

use denizen_domain::{ExternalUserFilter, Result, Timestamp, WorkspaceId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::dialect;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::memory::TextSample;
use crate::schema::external_users;
use crate::types::{StoredTime, stored};

/// Texts with fewer characters are found only at the beginning of a word.
const ANYWHERE: usize = 3;

/// How many places of the list a sample is taken from, and how many users at each.
const PLACES: u8 = 32;
const USERS_OF_PLACE: u8 = 16;

/// A condition that searches for a text.
pub(super) struct Search {
    /// What the text must be found in: the searchable texts, or the username.
    pub(super) column: &'static str,
    pub(super) needle: Needle,
    /// What to look up in the index. Without it, users are compared in the order of the list.
    pub(super) indexed: Option<String>,
}

/// A folded text to find.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Needle {
    /// Anywhere.
    Part(String),
    /// At the beginning of a word.
    Beginning(String),
}

impl Needle {
    /// Returns `None` for a text of one or two blanks, which finds everyone.
    fn new(text: &str) -> Option<Self> {
        if text.chars().count() >= ANYWHERE {
            return Some(Self::Part(text.to_owned()));
        }
        let word = text.trim_matches([' ', '\n']);
        (!word.is_empty()).then(|| Self::Beginning(word.to_owned()))
    }

    /// Returns what a text without blanks is compared with: words begin after a line end.
    pub(super) fn compared(&self) -> String {
        match self {
            Self::Part(text) => text.clone(),
            Self::Beginning(text) => format!("\n{text}"),
        }
    }

    /// Returns it as it stands in a text with [marked words](crate::memory::TextSample).
    pub(super) fn marked(&self) -> String {
        match self {
            Self::Part(text) => text.replace([' ', '\n'], "\n\n"),
            // A trigram.
            Self::Beginning(text) if text.chars().count() == 1 => format!("\n\n{text}"),
            Self::Beginning(text) => format!("\n{text}"),
        }
    }
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

/// Reads users from places that are evenly spread over the time in which users were created.
async fn take_sample(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<TextSample> {
    let size = i64::from(PLACES) * i64::from(USERS_OF_PLACE);
    let newest = newest(connection, workspace_id).await?;
    let oldest_users = users_after(connection, workspace_id, None, size).await?;
    let Some((oldest, newest)) = oldest_users.as_slice().first().map(|(oldest, _)| *oldest).zip(newest)
    else {
        return Ok(TextSample::new(Vec::new(), true));
    };
    if i64::try_from(oldest_users.len()).is_ok_and(|users| users < size) {
        return Ok(TextSample::new(oldest_users.into_iter().map(|(_, text)| text).collect(), true));
    }
    let oldest = oldest.unix_microseconds();
    let step = (newest.unix_microseconds() - oldest) / i64::from(PLACES);
    let (mut texts, mut last) = (Vec::new(), None);
    for place in 0..i64::from(PLACES) {
        let after = last.max(Timestamp::from_unix_microseconds(oldest + step * place - 1));
        for (created_at, text) in
            users_after(connection, workspace_id, after, i64::from(USERS_OF_PLACE)).await?
        {
            last = Some(created_at);
            texts.push(text);
        }
    }
    Ok(TextSample::new(texts, false))
}

/// Returns the next users of the list after a moment, or the first: when they were created, and their searchable texts.
async fn users_after(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    after: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<(Timestamp, String)>> {
    let rows = on_backend!(connection, |conn| {
        let mut query = external_users::table
            .filter(external_users::workspace_id.eq(stored(workspace_id)))
            .order((external_users::created_at, external_users::id))
            .limit(limit)
            .select((external_users::created_at, external_users::search_text))
            .into_boxed();
        if let Some(moment) = after {
            query = query.filter(external_users::created_at.gt(StoredTime::from(moment)));
        }
        query.load::<(StoredTime, String)>(conn).await
    });
    let rows = rows.or_error("sample the texts of external users")?;
    Ok(rows.into_iter().map(|(created_at, text)| (created_at.into(), text)).collect())
}

/// Returns when the newest user was created.
async fn newest(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<Option<Timestamp>> {
    let newest = on_backend!(connection, |conn| {
        external_users::table
            .filter(external_users::workspace_id.eq(stored(workspace_id)))
            .order((external_users::created_at.desc(), external_users::id.desc()))
            .select(external_users::created_at)
            .first::<StoredTime>(conn)
            .await
            .optional()
    });
    Ok(newest.or_error("find the newest external user")?.map(Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::mark_words;

    #[test]
    fn short_texts_are_found_at_the_beginning_of_words() {
        let beginning = |text: &str| Some(Needle::Beginning(text.to_owned()));
        assert_eq!(Needle::new("a"), beginning("a"));
        assert_eq!(Needle::new("ab"), beginning("ab"));
        assert_eq!(Needle::new(" b"), beginning("b"));
        assert_eq!(Needle::new("  "), None);
        assert_eq!(Needle::new("abc"), Some(Needle::Part("abc".to_owned())));
        assert_eq!(Needle::new(" bc"), Some(Needle::Part(" bc".to_owned())));
    }

    #[test]
    fn finds_texts_with_marked_words() {
        let text = mark_words("jane doe\nj@example.com");
        for (needle, is_found) in [
            ("j", true),
            ("ja", true),
            ("do", true),
            ("ne", false),
            ("ane", true),
            ("e do", true),
            ("e d", true),
        ] {
            assert_eq!(text.contains(&Needle::new(needle).unwrap().marked()), is_found, "{needle}");
        }
    }
}
