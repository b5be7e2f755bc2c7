//! Listing users.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{
    CursorSeal, Direction, Error, ExternalUser, ExternalUserFilter, ExternalUserOrder, Page, Reason, Result,
    Slice, Timestamp, Violation, Window,
};
use denizen_persistence::external_users;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::answer::AdminUser;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::{self, ApiResult};
use crate::wire::items::json_items;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// A page of users, newest first.
#[derive(Debug, ToSchema)]
#[schema(example = samples::user_page)]
#[expect(dead_code, reason = "only documents the answer, whose users are written one by one")]
pub(crate) struct UserPage {
    items: Vec<AdminUser>,
    page: PageInfo,
}

/// Position of a page in its list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageInfo {
    /// Maximum number of users per page.
    limit: u32,
    /// Cursor of the next page, with older users. Null if there is none.
    #[schema(required)]
    after: Option<String>,
    /// Cursor of the previous page, with newer users. Null if there is none.
    #[schema(required)]
    before: Option<String>,
    /// Whether older users follow.
    has_more_after: bool,
    /// Whether newer users precede.
    has_more_before: bool,
}

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsers {
    /// The page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 25)]
    limit: u32,
    /// The page after this cursor. Cannot be used with `before`.
    after: Option<String>,
    /// The page before this cursor. Cannot be used with `after`.
    before: Option<String>,
    /// Created after this time (RFC 3339), or after the start of this day, such as `2024-01-15`, in UTC. The `+` of an
    /// offset need not be encoded.
    #[param(value_type = Option<String>, format = "date-time")]
    created_after: Option<Timestamp>,
    /// Created before this time, or before the start of this day. See `created_after`.
    #[param(value_type = Option<String>, format = "date-time")]
    created_before: Option<Timestamp>,
    /// Whether to send the total as `X-Total-Count`.
    #[param(value_type = Option<bool>, default = false)]
    count: bool,
}

impl FromQuery for ListUsers {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            limit: parameters.number("limit", 1, 1000).unwrap_or(25),
            after: parameters.one("after", |text| Ok(text.to_owned())),
            before: parameters.one("before", |text| Ok(text.to_owned())),
            created_after: parameters.time("created_after"),
            created_before: parameters.time("created_before"),
            count: parameters.flag("count").unwrap_or(false),
        }
    }
}

/// Lists users
///
/// Newest first. Users created while a client reads pages come before the first page and shift nothing.
#[utoipa::path(get, path = "/users", operation_id = "users.list", tag = "Users", params(ListUsers),
    responses((status = 200, body = UserPage, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`"),
        ("x-total-count" = i64, description = "Total count, with `count=true`")))),
    security(("notiflows_api_key" = ["external_users:read"], "notiflows_secret_key" = ["external_users:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListUsers>,
) -> ApiResult<Response> {
    let ListUsers { limit, after, before, created_after, created_before, count } = parameters;
    let name = ListName::new(caller.workspace_id, "notiflows");
    let page = page_of(state.cursors(), &name, after.as_deref(), before.as_deref())?;
    let filter = ExternalUserFilter { created_after, created_before, ..ExternalUserFilter::default() };
    let window = Window { page, limit, direction: Direction::Descending };
    let order = ExternalUserOrder::CreatedAt;
    let slice = state.cache().external_users(caller.workspace_id, &filter, order, &window).await?;
    let page = page_info(state.cursors(), &name, limit, &slice);
    let next = page.after.clone();
    let end = serde_json::to_string(&page).map_err(|error| Error::Internal(error.to_string()))?;
    let users = slice.items.into_iter().map(AdminUser::from);
    let mut response = json_items("{\"items\":[", users, &format!("],\"page\":{end}}}"))?;
    if let Some(cursor) = next {
        paging::add_next_link(response.headers_mut(), &context, &uri, ("after", &cursor), &["before"]);
    }
    if count {
        let connection = &mut state.database().read().await?;
        let count = external_users::count(connection, caller.workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

fn page_of(
    cursors: &CursorSeal,
    name: &ListName,
    after: Option<&str>,
    before: Option<&str>,
) -> Result<Page, Error> {
    match (after, before) {
        (Some(_), Some(_)) => Err(error::invalid(
            "before",
            Violation::new(Reason::Mismatch, "must not come together with after"),
        )),
        (Some(cursor), None) => name.position(cursors, "after", cursor).map(Page::After),
        (None, Some(cursor)) => name.position(cursors, "before", cursor).map(Page::Before),
        (None, None) => Ok(Page::default()),
    }
}

fn page_info(cursors: &CursorSeal, name: &ListName, limit: u32, slice: &Slice<ExternalUser>) -> PageInfo {
    let cursor = |user: &ExternalUser| name.cursor(cursors, &ExternalUserOrder::CreatedAt.position_of(user));
    let after = slice.items.last().filter(|_| slice.has_more_after).map(cursor);
    let before = slice.items.first().filter(|_| slice.has_more_before).map(cursor);
    PageInfo { limit, has_more_after: after.is_some(), has_more_before: before.is_some(), after, before }
}
