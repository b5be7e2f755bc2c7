//! Listing workspaces.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Direction, Position, Result, Workspace};
use denizen_persistence::workspaces;

use super::super::answer::Tenant;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadWorkspaces};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::stream::{self, Batch, Batches};

/// Lists workspaces
///
/// Returns all of them, oldest first, as a stream.
#[utoipa::path(get, path = "/tenants", operation_id = "tenants.list", tag = "Tenants", params(Meta),
    responses((status = 200, body = Vec<Tenant>)),
    security(("account_token" = ["iam.tenant.read"]), ("session_cookie" = ["iam.tenant.read"])))]
pub(crate) async fn list(
    _caller: Caller<CanReadWorkspaces>,
    State(state): State<AppState>,
    meta: Meta,
) -> ApiResult<Response> {
    let total =
        if meta.meta { Some(workspaces::count(&mut state.database().read().await?).await?) } else { None };
    Ok(stream::json_array(&state, TenantList, total).await?)
}

/// All workspaces.
struct TenantList;

impl Batches for TenantList {
    type Item = Tenant;
    type Shared = AppState;
    type Place = Position;

    async fn read(&self, state: &AppState, after: Option<Position>) -> Result<Batch<Tenant, Position>> {
        let window = stream::window(after, Direction::Ascending);
        let slice = workspaces::list(&mut state.database().read().await?, &window).await?;
        let place = |workspace: &Workspace| Position::at(workspace.created_at, workspace.id.as_uuid());
        Ok(Batch::of(slice, place, Tenant::from))
    }
}
