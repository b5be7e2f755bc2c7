//! `/api/v1/super-identities` (Zaia): people and their external users across channels.

use axum::Json;
use axum::extract::State;
use denizen_domain::{Error, ExternalUser, Resource, SuperIdentity, SuperIdentityId, Timestamp};
use denizen_persistence::super_identities;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::contracts::external_users::ExternalUserAnswer;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::state::AppState;
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get))
}

/// A person with external users. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SuperIdentity, example = samples::super_identity)]
pub(crate) struct SuperIdentityAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// The person's external users, oldest first; at most one per channel.
    external_users: Vec<ExternalUserAnswer>,
    /// When its first user was added.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of its users' latest change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl SuperIdentityAnswer {
    /// Builds the response for a contract.
    fn new(person: &SuperIdentity, users: Vec<ExternalUser>, contract: Contract, now: Timestamp) -> Self {
        let SuperIdentity { id, workspace_id, external_id: _, created_at } = person;
        let updated_at = users.iter().map(|user| user.updated_at).fold(*created_at, Ord::max);
        let users = users.into_iter().map(|user| ExternalUserAnswer::new(user, contract, now));
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            external_users: users.collect(),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// Returns a super identity
///
/// External users of several channels with the same external id share a super identity. A user without an external id
/// has its own.
#[utoipa::path(get, path = "/api/v1/super-identities/{id}", operation_id = "superIdentities.get", tag = "Super identities",
    params(("id" = Uuid, Path, description = "The super identity's id")),
    responses(
        (status = 200, body = SuperIdentityAnswer),
        (status = 404, description = "Super identity not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:read"]), ("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"])))]
async fn get(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<SuperIdentityId>,
) -> ApiResult<Json<SuperIdentityAnswer>> {
    let connection = &mut state.database().read().await?;
    let found = super_identities::find(connection, caller.workspace_id, id).await?;
    let (person, users) = found.ok_or_else(|| Error::not_found(Resource::SuperIdentity, id))?;
    let now = state.source().clock.now();
    Ok(Json(SuperIdentityAnswer::new(&person, users, caller.contract, now)))
}
