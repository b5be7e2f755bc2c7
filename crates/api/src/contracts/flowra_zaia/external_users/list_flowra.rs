//! Flowra's list: a stream of all users, or a page.

use axum::Json;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{
    AccessFilter, Direction, ExternalUser, ExternalUserFilter, ExternalUserOrder, PageNumber, Position,
    Reason, Result, SearchText, Slice, Violation, Window, WorkspaceId,
};
use denizen_persistence::external_users;
use utoipa::IntoParams;

use super::ZAIA_PARAMETERS;
use crate::contracts::external_users::{
    DeletedUsers, ExactFilters, ExternalUserAnswer, NamedPage, are_listed,
};
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, QueryReader};
use crate::wire::stream::{self, Batch, Batches};

/// Page size if the request has only a page number.
const DEFAULT_LIMIT: u32 = 100;

/// The filters of Flowra's list alone, and the order that deleted users do not have.
const FILTERS: [&str; 3] = ["q", "isActive", "sortBy"];

/// Flowra's query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct FlowraList {
    /// Flowra: text to find in the username, ignoring case. One or two letters are found at the beginning of a word.
    #[param(value_type = Option<String>, max_length = 250)]
    q: Option<SearchText>,
    /// Flowra: only active users, or only blocked ones.
    #[param(value_type = Option<bool>)]
    is_active: Option<bool>,
    /// Flowra: `createdAt` or `name`.
    #[param(value_type = Option<SortBy>, default = "createdAt")]
    sort_by: ExternalUserOrder,
    /// Flowra: `asc` or `desc`.
    #[param(value_type = Option<SortOrder>, default = "asc")]
    sort_order: Direction,
    /// Flowra: page number. Without `page`, `limit` and `cursor`, returns all users.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000)]
    page: Option<PageNumber>,
    /// Flowra: the page size; 100 if only `page` is sent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    #[param(ignore)]
    cursor: Option<String>,
    #[param(ignore)]
    count: bool,
    #[param(ignore)]
    deleted: bool,
    #[param(ignore)]
    exact: ExactFilters,
}

/// Sort key of a list.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents the values; the query reader returns the domain type")]
pub(crate) enum SortBy {
    /// Creation time.
    CreatedAt,
    /// Username.
    Name,
}

/// Sort order of a list.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents the values; the query reader returns the domain type")]
pub(crate) enum SortOrder {
    /// Oldest, or A.
    Asc,
    /// Newest, or Z.
    Desc,
}

impl FromQuery for FlowraList {
    fn read(parameters: &mut QueryReader) -> Self {
        parameters.reject_parameters_of("Zaia", &ZAIA_PARAMETERS);
        Self {
            q: parameters.search("q"),
            is_active: parameters.flag("isActive"),
            sort_by: parameters.one("sortBy", sort_by).unwrap_or_default(),
            sort_order: parameters.one("sortOrder", sort_order).unwrap_or_default(),
            page: parameters.page_number("page"),
            limit: parameters.number("limit", 1, 1000),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
            count: parameters.flag("count").unwrap_or(false),
            deleted: are_listed(parameters, &FILTERS),
            exact: ExactFilters::read(parameters),
        }
    }
}

fn sort_by(text: &str) -> Result<ExternalUserOrder, Violation> {
    match text {
        "createdAt" => Ok(ExternalUserOrder::CreatedAt),
        "name" => Ok(ExternalUserOrder::Username),
        _ => Err(Violation::new(Reason::Unknown, "must be createdAt or name")),
    }
}

fn sort_order(text: &str) -> Result<Direction, Violation> {
    match text {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        _ => Err(Violation::new(Reason::Unknown, "must be asc or desc")),
    }
}

pub(super) async fn list(
    state: &AppState,
    caller: &Caller<CanReadExternalUsers>,
    context: &RequestContext,
    uri: &Uri,
    parameters: FlowraList,
) -> ApiResult<Response> {
    if parameters.deleted {
        return list_deleted(state, caller, (context, uri), parameters).await;
    }
    let FlowraList { q, is_active, sort_by, sort_order, page, limit, cursor, count, deleted: _, exact } =
        parameters;
    let list = UserList {
        workspace_id: caller.workspace_id,
        filter: exact.added_to(ExternalUserFilter {
            username: q,
            access: is_active
                .map(|is_active| AccessFilter { is_blocked: !is_active, at: state.source().clock.now() }),
            ..ExternalUserFilter::default()
        }),
        order: sort_by,
        direction: sort_order,
    };
    let total = if count { Some(list.count(state).await?) } else { None };
    let mut response = if page.is_some() || limit.is_some() || cursor.is_some() {
        let name = ListName::new(caller.workspace_id, &format!("flowra/{}/{sort_order:?}", sort_by.code()));
        let page = name.page(state.cursors(), cursor.as_deref(), page)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let slice = list.slice(state, &Window { page, limit, direction: sort_order }).await?;
        let next = slice.items.last().filter(|_| slice.has_more_after).map(|user| sort_by.position_of(user));
        let now = state.source().clock.now();
        let users = slice.items.into_iter().map(|user| ExternalUserAnswer::new(user, Contract::Flowra, now));
        let mut response = Json(users.collect::<Vec<_>>()).into_response();
        if let Some(position) = next {
            let cursor = name.cursor(state.cursors(), &position);
            paging::add_next_link(response.headers_mut(), context, uri, ("cursor", &cursor), &["page"]);
        }
        response
    } else {
        stream::json_array(state, list, None).await?
    };
    if let Some(total) = total {
        paging::add_total_count(response.headers_mut(), total);
    }
    Ok(response)
}

async fn list_deleted(
    state: &AppState,
    caller: &Caller<CanReadExternalUsers>,
    request: (&RequestContext, &Uri),
    parameters: FlowraList,
) -> ApiResult<Response> {
    let FlowraList { sort_order, page: number, limit, cursor, count, .. } = parameters;
    let users = DeletedUsers::of(state, caller.workspace_id, Contract::Flowra, sort_order);
    let total = if count { Some(users.count(state).await?) } else { None };
    let mut response = if number.is_some() || limit.is_some() || cursor.is_some() {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        users.page(state, request, NamedPage { parameter: "page", number, cursor, limit }).await?
    } else {
        stream::json_array(state, users, None).await?
    };
    if let Some(total) = total {
        paging::add_total_count(response.headers_mut(), total);
    }
    Ok(response)
}

/// A workspace's users, read in parts.
struct UserList {
    workspace_id: WorkspaceId,
    filter: ExternalUserFilter,
    order: ExternalUserOrder,
    direction: Direction,
}

impl UserList {
    async fn count(&self, state: &AppState) -> Result<i64> {
        external_users::count(&mut state.database().read().await?, self.workspace_id, &self.filter).await
    }

    async fn slice(&self, state: &AppState, window: &Window) -> Result<Slice<ExternalUser>> {
        state.cache().external_users(self.workspace_id, &self.filter, self.order, window).await
    }
}

/// Streams the list.
impl Batches for UserList {
    type Item = ExternalUserAnswer;
    type Shared = AppState;
    type Place = Position;

    async fn read(
        &self,
        state: &AppState,
        after: Option<Position>,
    ) -> Result<Batch<ExternalUserAnswer, Position>> {
        let slice = self.slice(state, &stream::window(after, self.direction)).await?;
        let place = |user: &ExternalUser| self.order.position_of(user);
        let now = state.source().clock.now();
        Ok(Batch::of(slice, place, |user| ExternalUserAnswer::new(user, Contract::Flowra, now)))
    }
}
