//! Whose accounts a request is about: `x-username`, or `eUID`.

use std::sync::Arc;

use denizen_domain::{
    BadRequest, Error, ExternalUser, Reason, Resource, Result, Violation, Violations, WorkspaceId,
};
use denizen_persistence::ExternalUserName;

use crate::guards::caller::NamedUser;
use crate::state::AppState;
use crate::wire::error::ApiResult;

/// Checks an `eUID`: the id or the username of an external user.
pub(super) fn parse_user(text: &str) -> Result<String, Violation> {
    match text.chars().count() {
        0 => Err(Violation::new(Reason::TooShort, "must name an external user")),
        1..=250 => Ok(text.to_owned()),
        _ => Err(Violation::new(Reason::TooLong, "must have at most 250 characters")),
    }
}

/// Returns the external user that a request names, if it names one. Fails if there is none, or if the header and the parameter name
/// different ones.
pub(super) async fn whose(
    state: &AppState,
    workspace_id: WorkspaceId,
    named: &NamedUser,
    text: Option<&str>,
) -> ApiResult<Option<Arc<ExternalUser>>> {
    let of_header = named.find().await?;
    let Some(text) = text else { return Ok(of_header) };
    let user = find(state, workspace_id, text).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, text))?;
    if of_header.is_some_and(|other| other.id != user.id) {
        let message = "must name the same external user as x-username";
        return Err(refused(Violation::new(Reason::Mismatch, message)).into());
    }
    Ok(Some(user))
}

/// Like [`whose`], for an operation that needs a user.
pub(super) async fn require_user(
    state: &AppState,
    workspace_id: WorkspaceId,
    named: &NamedUser,
    text: Option<&str>,
) -> ApiResult<Arc<ExternalUser>> {
    let user = whose(state, workspace_id, named, text).await?;
    let message = "must name an external user, unless x-username does";
    Ok(user.ok_or_else(|| refused(Violation::new(Reason::Required, message)))?)
}

async fn find(state: &AppState, workspace_id: WorkspaceId, text: &str) -> Result<Option<Arc<ExternalUser>>> {
    if let Ok(id) = text.parse()
        && let Some(user) = state.cache().external_user(workspace_id, ExternalUserName::Id(id)).await?
    {
        return Ok(Some(user));
    }
    state.cache().external_user(workspace_id, ExternalUserName::Username(text.to_owned())).await
}

fn refused(violation: Violation) -> Error {
    Error::BadRequest(BadRequest::InvalidParameters(Violations::of("eUID", violation)))
}
