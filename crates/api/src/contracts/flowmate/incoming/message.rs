//! What a request brings to the flow that it starts.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use denizen_domain::{Json, JsonObject, WorkflowId};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::state::AppState;
use crate::wire::body::{self, BodyLimits};
use crate::wire::error::ApiResult;
use crate::wire::loose_body::{self, MAXIMUM_SIZE};

/// Headers with credentials, which flows never see.
const CREDENTIALS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-notiflows-secret-key"];

/// Where a request goes.
pub(super) struct Target {
    /// The id of the flow as the request spells it.
    pub(super) spelt: String,
    /// The rest of the path, without a slash at the beginning.
    pub(super) suffix: String,
}

impl Target {
    /// Reads a path of this contract.
    pub(super) fn of(uri: &Uri) -> Self {
        let below = uri.path().splitn(3, '/').nth(2).unwrap_or_default();
        let (id, suffix) = below.split_once('/').unwrap_or((below, ""));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().replace('\0', "\u{fffd}");
        Self { spelt: decoded(id), suffix: decoded(suffix) }
    }

    /// Returns the id of the flow. One that does not parse is that of no flow, which is looked for like any other.
    pub(super) fn flow_id(&self) -> WorkflowId {
        self.spelt.parse().unwrap_or_else(|_| WorkflowId::from_uuid(Uuid::nil()))
    }
}

/// A request that has arrived as a whole, and is not understood yet.
pub(super) struct Message {
    /// All about it but the body.
    pub(super) parts: Parts,
    /// The body. Only POST has one.
    body: Vec<u8>,
}

impl Message {
    /// Reads a request, whose body has at most 1 MiB, and not more than the server allows.
    pub(super) async fn receive(state: &AppState, request: Request) -> ApiResult<Self> {
        let (parts, body) = request.into_parts();
        let body = if parts.method == Method::POST {
            let limits = state.options().body_limits();
            let limits = BodyLimits { size: limits.size.min(MAXIMUM_SIZE), ..limits };
            body::read_whole(Request::from_parts(parts.clone(), body), limits).await?
        } else {
            Vec::new()
        };
        Ok(Self { parts, body })
    }

    /// Returns what a signature is about: the body, or the query of a request that has none.
    pub(super) fn signed(&self) -> &[u8] {
        if self.parts.method == Method::POST {
            &self.body
        } else {
            self.parts.uri.query().unwrap_or_default().as_bytes()
        }
    }

    /// Returns what comes to the first step, the body or else the query, and what expressions see of the request.
    pub(super) fn understand(self, target: Target, signature: &str) -> ApiResult<(Json, JsonObject)> {
        let Parts { method, uri, headers, .. } = self.parts;
        let query = loose_body::query_of(&uri)?;
        let read = body::without_mark(&self.body).unwrap_or(&self.body);
        let body = if method == Method::POST { loose_body::json_of(&headers, read)? } else { Json::Null };
        let data = if method == Method::POST { body.clone() } else { Json::Object(query.clone()) };
        let trigger = JsonObject::from_iter([
            ("method".to_owned(), Json::String(method.to_string())),
            ("suffix".to_owned(), Json::String(target.suffix)),
            ("query".to_owned(), Json::Object(query)),
            ("headers".to_owned(), Json::Object(shown(&headers, signature))),
            ("body".to_owned(), body),
        ]);
        Ok((data, trigger))
    }
}

/// Returns the headers that a flow sees.
fn shown(headers: &HeaderMap, signature: &str) -> JsonObject {
    let is_open = |name: &str| name != signature && !CREDENTIALS.contains(&name);
    let open = headers.iter().filter(|(name, _)| is_open(name.as_str()));
    loose_body::object_of(
        open.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())),
    )
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_path_names_the_flow_and_what_follows() {
        for (path, spelt, suffix) in [
            ("/webhooks/7", "7", ""),
            ("/hook/7/a/b", "7", "a/b"),
            ("/hook/7/a%2Fb//c", "7", "a/b//c"),
            ("/hook/%FF%00/%00", "\u{fffd}\u{fffd}", "\u{fffd}"),
            ("/hook/", "", ""),
        ] {
            let target = Target::of(&path.parse().unwrap());
            assert_eq!((target.spelt.as_str(), target.suffix.as_str()), (spelt, suffix), "{path}");
        }
    }

    #[test]
    fn a_flow_sees_no_credentials() {
        let headers = ["authorization", "cookie", "x-hmac", "x-api-key", "x-event"];
        let mut headers: HeaderMap =
            headers.into_iter().map(|name| (name.parse().unwrap(), HeaderValue::from_static("a"))).collect();
        headers.append("x-event", HeaderValue::from_static("b"));
        assert_eq!(Json::Object(shown(&headers, "x-hmac")).to_string(), r#"{"x-event":["a","b"]}"#);
    }
}
