//! The external user in whose context a request runs.

use axum::extract::State;
use axum::response::Response;

use super::answer::{ExternalUserAnswer, answer};
use crate::guards::caller::ActingUser;
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;

/// Get the external user that the request runs as
///
/// With an external user's access token as Bearer: that user. With a key: the user that `x-username` names; an unknown
/// one is made in the default channel where the key may make users. A blocked user is 403, reason `blocked`.
#[utoipa::path(get, path = "/api/v1/external-users/me", operation_id = "externalUsers.getActing", tag = "External users",
    params(("x-username" = Option<String>, Header, description = "With a key: the username of the user to act for", max_length = 255), IfNoneMatch),
    responses((status = 200, body = ExternalUserAnswer)),
    security(("access_token" = []), ("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"]), ("authorization" = ["external_users:read"])))]
pub(crate) async fn me(
    acting: ActingUser,
    State(state): State<AppState>,
    preconditions: Preconditions,
) -> Response {
    answer(&state, &preconditions, acting.user, acting.contract)
}
