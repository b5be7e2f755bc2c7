//! Listing users.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, extract::OriginalUri};
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
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// A page of users, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::user_page)]
pub(crate) struct UserPage {
    items: Vec<AdminUser>,
    page: PageInfo,
}

/// Where a page stands in its list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageInfo {
    /// The most users that the page could hold.
    limit: u32,
    /// The cursor of the page after this one: older users. Null where there is none.
    #[schema(required)]
    after: Option<String>,
    /// The cursor of the page before this one: newer users. Null where there is none.
    #[schema(required)]
    before: Option<String>,
    /// Whether older users follow.
    has_more_after: bool,
    /// Whether newer users come before.
    has_more_before: bool,
}

/// What the list takes.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsers {
    /// The size of the page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 25)]
    limit: u32,
    /// The page after this cursor. Not together with `before`.
    after: Option<String>,
    /// The page before this cursor. Not together with `after`.
    before: Option<String>,
    /// Made after this moment (RFC 3339).
    #[param(value_type = Option<String>, format = "date-time")]
    created_after: Option<Timestamp>,
    /// Made before this moment (RFC 3339).
    #[param(value_type = Option<String>, format = "date-time")]
    created_before: Option<Timestamp>,
    /// Whether to count all users, for `X-Total-Count`.
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

/// List users
///
/// Newest first. Users that are made while pages are read come before the first page and move nothing.
#[utoipa::path(get, path = "/users", operation_id = "users.list", tag = "Users", params(ListUsers),
    responses((status = 200, body = UserPage, headers(
        ("link" = String, description = "`rel=\"next\"`, where the list goes on"),
        ("x-total-count" = i64, description = "How many there are, with `count=true`")))),
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
    let connection = &mut state.database().read().await?;
    let order = ExternalUserOrder::CreatedAt;
    let slice = external_users::list(connection, caller.workspace_id, &filter, order, &window).await?;
    let page = page_info(state.cursors(), &name, limit, &slice);
    let next = page.after.clone();
    let items = slice.items.into_iter().map(AdminUser::from).collect();
    let mut response = Json(UserPage { items, page }).into_response();
    if let Some(cursor) = next {
        paging::add_next_link(response.headers_mut(), &context, &uri, ("after", &cursor), &["before"]);
    }
    if count {
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
