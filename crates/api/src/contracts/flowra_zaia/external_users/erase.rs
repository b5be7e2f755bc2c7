//! Removing what is known of external users for good.

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

/// What is left of an external user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::erased_external_user)]
pub(crate) struct ErasedExternalUser {
    /// Its id, which no other user gets.
    id: Uuid,
    /// When it was deleted, at the latest by being erased.
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

/// Erase an external user
///
/// Removes everything personal for good, whether the user was deleted before or not: its record, and the old and new values
/// that the audit log has of it. What stays is its id, that it was there, and who has changed it when. It cannot be
/// restored. Erasing it again changes nothing. Answers that are kept for idempotency keys, sealed with what only their
/// callers have, go within 24 hours.
#[utoipa::path(post, path = "/api/v1/external-users/{id}/erase", operation_id = "externalUsers.erase", tag = "External users",
    params(("id" = Uuid, Path, description = "The directory's id of the user"), IfMatch),
    responses(
        (status = 200, description = "Nothing personal is left of the user", body = ErasedExternalUser),
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
