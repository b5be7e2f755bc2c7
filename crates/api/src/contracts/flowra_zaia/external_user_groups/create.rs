//! Creating groups of external users.

use axum::Json;
use axum::extract::State;
use denizen_persistence::external_user_groups;

use super::answer::ExternalUserGroupAnswer;
use super::input::CreateExternalUserGroup;
use crate::guards::caller::{Caller, CanWriteSettings};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a group
///
/// A workspace has at most 10,000 groups.
#[utoipa::path(post, path = "/api/v1/external-user-groups", operation_id = "externalUserGroups.create", tag = "External user groups", request_body = CreateExternalUserGroup,
    responses(
        (status = 200, description = "The group was created", body = ExternalUserGroupAnswer),
        (status = 404, description = "Tier not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "Another group has the external id, or the workspace has the maximum number of groups", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["settings:write"]), ("api_key" = ["settings:write"]), ("bearer" = ["settings:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteSettings>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<CreateExternalUserGroup>,
) -> ApiResult<Json<ExternalUserGroupAnswer>> {
    let changes = body.check(unknown)?;
    let connection = &mut state.database().write().await?;
    let group =
        external_user_groups::create(connection, caller.origin(), caller.workspace_id, changes).await?;
    Ok(Json(ExternalUserGroupAnswer::from(group)))
}
