//! The session cookie: a token that browsers store and scripts cannot read.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use cookie::{Cookie, SameSite};
use denizen_domain::{Error, Forbidden, Secret};

use crate::wire::context::RequestContext;

/// Its name.
const NAME: &str = "denizen_session";

/// Returns the token in the cookie, if any.
pub(crate) fn read(headers: &HeaderMap) -> Option<Secret> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let cookie = cookies.find(|cookie| cookie.name() == NAME && !cookie.value().is_empty())?;
    Some(Secret::presented(cookie.value()))
}

/// Returns `Set-Cookie` with a token, kept this long or until the browser is closed.
pub(crate) fn set(context: &RequestContext, secret: &Secret, kept: Option<Duration>) -> Option<HeaderValue> {
    let mut cookie = blank(context, secret.expose());
    cookie.set_max_age(kept.and_then(|kept| cookie::time::Duration::try_from(kept).ok()));
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// Returns `Set-Cookie` that deletes the cookie.
pub(crate) fn clear(context: &RequestContext) -> Option<HeaderValue> {
    let mut cookie = blank(context, "");
    cookie.set_max_age(cookie::time::Duration::ZERO);
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// Fails with [`Forbidden::CrossSite`] for unsafe requests from pages of other sites, to which browsers also attach the
/// cookie. Browsers report the origin of a request in `Sec-Fetch-Site`, older ones in `Origin`. Clients that send
/// neither are not browsers and can only send a cookie of their own.
pub(crate) fn require_same_site(
    method: &Method,
    headers: &HeaderMap,
    context: &RequestContext,
) -> Result<(), Error> {
    if method.is_safe() || is_same_site(headers, context) {
        return Ok(());
    }
    Err(Error::Forbidden(Forbidden::CrossSite))
}

/// Returns whether the request is not from a page of another site.
pub(crate) fn is_same_site(headers: &HeaderMap, context: &RequestContext) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().unwrap_or_default();
    origin_of(&context.base_url) == origin
        || host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, of_origin)| of_origin == host))
}

/// Returns scheme, host and port of a URL.
fn origin_of(address: &str) -> &str {
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    address[host..].find('/').map_or(address, |path| &address[..host + path])
}

fn blank<'value>(context: &RequestContext, value: &'value str) -> Cookie<'value> {
    Cookie::build((NAME, value))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(context.base_url.starts_with("https://"))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cookie_among_others() {
        let headers =
            |line: &str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(line).unwrap())]);
        let found = |line: &str| read(&headers(line)).map(|secret| secret.expose().to_owned());
        assert_eq!(found("a=b; denizen_session=lit_x; c=d").as_deref(), Some("lit_x"));
        assert_eq!(found("denizen_session="), None);
        assert_eq!(found("other=lit_x"), None);
    }

    #[test]
    fn an_origin_is_a_url_without_its_path() {
        assert_eq!(origin_of("https://example.com/users"), "https://example.com");
        assert_eq!(origin_of("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    }
}
