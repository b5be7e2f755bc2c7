//! Reads parameters from JSON, a form or the query string.

use std::collections::BTreeMap;

use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use denizen_domain::{BadRequest, Error, Reason, Violation, Violations};
use serde::Deserializer;
use serde::de::{DeserializeOwned, Visitor};
use serde_json::Value;

use super::body::{self, BodyLimits, JsonType, Sent};
use super::error::{ApiError, ApiResult, Unsupported};
use super::fields::{self, Body};
use super::number::whole_number;
use super::{query, spelling};

/// Maximum parameters of a body or query string: far more than any operation uses.
const MAXIMUM_PARAMETERS: usize = 100;

/// The parameters of a request, as a struct of [`Input`](body::Input) fields: from a JSON object or a form, and from
/// the query string; the body takes precedence. Repeated names are errors, and so are unknown ones in the query string
/// (see [`query`]). The second part holds the violations of unknown names in the body: the handler reports these with all
/// others.
///
/// Forms and query strings hold only text, JSON also numbers and booleans: [`Flag`] and [`Whole`] accept both.
pub(crate) struct Parameters<T>(pub(crate) T, pub(crate) Violations);

impl<S: Send + Sync, T: Body + DeserializeOwned> FromRequest<S> for Parameters<T>
where
    BodyLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        let query = texts(request.uri().query().unwrap_or_default().as_bytes(), "query")?;
        let is_json = is_announced_as_json(request.headers());
        let body = body::read(request, BodyLimits::from_ref(state)).await?;
        // The content type of an empty body does not matter.
        let body = if body.is_empty() { Pairs::default() } else { in_body(is_json?, &body)? };
        let (parameters, unknown) = merged(query, body)?;
        Ok(Self(parameters, unknown))
    }
}

/// Names and values in order, including repeated names. The values are JSON.
#[derive(Default)]
struct Pairs(Vec<(String, String)>);

/// Returns whether the content type is JSON. Fails if it is neither JSON nor a form.
fn is_announced_as_json(headers: &HeaderMap) -> ApiResult<bool> {
    match body::content_type(headers)? {
        None => Ok(false),
        Some(announced) if announced == "application/x-www-form-urlencoded" => Ok(false),
        Some(announced) if body::is_json(&announced) => Ok(true),
        Some(_) => Err(ApiError::UnsupportedMediaType(Unsupported::Type)),
    }
}

/// Treats a body that starts with a brace as JSON: many clients declare everything as a form, and forms encode braces
/// as percent escapes.
fn in_body(is_json: bool, bytes: &[u8]) -> Result<Pairs, Error> {
    let begun = bytes.trim_ascii_start();
    if begun.is_empty() {
        return Ok(Pairs::default());
    }
    if is_json || begun.starts_with(b"{") {
        let members = body::members(bytes)?.into_iter();
        Ok(Pairs(members.map(|(name, value)| (name, value.get().to_owned())).collect()))
    } else {
        texts(bytes, "body")
    }
}

fn texts(encoded: &[u8], place: &str) -> Result<Pairs, Error> {
    let pairs = query::decode_pairs(encoded, place)?;
    Ok(Pairs(pairs.into_iter().map(|(name, value)| (name, Value::String(value).to_string())).collect()))
}

/// Returns the parameters, and the violations of unknown names in the body.
fn merged<T: Body + DeserializeOwned>(query: Pairs, body: Pairs) -> Result<(T, Violations), Error> {
    let (mut violations, names) = (Violations::new(), names_of::<T>());
    let unknown = fields::unknown_names::<T>(body.0.iter().map(|(name, _)| name.as_str()), names);
    let query = query.named_as(names, &mut violations);
    let mut parameters = query.once_each("query", &mut violations);
    parameters.extend(body.once_each("body", &mut violations));
    if !violations.is_empty() {
        return Err(Error::BadRequest(BadRequest::InvalidParameters(violations)));
    }
    let unexpected = |error| BadRequest::InvalidJson(format!("The parameters are not as expected: {error}."));
    let parameters = body::object_of(parameters.into_iter());
    Ok((parameters.map_err(|error| Error::BadRequest(unexpected(error)))?, unknown))
}

impl Pairs {
    /// Gives arrays (`users[]`) the name of their parameter. Reports unknown keys.
    fn named_as(self, names: &'static [&'static str], violations: &mut Violations) -> Self {
        query::reject_unknown(&self.0, names, violations);
        let named = self.0.into_iter().map(|(key, value)| {
            let name = names.iter().find(|name| spelling::sends(&key, name));
            (name.map_or(key, |name| (*name).to_owned()), value)
        });
        Self(named.collect())
    }

    /// Returns each parameter once. Reports names repeated in this place.
    fn once_each(self, place: &str, violations: &mut Violations) -> BTreeMap<String, String> {
        if self.0.len() > MAXIMUM_PARAMETERS {
            let message = format!("must hold at most {MAXIMUM_PARAMETERS} parameters");
            violations.add(place, Violation::new(Reason::TooLarge, message));
            return BTreeMap::new();
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in &self.0 {
            *times.entry(name).or_default() += 1;
        }
        for (name, _) in times.into_iter().filter(|(_, times)| *times > 1) {
            violations.add(name, query::repeated());
        }
        self.0.into_iter().collect()
    }
}

/// Returns the names of a struct's fields, as they are deserialized.
fn names_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Deserializing fails on purpose: only the names that it asks for matter.
    let _: Result<T, _> = T::deserialize(Names(&mut names));
    names
}

/// A deserializer that notes the names of a struct's fields and fails.
struct Names<'names>(&'names mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("only the names of a struct are read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// `true` or `false` as JSON, `1` or `0`, or a [`boolean`](query::boolean) as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag(bool);

impl JsonType for Flag {
    const NAME: &'static str = query::BOOLEAN;
    type Borrowed = bool;

    fn of(value: Sent) -> Option<Self> {
        let (Sent::Text(text) | Sent::Json(text)) = value;
        query::boolean(&text).map(Self)
    }

    fn borrowed(&self) -> &bool {
        &self.0
    }
}

/// A whole number, as JSON or decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole(i64);

impl JsonType for Whole {
    const NAME: &'static str = "a whole number";
    type Borrowed = i64;

    fn of(value: Sent) -> Option<Self> {
        let (Sent::Text(text) | Sent::Json(text)) = value;
        whole_number(&text).map(Self)
    }

    fn borrowed(&self) -> &i64 {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::wire::body::Input;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Change {
        nick: Input<String>,
        id: Input<Whole>,
        disabled: Input<Flag>,
    }

    impl Body for Change {
        type Record = Shown;
    }

    #[derive(utoipa::ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Shown {
        nick: String,
        website: String,
    }

    fn read(query: &str, is_json: bool, body: &[u8]) -> Result<Change, Error> {
        let (change, unknown) = merged(texts(query.as_bytes(), "query")?, in_body(is_json, body)?)?;
        unknown.into_result(change)
    }

    /// Returns the invalid fields of an error, with their reasons.
    fn broken(query: &str, is_json: bool, body: &[u8]) -> Vec<(String, Reason)> {
        let violations = match read(query, is_json, body) {
            Err(Error::BadRequest(problem)) => {
                problem.violations().expect("an error with violations").clone()
            }
            Err(Error::Invalid(violations)) => violations,
            other => panic!("no bad request: {other:?}"),
        };
        violations.fields().iter().map(|field| (field.field.clone(), field.reason)).collect()
    }

    #[test]
    fn json_form_and_query_are_equivalent() {
        let expected = Change {
            nick: Input::Value("Mary Ann".to_owned()),
            id: Input::Value(Whole(42)),
            disabled: Input::Value(Flag(true)),
        };
        let json = json!({ "nick": "Mary Ann", "id": 42, "disabled": true, "website": [] }).to_string();
        let texts = json!({ "nick": "Mary Ann", "id": "42", "disabled": "1" }).to_string();
        let form = "nick=Mary+Ann&id=42&disabled=true";
        for (query, is_json, body) in [
            ("", true, json.as_bytes()),
            ("", false, json.as_bytes()),
            ("", true, texts.as_bytes()),
            ("", false, form.as_bytes()),
            (form, false, b""),
            (form, true, b" "),
            (form, true, b"{}"),
            ("nick=Steve&id=42", false, b"nick=Mary%20Ann&disabled=1"),
            ("nick=Steve&disabled=0", true, json.as_bytes()),
        ] {
            assert_eq!(read(query, is_json, body).unwrap(), expected, "{query} {}", body.escape_ascii());
        }
        assert_eq!(read("", false, b"").unwrap(), Change::default());
    }

    #[test]
    fn rejects_duplicates_within_a_query_or_body() {
        let nick_and_id = [("id".to_owned(), Reason::Duplicate), ("nick".to_owned(), Reason::Duplicate)];
        assert_eq!(broken("nick=a&id=1&id=2&nick=a&nick=b", false, b""), nick_and_id);
        assert_eq!(broken("id=1&id=1", false, b"nick=a&nick=b"), nick_and_id);
        assert_eq!(broken("id=1&id=1", true, b"{\"nick\":1,\"nick\":2}"), nick_and_id);
        assert!(read("nick=a", false, b"nick=b").is_ok());
    }

    #[test]
    fn rejects_malformed_bodies() {
        for body in [&b"[]"[..], b"7", b"nick=a", b"{\"nick\":\"\xFF\"}", b"{", b"{}{}"] {
            let error = read("", true, body).unwrap_err();
            assert!(
                matches!(error, Error::BadRequest(BadRequest::InvalidJson(_))),
                "{}",
                body.escape_ascii()
            );
        }
        assert_eq!(broken("", false, b"nick=%FF"), [("nick".to_owned(), Reason::InvalidCharacters)]);
        assert_eq!(broken("", false, b"\xFF=a"), [("body".to_owned(), Reason::InvalidCharacters)]);
        assert_eq!(broken("%FF=a", false, b""), [("query".to_owned(), Reason::InvalidCharacters)]);
        let many = "a&".repeat(MAXIMUM_PARAMETERS + 1);
        assert_eq!(broken("", false, many.as_bytes()), [("body".to_owned(), Reason::TooLarge)]);
    }

    #[test]
    fn rejects_unknown_parameters() {
        assert_eq!(names_of::<Change>(), ["nick", "id", "disabled"]);
        for (query, field) in [
            ("Nick=a", "Nick"),
            ("ids=1", "ids"),
            ("dissabled=1", "dissabled"),
            ("id[a]=1", "id[a]"),
            ("format=json", "format"),
        ] {
            assert_eq!(broken(query, false, b""), [(field.to_owned(), Reason::Unknown)]);
            assert_eq!(broken("", false, query.as_bytes()), [(field.to_owned(), Reason::UnknownField)]);
        }
        assert_eq!(broken("website=a", false, b""), [("website".to_owned(), Reason::Unknown)]);
        for query in ["_=1", "utm_source=a"] {
            assert_eq!(read(query, false, b"").unwrap(), Change::default(), "{query}");
        }
        assert_eq!(read("id[]=1", false, b"").unwrap().id, Input::Value(Whole(1)));
        assert_eq!(broken("id[0]=1&id=2", false, b""), [("id".to_owned(), Reason::Duplicate)]);
    }

    #[test]
    fn accepts_json_and_forms_only() {
        let announced = |content_type: &'static str| {
            let header = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            is_announced_as_json(&HeaderMap::from_iter([header]))
        };
        assert!(!is_announced_as_json(&HeaderMap::new()).unwrap());
        assert!(announced("Application/JSON; charset=utf-8").unwrap());
        assert!(!announced("application/x-www-form-urlencoded; charset=UTF-8").unwrap());
        for other in ["", "text/plain", "multipart/form-data; boundary=a"] {
            assert!(matches!(announced(other), Err(ApiError::UnsupportedMediaType(_))), "{other}");
        }
    }

    #[test]
    fn flags_and_numbers_may_be_strings() {
        let sent = |value: Value| match value {
            Value::String(text) => Sent::Text(text),
            value => Sent::Json(value.to_string()),
        };
        let flag = |value: Value| Flag::of(sent(value)).map(|Flag(flag)| flag);
        for (yes, no) in
            [(json!(true), json!(false)), (json!("true"), json!("false")), (json!("1"), json!("0"))]
        {
            assert_eq!((flag(yes), flag(no)), (Some(true), Some(false)));
        }
        assert_eq!((flag(json!(1)), flag(json!(0))), (Some(true), Some(false)));
        assert_eq!((flag(json!("True")), flag(json!("FALSE"))), (Some(true), Some(false)));
        for wrong in [json!(2), json!(1.0), json!("yes"), json!(""), json!([true])] {
            assert_eq!(flag(wrong.clone()), None, "{wrong}");
        }
        let whole = |value: Value| Whole::of(sent(value)).map(|Whole(number)| number);
        assert_eq!((whole(json!(42)), whole(json!("42"))), (Some(42), Some(42)));
        assert_eq!((whole(json!(42.0)), whole(json!("4.2e1"))), (Some(42), Some(42)));
        for wrong in [json!(4.2), json!("4.2"), json!(""), json!("x"), json!(true), json!(u64::MAX)] {
            assert_eq!(whole(wrong.clone()), None, "{wrong}");
        }
    }
}
