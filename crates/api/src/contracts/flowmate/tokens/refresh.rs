//! Extending a login.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use denizen_domain::{Error, TokenLife, Unauthenticated};
use denizen_persistence::account_tokens;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::meta::Meta;
use crate::access::credentials::Credential;
use crate::guards::caller::{Caller, IsLoggedIn};
use crate::state::AppState;
use crate::wire::error::ApiResult;

/// The caller's token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refreshed {
    /// The same token.
    token: String,
}

/// Extends the current token
///
/// Restarts the lifetime of a login token, as every use of it does. The lifetime of other tokens was set by their
/// creator and does not change.
#[utoipa::path(get, path = "/tokens/refresh", operation_id = "tokens.refresh", tag = "Tokens", params(Meta),
    responses((status = 200, body = Refreshed)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn refresh(
    caller: Caller<IsLoggedIn>,
    State(state): State<AppState>,
    headers: HeaderMap,
    meta: Meta,
) -> ApiResult<Response> {
    let Credential::AccountToken { secret, .. } = Credential::of(&headers, caller.contract)? else {
        return Err(Error::Unauthenticated(Unauthenticated::NotLoggedIn).into());
    };
    let token = &caller.token;
    if matches!(token.life, TokenLife::Prolonged(_))
        && let Some(end) = token.life.end_after(state.source().clock.now())
    {
        account_tokens::prolong(&mut state.database().write().await?, token.id, end).await?;
    }
    Ok(meta.one(Refreshed { token: secret.expose().to_owned() }))
}
