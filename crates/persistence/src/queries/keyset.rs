//! Keyset pagination, for lists in any order.

use denizen_domain::{Direction, Error, Page, Position, SortKey, Window};

use crate::types::StoredTime;

/// A sort key in its stored form.
pub(crate) trait Key: Clone {
    /// Returns the key of a position. Fails if the position belongs to a list with another order.
    fn of(position: &Position) -> Result<Self, Error>;

    /// Returns the key of a position that is stored with it.
    fn into_sort_key(self) -> SortKey;
}

impl Key for StoredTime {
    fn of(position: &Position) -> Result<Self, Error> {
        match &position.key {
            SortKey::Time(time) => Ok(Self::from(*time)),
            SortKey::Text(_) => {
                Err(Error::Internal("a list by time was given a position in one by text".to_owned()))
            }
        }
    }

    fn into_sort_key(self) -> SortKey {
        SortKey::Time(self.into())
    }
}

impl Key for String {
    fn of(position: &Position) -> Result<Self, Error> {
        match &position.key {
            SortKey::Text(text) => Ok(text.clone()),
            SortKey::Time(_) => {
                Err(Error::Internal("a list by text was given a position in one by time".to_owned()))
            }
        }
    }

    fn into_sort_key(self) -> SortKey {
        SortKey::Text(self)
    }
}

/// Returns the direction in which to read rows: a page before a position is read backwards.
pub(crate) fn reading_direction(window: &Window) -> Direction {
    match window.page {
        Page::Number(_) | Page::After(_) => window.direction,
        Page::Before(_) => window.direction.reversed(),
    }
}

/// Orders a filtered query, and begins it after a position: `Option<(key, id)>`.
macro_rules! ordered_after {
    ($filtered:expr, $direction:expr, $after:expr, $key:expr, $id:expr) => {{
        let query = $filtered;
        match ($direction, $after) {
            (denizen_domain::Direction::Ascending, after) => {
                let query = query.order(($key.asc(), $id.asc()));
                match after {
                    Some((key, id)) => query
                        .filter($key.ge(key.clone()))
                        .filter($key.gt(key.clone()).or($key.eq(key.clone()).and($id.gt(*id)))),
                    None => query,
                }
            }
            (denizen_domain::Direction::Descending, after) => {
                let query = query.order(($key.desc(), $id.desc()));
                match after {
                    Some((key, id)) => query
                        .filter($key.le(key.clone()))
                        .filter($key.lt(key.clone()).or($key.eq(key.clone()).and($id.lt(*id)))),
                    None => query,
                }
            }
        }
    }};
}
pub(crate) use ordered_after;

/// Finds the last entry before a page with a number, with an index-only scan. `None` if the list ends before.
macro_rules! last_before {
    ($connection:expr, $filtered:expr, $key:expr, $id:expr, $number:expr, $window:expr, $key_type:ty) => {{
        use $crate::connection::OrError as _;
        use $crate::queries::keyset::{Key, ordered_after};
        use $crate::types::StoredUuid;
        let beginning: Option<&($key_type, StoredUuid)> = None;
        let last = on_backend!($connection, |conn| {
            ordered_after!($filtered, $window.direction, beginning, $key, $id)
                .select(($key, $id))
                .offset($number.offset($window.limit) - 1)
                .limit(1)
                .first::<($key_type, StoredUuid)>(conn)
                .await
                .optional()
        });
        last.or_error("find the place of a page").map(|last| {
            last.map(|(key, id)| denizen_domain::Position { key: key.into_sort_key(), id: id.as_uuid() })
        })
    }};
}
pub(crate) use last_before;

/// Loads entries from the beginning, or those after a position, or before it and backwards: up to one more than the limit
/// of the window.
macro_rules! load_from {
    ($connection:expr, $filtered:expr, $key:expr, $id:expr, $position:expr, $window:expr, $key_type:ty, $row:ty) => {{
        use $crate::queries::keyset::{Key, ordered_after, reading_direction};
        use $crate::types::StoredUuid;
        let position: Option<&denizen_domain::Position> = $position;
        let after = match position {
            Some(position) => Some((<$key_type as Key>::of(position)?, StoredUuid::from_uuid(position.id))),
            None => None,
        };
        let direction = reading_direction($window);
        $crate::queries::dialect::load_rows!(
            $connection,
            ordered_after!($filtered, direction, &after, $key, $id).limit(i64::from($window.limit) + 1),
            $row
        )
    }};
}
pub(crate) use load_from;

/// Loads a window of a list. Converts a page number to a position; from there, every page costs the same.
///
/// Arguments: the connection, an expression that creates the filtered query, the columns of the order, the window, the
/// stored type of the key, and the type of the rows.
macro_rules! load_window {
    ($connection:expr, $filtered:expr, $key:expr, $id:expr, $window:expr, $key_type:ty, $row:ty) => {{
        use denizen_domain::{Page, PageNumber};
        use $crate::queries::keyset::{last_before, load_from};
        let (position, is_beyond_the_end) = match &$window.page {
            Page::After(position) | Page::Before(position) => (Some(position.clone()), false),
            Page::Number(PageNumber::FIRST) => (None, false),
            Page::Number(number) => {
                let last = last_before!($connection, $filtered, $key, $id, number, $window, $key_type)?;
                let is_beyond_the_end = last.is_none();
                (last, is_beyond_the_end)
            }
        };
        if is_beyond_the_end {
            Ok(Vec::new())
        } else {
            load_from!($connection, $filtered, $key, $id, position.as_ref(), $window, $key_type, $row)
        }
    }};
}
pub(crate) use load_window;
