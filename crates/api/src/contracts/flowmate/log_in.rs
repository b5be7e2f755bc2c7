//! Logging in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Actor, NewAccountToken, Password, PasswordHash, Result, Violations};
use denizen_persistence::account_tokens;
use denizen_persistence::accounts::LogInCandidate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::NewToken;
use crate::access::log_in;
use crate::access::session_cookie;
use crate::contracts::samples;
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::context::Context;
use crate::wire::error::ApiResult;

/// Who wants to log in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::log_in)]
pub(crate) struct LogIn {
    /// The account's username, whatever its case.
    #[schema(value_type = String, required)]
    #[serde(default)]
    username: Input<String>,
    /// Its password.
    #[schema(value_type = String, required)]
    #[serde(default)]
    password: Input<String>,
    /// Whether the browser should keep the cookie when it is closed.
    #[schema(value_type = Option<bool>)]
    #[serde(default, rename = "remember-me")]
    remember_me: Input<bool>,
}

/// Log in
///
/// The token is for `Authorization: Bearer`. It counts for 3 hours after it was last used, and for 30 days with
/// `remember-me`, unless the server is set up otherwise. Browsers also get it as a cookie that scripts cannot read and that
/// is not sent along by the pages of other sites, unless the request itself comes from one.
///
/// Whether there is such an account is not told: a wrong username and a wrong password get the same answer. Only with the
/// right password an account that is not in use hears `ENTITY_DISABLED`. Too many failures, by default 10 for a username
/// or 50 from an address within 15 minutes, are answered 429 until some of them are old enough.
#[utoipa::path(post, path = "/login", operation_id = "session.logIn", tag = "Session", request_body = LogIn,
    responses(
        (status = 200, description = "A token, also as a cookie", body = NewToken, headers(
            ("set-cookie" = String, description = "The token, for browsers"))),
        (status = 401, description = "Invalid username or password", body = crate::wire::envelope::ErrorEnvelope),
        (status = 429, description = "Too many requests a second, or too many attempts that have failed", body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn log_in(
    State(state): State<AppState>,
    Context(context): Context,
    headers: HeaderMap,
    JsonBody(body): JsonBody<LogIn>,
) -> ApiResult<Response> {
    let (username, password, remembered) = body.check()?;
    let candidate = log_in::check(state.access(), &context, &username, password).await?;
    let options = state.options();
    let lifetime = if remembered { options.login_cookie_lifetime } else { options.login_token_lifetime };
    let LogInCandidate { account_id, password, .. } = candidate;
    let checked = password.unwrap_or_else(PasswordHash::of_nothing);
    let connection = &mut state.database().write().await?;
    let origin = context.origin(state.source(), Actor::Account(account_id));
    let new = account_tokens::log_in(connection, &origin, account_id, &checked, lifetime).await?;
    let NewAccountToken { token, secret } = new;
    let answer = NewToken { token: secret.expose().to_owned(), id: token.id.as_uuid() };
    let mut response = Json(answer).into_response();
    if session_cookie::is_same_site(&headers, &context)
        && let Some(cookie) = session_cookie::set(&context, &secret, remembered.then_some(lifetime))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

impl LogIn {
    fn check(self) -> Result<(String, Password, bool)> {
        let mut violations = Violations::new();
        let Self { username, password, remember_me } = self;
        let username = username.required(&mut violations, "username", |text| Ok(text.to_owned()));
        let password = password.required(&mut violations, "password", |text| Ok(Password::presented(text)));
        let remembered = remember_me.optional(&mut violations, "remember-me", |flag| Ok(*flag)).value();
        let (username, password) = violations.into_value(username.zip(password))?;
        Ok((username, password, remembered.unwrap_or(false)))
    }
}
