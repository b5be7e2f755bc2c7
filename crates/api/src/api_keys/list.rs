//! Listing keys.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{ApiKey, Direction, PageNumber, Position, Window};
use denizen_persistence::api_keys::{self, KeyFilter};
use utoipa::IntoParams;

use super::answer::ApiKeyAnswer;
use crate::app::App;
use crate::caller::{Caller, CanManageApiKeys};
use crate::error::ApiResult;
use crate::paging::{self, ListName};
use crate::query::{FromQuery, Query, QueryReader};
use crate::request::Context;

/// What the list takes.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListApiKeys {
    /// Whether to list those, too, that were revoked or have ended.
    #[param(value_type = Option<bool>, default = false)]
    include_ended: bool,
    /// The page number.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000, default = 1)]
    page_number: Option<PageNumber>,
    /// The size of a page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 10)]
    page_size: u32,
    /// Where to go on, from a `Link` header.
    cursor: Option<String>,
    /// Whether to count all keys that the list holds, for `X-Total-Count`.
    #[param(value_type = Option<bool>, default = false)]
    count: bool,
}

impl FromQuery for ListApiKeys {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            include_ended: parameters.flag("includeEnded").unwrap_or(false),
            page_number: parameters.page_number("pageNumber"),
            page_size: parameters.number("pageSize", 1, 100).unwrap_or(10),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
            count: parameters.flag("count").unwrap_or(false),
        }
    }
}

/// List keys
///
/// Those in force, oldest first; never a secret. Keys with a scope that the caller lacks are not in the list.
#[utoipa::path(get, path = "/api/v1/api-keys", operation_id = "listApiKeys", tag = "api-keys", params(ListApiKeys),
    responses((status = 200, body = Vec<ApiKeyAnswer>, headers(
        ("link" = String, description = "`rel=\"next\"`, where the list goes on"),
        ("x-total-count" = i64, description = "How many there are, with `count=true`")))),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn list(
    caller: Caller<CanManageApiKeys>,
    State(app): State<App>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListApiKeys>,
) -> ApiResult<Response> {
    let ListApiKeys { include_ended, page_number, page_size, cursor, count } = parameters;
    let name = ListName::new(caller.workspace_id, "api-keys");
    let page = name.page(&app, cursor.as_deref(), page_number)?;
    let in_force_at = (!include_ended).then(|| app.source().clock.now());
    let filter = KeyFilter { within: Some(caller.scopes.clone()), in_force_at };
    let window = Window { page, limit: page_size, direction: Direction::Ascending };
    let connection = &mut app.database().read().await?;
    let slice = api_keys::list(connection, caller.workspace_id, &filter, &window).await?;
    let mut response = paging::answer(&app, (&context, &uri), &name, slice, position_of, ApiKeyAnswer::from);
    if count {
        let count = api_keys::count(connection, caller.workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

fn position_of(key: &ApiKey) -> Position {
    Position::at(key.created_at, key.id.as_uuid())
}
