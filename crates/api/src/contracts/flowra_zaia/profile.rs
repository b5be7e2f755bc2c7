//! `/api/v1/users/profile`: who a key is.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Coded as _, Error, Resource, Scope};
use denizen_persistence::workspaces;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::contracts::samples;
use crate::guards::caller::{Caller, CanReadExternalUsers, NamedUser};
use crate::state::AppState;
use crate::wire::error::ApiResult;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(profile))
}

/// Who a key is, and for whom it acts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::key_profile)]
pub(crate) struct KeyProfile {
    /// Id of the key.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// Same as `workspaceId`.
    project_id: Uuid,
    /// The workspace's name.
    name: String,
    /// The workspace's slug.
    slug: String,
    /// What the key may do.
    scopes: Vec<&'static str>,
    /// Id of the external user that `x-username` names; null without the header.
    #[serde(rename = "eUID")]
    #[schema(required)]
    external_user_id: Option<Uuid>,
    /// The username of that external user.
    #[schema(required)]
    username: Option<String>,
}

/// Returns who the key is
///
/// The key's workspace and scopes, and the external user for whom `x-username` says that it acts.
#[utoipa::path(get, path = "/api/v1/users/profile", operation_id = "keyProfile.get", tag = "Connected accounts",
    params(("x-username" = Option<String>, Header, description = "The external user for whom the key acts")),
    responses(
        (status = 200, body = KeyProfile),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"]), ("authorization" = ["external_users:read"])))]
pub(crate) async fn profile(
    caller: Caller<CanReadExternalUsers>,
    named: NamedUser,
    State(state): State<AppState>,
) -> ApiResult<Json<KeyProfile>> {
    let user = named.find().await?;
    let workspace_id = caller.workspace_id;
    let workspace = {
        let connection = &mut state.database().read_by_key().await?;
        workspaces::find(connection, workspace_id).await?
    };
    let workspace = workspace.ok_or_else(|| Error::not_found(Resource::Workspace, workspace_id))?;
    Ok(Json(KeyProfile {
        id: caller.key_id.as_uuid(),
        workspace_id: workspace_id.as_uuid(),
        project_id: workspace_id.as_uuid(),
        name: workspace.name.to_string(),
        slug: workspace.slug.to_string(),
        scopes: caller.scopes.iter().map(Scope::code).collect(),
        external_user_id: user.as_ref().map(|user| user.id.as_uuid()),
        username: user.map(|user| user.username()),
    }))
}
