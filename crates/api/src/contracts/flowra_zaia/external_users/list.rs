//! Listing external users: one path, two contracts.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::Response;

use super::list_flowra;
use crate::contracts::external_users::{self, ExactFilters, ExternalUserAnswer, ListExternalUsers};
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::query::Query;

/// Lists external users
///
/// **Flowra** (`x-api-key` or `Authorization: Bearer`): streams all external users of the project, unless `page` or
/// `limit` requests a page. Ignores `x-username`.
///
/// **Zaia** (`authorization` without a scheme): one page, oldest first. A short or empty page is the last.
///
/// With `deleted=true`, both list the deleted users that can be restored, by when they were deleted.
///
/// `email`, `externalId` and `identifier` find single users, in every channel that has them. A parameter of the other
/// contract is an error.
///
/// Both return a bare array. If there is a next page, `Link` has its URL with `rel="next"`; following it costs the same
/// at any depth. Page numbers go up to 100,000.
#[utoipa::path(get, path = "/api/v1/external-users", operation_id = "externalUsers.list", tag = "External users",
    params(list_flowra::FlowraList, ListExternalUsers, ExactFilters),
    responses((status = 200, body = Vec<ExternalUserAnswer>, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`"),
        ("x-total-count" = i64, description = "Total count, with `count=true`")))),
    security(("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"]), ("authorization" = ["external_users:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    request: Request,
) -> ApiResult<Response> {
    let (mut parts, _) = request.into_parts();
    let context = Context::of(&parts)?;
    if caller.contract == Contract::Flowra {
        let Query(parameters) = Query::from_request_parts(&mut parts, &state).await?;
        list_flowra::list(&state, &caller, &context.0, &parts.uri, parameters).await
    } else {
        let Query(parameters) = Query::from_request_parts(&mut parts, &state).await?;
        external_users::page(&state, (&context.0, &parts.uri), caller.workspace_id, parameters).await
    }
}
