//! Listing keys.

use axum::extract::{OriginalUri, State};
use axum::response::Response;

use crate::contracts::api_keys::{self, ApiKeyAnswer, ListApiKeys};
use crate::guards::caller::{Caller, CanManageApiKeys};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::PageParameters;
use crate::wire::query::Query;

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
    let within = Some(caller.scopes.clone());
    api_keys::page(&state, (&context, &uri), caller.workspace_id, within, parameters).await
}
