//! What requests must know of a filled directory.

use anyhow::{Context as _, Result};

use super::Directory;
use crate::progress;

/// About how many ids are kept.
const IDS: u64 = 10_000;

/// What a walk through the directory finds.
#[derive(Debug)]
pub(crate) struct Landmarks {
    /// About how many users there are.
    pub(crate) users: u64,
    /// Ids of users from everywhere.
    pub(crate) ids: Vec<String>,
    /// A cursor of Notiflows' list with at least a page of 50 behind it, and little more.
    pub(crate) cursor_near_end: String,
}

impl Landmarks {
    /// Walks through a directory of about so many users, page by page.
    pub(crate) async fn find(directory: &Directory, users: u64) -> Result<Self> {
        let limit = (users / 20).clamp(50, 1_000);
        let each = usize::try_from((users / IDS).max(1))?;
        let (mut ids, mut seen, mut cursors) = (Vec::new(), 0, vec![String::new()]);
        loop {
            let after = cursors.last().filter(|cursor| !cursor.is_empty());
            let after = after.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
            let path = format!("/admin/users?limit={limit}{after}");
            let page = directory.ask("GET", &path, &directory.key.notiflows(), None).await?;
            let items = page["items"].as_array().context("a page has items")?;
            let numbered = items.iter().enumerate().filter(|(index, _)| (seen + index).is_multiple_of(each));
            ids.extend(numbered.filter_map(|(_, item)| item["id"].as_str()).map(str::to_owned));
            seen += items.len();
            progress::show(&format!("{}: walked past {seen} users", directory.database));
            let Some(after) = page["page"]["after"].as_str() else {
                let last_is_full = items.len() >= 50;
                let index = (cursors.len() - 1).saturating_sub(usize::from(!last_is_full));
                return Ok(Self { users, ids, cursor_near_end: cursors.swap_remove(index) });
            };
            cursors.push(after.to_owned());
        }
    }
}
