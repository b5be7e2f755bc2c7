//! Who may start a flow that is protected.

use axum::http::header::AUTHORIZATION;
use denizen_domain::{
    Actor, Authority, Error, Permission, PermissionSet, Right, Unauthenticated, Workflow, WorkflowViewer,
};

use super::message::Message;
use crate::access::identity::Identity;
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::error::{ApiError, ApiResult};

/// The right of an account to start the flows that it owns, or all.
const RIGHT: Right = Right { everywhere: Permission::All, at_home: Some(Permission::WebhooksExecute) };

/// Returns who starts a flow. Fails with 401 unless the flow is open to all, or the request is signed with its secret or comes
/// from an owner with the permission.
pub(super) async fn authorize(
    state: &AppState,
    context: &RequestContext,
    message: &Message,
    workflow: &Workflow,
) -> ApiResult<Actor> {
    let access = &workflow.definition.settings.webhook;
    let headers = &message.parts.headers;
    let mut signatures = headers.get_all(access.header.as_str()).iter();
    let signature = signatures.next().filter(|_| signatures.next().is_none());
    let is_signed = |signature: &[u8]| access.accepts(message.signed(), signature);
    if !access.is_protected || signature.is_some_and(|signature| is_signed(signature.as_bytes())) {
        return Ok(Actor::Server);
    }
    if !headers.contains_key(AUTHORIZATION) {
        return Err(REFUSED.into());
    }
    let identity = state.admission().identify(&message.parts, context).await.map_err(refused)?;
    let authority = match &identity {
        Identity::Account(signed_in) => signed_in.authority(),
        Identity::Person(person) => Authority::of(&person.account, &PermissionSet::empty()),
        Identity::Key(_) | Identity::ExternalUser(_) => return Err(REFUSED.into()),
    };
    let reach = authority.reach(RIGHT).map_err(|_| REFUSED)?;
    let viewer = WorkflowViewer { reach, account_id: authority.account_id };
    if workflow.is_within(viewer) { Ok(identity.actor()) } else { Err(REFUSED.into()) }
}

const REFUSED: Error = Error::Unauthenticated(Unauthenticated::NotOwnersWebhook);

/// Whoever is refused learns that it is not known as an owner, not more.
fn refused(error: ApiError) -> ApiError {
    match &error {
        ApiError::Domain(cause) if matches!(**cause, Error::Forbidden(_)) => REFUSED.into(),
        _ => error,
    }
}
