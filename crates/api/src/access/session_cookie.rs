//! The session cookie: a token that browsers store and scripts cannot read.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};
use denizen_domain::Secret;

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

fn blank<'value>(context: &RequestContext, value: &'value str) -> Cookie<'value> {
    Cookie::build((NAME, value))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(context.base_url().starts_with("https://"))
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
}
