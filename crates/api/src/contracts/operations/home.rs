//! What the server says of itself at its address.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::context::{Context, RequestContext};
use crate::wire::envelope::ErrorCode;

/// What this server is, and where to read on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Home {
    /// Always `denizen`.
    #[schema(example = "denizen")]
    name: &'static str,
    /// The server's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The documentation, for people.
    #[schema(example = "http://127.0.0.1:8080/docs/")]
    documentation: String,
    /// The OpenAPI document, for programs.
    #[schema(example = "http://127.0.0.1:8080/openapi.json")]
    openapi: String,
    /// The types of events, with their schemas.
    #[schema(example = "http://127.0.0.1:8080/docs/events")]
    events: String,
    /// Whether the server is ready.
    #[schema(example = "http://127.0.0.1:8080/health/ready")]
    health: String,
    /// The page of an error code.
    #[schema(example = "http://127.0.0.1:8080/errors/{code}")]
    errors: String,
}

/// Describes the server
///
/// For whoever opens its address: a page for browsers, which accept `text/html`, and JSON for programs. Shows nothing
/// that the directory stores.
#[utoipa::path(get, path = "/", operation_id = "server.describe", tag = "Server",
    responses((status = 200, content((Home = "application/json"), (String = "text/html")))))]
pub(crate) async fn home(Context(context): Context, headers: HeaderMap) -> Response {
    let vary = [(header::VARY, HeaderValue::from_static("accept"))];
    if accepts_html(&headers) {
        (vary, Html(page())).into_response()
    } else {
        (vary, Json(Home::of(&context))).into_response()
    }
}

impl Home {
    fn of(context: &RequestContext) -> Self {
        let link = |path: &str| format!("{}{path}", context.base_url());
        Self {
            name: NAME,
            version: VERSION,
            documentation: link("/docs/"),
            openapi: link("/openapi.json"),
            events: link("/docs/events"),
            health: link("/health/ready"),
            errors: link("/errors/{code}"),
        }
    }
}

/// The server's name.
pub(crate) const NAME: &str = "denizen";

/// The server's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns whether `Accept` names HTML, as browsers do, and does not exclude it.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case("text/html"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_html && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

/// Links relative to the page work at every address that leads to the server.
fn page() -> String {
    let codes = ErrorCode::ALL.map(|(code, _)| {
        let code = code.as_str();
        format!("<li><a href=\"errors/{code}\">{code}</a></li>")
    });
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Denizen</title>\
         <h1>Denizen {VERSION}</h1><p>This is the API of a user directory.</p>\
         <ul><li><a href=\"docs/\">Documentation</a></li>\
         <li><a href=\"openapi.json\">OpenAPI document</a></li>\
         <li><a href=\"docs/events\">Events</a></li>\
         <li><a href=\"health/ready\">Health</a></li></ul>\
         <p>What its error codes mean:</p><ul>{}</ul></html>\n",
        codes.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_name_html_get_a_page() {
        for (accept, is_html) in [
            ("text/html", true),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json, Text/HTML ; q=0.5", true),
            ("*/*", false),
            ("application/json", false),
            ("application/json, text/plain, */*", false),
            ("text/*", false),
            ("text/html;q=0", false),
            ("text/html;q=0.000, */*", false),
            ("text/htmlx", false),
            ("", false),
        ] {
            let header = (header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(accepts_html(&HeaderMap::from_iter([header])), is_html, "{accept}");
        }
        assert!(!accepts_html(&HeaderMap::new()));
    }
}
