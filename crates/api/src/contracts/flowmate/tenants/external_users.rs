//! The external users of a workspace.

use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{Error, ExternalUserId, Resource, WorkspaceId};
use denizen_persistence::ExternalUserName;

use super::get::find;
use crate::contracts::external_users::{ExternalUserAnswer, ListExternalUsers, ListParameters, answer, page};
use crate::guards::caller::{Caller, CanReadWorkspaceUsers};
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::path::{PathId, PathIds};
use crate::wire::query::Query;

/// Lists a workspace's external users
///
/// One page, oldest first, as Zaia lists them, also while the workspace is not active. Callers limited to their own
/// workspace get 404 for others.
#[utoipa::path(get, path = "/tenants/{id}/external-users", operation_id = "tenants.listExternalUsers", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), ListParameters),
    responses(
        (status = 200, body = Vec<ExternalUserAnswer>, headers(
            ("link" = String, description = "The next page, as `rel=\"next\"`"),
            ("x-total-count" = i64, description = "Total count, with `count=true`"))),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.externalUser.read", "tenant.externalUser.read"]), ("session_cookie" = ["iam.externalUser.read", "tenant.externalUser.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadWorkspaceUsers>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    PathId(id): PathId<WorkspaceId>,
    Query(parameters): Query<ListExternalUsers>,
) -> ApiResult<Response> {
    let workspace = find(&state, caller.reach, id).await?;
    page(&state, (&context, &uri), workspace.id, parameters).await
}

/// Returns an external user of a workspace
///
/// Deleted users return 404. Callers limited to their own workspace get 404 for others.
#[utoipa::path(get, path = "/tenants/{id}/external-users/{userId}", operation_id = "tenants.getExternalUser", tag = "Tenants",
    params(
        ("id" = Uuid, Path, description = "The workspace's id"),
        ("userId" = Uuid, Path, description = "The user's directory id"), IfNoneMatch),
    responses(
        (status = 200, body = ExternalUserAnswer),
        (status = 404, description = "Tenant or external user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.externalUser.read", "tenant.externalUser.read"]), ("session_cookie" = ["iam.externalUser.read", "tenant.externalUser.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadWorkspaceUsers>,
    State(state): State<AppState>,
    PathIds(id, user_id): PathIds<WorkspaceId, ExternalUserId>,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    let workspace = find(&state, caller.reach, id).await?;
    let user = state.cache().external_user(workspace.id, ExternalUserName::Id(user_id)).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, user_id))?;
    Ok(answer(&state, &preconditions, Arc::unwrap_or_clone(user), Contract::Zaia))
}
