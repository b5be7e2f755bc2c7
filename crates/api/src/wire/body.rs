//! Reads JSON bodies and reports all invalid fields at once.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use denizen_domain::{
    BadRequest, Error, Json, JsonError, Patch, Reason, Violation, Violations, json_members,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::context::Context;
use super::encoding;
use super::error::{ApiError, ApiResult, Unsupported};
use super::fields::{self, Body};
use super::number::whole_number;

/// A JSON object, as a struct of [`Input`] fields, and the violations of the fields that it does not have: the handler
/// reports these with all others. In contracts that ignore unknown fields there are none.
pub(crate) struct JsonBody<T>(pub(crate) T, pub(crate) Violations);

/// Maximum size and time of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Maximum bytes.
    pub(crate) size: usize,
    /// Maximum time.
    pub(crate) time: Duration,
}

impl<S: Send + Sync, T: Body + ToSchema + DeserializeOwned> FromRequest<S> for JsonBody<T>
where
    BodyLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        require_json(request.headers())?;
        let Context(context) = Context::in_extensions(request.extensions())?;
        let (body, unknown) = parse_known(&read(request, BodyLimits::from_ref(state)).await?)?;
        Ok(Self(body, context.refused(unknown)))
    }
}

/// JSON of any shape, of at most 64 levels, and the violations of fields that `T` does not document, as in [`JsonBody`].
/// An empty body is null.
pub(crate) struct AnyJson<T>(pub(crate) Json, pub(crate) Violations, pub(crate) PhantomData<T>);

impl<S: Send + Sync, T: Body + ToSchema> FromRequest<S> for AnyJson<T>
where
    BodyLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        require_json(request.headers())?;
        let Context(context) = Context::in_extensions(request.extensions())?;
        let body = any(&read(request, BodyLimits::from_ref(state)).await?)?;
        let unknown = fields::unknown_in_json::<T>(&body);
        Ok(Self(body, context.refused(unknown), PhantomData))
    }
}

/// How many levels of objects and arrays [`AnyJson`] has at most.
const MAXIMUM_LEVELS: usize = 64;

/// Reads JSON of any shape. An object may name a key once.
fn any(bytes: &[u8]) -> Result<Json, Error> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Json::Null);
    }
    if bytes.trim_ascii_start().starts_with(b"{") {
        let mut names = HashSet::new();
        if let Some((twice, _)) = members(bytes)?.into_iter().find(|(name, _)| !names.insert(name.clone())) {
            return Err(invalid(format!("The body names the key {twice} twice.")));
        }
    }
    let text = str::from_utf8(bytes).map_err(|_| invalid("The body must be UTF-8.".to_owned()))?;
    Json::parse(text, MAXIMUM_LEVELS).map_err(|error| match error {
        JsonError::TooDeep => invalid(format!("The body has more than {MAXIMUM_LEVELS} levels.")),
        JsonError::Malformed(error) => invalid(format!("The body is not JSON: {error}.")),
    })
}

fn invalid(problem: String) -> Error {
    Error::BadRequest(BadRequest::InvalidJson(problem))
}

/// Reads a body within the limits of size and time, which apply to it before and after inflating. Removes a byte-order
/// mark.
pub(crate) async fn read(request: Request, limits: BodyLimits) -> ApiResult<Vec<u8>> {
    let body = read_whole(request, limits).await?;
    Ok(without_mark(&body).map(<[u8]>::to_vec).unwrap_or(body))
}

/// Returns a body without a byte-order mark; `None` if it has none.
pub(crate) fn without_mark(body: &[u8]) -> Option<&[u8]> {
    body.strip_prefix(BYTE_ORDER_MARK)
}

/// Like [`read`], but keeps a byte-order mark.
pub(crate) async fn read_whole(request: Request, limits: BodyLimits) -> ApiResult<Vec<u8>> {
    let (parts, body) = request.into_parts();
    // The client has been answered by now. Stop, so that the request does not proceed with outdated rights.
    let late = |_| Error::Unavailable("the body came too slowly".to_owned());
    let sent = read_within(&parts.headers, body, limits.size);
    let sent = tokio::time::timeout(limits.time, sent).await.map_err(late)??;
    encoding::inflated(&parts.headers, sent, limits.size)
}

/// What some Windows programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns the request whose body has been [read](read), with that body.
pub(crate) fn with_body(mut parts: Parts, body: Vec<u8>) -> Request {
    // The headers describe the body as it was sent.
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    Request::from_parts(parts, HttpBody::from(body))
}

async fn read_within(headers: &HeaderMap, body: HttpBody, limit: usize) -> ApiResult<Vec<u8>> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(ApiError::PayloadTooLarge { limit });
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::PayloadTooLarge { limit }),
        Err(error) => Err(invalid(format!("The body cannot be read: {error}.")).into()),
    }
}

/// Reads a JSON object. Fields that it does not have are ignored.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    read_members(members(bytes)?)
}

/// Reads a JSON object, and returns a violation for each field that it does not have.
pub(crate) fn parse_known<T: Body + ToSchema + DeserializeOwned>(
    bytes: &[u8],
) -> Result<(T, Violations), Error> {
    let members = members(bytes)?;
    let unknown = fields::unknown_in::<T>(members.iter().map(|(name, value)| (name.as_str(), value.get())));
    Ok((read_members(members)?, unknown))
}

fn read_members<T: DeserializeOwned>(members: Vec<(String, &RawValue)>) -> Result<T, Error> {
    let members = members.into_iter().map(|(name, value)| (name, value.get().to_owned()));
    object_of(members).map_err(|error| unexpected(&error))
}

/// Returns the names and values of a JSON object, in order and with repeated names.
pub(crate) fn members(bytes: &[u8]) -> Result<Vec<(String, &RawValue)>, Error> {
    // serde_json does not validate strings that it skips.
    let text = str::from_utf8(bytes).map_err(|_| invalid("The body must be UTF-8.".to_owned()))?;
    // serde accepts an array for a struct, field by field.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(invalid("The body must be a JSON object.".to_owned()));
    }
    json_members(text).map_err(|error| unexpected(&error))
}

fn unexpected(error: &serde_json::Error) -> Error {
    invalid(format!("The body is not the expected JSON object: {error}."))
}

/// Reads a struct of [`Input`] fields from names and values, these as JSON. Fails if a field is named twice.
pub(crate) fn object_of<T: DeserializeOwned>(
    members: impl Iterator<Item = (String, String)>,
) -> Result<T, serde_json::Error> {
    T::deserialize(MapDeserializer::new(members))
}

fn require_json(headers: &HeaderMap) -> ApiResult<()> {
    match content_type(headers)? {
        None => Ok(()),
        Some(announced) if is_json(&announced) => Ok(()),
        Some(_) => Err(ApiError::UnsupportedMediaType(Unsupported::Type)),
    }
}

/// Returns the content type in lower case, without parameters. Fails if it names a charset other than UTF-8 or its
/// subset ASCII: the text would be misread.
pub(crate) fn content_type(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(announced) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let mut parts = announced.to_str().unwrap_or_default().split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = parts.filter_map(|parameter| parameter.split_once('='));
    for (_, charset) in parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")) {
        let charset = charset.trim().trim_matches('"');
        if !is_utf_8(charset) {
            return Err(ApiError::UnsupportedMediaType(Unsupported::Charset(charset.to_owned())));
        }
    }
    Ok(Some(media_type))
}

/// Returns whether a text in this charset can be read as UTF-8.
pub(crate) fn is_utf_8(charset: &str) -> bool {
    CHARSETS.iter().any(|known| known.eq_ignore_ascii_case(charset))
}

/// Names of UTF-8 and of its subset ASCII; without a name it is UTF-8.
const CHARSETS: [&str; 5] = ["utf-8", "utf8", "us-ascii", "ascii", ""];

/// Returns whether a content type is JSON.
pub(crate) fn is_json(content_type: &str) -> bool {
    content_type == "application/json" || content_type.ends_with("+json")
}

/// A field of a body before validation. Reading never fails, so that the other fields are read, too.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Input<T> {
    /// The key is missing.
    #[default]
    Absent,
    /// The value is null.
    Null,
    /// The value has the right JSON type.
    Value(T),
    /// The value has another JSON type.
    Wrong(Violation),
}

/// A value as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sent {
    /// A string.
    Text(String),
    /// Any other value, as JSON. Its numbers keep their spelling.
    Json(String),
}

/// A JSON type.
pub(crate) trait JsonType: Sized {
    /// The type's name.
    const NAME: &'static str;

    /// The type that rules take.
    type Borrowed: ?Sized;

    /// Converts a value of this type.
    fn of(value: Sent) -> Option<Self>;

    /// The value as rules take it.
    fn borrowed(&self) -> &Self::Borrowed;
}

impl JsonType for String {
    const NAME: &'static str = "a string";
    type Borrowed = str;

    fn of(value: Sent) -> Option<Self> {
        if let Sent::Text(text) = value { Some(text) } else { None }
    }

    fn borrowed(&self) -> &str {
        self
    }
}

impl JsonType for bool {
    const NAME: &'static str = "true or false";
    type Borrowed = Self;

    fn of(value: Sent) -> Option<Self> {
        if let Sent::Json(json) = value { json.parse().ok() } else { None }
    }

    fn borrowed(&self) -> &Self {
        self
    }
}

impl JsonType for i64 {
    const NAME: &'static str = "a whole number of at most 64 bits";
    type Borrowed = Self;

    fn of(value: Sent) -> Option<Self> {
        if let Sent::Json(json) = value { whole_number(&json) } else { None }
    }

    fn borrowed(&self) -> &Self {
        self
    }
}

/// An object as JSON, for rules that read it themselves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ObjectText(String);

impl JsonType for ObjectText {
    const NAME: &'static str = "an object";
    type Borrowed = str;

    fn of(value: Sent) -> Option<Self> {
        match value {
            Sent::Json(json) if json.starts_with('{') => Some(Self(json)),
            Sent::Json(_) | Sent::Text(_) => None,
        }
    }

    fn borrowed(&self) -> &str {
        &self.0
    }
}

impl JsonType for Vec<Value> {
    const NAME: &'static str = "an array";
    type Borrowed = [Value];

    fn of(value: Sent) -> Option<Self> {
        if let Sent::Json(json) = value { serde_json::from_str(&json).ok() } else { None }
    }

    fn borrowed(&self) -> &[Value] {
        self
    }
}

/// An array whose entries are read one by one, each as JSON.
#[derive(Debug, Clone)]
pub(crate) struct Entries(Vec<Box<RawValue>>);

impl JsonType for Entries {
    const NAME: &'static str = "an array";
    type Borrowed = [Box<RawValue>];

    fn of(value: Sent) -> Option<Self> {
        if let Sent::Json(json) = value { serde_json::from_str(&json).ok().map(Self) } else { None }
    }

    fn borrowed(&self) -> &[Box<RawValue>] {
        &self.0
    }
}

impl JsonType for Value {
    const NAME: &'static str = "a value";
    type Borrowed = Self;

    fn of(value: Sent) -> Option<Self> {
        match value {
            Sent::Text(text) => Some(Self::String(text)),
            Sent::Json(json) => serde_json::from_str(&json).ok(),
        }
    }

    fn borrowed(&self) -> &Self {
        self
    }
}

/// Reads a value from its JSON text, as [`object_of`] passes it on: serde would turn numbers into floats.
impl<'de, T: JsonType> Deserialize<'de> for Input<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = String::deserialize(deserializer)?;
        let sent = match json.as_bytes().first() {
            Some(b'n') => return Ok(Self::Null),
            Some(b'"') => Sent::Text(serde_json::from_str(&json).map_err(D::Error::custom)?),
            _ => Sent::Json(json),
        };
        Ok(T::of(sent).map_or_else(|| Self::Wrong(wrong_type::<T>()), Self::Value))
    }
}

impl<T: JsonType> Input<T> {
    /// A field that may be absent or null.
    pub(crate) fn optional<U>(
        self,
        violations: &mut Violations,
        name: &str,
        rule: impl FnOnce(&T::Borrowed) -> Result<U, Violation>,
    ) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => {
                violations.check(name, rule(value.borrowed())).map_or(Patch::Absent, Patch::Value)
            }
            Self::Wrong(violation) => {
                violations.add(name, violation);
                Patch::Absent
            }
        }
    }

    /// A field that must be present but may be null.
    pub(crate) fn present<U>(
        self,
        violations: &mut Violations,
        name: &str,
        rule: impl FnOnce(&T::Borrowed) -> Result<U, Violation>,
    ) -> Patch<U> {
        if matches!(self, Self::Absent) {
            violations.add(name, Violation::new(Reason::Required, "must be present; null if none"));
        }
        self.optional(violations, name, rule)
    }

    /// A field that may be absent but not null.
    pub(crate) fn not_null<U>(
        self,
        violations: &mut Violations,
        name: &str,
        rule: impl FnOnce(&T::Borrowed) -> Result<U, Violation>,
    ) -> Option<U> {
        match self.optional(violations, name, rule) {
            Patch::Value(value) => Some(value),
            Patch::Absent => None,
            Patch::Null => {
                violations.add(name, wrong_type::<T>());
                None
            }
        }
    }

    /// A field that must be present and not null.
    pub(crate) fn required<U>(
        self,
        violations: &mut Violations,
        name: &str,
        rule: impl FnOnce(&T::Borrowed) -> Result<U, Violation>,
    ) -> Option<U> {
        if matches!(self, Self::Absent) {
            violations.add(name, Violation::new(Reason::Required, "must be given"));
        }
        self.not_null(violations, name, rule)
    }
}

fn wrong_type<T: JsonType>() -> Violation {
    Violation::new(Reason::InvalidType, format!("must be {}", T::NAME))
}
