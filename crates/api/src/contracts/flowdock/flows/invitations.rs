//! Invitations to flows.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{
    Error, Flow, FlowId, Invitation, InvitationNumber, InvitationState, Reason, Resource, Result, Username,
    Violation, Violations, WorkspaceId,
};
use denizen_persistence::invitations::{self, Invited};

use super::address::{self, FlowAddress};
use super::answer::{FlowUserAnswer, ImportedInvitations, InvitationAnswer, url};
use super::input::{CreateInvitation, ImportInvitations};
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::{PathTexts, addressed};
use crate::wire::stream::{self, Batch, Batches};

/// Lists the pending invitations to a flow
///
/// Streams the full list, ordered by number. Like all operations on invitations, it requires access to the flow.
#[utoipa::path(get, path = "/flows/{organization}/{flow}/invitations", operation_id = "invitations.list", tag = "Invitations", params(FlowAddress),
    responses(
        (status = 200, body = Vec<InvitationAnswer>),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn list(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow]): PathTexts<2>,
) -> ApiResult<Response> {
    let listing = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?;
    let flow_url = url(&listing, &context);
    let list = InvitationList { workspace_id: listing.flow.workspace_id, flow_id: listing.flow.id, flow_url };
    Ok(stream::json_array(&state, list, None).await?)
}

/// Returns an invitation
///
/// Accepted ones too.
#[utoipa::path(get, path = "/flows/{organization}/{flow}/invitations/{id}", operation_id = "invitations.get", tag = "Invitations",
    params(FlowAddress, ("id" = i64, Path, description = "The invitation's number")),
    responses(
        (status = 200, body = InvitationAnswer),
        (status = 404, description = "Organization, flow or invitation not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn get(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow, number]): PathTexts<3>,
) -> ApiResult<Json<InvitationAnswer>> {
    let listing = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?;
    let number: InvitationNumber = addressed(&number)?;
    let connection = &mut state.database().read().await?;
    let (workspace_id, flow_id) = (listing.flow.workspace_id, listing.flow.id);
    let invitation = invitations::find(connection, workspace_id, flow_id, number).await?;
    let invitation = invitation.ok_or_else(|| Error::not_found(Resource::Invitation, number))?;
    Ok(Json(InvitationAnswer::of(invitation, &url(&listing, &context))))
}

/// Invites somebody to a flow
///
/// A member of the organization joins the flow at once, and the invitation is accepted. Others join when the
/// organization adds an account with the address, or a caller who may create accounts everywhere creates one. Addresses
/// that an account set itself, or joined with by a link, do not count: the invitation stays pending, and the person
/// must be added by number. Repeating an address returns the same invitation. Blocked users cannot be invited (400).
/// The server sends no mail: the inviter passes on the invitation and message. A flow has at most 10,000 pending
/// invitations.
#[utoipa::path(post, path = "/flows/{organization}/{flow}/invitations", operation_id = "invitations.create", tag = "Invitations", params(FlowAddress),
    request_body(description = "Parameters, here or in the query string", content(
        (CreateInvitation = "application/json"), (CreateInvitation = "application/x-www-form-urlencoded"))),
    responses(
        (status = 201, description = "The invitation", body = InvitationAnswer),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is archived or has the maximum number of invitations", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn create(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow]): PathTexts<2>,
    Parameters(body, unknown): Parameters<CreateInvitation>,
) -> ApiResult<(StatusCode, Json<InvitationAnswer>)> {
    let email = body.check(unknown)?;
    let listing = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?;
    let mut invited = invite(&state, &caller, &listing.flow, &[email]).await?;
    let blocked = || Error::Invalid(Violations::of("email", Violation::new(Reason::Mismatch, BLOCKED)));
    let invitation = invited.invitations.pop().ok_or_else(blocked)?;
    Ok((StatusCode::CREATED, Json(InvitationAnswer::of(invitation, &url(&listing, &context)))))
}

/// Invites a list of people to a flow
///
/// Like single invitations. `invitations` holds the pending ones, `added_users` the members of the organization who
/// joined the flow at once. Those already in the flow are in neither. `erroneous_emails` holds invalid addresses as
/// written and those of users blocked from the flow, each with its error.
///
/// Lists can be pasted from mail programs and tables. Commas, semicolons, tabs and line breaks separate entries, but not
/// within double quotes; spaces separate addresses. Without quotes, the word before a comma belongs to the name after it:
/// `Smith, Joe <person@example.com>` is one entry, and `Smith` is not reported. `joe smith@example.com` is one invalid
/// entry, since it more likely is misspelt than a name and an address. Each address counts once.
#[utoipa::path(post, path = "/flows/{organization}/{flow}/invitations/import", operation_id = "invitations.import", tag = "Invitations", params(FlowAddress),
    request_body(description = "Parameters, here or in the query string", content(
        (ImportInvitations = "application/json"), (ImportInvitations = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The result of each entry", body = ImportedInvitations),
        (status = 404, description = "Organization or flow not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The flow is archived or would exceed the maximum number of invitations", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn import(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
    PathTexts([organization, flow]): PathTexts<2>,
    Parameters(body, unknown): Parameters<ImportInvitations>,
) -> ApiResult<Json<ImportedInvitations>> {
    let (mut emails, mut erroneous) = (Vec::new(), Vec::new());
    for entry in body.check(unknown)? {
        match entry.email {
            Ok(email) => emails.push(email),
            Err(violation) => erroneous.push((entry.text, violation.message)),
        }
    }
    let listing = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?;
    let Invited { invitations, added, blocked } = invite(&state, &caller, &listing.flow, &emails).await?;
    erroneous.extend(blocked.into_iter().map(|email| (email.into_string(), BLOCKED.to_owned())));
    let flow_url = url(&listing, &context);
    let pending = invitations.into_iter().filter(|invitation| invitation.state == InvitationState::Pending);
    Ok(Json(ImportedInvitations {
        invitations: pending.map(|invitation| InvitationAnswer::of(invitation, &flow_url)).collect(),
        added_users: added.into_iter().map(FlowUserAnswer::added).collect(),
        erroneous_emails: erroneous.into_iter().map(|entry| BTreeMap::from([entry])).collect(),
    }))
}

/// Revokes an invitation
///
/// Only pending ones can be revoked.
#[utoipa::path(delete, path = "/flows/{organization}/{flow}/invitations/{id}", operation_id = "invitations.delete", tag = "Invitations",
    params(FlowAddress, ("id" = i64, Path, description = "The invitation's number")),
    responses(
        (status = 204, description = "The invitation was revoked"),
        (status = 404, description = "Organization, flow or invitation not found.", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The invitation is accepted and cannot be deleted", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn delete(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    PathTexts([organization, flow, number]): PathTexts<3>,
) -> ApiResult<StatusCode> {
    let flow = address::flow(&state, &caller, (&organization, &flow), Flow::require_access).await?.flow;
    let number: InvitationNumber = addressed(&number)?;
    let connection = &mut state.database().write().await?;
    let (workspace_id, id) = (flow.workspace_id, flow.id);
    let deleted =
        invitations::delete(connection, caller.origin(), caller.asker(), workspace_id, id, number).await?;
    deleted.ok_or_else(|| Error::not_found(Resource::Invitation, number))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The error for a blocked user's address.
const BLOCKED: &str = "is blocked from the flow";

async fn invite(
    state: &AppState,
    caller: &Caller<IsPerson>,
    flow: &Flow,
    emails: &[Username],
) -> Result<Invited> {
    let connection = &mut state.database().write().await?;
    let (workspace_id, id) = (flow.workspace_id, flow.id);
    let invited =
        invitations::invite(connection, caller.origin(), caller.asker(), workspace_id, id, emails).await?;
    invited.ok_or_else(|| flow.not_found())
}

/// The pending invitations to a flow.
struct InvitationList {
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    flow_url: String,
}

impl Batches for InvitationList {
    type Item = InvitationAnswer;
    type Shared = AppState;
    type Place = InvitationNumber;

    async fn read(
        &self,
        state: &AppState,
        after: Option<InvitationNumber>,
    ) -> Result<Batch<InvitationAnswer, InvitationNumber>> {
        let Self { workspace_id, flow_id, flow_url } = self;
        let connection = &mut state.database().read().await?;
        let pending =
            invitations::list_pending(connection, *workspace_id, *flow_id, after, stream::READ).await?;
        let slice = stream::cut(pending);
        let place = |invitation: &Invitation| invitation.number;
        Ok(Batch::of(slice, place, |invitation| InvitationAnswer::of(invitation, flow_url)))
    }
}
