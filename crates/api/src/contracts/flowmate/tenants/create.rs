//! Creating workspaces.

use axum::extract::State;
use axum::response::Response;
use denizen_persistence::workspaces;

use super::super::answer::Created;
use super::super::meta::Meta;
use super::input::WholeTenant;
use crate::guards::caller::{Caller, CanCreateWorkspaces};
use crate::state::AppState;
use crate::wire::body::JsonBody;
use crate::wire::error::ApiResult;

/// Creates a workspace
///
/// The workspace gets a default channel and a slug from its name: `My Company` gives `my-company`, or a numbered slug
/// if that is taken. A name whose slug would be a number (`2026`) or a word of the paths below `/flows` and
/// `/organizations` (`all`, `find`, `import`, `invitations`, `join`, `users`) is invalid: at those paths, it would mean
/// something else. By default the workspace is `ACTIVE` and confirmed. Names need not be unique.
#[utoipa::path(post, path = "/tenants", operation_id = "tenants.create", tag = "Tenants", params(Meta), request_body = WholeTenant,
    responses((status = 200, description = "The workspace was created", body = Created)),
    security(("account_token" = ["iam.tenant.create"]), ("session_cookie" = ["iam.tenant.create"])))]
pub(crate) async fn create(
    caller: Caller<CanCreateWorkspaces>,
    State(state): State<AppState>,
    meta: Meta,
    JsonBody(body, unknown): JsonBody<WholeTenant>,
) -> ApiResult<Response> {
    let (name, changes) = body.check_new(unknown)?;
    let connection = &mut state.database().write().await?;
    let workspace =
        workspaces::create_named(connection, caller.origin(), caller.asker(), &name, &changes).await?;
    Ok(meta.one(Created { id: workspace.id.as_uuid() }))
}
