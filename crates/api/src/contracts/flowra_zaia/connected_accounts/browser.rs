//! `/connect`: a user's browser opens a link, and comes back from the other system. These are pages for people, so the OpenAPI
//! document does not list them; that of a link says where they are.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use cookie::{Cookie, SameSite};
use denizen_domain::{Actor, Secret};
use url::Url;

use crate::connections::{Comeback, LINK_LIFE, LinkToken};
use crate::contracts::flowra_zaia::auth_configs::redirect_url;
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::envelope::Final;
use crate::wire::error::ApiResult;
use crate::wire::path::PathText;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// The cookie with what only one browser has.
const COOKIE: &str = "denizen_connect";

/// Opens a link, for the browser of a user: leads on to the system, where the user agrees. A link opens once. One that was opened, has expired or
/// never was shows a page that says so.
pub(crate) async fn open(
    State(state): State<AppState>,
    Context(context): Context,
    PathText(text): PathText,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let Some(token) = LinkToken::read(&text) else { return Ok(ended()) };
    // A browser that opens several links keeps what it has: each of them is bound to it.
    let browser = browser_of(&headers).unwrap_or_else(|| state.connections().new_browser());
    let origin = context.origin(state.source(), Actor::Server);
    let redirect_url = redirect_url(context.base_url());
    let Some(url) = state.connections().open_link(&origin, &token, &browser, redirect_url).await? else {
        return Ok(ended());
    };
    let mut response = to(&url);
    if let Some(cookie) = cookie(&context, &browser) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What a browser brings back.
#[derive(Debug)]
pub(crate) struct BroughtBack {
    /// The state that the browser took to the system.
    state: Option<String>,
    /// The code that the system has issued.
    code: Option<String>,
    /// The code of an error, if the system has refused.
    error: Option<String>,
}

impl FromQuery for BroughtBack {
    fn read(parameters: &mut QueryReader) -> Self {
        // Systems add parameters of their own.
        parameters.allow_any();
        let mut text = |name| parameters.one(name, |text| Ok(text.to_owned()));
        Self { state: text("state"), code: text("code"), error: text("error") }
    }
}

/// Comes back from the other system, which sends the browser of a user here. Only the browser that has opened the link gets on, and once: it is sent on
/// to `callbackUrl`. Anything else shows a page that says so, and changes nothing.
pub(crate) async fn come_back(
    State(state): State<AppState>,
    Context(context): Context,
    headers: HeaderMap,
    Query(brought): Query<BroughtBack>,
) -> ApiResult<Response> {
    let BroughtBack { state: taken, code, error } = brought;
    let (Some(taken), Some(browser)) = (taken.as_deref().and_then(LinkToken::read), browser_of(&headers))
    else {
        return Ok(ended());
    };
    let answer = match (&error, &code) {
        (Some(error), _) => Err(error.as_str()),
        (None, Some(code)) => Ok(code.as_str()),
        (None, None) => Err("no_code"),
    };
    let origin = context.origin(state.source(), Actor::Server);
    let comeback = Comeback { state: &taken, browser: &browser, answer };
    Ok(match state.connections().come_back(&origin, comeback).await? {
        Some(url) => to(&url),
        None => ended(),
    })
}

fn browser_of(headers: &HeaderMap) -> Option<Secret> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let cookie = cookies.find(|cookie| cookie.name() == COOKIE && cookie.value().len() >= 32)?;
    Some(Secret::presented(cookie.value()))
}

fn cookie(context: &RequestContext, browser: &Secret) -> Option<HeaderValue> {
    let cookie = Cookie::build((COOKIE, browser.expose()))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/connect")
        .max_age(cookie::time::Duration::try_from(LINK_LIFE).ok()?)
        .secure(context.base_url().starts_with("https://"));
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}

/// Sends a browser on. Nobody learns from it where it has been: that URL contains a secret.
fn to(url: &Url) -> Response {
    let headers = [(header::LOCATION, url.as_str()), (header::REFERRER_POLICY, "no-referrer")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The page of a link that cannot be used.
fn ended() -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Link cannot be used</title>\
                <h1>This link cannot be used</h1><p>It was used before, it has expired, or another browser has opened it. \
                Go back to where you came from, and ask for a new one.</p></html>\n";
    (StatusCode::GONE, headers, Extension(Final), Html(page)).into_response()
}
