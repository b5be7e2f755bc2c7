//! The key of a workspace, which other services keep here.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource, Violations, WorkspaceId, WorkspaceKey};
use denizen_persistence::workspaces;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::meta::Meta;
use crate::access::encryption::SealedAs;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanCreateKeys, CanDeleteKeys, CanReadKeys};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;
use crate::wire::path::PathId;

/// A key to store. Unknown keys are ignored, and named in `x-ignored-fields`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::create_tenant_key)]
pub(crate) struct CreateTenantKey {
    /// The key: any text.
    #[schema(value_type = String, required, min_length = 1, max_length = 10000)]
    #[serde(default)]
    value: Input<String>,
}

impl Body for CreateTenantKey {
    type Record = TenantKey;
}

impl CreateTenantKey {
    /// Validates all fields.
    fn check(self, mut violations: Violations) -> Result<WorkspaceKey, Error> {
        let value = self.value.required(&mut violations, "value", WorkspaceKey::parse);
        violations.into_value(value)
    }
}

/// The key of a workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::tenant_key)]
pub(crate) struct TenantKey {
    /// The key; null if there is none.
    #[schema(required)]
    key: Option<String>,
    /// Same as `key`.
    #[schema(required)]
    value: Option<String>,
}

/// Returns a workspace's key
///
/// The key is a secret of another service, such as one with which it encrypts the workspace's data.
#[utoipa::path(get, path = "/tenants/{id}/key", operation_id = "tenants.getKey", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, body = TenantKey),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.key.read"]), ("session_cookie" = ["iam.key.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().read().await?;
    let sealed = workspaces::find_key(connection, caller.reach, id).await?;
    let sealed = sealed.ok_or_else(|| Error::not_found(Resource::Workspace, id))?;
    let key = match sealed {
        Some(sealed) => {
            let keys = state.access().require_encryption_keys()?;
            let opened = keys.open(&sealed, SealedAs::WorkspaceKey(id))?;
            let not_text = |_| Error::Internal("the key of a workspace is not UTF-8".to_owned());
            Some(String::from_utf8(opened).map_err(not_text)?)
        }
        None => None,
    };
    Ok(meta.one(TenantKey { key: key.clone(), value: key }))
}

/// Stores a workspace's key
///
/// A workspace has at most one, which is not overwritten. The database contains it only encrypted, and the audit log
/// not at all. It is deleted with the workspace. Without an encryption key, which the operator sets, the server answers
/// 503 with the reason `no_encryption_key`.
#[utoipa::path(post, path = "/tenants/{id}/key", operation_id = "tenants.createKey", tag = "Tenants", request_body = CreateTenantKey,
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The key was stored", body = Done),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workspace has a key", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.key.create"]), ("session_cookie" = ["iam.key.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<CreateTenantKey>,
) -> ApiResult<Response> {
    let key = body.check(unknown)?;
    let keys = state.access().require_encryption_keys()?;
    let secret = key.expose().as_bytes();
    let sealed = keys.seal(secret, SealedAs::WorkspaceKey(id), &*state.source().ids)?;
    let connection = &mut state.database().write().await?;
    if !workspaces::create_key(connection, caller.origin(), caller.asker(), id, &sealed).await? {
        return Err(Error::not_found(Resource::Workspace, id).into());
    }
    Ok(meta.one(Done { message: "Key stored." }))
}

/// Deletes a workspace's key
///
/// Succeeds also if there is none. What is encrypted with the key cannot be read any more.
#[utoipa::path(delete, path = "/tenants/{id}/key", operation_id = "tenants.deleteKey", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), Meta),
    responses(
        (status = 200, description = "The workspace has no key", body = Done),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.key.delete"]), ("session_cookie" = ["iam.key.delete"])))]
pub(crate) async fn delete(
    caller: Caller<CanDeleteKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    meta: Meta,
) -> ApiResult<Response> {
    let connection = &mut state.database().write().await?;
    if !workspaces::delete_key(connection, caller.origin(), caller.asker(), id).await? {
        return Err(Error::not_found(Resource::Workspace, id).into());
    }
    Ok(meta.one(Done { message: "Key deleted." }))
}
