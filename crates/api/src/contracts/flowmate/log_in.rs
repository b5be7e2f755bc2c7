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
use crate::access::{cross_site, session_cookie};
use crate::contracts::samples;
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;

/// Login credentials.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::log_in)]
pub(crate) struct LogIn {
    /// The account's username, in any case. Blanks around it do not count.
    #[schema(value_type = String, required)]
    #[serde(default)]
    username: Input<String>,
    /// Its password, however the keyboard encodes its accents and spaces. Blanks around it count.
    #[schema(value_type = String, required)]
    #[serde(default)]
    password: Input<String>,
    /// Whether the browser keeps the cookie after it is closed.
    #[schema(value_type = Option<bool>)]
    #[serde(default, rename = "remember-me")]
    remember_me: Input<bool>,
}

impl Body for LogIn {
    type Record = ();
}

/// Logs in
///
/// Returns a token for `Authorization: Bearer`. By default, it expires 3 hours after its last use, or 30 days with
/// `remember-me`. Browsers also get it as an `HttpOnly`, `SameSite=Lax` cookie, unless a page of another site made the
/// request.
///
/// A wrong username and a wrong password get the same answer, so accounts cannot be guessed. An inactive account gets
/// `ENTITY_DISABLED` only with the right password. Too many failures (by default 10 for a username or 50 from an
/// address within 15 minutes) are answered 429 until enough of them are old.
#[utoipa::path(post, path = "/login", operation_id = "session.logIn", tag = "Session", request_body = LogIn,
    responses(
        (status = 200, description = "The token, also a cookie", body = NewToken, headers(
            ("set-cookie" = String, description = "The token, for browsers"))),
        (status = 401, description = "Invalid username or password", body = crate::wire::envelope::ErrorEnvelope),
        (status = 429, description = "Too many requests per second, or too many failed attempts", body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn log_in(
    State(state): State<AppState>,
    Context(context): Context,
    headers: HeaderMap,
    JsonBody(body, unknown): JsonBody<LogIn>,
) -> ApiResult<Response> {
    let (username, password, remembered) = body.check(unknown)?;
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
    if cross_site::is_same_site(&headers, &context)
        && let Some(cookie) = session_cookie::set(&context, &secret, remembered.then_some(lifetime))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

impl LogIn {
    fn check(self, mut violations: Violations) -> Result<(String, Password, bool)> {
        let Self { username, password, remember_me } = self;
        let username = username.required(&mut violations, "username", |text| Ok(text.to_owned()));
        let password = password.required(&mut violations, "password", |text| Ok(Password::presented(text)));
        let remembered = remember_me.optional(&mut violations, "remember-me", |flag| Ok(*flag)).value();
        let (username, password) = violations.into_value(username.zip(password))?;
        Ok((username, password, remembered.unwrap_or(false)))
    }
}
