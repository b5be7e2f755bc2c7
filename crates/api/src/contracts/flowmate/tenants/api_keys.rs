//! The API keys of a workspace.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{ApiKeyId, Error, Resource, WorkspaceId};
use denizen_persistence::api_keys::{self, KeyAsker};

use super::get::find;
use crate::contracts::api_keys::{ApiKeyAnswer, CreateApiKey, ListApiKeys, NewApiKeyAnswer, page};
use crate::guards::caller::{Caller, CanCreateApiKeys, CanDeleteApiKeys, CanReadApiKeys};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::context::Context;
use crate::wire::done::Done;
use crate::wire::error::ApiResult;
use crate::wire::paging::PageParameters;
use crate::wire::path::{PathId, PathIds};
use crate::wire::query::Query;

/// Creates an API key of a workspace
///
/// Only this response contains the secret. The account may grant any scope, and so reaches whatever a key can. The key of a
/// workspace that is not active works once it is. Unknown keys are ignored, and named in `x-ignored-fields`. A workspace
/// has at most 1,000 active keys. Callers limited to their own workspace get 404 for others.
#[utoipa::path(post, path = "/tenants/{id}/api-keys", operation_id = "tenants.createApiKey", tag = "Tenants", request_body = CreateApiKey,
    params(("id" = Uuid, Path, description = "The workspace's id")),
    responses(
        (status = 201, description = "The key was created", body = NewApiKeyAnswer),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The workspace has the maximum number of keys", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.apiKey.create", "tenant.apiKey.create"]), ("session_cookie" = ["iam.apiKey.create", "tenant.apiKey.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateApiKeys>,
    State(state): State<AppState>,
    PathId(id): PathId<WorkspaceId>,
    JsonBody(body, unknown): JsonBody<CreateApiKey>,
) -> ApiResult<(StatusCode, Json<NewApiKeyAnswer>)> {
    let request = body.check(unknown, None, state.source().clock.now())?;
    let connection = &mut state.database().write().await?;
    let asker = KeyAsker::Account(caller.asker());
    let made = api_keys::create(connection, caller.origin(), id, asker, &request).await?;
    Ok((StatusCode::CREATED, Json(NewApiKeyAnswer::from(made))))
}

/// Lists a workspace's API keys
///
/// Returns active keys, oldest first, without secrets, whatever their scopes. Callers limited to their own workspace get
/// 404 for others.
#[utoipa::path(get, path = "/tenants/{id}/api-keys", operation_id = "tenants.listApiKeys", tag = "Tenants",
    params(("id" = Uuid, Path, description = "The workspace's id"), ListApiKeys, PageParameters),
    responses(
        (status = 200, body = Vec<ApiKeyAnswer>, headers(
            ("link" = String, description = "The next page, as `rel=\"next\"`"),
            ("x-total-count" = i64, description = "Total count, with `count=true`"))),
        (status = 404, description = "Tenant not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.apiKey.read", "tenant.apiKey.read"]), ("session_cookie" = ["iam.apiKey.read", "tenant.apiKey.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadApiKeys>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    PathId(id): PathId<WorkspaceId>,
    Query(parameters): Query<ListApiKeys>,
) -> ApiResult<Response> {
    let workspace = find(&state, caller.reach, id).await?;
    page(&state, (&context, &uri), workspace.id, None, parameters).await
}

/// Returns an API key of a workspace
///
/// Also returns revoked keys. Callers limited to their own workspace get 404 for others.
#[utoipa::path(get, path = "/tenants/{id}/api-keys/{keyId}", operation_id = "tenants.getApiKey", tag = "Tenants",
    params(
        ("id" = Uuid, Path, description = "The workspace's id"),
        ("keyId" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 200, body = ApiKeyAnswer),
        (status = 404, description = "Tenant or API key not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.apiKey.read", "tenant.apiKey.read"]), ("session_cookie" = ["iam.apiKey.read", "tenant.apiKey.read"])))]
pub(crate) async fn get(
    caller: Caller<CanReadApiKeys>,
    State(state): State<AppState>,
    PathIds(id, key_id): PathIds<WorkspaceId, ApiKeyId>,
) -> ApiResult<Json<ApiKeyAnswer>> {
    let workspace = find(&state, caller.reach, id).await?;
    let key = api_keys::find(&mut state.database().read().await?, workspace.id, key_id).await?;
    let key = key.ok_or_else(|| Error::not_found(Resource::ApiKey, key_id))?;
    Ok(Json(ApiKeyAnswer::from(key)))
}

/// Revokes an API key of a workspace
///
/// All servers reject the key's secrets from the next request on. Revoking it again changes nothing. Callers limited to
/// their own workspace get 404 for others.
#[utoipa::path(delete, path = "/tenants/{id}/api-keys/{keyId}", operation_id = "tenants.revokeApiKey", tag = "Tenants",
    params(
        ("id" = Uuid, Path, description = "The workspace's id"),
        ("keyId" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key is revoked", body = Done),
        (status = 404, description = "Tenant or API key not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["iam.apiKey.delete", "tenant.apiKey.delete"]), ("session_cookie" = ["iam.apiKey.delete", "tenant.apiKey.delete"])))]
pub(crate) async fn delete(
    caller: Caller<CanDeleteApiKeys>,
    State(state): State<AppState>,
    PathIds(id, key_id): PathIds<WorkspaceId, ApiKeyId>,
) -> ApiResult<Json<Done>> {
    let connection = &mut state.database().write().await?;
    let asker = KeyAsker::Account(caller.asker());
    let revoked = api_keys::revoke(connection, caller.origin(), id, asker, key_id).await?;
    revoked.ok_or_else(|| Error::not_found(Resource::ApiKey, key_id))?;
    Ok(Json(Done { message: "API key revoked." }))
}
