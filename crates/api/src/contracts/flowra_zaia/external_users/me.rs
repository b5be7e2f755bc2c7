//! The external user that a request acts as.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::contracts::external_users::{ExternalUserAnswer, answer};
use crate::guards::caller::ActingUser;
use crate::guards::entity_tags::{IfNoneMatch, Preconditions};
use crate::state::AppState;

/// Returns the external user the request acts as
///
/// With an access token as Bearer, returns its user. With a key, returns the user in `x-username`. An unknown one is
/// created in the default channel if the key may create users. A blocked user returns 403 with reason `blocked`.
#[utoipa::path(get, path = "/api/v1/external-users/me", operation_id = "externalUsers.getActing", tag = "External users",
    params(("x-username" = Option<String>, Header, description = "With a key: the username of the user to act for", max_length = 255), IfNoneMatch),
    responses((status = 200, body = ExternalUserAnswer)),
    security(("access_token" = []), ("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"]), ("authorization" = ["external_users:read"])))]
pub(crate) async fn me(
    acting: ActingUser,
    State(state): State<AppState>,
    preconditions: Preconditions,
) -> Response {
    answer(&state, &preconditions, Arc::unwrap_or_clone(acting.user), acting.contract)
}
