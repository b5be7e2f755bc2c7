//! Listing workspaces.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Direction, Position, Result, Workspace};
use denizen_persistence::workspaces;

use super::super::answer::Tenant;
use super::super::meta::Meta;
use crate::app::App;
use crate::caller::{Caller, CanReadWorkspaces};
use crate::error::ApiResult;
use crate::stream::{self, Batch, Batches};

/// List workspaces
///
/// Oldest first. All of the list is sent, while it is read.
#[utoipa::path(get, path = "/tenants", operation_id = "listTenants", tag = "tenants", params(Meta),
    responses((status = 200, body = Vec<Tenant>)),
    security(("account_token" = ["iam.tenant.read"]), ("session_cookie" = ["iam.tenant.read"])))]
pub(crate) async fn list(
    _caller: Caller<CanReadWorkspaces>,
    State(app): State<App>,
    meta: Meta,
) -> ApiResult<Response> {
    let total =
        if meta.meta { Some(workspaces::count(&mut app.database().read().await?).await?) } else { None };
    Ok(stream::json_array(&app, TenantList, total).await?)
}

/// All workspaces.
struct TenantList;

impl Batches for TenantList {
    type Item = Tenant;
    type Place = Position;

    async fn read(&self, app: &App, after: Option<Position>) -> Result<Batch<Tenant, Position>> {
        let window = stream::window(after, Direction::Ascending);
        let slice = workspaces::list(&mut app.database().read().await?, &window).await?;
        let place = |workspace: &Workspace| Position::at(workspace.created_at, workspace.id.as_uuid());
        Ok(Batch::of(slice, place, Tenant::from))
    }
}
