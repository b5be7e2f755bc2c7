//! Lists of flows and templates in numbered pages, and responses that always have `data` and `meta`.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Coded as _, Direction, Page, PageNumber, Window, WorkflowOrder};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::wire::query::{FromQuery, QueryReader};

/// A response with an object, or with the entries of a request about many.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WithMeta<T> {
    /// The object.
    pub(crate) data: T,
    meta: NoMeta,
}

/// Nothing.
#[derive(Debug, Serialize, ToSchema)]
struct NoMeta {}

impl<T> WithMeta<T> {
    /// Wraps an object.
    pub(crate) const fn of(data: T) -> Self {
        Self { data, meta: NoMeta {} }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Paged<T> {
    /// The entries.
    data: Vec<T>,
    meta: PageMeta,
}

/// The place of a page in its list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageMeta {
    /// The number of entries in the whole list.
    total: i64,
    /// The number of the page.
    page: u32,
    /// The most entries of a page.
    per_page: u32,
    /// The number of pages; 0 if the list is empty.
    total_pages: i64,
}

/// Parameters of a page.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// The size of a page.
    #[param(rename = "page[size]", value_type = Option<u32>, minimum = 1, maximum = 100, default = 10)]
    size: u32,
    /// The page number.
    #[param(rename = "page[number]", value_type = Option<u32>, minimum = 1, maximum = 100_000, default = 1)]
    number: u32,
}

impl FromQuery for PageParameters {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            size: parameters.number("page[size]", 1, 100).unwrap_or(10),
            number: parameters.number("page[number]", 1, PageNumber::MAXIMUM).unwrap_or(1),
        }
    }
}

impl PageParameters {
    /// Returns the page's window of a list.
    pub(crate) fn window(self, direction: Direction) -> Window {
        let number = PageNumber::new(u64::from(self.number)).unwrap_or(PageNumber::FIRST);
        Window { page: Page::Number(number), limit: self.size, direction }
    }

    /// Responds with the page.
    pub(crate) fn answer<T, A: Serialize>(
        self,
        items: Vec<T>,
        total: i64,
        shown: impl Fn(T) -> A,
    ) -> Response {
        let (size, data) = (i64::from(self.size), items.into_iter().map(shown).collect());
        let total_pages = (total + size - 1) / size;
        let meta = PageMeta { total, page: self.number, per_page: self.size, total_pages };
        Json(Paged { data, meta }).into_response()
    }
}

/// The order of a list.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SortParameters {
    /// What orders the list: `createdAt`, `updatedAt` or `name`. With `-` before it, in reverse.
    #[param(value_type = Option<String>, default = "createdAt", example = "-updatedAt")]
    sort: (WorkflowOrder, Direction),
}

impl FromQuery for SortParameters {
    fn read(parameters: &mut QueryReader) -> Self {
        let sort = parameters.one("sort", |text| match text.strip_prefix('-') {
            Some(text) => WorkflowOrder::from_code(text).map(|order| (order, Direction::Descending)),
            None => WorkflowOrder::from_code(text).map(|order| (order, Direction::Ascending)),
        });
        Self { sort: sort.unwrap_or_default() }
    }
}

impl SortParameters {
    /// Returns what orders the list.
    pub(crate) const fn order(self) -> WorkflowOrder {
        self.sort.0
    }

    /// Returns the direction of the order.
    pub(crate) const fn direction(self) -> Direction {
        self.sort.1
    }
}

/// The response to a deletion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Text for people.
    #[schema(example = "Flow was successfully deleted.")]
    pub(crate) msg: &'static str,
}
