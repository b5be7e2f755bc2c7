//! Resolves the flows that paths name for a caller.

use denizen_domain::{Error, Flow, Participant, Rank, Resource, Result, Status};
use denizen_persistence::DbConnection;
use denizen_persistence::flows::{self, FlowListing};
use denizen_persistence::organizations::Organization;
use denizen_persistence::workspaces;
use utoipa::IntoParams;

use crate::access::identity::Person;
use crate::contracts::flowdock::organizations::find;
use crate::state::AppState;

/// Path of a flow.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents the path; handlers read its texts")]
pub(super) struct FlowAddress {
    /// The organization's name in URLs, or its number
    #[param(example = "acme")]
    organization: String,
    /// The flow's name in URLs
    #[param(example = "my-flow")]
    flow: String,
}

/// Path of a flow's join link.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents the path; handlers read its texts")]
pub(super) struct LinkAddress {
    /// The organization's name in URLs
    #[param(example = "acme")]
    organization: String,
    /// The flow's name in URLs
    #[param(example = "my-flow")]
    flow: String,
    /// The link's code
    code: String,
}

/// Returns the flow with this name in an organization, as the caller sees it. Fails if it does not exist, or `rule`
/// denies access.
pub(super) async fn flow(
    state: &AppState,
    caller: &Person,
    (organization_name, name): (&str, &str),
    rule: impl FnOnce(&Flow, Participant) -> Result<()>,
) -> Result<FlowListing> {
    let connection = &mut state.database().read().await?;
    let organization = find::organization(connection, caller, organization_name).await?;
    let flow = flows::find(connection, organization.workspace.id, name).await?;
    let flow = flow.ok_or_else(|| Error::not_found(Resource::Flow, name))?;
    seen(connection, caller, organization, flow, rule).await
}

/// Returns the flow with this name that a link leads to. The caller need not be a member of the organization. Fails
/// with not found if the link is not the flow's, and fails if the caller is blocked.
pub(super) async fn linked_flow(
    state: &AppState,
    caller: &Person,
    [organization_name, name, code]: [&str; 3],
) -> Result<FlowListing> {
    let connection = &mut state.database().read().await?;
    let not_found = || Error::not_found(Resource::Flow, name);
    let workspace = workspaces::find_by_slug(connection, organization_name).await?;
    let workspace = workspace.filter(|workspace| workspace.status == Status::Active).ok_or_else(not_found)?;
    let flow = flows::find(connection, workspace.id, name).await?.ok_or_else(not_found)?;
    let organization = Organization { workspace, rank: Rank::Outsider };
    seen(connection, caller, organization, flow, |flow, who| flow.require_may_join_by_link(who, code)).await
}

/// Returns a flow as the caller sees it, if `rule` allows it.
pub(super) async fn seen(
    connection: &mut DbConnection,
    caller: &Person,
    organization: Organization,
    flow: Flow,
    rule: impl FnOnce(&Flow, Participant) -> Result<()>,
) -> Result<FlowListing> {
    let (who, is_open) = flows::find_participant(connection, &flow, caller.account.id).await?;
    rule(&flow, who)?;
    let organization = Organization { rank: who.rank, ..organization };
    Ok(FlowListing { organization, flow, place: who.place, is_open })
}
