//! Stored form of a response.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use denizen_domain::{Error, Result};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};

use crate::wire::envelope::Final;
use crate::wire::error::ApiResult;

/// A handler's response, without the headers that all responses share.
pub(super) struct Answer {
    head: Head,
    body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
}

impl Answer {
    /// Reads a response, and returns it also for sending.
    pub(super) async fn of(response: Response) -> ApiResult<(Self, Response)> {
        let (mut parts, body) = response.into_parts();
        let broken = |error| Error::Internal(format!("the response was cut off: {error}"));
        let body = body.collect().await.map_err(broken)?.to_bytes();
        let header =
            |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.as_bytes().to_vec());
        let head =
            Head { status: parts.status.as_u16(), headers: parts.headers.iter().map(header).collect() };
        parts.extensions.insert(Final);
        let answer = Self { head, body: body.to_vec() };
        Ok((answer, Response::from_parts(parts, Body::from(body))))
    }

    /// Encodes the head as one line of JSON, then the body.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let failed = |error| Error::Internal(format!("cannot encode a response: {error}"));
        let mut bytes = serde_json::to_vec(&self.head).map_err(failed)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        Ok(bytes)
    }

    /// Decodes a response; `None` if invalid.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = serde_json::from_slice(&bytes[..end]).ok()?;
        Some(Self { head, body: bytes[end + 1..].to_vec() })
    }

    /// Restores the response.
    pub(super) fn into_response(self) -> Option<Response> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.head.status).ok()?;
        for (name, value) in self.head.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            response.headers_mut().append(name, HeaderValue::from_bytes(&value).ok()?);
        }
        response.extensions_mut().insert(Final);
        Some(response)
    }
}
