//! Pages of Flowra's lists of connected accounts: by number, or after a cursor.

use denizen_domain::{CursorSeal, Direction, PageNumber, Position, Result, Slice, Window};
use utoipa::IntoParams;

use crate::wire::paging::ListName;
use crate::wire::query::{FromQuery, QueryReader};

/// Parameters of a page, newest entries first.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CursorPage {
    /// The page number.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000, default = 1)]
    page: Option<PageNumber>,
    /// The page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 10)]
    limit: u32,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

impl FromQuery for CursorPage {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            page: parameters.page_number("page"),
            limit: parameters.number("limit", 1, 100).unwrap_or(10),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
        }
    }
}

/// Where a page is in its list.
pub(super) struct Place {
    pub(super) next_cursor: Option<String>,
    pub(super) total_pages: i64,
    pub(super) current_page: Option<u32>,
}

impl CursorPage {
    /// Returns the page's window of the list.
    pub(super) fn window(&self, cursors: &CursorSeal, name: &ListName) -> Result<Window> {
        let page = name.page(cursors, self.cursor.as_deref(), self.page)?;
        Ok(Window { page, limit: self.limit, direction: Direction::Descending })
    }

    /// Returns the place of a page in a list with so many entries.
    pub(super) fn place<T>(
        &self,
        cursors: &CursorSeal,
        name: &ListName,
        slice: &Slice<T>,
        total: i64,
        position_of: impl Fn(&T) -> Position,
    ) -> Place {
        let last = slice.items.last().filter(|_| slice.has_more_after);
        let size = i64::from(self.limit.max(1));
        Place {
            next_cursor: last.map(|last| name.cursor(cursors, &position_of(last))),
            total_pages: total / size + i64::from(total % size > 0),
            current_page: match (&self.cursor, self.page) {
                (Some(_), _) => None,
                (None, page) => Some(page.map_or(1, PageNumber::get)),
            },
        }
    }
}
