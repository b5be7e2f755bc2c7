//! Reading one organization.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::Workspace;
use denizen_persistence::organizations;

use super::answer::{Organization, OrganizationHead, OrganizationSummary};
use super::find;
use super::input::FindOrganization;
use super::members::MemberList;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathText;
use crate::wire::stream::{self, Nested};

/// Returns an organization
///
/// Only for its members; others get 404. The response streams all its members.
#[utoipa::path(get, path = "/organizations/{organization}", operation_id = "organizations.get", tag = "Organizations",
    params(("organization" = String, Path, description = "The organization's `parameterized_name` or its number, which never is a name")),
    responses(
        (status = 200, body = Organization),
        (status = 404, description = "Organization not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn get(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathText(name): PathText,
) -> ApiResult<Response> {
    let organization = find::organization(&mut state.database().read().await?, &caller, &name).await?;
    with_members(&state, &context, &organization.workspace).await
}

/// Returns an organization by its number
///
/// Same as by name. The number stays the same if the name changes.
#[utoipa::path(get, path = "/organizations/find", operation_id = "organizations.find", tag = "Organizations",
    params(FindOrganization),
    responses(
        (status = 200, body = Organization),
        (status = 404, description = "Organization not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn by_number(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    Parameters(parameters, unknown): Parameters<FindOrganization>,
) -> ApiResult<Response> {
    let organization = find::organization_numbered(&state, &caller, parameters.check(unknown)?).await?;
    with_members(&state, &context, &organization.workspace).await
}

/// Responds with an organization and its members.
pub(super) async fn with_members(
    state: &AppState,
    context: &RequestContext,
    workspace: &Workspace,
) -> ApiResult<Response> {
    let ids = [workspace.id];
    let counts = organizations::member_counts(&mut state.database().read().await?, &ids).await?;
    let count = counts.get(&workspace.id).copied().unwrap_or_default();
    Ok(stream::json_object(state, nested(workspace, count, context)).await?)
}

/// An organization with this many members, which follow.
pub(super) fn nested(
    workspace: &Workspace,
    user_count: i64,
    context: &RequestContext,
) -> Nested<OrganizationHead, MemberList> {
    let object = OrganizationSummary::of(workspace, user_count, context).into();
    Nested { object, key: "users", list: MemberList(workspace.id) }
}
