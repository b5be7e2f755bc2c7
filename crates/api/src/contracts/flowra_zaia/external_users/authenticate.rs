//! Access tokens for external users.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use denizen_domain::{ExternalId, ExternalUser, IdentityClaim, Result, Violations};
use denizen_persistence::{events, external_users};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input;
use crate::contracts::external_users::ExternalUserWithToken;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanAuthenticateExternalUsers};
use crate::guards::entity_tags::tagged;
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;

/// Identifies the user. All four fields are required; one of the last three must not be null.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::authenticate)]
pub(crate) struct Authenticate {
    /// The channel to search.
    #[schema(value_type = Uuid, required)]
    #[serde(default)]
    channel_id: Input<String>,
    /// The customer's own id; tried second. A new one creates the user.
    #[schema(value_type = Option<String>, required, min_length = 1, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// The directory's id; tried first.
    #[schema(value_type = Option<Uuid>, required)]
    #[serde(default)]
    id: Input<String>,
    /// The log-in handle; tried last. A new one creates the user.
    #[schema(value_type = Option<String>, required, min_length = 1, max_length = 255)]
    #[serde(default)]
    identifier: Input<String>,
}

impl Body for Authenticate {
    type Record = ();
}

/// Authenticates an external user
///
/// Searches the channel by `id`, else `externalId`, else `identifier`. Values of different users return 400. An unknown
/// `id` returns 404. An unknown external id or identifier creates the user, which needs no further scope. Concurrent
/// requests for a new user create one user, and both return it. A blocked user returns 403 with reason `blocked`.
#[utoipa::path(post, path = "/api/v1/external-users/authenticate", operation_id = "externalUsers.authenticate", tag = "External users", request_body = Authenticate,
    responses(
        (status = 200, description = "The external user was authenticated and access token generated.", body = ExternalUserWithToken),
        (status = 404, description = "Channel or id not found in the workspace", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The user is new, and the channel is removed", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:authenticate"]), ("api_key" = ["external_users:authenticate"]), ("bearer" = ["external_users:authenticate"])))]
pub(crate) async fn authenticate(
    caller: Caller<CanAuthenticateExternalUsers>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<Authenticate>,
) -> ApiResult<Response> {
    let claim = body.check(unknown)?;
    let user = find_or_create(&state, &caller, &claim).await?;
    let token = state.access().tokens.issue(state.source(), &user)?;
    if state.options().authentication_events {
        let connection = &mut state.database().write_by_key().await?;
        events::tell_of_authentication(connection, caller.origin(), &user).await?;
    }
    let now = state.source().clock.now();
    let tag = user.entity_tag(now);
    Ok(tagged(&tag, Json(ExternalUserWithToken::new(user, Some(token), caller.contract, now))))
}

/// Reads first, since nearly all users exist already, and takes a connection for writing only for new users.
async fn find_or_create(
    state: &AppState,
    caller: &Caller<CanAuthenticateExternalUsers>,
    claim: &IdentityClaim,
) -> ApiResult<ExternalUser> {
    let (workspace_id, now) = (caller.workspace_id, state.source().clock.now());
    let known = {
        let connection = &mut state.database().read_by_key().await?;
        external_users::find_claimed(connection, workspace_id, claim, now).await?
    };
    if let Some(user) = known {
        return Ok(user);
    }
    let connection = &mut state.database().write_by_key().await?;
    Ok(external_users::find_or_create_claimed(connection, caller.origin(), workspace_id, claim).await?)
}

impl Authenticate {
    fn check(self, mut violations: Violations) -> Result<IdentityClaim> {
        let Self { channel_id, external_id, id, identifier } = self;
        let channel_id = channel_id.required(&mut violations, "channelId", input::id);
        let external_id = external_id.present(&mut violations, "externalId", ExternalId::parse);
        let id = id.present(&mut violations, "id", input::id);
        let identifier = identifier.present(&mut violations, "identifier", input::identifier);
        let channel_id = violations.into_value(channel_id)?;
        let (external_id, id, identifier) = (external_id.value(), id.value(), identifier.value());
        Ok(IdentityClaim { channel_id, id, external_id, identifier })
    }
}
