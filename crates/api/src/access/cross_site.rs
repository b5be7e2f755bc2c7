//! Requests that pages of other sites make with a credential that the browser attaches on its own: a cookie, or Basic,
//! which browsers keep sending once entered.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use denizen_domain::{Error, Forbidden};

use crate::wire::context::RequestContext;
use crate::wire::origin::CorsOrigin;

/// Content types that pages may send to other sites without asking the server first.
const SENT_UNASKED: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Fails with [`Forbidden::CrossSite`] for changes by pages of other sites, unless the page is allowed to make requests
/// and sends the credential itself. Only a header can come from the page: it cannot set a cookie, and the server never
/// allows pages to send the browser's own credentials.
pub(crate) fn require_intent(
    parts: &Parts,
    context: &RequestContext,
    allowed: &[CorsOrigin],
) -> Result<(), Error> {
    let Parts { method, headers, .. } = parts;
    let is_header = headers.contains_key(header::AUTHORIZATION);
    let is_intended = || is_header && is_from_allowed_page(method, headers, allowed);
    if method.is_safe() || is_same_site(headers, context) || is_intended() {
        return Ok(());
    }
    Err(Error::Forbidden(Forbidden::CrossSite))
}

/// Returns whether the request is not from a page of another site. Browsers report the origin of a request in
/// `Sec-Fetch-Site`, older ones in `Origin`. Clients that send neither are not browsers and can only send a credential
/// of their own.
pub(crate) fn is_same_site(headers: &HeaderMap, context: &RequestContext) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().unwrap_or_default();
    origin_of(context.base_url()) == origin
        || host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, of_origin)| of_origin == host))
}

/// The operator trusts listed origins. With `*`, the browser must have asked for this request first: with the browser's
/// own credentials, it would have been told no.
fn is_from_allowed_page(method: &Method, headers: &HeaderMap, allowed: &[CorsOrigin]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    allowed.iter().any(|allowed| match allowed {
        CorsOrigin::Any => was_asked_for(method, headers),
        CorsOrigin::One(_) | CorsOrigin::Below(_) => allowed.lists(origin),
    })
}

fn was_asked_for(method: &Method, headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_sent_unasked = content_type.is_none_or(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        SENT_UNASKED.iter().any(|unasked| essence.eq_ignore_ascii_case(unasked))
    });
    *method != Method::POST || !is_sent_unasked
}

/// Returns scheme, host and port of a URL.
fn origin_of(address: &str) -> &str {
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    address[host..].find('/').map_or(address, |path| &address[..host + path])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_url_without_its_path() {
        assert_eq!(origin_of("https://example.com/users"), "https://example.com");
        assert_eq!(origin_of("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    }
}
