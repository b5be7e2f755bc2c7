//! Reading one user.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{Error, Resource};
use denizen_persistence::ExternalUserName;

use super::answer::AdminUser;
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathText;

/// Returns a user by external id
///
/// Returns the default channel's user, or else the oldest of the others.
#[utoipa::path(get, path = "/users/{id}", operation_id = "users.get", tag = "Users",
    params(("id" = String, Path, description = "The external id, percent-encoded"), IfNoneMatch),
    responses(
        (status = 200, body = AdminUser),
        (status = 404, description = "User not found", body = crate::wire::envelope::ErrorEnvelope)),
    security(("notiflows_api_key" = ["external_users:read"], "notiflows_secret_key" = ["external_users:read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    PathText(external_id): PathText,
    preconditions: Preconditions,
) -> ApiResult<Response> {
    let name = ExternalUserName::ExternalId(external_id.clone());
    let user = state.cache().external_user(caller.workspace_id, name).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, external_id))?;
    let tag = user.entity_tag(state.source().clock.now());
    Ok(preconditions.answer(&tag, StatusCode::OK, AdminUser::from(Arc::unwrap_or_clone(user))))
}
