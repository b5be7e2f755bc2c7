//! Logging out.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use denizen_persistence::account_tokens;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::session_cookie;
use crate::guards::caller::{Caller, IsLoggedIn};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;

/// Confirmation of a logout.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedOut {
    /// Always true.
    #[schema(example = true)]
    logged_out: bool,
}

/// Logs out
///
/// Revokes the token that the request carries, whatever its kind. Other tokens of the account stay valid.
#[utoipa::path(post, path = "/logout", operation_id = "session.logOut", tag = "Session",
    responses((status = 200, body = LoggedOut, headers(("set-cookie" = String, description = "Deletes the cookie")))),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn log_out(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    Context(context): Context,
) -> ApiResult<Response> {
    account_tokens::revoke(&mut state.database().write().await?, caller.origin(), caller.token.id).await?;
    let mut response = Json(LoggedOut { logged_out: true }).into_response();
    if let Some(cookie) = session_cookie::clear(&context) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
