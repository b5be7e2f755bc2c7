//! Changing organizations.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Error, Resource};
use denizen_persistence::organizations;

use super::answer::Organization;
use super::find;
use super::get::with_members;
use super::input::UpdateOrganization;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathText;

/// Changes an organization
///
/// Requires an administrator. The `parameterized_name` never changes. Without a name nothing changes, so that an
/// organization can be sent back as read.
#[utoipa::path(put, path = "/organizations/{organization}", operation_id = "organizations.update", tag = "Organizations",
    request_body(description = "Parameters, here or in the query string", content(
        (UpdateOrganization = "application/json"), (UpdateOrganization = "application/x-www-form-urlencoded"))),
    params(("organization" = String, Path, description = "The organization's `parameterized_name`, or else its number")),
    responses(
        (status = 200, description = "The organization was changed", body = Organization),
        (status = 404, description = "Organization not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn update(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathText(name): PathText,
    Parameters(parameters, unknown): Parameters<UpdateOrganization>,
) -> ApiResult<Response> {
    let id = find::administered(&state, &caller, &name).await?.workspace.id;
    let changes = parameters.check(unknown)?;
    let changed = {
        let connection = &mut state.database().write().await?;
        organizations::rename(connection, caller.origin(), caller.asker(), id, &changes).await?
    };
    let changed = changed.ok_or_else(|| Error::not_found(Resource::Workspace, name))?;
    with_members(&state, &context, &changed).await
}
