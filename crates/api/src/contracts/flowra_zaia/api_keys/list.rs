//! Listing keys.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{ApiKey, Position};
use denizen_persistence::api_keys::{self, KeyFilter};
use utoipa::IntoParams;

use super::answer::ApiKeyAnswer;
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName, PageParameters};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListApiKeys {
    /// Whether to include revoked and expired keys.
    #[param(value_type = Option<bool>, default = false)]
    include_ended: bool,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListApiKeys {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            include_ended: parameters.flag("includeEnded").unwrap_or(false),
            page: PageParameters::read(parameters),
        }
    }
}

/// Lists keys
///
/// Returns active keys, oldest first, without secrets. Omits keys with a scope that the caller lacks.
#[utoipa::path(get, path = "/api/v1/api-keys", operation_id = "apiKeys.list", tag = "API keys", params(ListApiKeys, PageParameters),
    responses((status = 200, body = Vec<ApiKeyAnswer>, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`"),
        ("x-total-count" = i64, description = "Total count, with `count=true`")))),
    security(("authorization" = ["api_keys:manage"]), ("api_key" = ["api_keys:manage"]), ("bearer" = ["api_keys:manage"])))]
pub(crate) async fn list(
    caller: Caller<CanManageApiKeys>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListApiKeys>,
) -> ApiResult<Response> {
    let ListApiKeys { include_ended, page } = parameters;
    let name = ListName::new(caller.workspace_id, "api-keys");
    let in_force_at = (!include_ended).then(|| state.source().clock.now());
    let filter = KeyFilter { within: Some(caller.scopes.clone()), in_force_at };
    let window = page.window(state.cursors(), &name)?;
    let connection = &mut state.database().read().await?;
    let slice = api_keys::list(connection, caller.workspace_id, &filter, &window).await?;
    let mut response =
        paging::answer(state.cursors(), (&context, &uri), &name, slice, position_of, ApiKeyAnswer::from)?;
    if page.count {
        let count = api_keys::count(connection, caller.workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

fn position_of(key: &ApiKey) -> Position {
    Position::at(key.created_at, key.id.as_uuid())
}
