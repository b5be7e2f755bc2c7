//! Reads query strings and reports all invalid parameters at once.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, Uri};
use denizen_domain::{
    BadRequest, Error, InvalidId, InvalidTimestamp, PageNumber, Reason, SearchText, Timestamp, Violation,
    Violations,
};
use percent_encoding::percent_decode;

use super::context::Context;
use super::contract::Contract;
use super::error::{self, ApiError};
use super::number::whole_number;
use super::spelling;

/// Maximum values of a parameter.
const MAXIMUM_VALUES: usize = 100;

/// Query parameters, as a type that reads itself from them.
pub(crate) struct Query<T>(pub(crate) T);

/// A type that can be read from a query string.
pub(crate) trait FromQuery: Sized {
    /// Reads its parameters. The reader records violations and returns a placeholder.
    fn read(parameters: &mut QueryReader) -> Self;
}

impl<S: Sync, T: FromQuery> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut reader = QueryReader::of(&parts.uri, &parts.extensions)?;
        let value = T::read(&mut reader);
        reader.finish()?;
        Ok(Self(value))
    }
}

/// Reads parameters one by one and records violations. Whatever it reads is known; it rejects all other keys but
/// [harmless](is_harmless) ones.
pub(crate) struct QueryReader {
    pairs: Vec<(String, String)>,
    known: Vec<String>,
    takes_any: bool,
    violations: Violations,
}

impl QueryReader {
    /// Reads the query string of a URL. FlowMate's clients may ask for wrapped answers everywhere, also where all are wrapped.
    fn of(uri: &Uri, extensions: &Extensions) -> Result<Self, Error> {
        let mut reader = Self::new(uri.query().unwrap_or_default())?;
        // The path lacks its base here.
        let contract = extensions.get::<Context>().map(|Context(context)| context.contract);
        if contract == Some(Contract::FlowMate) {
            reader.known.push("meta".to_owned());
        }
        Ok(reader)
    }

    fn new(query: &str) -> Result<Self, Error> {
        let pairs = decode_pairs(query.as_bytes(), "query")?;
        Ok(Self { pairs, known: Vec::new(), takes_any: false, violations: Violations::new() })
    }

    /// Returns the values of a parameter, in order.
    fn values_of(&mut self, name: &str) -> Vec<String> {
        self.known.push(name.to_owned());
        let sent = self.pairs.iter().filter(|(key, _)| spelling::sends(key, name));
        sent.map(|(_, value)| value.clone()).collect()
    }

    /// Reads a parameter sent at most once.
    pub(crate) fn one<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        let values = self.values_of(name);
        if values.len() > 1 {
            self.add(name, repeated());
            return None;
        }
        rule(values.first()?).map_err(|violation| self.add(name, violation)).ok()
    }

    /// Like [`texts`](Self::texts), for ids.
    pub(crate) fn ids<T: FromStr<Err = InvalidId>>(&mut self, name: &str) -> Vec<T> {
        let values = self.texts(name);
        let mut ids = Vec::with_capacity(values.len());
        for value in values {
            match value.parse() {
                Ok(id) => ids.push(id),
                Err(InvalidId) => self.add(name, invalid_id()),
            }
        }
        ids
    }

    /// Reads a bounded number.
    pub(crate) fn number(&mut self, name: &str, minimum: u32, maximum: u32) -> Option<u32> {
        let number = |text: &str| whole_number(text).and_then(|number| u32::try_from(number).ok());
        self.one(name, |text| match number(text) {
            Some(number) if (minimum..=maximum).contains(&number) => Ok(number),
            _ => {
                let message = format!("must be a whole number between {minimum} and {maximum}");
                Err(Violation::new(Reason::OutOfRange, message))
            }
        })
    }

    /// Reads a page number.
    pub(crate) fn page_number(&mut self, name: &str) -> Option<PageNumber> {
        let number = |text: &str| whole_number(text).and_then(|number| number.try_into().ok());
        self.one(name, |text| PageNumber::new(number(text).unwrap_or(0)))
    }

    /// Reads a search text; empty means none.
    pub(crate) fn search(&mut self, name: &str) -> Option<SearchText> {
        self.one(name, |text| if text.is_empty() { Ok(None) } else { SearchText::parse(text).map(Some) })
            .flatten()
    }

    /// Reads a [`boolean`].
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        let wrong = || Violation::new(Reason::Unknown, format!("must be {BOOLEAN}"));
        self.one(name, |text| boolean(text).ok_or_else(wrong))
    }

    /// Returns whether a parameter is present with any value that is not a false [`boolean`].
    pub(crate) fn truthy(&mut self, name: &str) -> bool {
        self.values_of(name).iter().any(|value| boolean(value) != Some(false))
    }

    /// Reads a parameter sent several times, at most 100 texts.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let values = self.values_of(name);
        if values.len() > MAXIMUM_VALUES {
            let message = format!("must be sent at most {MAXIMUM_VALUES} times");
            self.add(name, Violation::new(Reason::TooLong, message));
            return Vec::new();
        }
        values
    }

    /// Reads a time, as [`Timestamp::from_filter`] does.
    pub(crate) fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.one(name, |text| {
            Timestamp::from_filter(text).map_err(|InvalidTimestamp| {
                let message = "must be a time, such as 2024-01-15T10:30:00Z, or a day, such as 2024-01-15";
                Violation::new(Reason::InvalidFormat, message)
            })
        })
    }

    /// Rejects parameters of another contract's list at the same path.
    pub(crate) fn reject_parameters_of(&mut self, contract: &str, names: &[&str]) {
        for name in names {
            if !self.values_of(name).is_empty() {
                let message = format!("is a parameter of {contract}'s list, not of this one");
                self.add(name, Violation::new(Reason::Unknown, message));
            }
        }
    }

    /// Lets unknown parameters pass: those of other systems are not ours to refuse.
    pub(crate) fn allow_any(&mut self) {
        self.takes_any = true;
    }

    /// Rejects parameters that cannot be combined with another one, which was sent.
    pub(crate) fn reject_beside(&mut self, other: &str, names: &[&str]) {
        for name in names {
            if !self.values_of(name).is_empty() {
                let message = format!("cannot be combined with {other}");
                self.add(name, Violation::new(Reason::Mismatch, message));
            }
        }
    }

    /// Records a violation.
    pub(crate) fn add(&mut self, name: &str, violation: Violation) {
        self.violations.add(name, violation);
    }

    fn finish(mut self) -> Result<(), Error> {
        let known: Vec<_> = self.known.iter().map(String::as_str).collect();
        if !self.takes_any {
            reject_unknown(&self.pairs, &known, &mut self.violations);
        }
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(Error::BadRequest(BadRequest::InvalidParameters(self.violations)))
    }
}

/// Fails if the query string of an operation without parameters has any that is not [harmless](is_harmless).
pub(crate) fn reject_all(uri: &Uri, extensions: &Extensions) -> Result<(), Error> {
    QueryReader::of(uri, extensions)?.finish()
}

/// Records a violation for each key, at most 100, that is neither known nor [harmless](is_harmless), with the nearest name:
/// ignoring a filter would widen the answer.
pub(crate) fn reject_unknown<V>(pairs: &[(String, V)], known: &[&str], violations: &mut Violations) {
    let keys: BTreeSet<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
    let is_known = |key: &str| known.iter().any(|name| spelling::sends(key, name));
    let unknown = keys.into_iter().filter(|key| !is_harmless(key) && !is_known(key));
    for key in unknown.take(MAXIMUM_VALUES) {
        let hint = spelling::nearest(key, known);
        let hint = hint.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        let message = format!("is not a parameter of this operation{hint}");
        violations.add(key, Violation::new(Reason::Unknown, message));
    }
}

/// Returns whether a key means nothing to any server: those with which browsers defeat caches, and those that advertisers
/// and mailers add to links.
fn is_harmless(key: &str) -> bool {
    key.is_empty() || key.starts_with("utm_") || ["_", "fbclid", "gclid"].contains(&key)
}

/// The values of a [`boolean`].
pub(crate) const BOOLEAN: &str = "true, false, 1 or 0";

/// Parses a boolean, as text of a query or a form: `true`, `false`, `1` or `0`, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") || is("1") {
        return Some(true);
    }
    (is("false") || is("0")).then_some(false)
}

/// Parses an RFC 3339 time.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, Violation> {
    Ok(text.parse::<Timestamp>()?)
}

/// The violation of a repeated parameter.
pub(crate) fn repeated() -> Violation {
    Violation::new(Reason::Duplicate, "must be sent once")
}

/// The violation of an id that is not a UUID.
pub(crate) fn invalid_id() -> Violation {
    InvalidId.into()
}

/// Decodes the parameters of a query string or a form, in order. If a name is not UTF-8, the error names `place`.
pub(crate) fn decode_pairs(encoded: &[u8], place: &str) -> Result<Vec<(String, String)>, Error> {
    let pairs = encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| decode_pair(pair, place)).collect()
}

fn decode_pair(pair: &[u8], place: &str) -> Result<(String, String), Error> {
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let name = decode(halves.next().unwrap_or_default(), place)?;
    let value = decode(halves.next().unwrap_or_default(), &name)?;
    Ok((name, value))
}

/// Decodes percent signs and pluses. Rejects invalid UTF-8 instead of replacing it.
fn decode(encoded: &[u8], parameter: &str) -> Result<String, Error> {
    let spaced: Vec<_> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map(Cow::into_owned);
    decoded.map_err(|_| {
        let violation = Violation::new(Reason::InvalidCharacters, "must be UTF-8, percent-encoded");
        error::invalid(parameter, violation)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(query: &str) -> QueryReader {
        QueryReader::new(query).unwrap()
    }

    #[test]
    fn rejects_invalid_utf_8() {
        assert_eq!(
            reader("search=a+b%2B%F0%9F%99%82").one("search", |text| Ok(text.to_owned())).unwrap(),
            "a b+🙂"
        );
        assert!(QueryReader::new("search=%FF").is_err());
    }

    #[test]
    fn reports_all_invalid_parameters() {
        let mut reader = reader("pageSize=0&pageNumber=1&pageNumber=2&count=yes");
        assert_eq!(reader.number("pageSize", 1, 100), None);
        assert_eq!(reader.number("pageNumber", 1, 100), None);
        assert_eq!(reader.flag("count"), None);
        assert_eq!(reader.violations.fields().len(), 3);
        assert!(matches!(reader.finish(), Err(Error::BadRequest(BadRequest::InvalidParameters(_)))));
    }

    #[test]
    fn reads_booleans_in_any_case() {
        for text in ["true", "True", "TRUE", "tRuE", "1"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "False", "FALSE", "0"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        for text in ["", " true", "yes", "no", "t", "2", "01", "truе", "null"] {
            assert_eq!(boolean(text), None, "{text}");
        }
        let mut reader = reader("meta=False&wrap=0&other=no");
        assert_eq!(
            ["meta", "wrap", "other", "absent"].map(|name| reader.truthy(name)),
            [false, false, true, false]
        );
    }

    #[test]
    fn reads_arrays_as_repeated_parameters() {
        let mut reader = reader("ids[]=a&ids%5B1%5D=b&ids=c&search[0]=x");
        assert_eq!(reader.texts("ids"), ["a", "b", "c"]);
        assert!(reader.search("search").is_some());
        assert!(reader.finish().is_ok());
    }

    #[test]
    fn rejects_all_unknown_keys_but_harmless_ones() {
        let mut reader = reader("tier_ids=a&Search=b&_=1&utm_source=c&fbclid=d&gclid=e&=&unheardOf=f");
        reader.texts("tierIds");
        reader.search("search");
        let Err(Error::BadRequest(problem)) = reader.finish() else { panic!("no bad request") };
        let fields = problem.violations().unwrap().fields().iter();
        let fields: Vec<_> = fields.map(|field| (field.field.as_str(), field.reason)).collect();
        let expected = ["Search", "tier_ids", "unheardOf"].map(|name| (name, Reason::Unknown));
        assert_eq!(fields, expected);
        let reject = |uri: &'static str| reject_all(&Uri::from_static(uri), &Extensions::new());
        assert!(reject("/?_=1").is_ok() && reject("/").is_ok());
        assert!(reject("/?q=1").is_err() && reject("/?meta").is_err());
    }
}
