//! Reads lists of any length page by page.

use denizen_domain::{Direction, Json, Page, Position, Slice, Window};

use crate::reason::reason;

/// Entries per page.
const PAGE: u32 = 500;

/// An entry of a list.
pub(crate) trait Listed {
    /// The table's column headers.
    const COLUMNS: &'static [&'static str];

    /// Returns its table row, one cell per column.
    fn cells(&self) -> Vec<String>;

    /// Returns the entry as JSON.
    fn json(&self) -> anyhow::Result<Json>;

    /// Returns its position.
    fn position(&self) -> Position;
}

/// Reads a list up to a limit, page by page, keeping one page in memory. Returns whether more entries follow after the
/// limit.
pub(crate) async fn read_pages<T: Listed>(
    limit: Option<u32>,
    mut read: impl AsyncFnMut(&Window) -> denizen_domain::Result<Slice<T>>,
    mut take: impl FnMut(Vec<T>) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let (mut page, mut left) = (Page::default(), limit);
    loop {
        let limit = left.unwrap_or(PAGE).min(PAGE);
        let window = Window { page, limit, direction: Direction::Ascending };
        let Slice { items, has_more_after, .. } = read(&window).await.map_err(reason)?;
        let end = items.last().map(T::position);
        take(items)?;
        left = left.map(|left| left - limit);
        match end {
            Some(position) if has_more_after && left != Some(0) => page = Page::After(position),
            _ => return Ok(has_more_after),
        }
    }
}

/// Reads a whole list that is known to fit into memory.
pub(crate) async fn read_all<T: Listed>(
    read: impl AsyncFnMut(&Window) -> denizen_domain::Result<Slice<T>>,
) -> anyhow::Result<Vec<T>> {
    let mut all = Vec::new();
    read_pages(None, read, |page| {
        all.extend(page);
        Ok(())
    })
    .await?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use denizen_domain::{IdSource as _, SequentialIds, SortKey, Timestamp};

    use super::*;

    #[derive(Clone)]
    struct Number(i64);

    impl Listed for Number {
        const COLUMNS: &'static [&'static str] = &["NUMBER"];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_string()]
        }

        fn json(&self) -> anyhow::Result<Json> {
            Ok(Json::of(&self.0)?)
        }

        fn position(&self) -> Position {
            let time = Timestamp::from_unix_microseconds(self.0).unwrap();
            Position { key: SortKey::Time(time), id: SequentialIds::default().uuid() }
        }
    }

    /// Reads a list of this many numbers up to a limit. Returns them, the page sizes, and whether more follow.
    async fn read(length: i64, limit: Option<u32>) -> (Vec<i64>, Vec<usize>, bool) {
        let all: Vec<Number> = (0..length).map(Number).collect();
        let (mut numbers, mut sizes) = (Vec::new(), Vec::new());
        let slice = async |window: &Window| {
            let start = match &window.page {
                Page::After(Position { key: SortKey::Time(time), .. }) => time.unix_microseconds() + 1,
                _ => 0,
            };
            let start = usize::try_from(start).unwrap();
            let end = all.len().min(start + window.limit as usize + 1);
            Ok(Slice::cut(all[start..end].to_vec(), window))
        };
        let take = |page: Vec<Number>| {
            sizes.push(page.len());
            numbers.extend(page.into_iter().map(|number| number.0));
            Ok(())
        };
        let has_more = read_pages(limit, slice, take).await.unwrap();
        (numbers, sizes, has_more)
    }

    #[tokio::test]
    async fn reads_each_entry_once_at_any_limit() {
        assert_eq!(read(0, None).await, (vec![], vec![0], false));
        assert_eq!(read(500, None).await, ((0..500).collect(), vec![500], false));
        assert_eq!(read(1_001, None).await, ((0..1_001).collect(), vec![500, 500, 1], false));
        assert_eq!(read(1_001, Some(600)).await, ((0..600).collect(), vec![500, 100], true));
        assert_eq!(read(3, Some(3)).await, (vec![0, 1, 2], vec![3], false));
        assert_eq!(read(3, Some(1)).await, (vec![0], vec![1], true));
    }
}
