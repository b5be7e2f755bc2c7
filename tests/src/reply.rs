//! The server's answer, with assertions.

use std::fmt;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer. Failed assertions print all of it.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON, or null if it is none.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Reply {
    pub(crate) fn new(status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).into_owned();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// Asserts a status.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "that the status is right is often all there is to say"
    )]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the status of this answer:\n{self}");
        self
    }

    /// Asserts a status and a JSON body, and returns the body.
    #[track_caller]
    pub fn json(self, status: u16) -> Value {
        let reply = self.is(status);
        reply.assert_json();
        reply.body
    }

    /// Asserts a status and a JSON array, and returns its elements.
    #[track_caller]
    pub fn array(self, status: u16) -> Vec<Value> {
        match self.is(status).body {
            Value::Array(elements) => elements,
            other => panic!("not an array: {other:#}"),
        }
    }

    /// Asserts a complete, consistent error envelope with this status and code. Returns its `details`.
    #[track_caller]
    pub fn error(self, status: u16, code: &str) -> Value {
        let reply = self.is(status);
        let error = &reply.body["error"];
        assert_eq!(error["code"], code, "{reply}");
        assert_eq!(error["status"], status, "{reply}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply}");
        assert_eq!(reply.body["message"], error["message"], "{reply}");
        let page = format!("/errors/{code}");
        assert!(error["type"].as_str().is_some_and(|page_of| page_of.ends_with(&page)), "{reply}");
        assert_eq!(error["request_id"].as_str(), reply.header("x-request-id"), "{reply}");
        let details = error["details"].as_object().unwrap_or_else(|| panic!("no details:\n{reply}"));
        assert!(!details.values().any(Value::is_null), "null in the details:\n{reply}");
        reply.assert_json();
        error["details"].clone()
    }

    /// Asserts the error envelope, and returns the names of the invalid fields, sorted and distinct.
    #[track_caller]
    pub fn broken_fields(self, status: u16, code: &str) -> Vec<String> {
        let details = self.error(status, code);
        let fields = details["fields"].as_array().unwrap_or_else(|| panic!("no fields in {details:#}"));
        let mut names: Vec<_> = fields
            .iter()
            .map(|field| {
                for key in ["field", "reason", "message"] {
                    assert!(field[key].is_string(), "{key} is missing in {details:#}");
                }
                field["field"].as_str().unwrap_or_default().to_owned()
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Asserts a JSON content type; Flowdock's also names the charset.
    #[track_caller]
    fn assert_json(&self) {
        let of_flowdock = "application/json; charset=utf-8";
        let content_type = self.header("content-type");
        assert!([Some("application/json"), Some(of_flowdock)].contains(&content_type), "{self}");
    }

    /// A header, if present and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address in the `Link` header with `rel="next"`.
    pub fn next(&self) -> Option<String> {
        let link = self.header("link")?;
        let (address, relation) = link.strip_prefix('<')?.split_once('>')?;
        (relation.trim_start_matches([';', ' ']) == "rel=\"next\"").then(|| address.to_owned())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "HTTP {}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(formatter, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(formatter, "\n{}", self.text)
    }
}
