//! Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13.1).

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use denizen_domain::{Error, Result};
use serde::Serialize;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::{Content, Header, RefOr, ResponseBuilder, Schema};
use utoipa::{IntoParams, openapi};

use crate::wire::error::ApiError;

/// Condition for reading only changed objects.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header, which [`Preconditions`] reads")]
pub(crate) struct IfNoneMatch {
    /// An `ETag` read before, also weak or with the suffix of a proxy that compresses (`-gzip`): 304 if it is unchanged. On
    /// writes, `*` is 412 if the object exists.
    #[param(rename = "If-None-Match", example = "\"hV0h8JbSHT1vLmKDOsZ3CQ\"")]
    if_none_match: Option<String>,
}

/// Condition for changing only unchanged objects.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header, which [`Preconditions`] reads")]
pub(crate) struct IfMatch {
    /// An `ETag` read before, also weak or with the suffix of a proxy that compresses (`-gzip`): 412 if the object has
    /// changed since, so that no update is lost.
    #[param(rename = "If-Match", example = "\"hV0h8JbSHT1vLmKDOsZ3CQ\"")]
    if_match: Option<String>,
}

/// Whether an operation takes `If-Match`.
pub(crate) fn has_precondition(operation: &Operation) -> bool {
    takes(operation, "If-Match")
}

fn takes(operation: &Operation, name: &str) -> bool {
    let is_named =
        |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == name);
    operation.parameters.iter().flatten().any(is_named)
}

/// Schemas of users, always sent with tags.
const EXTERNAL_USERS: [&str; 3] = ["CreatedExternalUser", "ExternalUser", "ExternalUserWithToken"];

/// Schemas sent with tags only by operations that take conditions.
const OTHERS: [&str; 3] = ["Account", "FlowdockUser", "User"];

/// Adds the responses and headers that follow from an operation's conditions. The document describes the tag itself
/// once.
pub(crate) fn describe(operation: &mut Operation) {
    let (is_read, is_write) = (takes(operation, "If-None-Match"), has_precondition(operation));
    let responses = &mut operation.responses.responses;
    if is_read && !is_write {
        let unchanged = ResponseBuilder::new().description("Unchanged; see If-None-Match").build();
        responses.insert("304".to_owned(), RefOr::T(unchanged));
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        let shows = |names: &[&str]| names.iter().any(|name| shows(response, name));
        if status == "304" || shows(&EXTERNAL_USERS) || ((is_read || is_write) && shows(&OTHERS)) {
            response.headers.insert("etag".to_owned(), Header::default().into());
        }
    }
}

/// Returns whether a response has or may have a schema.
fn shows(response: &openapi::Response, schema: &str) -> bool {
    let is_it = |shown: &RefOr<Schema>| match shown {
        RefOr::Ref(shown) => shown.ref_location.rsplit('/').next() == Some(schema),
        RefOr::T(_) => false,
    };
    response.content.values().any(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::T(Schema::OneOf(any))), .. }) => any.items.iter().any(is_it),
        RefOr::T(Content { schema: Some(shown), .. }) => is_it(shown),
        _ => false,
    })
}

/// The conditions of a request, from `If-Match` and `If-None-Match`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    is_read: bool,
}

/// The entity tags in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`: any object.
    Any,
    /// One of these, unquoted.
    Listed(Vec<String>),
}

impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            if_match: Tags::of(&parts.headers, &header::IF_MATCH),
            if_none_match: Tags::of(&parts.headers, &header::IF_NONE_MATCH),
            is_read: parts.method == Method::GET || parts.method == Method::HEAD,
        })
    }
}

impl Preconditions {
    /// Fails with [`Error::PreconditionFailed`] if the conditions do not allow a change. `current` is the object's tag,
    /// or `None` if it does not exist. Call this within the write's transaction.
    pub(crate) fn require(&self, current: Option<&str>) -> Result<()> {
        let is_missed = self.if_match.as_ref().is_some_and(|tags| !tags.match_one(current));
        let is_met = self.if_none_match.as_ref().is_some_and(|tags| tags.match_one(current));
        if is_missed || is_met { Err(Error::PreconditionFailed) } else { Ok(()) }
    }

    /// Responds with an object and its tag, or with 304 if the reader already has it.
    pub(crate) fn answer(&self, tag: &str, status: StatusCode, shown: impl Serialize) -> Response {
        self.shown(tag, (status, Json(shown)))
    }

    /// Like [`answer`](Self::answer), for any response.
    pub(crate) fn shown(&self, tag: &str, answer: impl IntoResponse) -> Response {
        let is_known = self.if_none_match.as_ref().is_some_and(|tags| tags.match_one(Some(tag)));
        if self.is_read && is_known { tagged(tag, StatusCode::NOT_MODIFIED) } else { tagged(tag, answer) }
    }
}

/// Adds the tag to a response.
pub(crate) fn tagged(tag: &str, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

impl Tags {
    /// Parses the tags of a header, ignoring invalid ones. Weak tags count like strong ones: the server creates only
    /// strong ones, but intermediaries that compress responses weaken them.
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut values = headers.get_all(name).iter().peekable();
        values.peek()?;
        let texts: Vec<&str> =
            values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).collect();
        if texts.iter().any(|text| text.trim() == "*") {
            return Some(Self::Any);
        }
        let tag = |text: &&str| {
            let text = text.trim();
            let quoted = text.strip_prefix("W/").unwrap_or(text);
            Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
        };
        Some(Self::Listed(texts.iter().filter_map(tag).collect()))
    }

    fn match_one(&self, current: Option<&str>) -> bool {
        match (self, current) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::Listed(tags), Some(current)) => tags.iter().any(|tag| is_of(tag, current)),
        }
    }
}

/// Returns whether a tag is the current one, perhaps with the suffix of an intermediary that compressed the response:
/// Apache appends `-gzip` to the tag, Jetty `--gzip`, others `;gzip`.
fn is_of(tag: &str, current: &str) -> bool {
    tag.strip_prefix(current).is_some_and(|suffix| {
        let encoding = ["--", "-", ";"].into_iter().find_map(|separator| suffix.strip_prefix(separator));
        suffix.is_empty() || encoding.is_some_and(|encoding| ENCODINGS.contains(&encoding))
    })
}

/// The encodings that intermediaries append to tags.
const ENCODINGS: [&str; 4] = ["br", "deflate", "gzip", "zstd"];

#[cfg(test)]
mod tests {
    use super::*;

    fn preconditions(if_match: Option<&str>, if_none_match: Option<&str>) -> Preconditions {
        let tags = |text: Option<&str>| {
            let value = HeaderValue::from_str(text?).unwrap();
            Tags::of(&HeaderMap::from_iter([(header::IF_MATCH, value)]), &header::IF_MATCH)
        };
        Preconditions { if_match: tags(if_match), if_none_match: tags(if_none_match), is_read: true }
    }

    #[test]
    fn if_match_requires_the_current_entity_tag() {
        for (if_match, current, is_met) in [
            ("\"a\"", Some("a"), true),
            ("W/\"a\"", Some("a"), true),
            ("\"b\", \"a\"", Some("a"), true),
            ("*", Some("a"), true),
            ("\"a-gzip\"", Some("a"), true),
            ("W/\"a-gzip\"", Some("a"), true),
            ("\"a--gzip\"", Some("a"), true),
            ("\"a;gzip\"", Some("a"), true),
            ("\"b-br\", \"a-br\"", Some("a"), true),
            ("\"a;deflate\"", Some("a"), true),
            ("\"a-zstd\"", Some("a"), true),
            ("\"a-br\"", Some("a-br"), true),
            ("\"a\"", Some("a-br"), false),
            ("\"agzip\"", Some("a"), false),
            ("\"a-\"", Some("a"), false),
            ("\"a-gzip2\"", Some("a"), false),
            ("\"a-gzip-gzip\"", Some("a"), false),
            ("\"b-gzip\"", Some("a"), false),
            ("\"b\"", Some("a"), false),
            ("a", Some("a"), false),
            ("", Some("a"), false),
            ("*", None, false),
            ("\"a\"", None, false),
        ] {
            assert_eq!(preconditions(Some(if_match), None).require(current).is_ok(), is_met, "{if_match}");
        }
    }

    #[test]
    fn joins_repeated_headers() {
        let lines = ["\"a\"", "\"b\""].map(|line| (header::IF_MATCH, HeaderValue::from_static(line)));
        let tags = Tags::of(&HeaderMap::from_iter(lines), &header::IF_MATCH);
        assert_eq!(tags, Some(Tags::Listed(vec!["a".to_owned(), "b".to_owned()])));
    }

    #[test]
    fn if_none_match_rejects_matching_tags() {
        for (if_none_match, current, is_met) in [
            ("*", None, true),
            ("*", Some("a"), false),
            ("\"a\"", Some("a"), false),
            ("\"b\"", Some("a"), true),
        ] {
            let preconditions = preconditions(None, Some(if_none_match));
            assert_eq!(preconditions.require(current).is_ok(), is_met, "{if_none_match}");
        }
        assert!(preconditions(None, None).require(Some("a")).is_ok());
    }

    #[test]
    fn a_matching_if_none_match_returns_304() {
        let answer = preconditions(None, Some("\"a\"")).answer("a", StatusCode::OK, "it");
        assert_eq!(
            (answer.status(), &answer.headers()["etag"]),
            (StatusCode::NOT_MODIFIED, &HeaderValue::from_static("\"a\""))
        );
        let answer = preconditions(None, Some("\"b\"")).answer("a", StatusCode::OK, "it");
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
