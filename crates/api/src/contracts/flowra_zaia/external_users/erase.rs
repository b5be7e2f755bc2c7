//! Erasing personal data of external users.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExternalUser, ExternalUserId, Resource};
use denizen_persistence::external_users::{self, Tombstone};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// What remains of an erased user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::erased_external_user)]
pub(crate) struct ErasedExternalUser {
    /// Its id, which is never reused.
    id: Uuid,
    /// When it was deleted, at the latest when erased.
    #[schema(format = "date-time")]
    deleted_at: String,
    /// When it was erased.
    #[schema(format = "date-time")]
    erased_at: String,
}

impl From<Tombstone> for ErasedExternalUser {
    fn from(tombstone: Tombstone) -> Self {
        let Tombstone { id, deleted_at, erased_at } = tombstone;
        Self { id: id.as_uuid(), deleted_at: deleted_at.to_string(), erased_at: erased_at.to_string() }
    }
}

/// Erases an external user
///
/// Permanently removes all personal data, whether or not the user was deleted: its record, and its old and new values
/// in the audit log. Its id remains, as do the audit entries of who changed it and when. It cannot be restored. Erasing
/// it again changes nothing. Responses stored for idempotency keys, which only their callers can open, expire within 24
/// hours.
#[utoipa::path(post, path = "/api/v1/external-users/{id}/erase", operation_id = "externalUsers.erase", tag = "External users",
    params(("id" = Uuid, Path, description = "The user's directory id"), IfMatch),
    responses(
        (status = 200, description = "The user's personal data was removed", body = ErasedExternalUser),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:write"]), ("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"])))]
pub(crate) async fn erase(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
) -> ApiResult<Json<ErasedExternalUser>> {
    let tag = |user: &ExternalUser| user.entity_tag(state.source().clock.now());
    let guard = |user: Option<&ExternalUser>| preconditions.require(user.map(tag).as_deref());
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let connection = &mut state.database().write().await?;
    let tombstone = external_users::erase(connection, origin, workspace_id, id, guard).await?;
    let tombstone = tombstone.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(Json(ErasedExternalUser::from(tombstone)))
}
