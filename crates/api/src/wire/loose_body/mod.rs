//! Bodies that other systems send in a form of their choice, read as JSON.

mod xml;

use axum::http::{HeaderMap, Uri};
use denizen_domain::{BadRequest, Error, Json, JsonError, JsonObject};
use indexmap::map::Entry;

use super::body::{content_type, is_json};
use super::error::{ApiError, ApiResult, Unsupported};
use super::query::decode_pairs;

/// Maximum size of a body, in bytes.
pub(crate) const MAXIMUM_SIZE: usize = 1024 * 1024;

/// How many levels of objects and lists the JSON of a body has at most.
const MAXIMUM_LEVELS: usize = 64;

/// How many values JSON has at most, how many fields a form, and how many elements and attributes a document in XML: each takes
/// far more memory than it has bytes.
const MAXIMUM_NODES: usize = 50_000;

/// How much of a parser's message is shown, in characters: it can quote the body.
const MAXIMUM_MESSAGE: usize = 200;

/// Reads a body of at most 1 MiB in UTF-8 as JSON of at most 64 levels. An empty body is null. The `Content-Type` tells the
/// form of others:
///
/// * `application/json`, `…+json`, or none: JSON, of at most 50,000 values.
/// * `application/x-www-form-urlencoded`: an object of strings, in the order of the fields, of which there are at most
///   50,000. The values of a repeated name are a list.
/// * `application/xml`, `text/xml` or `…+xml`: XML, as follows.
/// * `text/…`: a string.
///
/// The root element of XML becomes `{name: value}`. An element with nothing but text becomes that text; an empty one, the
/// empty string. Any other element becomes an object: attributes are keys with `@` before the name, children are keys, in a
/// list if several have the same name, and text beside them, unless it is blank, is `#text`, all pieces in one. Names keep
/// their prefixes, and everything is text: nothing is taken for a number. Comments and processing instructions are left out.
///
/// ```text
/// <order id="7"><item>tea</item><item>milk</item><note lang="en">soon</note></order>
/// {"order": {"@id": "7", "item": ["tea", "milk"], "note": {"@lang": "en", "#text": "soon"}}}
/// ```
///
/// A document has at most 50,000 elements and attributes, 64 levels deep. It knows the five predefined entities and
/// characters by number. A document with a `DOCTYPE` is refused, so it can neither define entities nor refer to files.
///
/// Fails with [`BadRequest::InvalidJson`] if the body breaks these rules or its form's, with
/// [`BadRequest::InvalidParameters`] if a field of a form is not UTF-8, with [`ApiError::PayloadTooLarge`] if it is longer,
/// and with [`ApiError::UnsupportedMediaType`] if its type or its character set is another one.
pub(crate) fn json_of(headers: &HeaderMap, body: &[u8]) -> ApiResult<Json> {
    if body.len() > MAXIMUM_SIZE {
        return Err(ApiError::PayloadTooLarge { limit: MAXIMUM_SIZE });
    }
    // The content type of an empty body does not matter.
    if body.is_empty() {
        return Ok(Json::Null);
    }
    let form = Form::announced_in(headers)?;
    let text = str::from_utf8(body).map_err(|_| invalid("The body must be UTF-8."))?;
    match form {
        Form::Json => json(text),
        Form::Fields => fields(body),
        Form::Xml => shallow(xml::parse(text)?),
        Form::Text => Ok(Json::String(text.to_owned())),
    }
}

/// The form of a body.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Fields,
    Xml,
    Text,
}

impl Form {
    fn announced_in(headers: &HeaderMap) -> ApiResult<Self> {
        match content_type(headers)?.as_deref() {
            None => Ok(Self::Json),
            Some(announced) if is_json(announced) => Ok(Self::Json),
            Some("application/x-www-form-urlencoded") => Ok(Self::Fields),
            Some("application/xml" | "text/xml") => Ok(Self::Xml),
            Some(announced) if announced.ends_with("+xml") => Ok(Self::Xml),
            Some(announced) if announced.starts_with("text/") => Ok(Self::Text),
            Some(_) => Err(ApiError::UnsupportedMediaType(Unsupported::Type)),
        }
    }
}

fn json(text: &str) -> ApiResult<Json> {
    require_few_values(text)?;
    Json::parse(text, MAXIMUM_LEVELS).map_err(|error| match error {
        JsonError::TooDeep => too_deep(),
        JsonError::Malformed(error) => invalid(&format!("The body is not JSON: {error}.")),
    })
}

/// Fails if JSON has more levels or values than are read, by looking at what stands outside of strings.
fn require_few_values(text: &str) -> ApiResult<()> {
    let (mut values, mut level) = (1_usize, 0_usize);
    let (mut is_in_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_string => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            b',' if !is_in_string => values += 1,
            b'[' | b'{' if !is_in_string => (values, level) = (values + 1, level + 1),
            b']' | b'}' if !is_in_string => level = level.saturating_sub(1),
            _ => {}
        }
        if level > MAXIMUM_LEVELS {
            return Err(too_deep());
        }
    }
    if values > MAXIMUM_NODES { Err(invalid("The body has more than 50,000 values.")) } else { Ok(()) }
}

fn fields(body: &[u8]) -> ApiResult<Json> {
    if body.split(|byte| *byte == b'&').nth(MAXIMUM_NODES).is_some() {
        return Err(invalid("The form has more than 50,000 fields."));
    }
    Ok(Json::Object(object_of(decode_pairs(body, "body")?)))
}

/// Returns the query of a URL as an object of strings, as it would be read from a form.
pub(crate) fn query_of(uri: &Uri) -> ApiResult<JsonObject> {
    Ok(object_of(decode_pairs(uri.query().unwrap_or_default().as_bytes(), "query")?))
}

/// Returns an object of strings. The values of a repeated name are a list.
pub(crate) fn object_of(pairs: impl IntoIterator<Item = (String, String)>) -> JsonObject {
    let mut object = JsonObject::new();
    for (name, value) in pairs {
        add(&mut object, name, Json::String(value));
    }
    object
}

/// Adds a member, or makes a list of it and those with the same name. The values themselves are no lists.
fn add(object: &mut JsonObject, name: String, value: Json) {
    match object.entry(name) {
        Entry::Vacant(vacant) => {
            vacant.insert(value);
        }
        Entry::Occupied(mut occupied) => match occupied.get_mut() {
            Json::Array(values) => values.push(value),
            first => *first = Json::Array(vec![std::mem::take(first), value]),
        },
    }
}

/// Fails if JSON has too many levels: lists of repeated elements add some to those of a document.
fn shallow(json: Json) -> ApiResult<Json> {
    if levels(&json) > MAXIMUM_LEVELS { Err(too_deep()) } else { Ok(json) }
}

fn levels(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
    }
}

fn too_deep() -> ApiError {
    invalid("The body has more than 64 levels.")
}

fn invalid(problem: &str) -> ApiError {
    let shown = problem.chars().take(MAXIMUM_MESSAGE).collect();
    Error::BadRequest(BadRequest::InvalidJson(shown)).into()
}

#[cfg(test)]
mod tests;
