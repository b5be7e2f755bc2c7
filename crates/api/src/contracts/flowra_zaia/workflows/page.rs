//! Pages of Flowra's lists, and the parameters that ask for them.

use denizen_domain::{Direction, Page, PageNumber, Slice, Window};
use utoipa::IntoParams;

use crate::wire::query::{FromQuery, QueryReader};

/// Parameters of a page, newest entries first.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParameters {
    /// The page number.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000, default = 1)]
    page: u32,
    /// The page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 10)]
    limit: u32,
}

impl FromQuery for PageParameters {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            page: parameters.number("page", 1, PageNumber::MAXIMUM).unwrap_or(1),
            limit: parameters.number("limit", 1, 100).unwrap_or(10),
        }
    }
}

impl PageParameters {
    /// Returns the page's window of the list.
    pub(super) fn window(self) -> Window {
        let number = PageNumber::new(self.page.into()).unwrap_or(PageNumber::FIRST);
        Window { page: Page::Number(number), limit: self.limit, direction: Direction::Descending }
    }
}

/// Which page of a list an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) total: i64,
    pub(super) page: u32,
    pub(super) limit: u32,
    pub(super) total_pages: i64,
    pub(super) has_next_page: bool,
    pub(super) has_previous_page: bool,
}

impl Place {
    /// Returns the place of a part of a list with so many entries.
    pub(super) fn of<T>(parameters: PageParameters, slice: &Slice<T>, total: i64) -> Self {
        let PageParameters { page, limit } = parameters;
        let size = i64::from(limit.max(1));
        Self {
            total,
            page,
            limit,
            total_pages: total / size + i64::from(total % size > 0),
            has_next_page: slice.has_more_after,
            has_previous_page: slice.has_more_before,
        }
    }
}
