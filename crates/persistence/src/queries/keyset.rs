//! Keyset pagination, for lists in any order.

use denizen_domain::{Direction, Error, Page, Position, SortKey, Window};

use crate::types::StoredTime;

/// A sort key in its stored form.
pub(crate) trait Key: Clone {
    /// Returns the key of a position. Fails if the position belongs to a list with another order.
    fn of(position: &Position) -> Result<Self, Error>;
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
}

/// Returns the direction in which to read rows: a page before a position is read backwards.
pub(crate) fn reading_direction(window: &Window) -> Direction {
    match window.page {
        Page::Number(_) | Page::After(_) => window.direction,
        Page::Before(_) => window.direction.reversed(),
    }
}

/// Where reading begins, by the list's own key and id.
pub(crate) enum Start<K, I> {
    /// At the first row.
    Beginning,
    /// After this position.
    After(K, I),
    /// At this position.
    At(K, I),
    /// Nowhere: the page is beyond the end.
    BeyondTheEnd,
}

/// Orders a filtered query, and begins it at a position.
macro_rules! ordered_from {
    ($filtered:expr, $direction:expr, $start:expr, $key:expr, $id:expr) => {{
        let query = $filtered;
        match ($direction, $start) {
            (denizen_domain::Direction::Ascending, start) => {
                let query = query.order(($key.asc(), $id.asc()));
                match start {
                    $crate::queries::keyset::Start::After(key, id) => query
                        .filter($key.ge(key.clone()))
                        .filter($key.gt(key.clone()).or($key.eq(key.clone()).and($id.gt(*id)))),
                    $crate::queries::keyset::Start::At(key, id) => query
                        .filter($key.ge(key.clone()))
                        .filter($key.gt(key.clone()).or($key.eq(key.clone()).and($id.ge(*id)))),
                    _ => query,
                }
            }
            (denizen_domain::Direction::Descending, start) => {
                let query = query.order(($key.desc(), $id.desc()));
                match start {
                    $crate::queries::keyset::Start::After(key, id) => query
                        .filter($key.le(key.clone()))
                        .filter($key.lt(key.clone()).or($key.eq(key.clone()).and($id.lt(*id)))),
                    $crate::queries::keyset::Start::At(key, id) => query
                        .filter($key.le(key.clone()))
                        .filter($key.lt(key.clone()).or($key.eq(key.clone()).and($id.le(*id)))),
                    _ => query,
                }
            }
        }
    }};
}
pub(crate) use ordered_from;

/// Loads a window of a list. Converts a page number to a position with an index-only scan; from there, every page
/// costs the same.
///
/// Arguments: the connection, an expression that creates the filtered query, the columns of the order, the window, the
/// stored type of the key, and the type of the rows.
macro_rules! load_window {
    ($connection:expr, $filtered:expr, $key:expr, $id:expr, $window:expr, $key_type:ty, $row:ty) => {{
        use $crate::queries::keyset::{Key, Start, ordered_from, reading_direction};
        use $crate::types::StoredUuid;
        let direction = reading_direction($window);
        let start = match &$window.page {
            denizen_domain::Page::After(position) | denizen_domain::Page::Before(position) => {
                Start::After(<$key_type as Key>::of(position)?, StoredUuid::from_uuid(position.id))
            }
            denizen_domain::Page::Number(denizen_domain::PageNumber::FIRST) => Start::Beginning,
            denizen_domain::Page::Number(number) => {
                let beginning: Start<$key_type, StoredUuid> = Start::Beginning;
                let place = on_backend!($connection, |conn| {
                    ordered_from!($filtered, direction, &beginning, $key, $id)
                        .select(($key, $id))
                        .offset(number.offset($window.limit))
                        .limit(1)
                        .first::<($key_type, StoredUuid)>(conn)
                        .await
                        .optional()
                });
                match place.or_error("find the place of a page")? {
                    Some((key, id)) => Start::At(key, id),
                    None => Start::BeyondTheEnd,
                }
            }
        };
        if matches!(start, Start::BeyondTheEnd) {
            Ok(Vec::new())
        } else {
            on_backend!($connection, |conn| {
                ordered_from!($filtered, direction, &start, $key, $id)
                    .limit(i64::from($window.limit) + 1)
                    .load::<$row>(conn)
                    .await
            })
        }
    }};
}
pub(crate) use load_window;
