//! Pagination: cursors and the headers that carry them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::Response;
use denizen_domain::{
    CursorSeal, Direction, Error, Page, PageNumber, Position, Reason, Slice, Violation, Window, WorkspaceId,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use utoipa::IntoParams;

use super::context::RequestContext;
use super::error::invalid;
use super::items::json_items;
use super::query::{FromQuery, QueryReader};
use super::spelling;

/// The header with a list's total number of entries, on request.
pub(crate) const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// Identifies a list of a workspace for its cursors.
pub(crate) struct ListName(String);

impl ListName {
    /// Names a list of a workspace, including its order.
    pub(crate) fn new(workspace_id: WorkspaceId, name: &str) -> Self {
        Self(format!("{workspace_id}/{name}"))
    }

    /// Encodes a position.
    pub(crate) fn cursor(&self, cursors: &CursorSeal, position: &Position) -> String {
        cursors.seal(&self.0, position)
    }

    /// Returns the position of a cursor parameter. Fails if it belongs to another list.
    pub(crate) fn position(
        &self,
        cursors: &CursorSeal,
        parameter: &str,
        cursor: &str,
    ) -> Result<Position, Error> {
        cursors.open(&self.0, cursor).map_err(|violation| invalid(parameter, violation))
    }

    /// Returns the requested page, by either cursor or number.
    pub(crate) fn page(
        &self,
        cursors: &CursorSeal,
        cursor: Option<&str>,
        number: Option<PageNumber>,
    ) -> Result<Page, Error> {
        match (cursor, number) {
            (Some(_), Some(_)) => {
                let message = "cannot be combined with a page number";
                Err(invalid("cursor", Violation::new(Reason::Mismatch, message)))
            }
            (Some(cursor), None) => self.position(cursors, "cursor", cursor).map(Page::After),
            (None, Some(number)) => Ok(Page::Number(number)),
            (None, None) => Ok(Page::default()),
        }
    }
}

/// Parameters of a page, oldest entries first, in Zaia's terms.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct PageParameters {
    /// The page number.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000, default = 1)]
    page_number: Option<PageNumber>,
    /// The size of a page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 10)]
    page_size: u32,
    /// The cursor from a `Link` header.
    cursor: Option<String>,
    /// Whether to count the whole list for `X-Total-Count`.
    #[param(value_type = Option<bool>, default = false)]
    pub(crate) count: bool,
}

impl FromQuery for PageParameters {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            page_number: parameters.page_number("pageNumber"),
            page_size: parameters.number("pageSize", 1, 100).unwrap_or(10),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
            count: parameters.flag("count").unwrap_or(false),
        }
    }
}

impl PageParameters {
    /// Returns the page's window of the list.
    pub(crate) fn window(&self, cursors: &CursorSeal, name: &ListName) -> Result<Window, Error> {
        let page = name.page(cursors, self.cursor.as_deref(), self.page_number)?;
        Ok(Window { page, limit: self.page_size, direction: Direction::Ascending })
    }
}

/// Responds with a page as `/api/v1` does: a bare array, and a `Link` to the next page with a cursor instead of a page
/// number.
pub(crate) fn answer<T, A: Serialize>(
    cursors: &CursorSeal,
    (context, uri): (&RequestContext, &Uri),
    name: &ListName,
    slice: Slice<T>,
    position_of: impl Fn(&T) -> Position,
    shown: impl Fn(T) -> A,
) -> Result<Response, Error> {
    let next = slice.items.last().filter(|_| slice.has_more_after).map(position_of);
    let mut response = json_items("[", slice.items.into_iter().map(shown), "]")?;
    if let Some(position) = next {
        let cursor = name.cursor(cursors, &position);
        add_next_link(response.headers_mut(), context, uri, ("cursor", &cursor), &["pageNumber"]);
    }
    Ok(response)
}

/// Adds `Link` with `rel="next"` (RFC 8288) if more entries follow: the request's URL, with a cursor instead of the
/// parameters that selected this page.
pub(crate) fn add_next_link(
    headers: &mut HeaderMap,
    context: &RequestContext,
    uri: &Uri,
    (parameter, cursor): (&str, &str),
    replaced: &[&str],
) {
    let kept = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        let is_replaced =
            replaced.iter().chain([&parameter]).any(|replaced| spelling::sends(&name, replaced));
        !pair.is_empty() && !is_replaced
    };
    let mut pairs: Vec<&str> = uri.query().unwrap_or_default().split('&').filter(kept).collect();
    let next = format!("{parameter}={cursor}");
    pairs.push(&next);
    let link = format!("<{}{}?{}>; rel=\"next\"", context.base_url(), uri.path(), pairs.join("&"));
    if let Ok(link) = HeaderValue::from_str(&link) {
        headers.insert(header::LINK, link);
    }
}

/// Adds `X-Total-Count`.
pub(crate) fn add_total_count(headers: &mut HeaderMap, count: i64) {
    headers.insert(TOTAL_COUNT, HeaderValue::from(count));
}
