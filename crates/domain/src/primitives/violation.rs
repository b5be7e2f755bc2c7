//! Broken rules: of one value, and of all fields of a request together.

use std::fmt;

use serde::Serialize;

use super::Patch;

/// The kind of a violation, for programs. The wire code is the name in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A required key is missing, or null where null is not allowed.
    Required,
    /// The value has the wrong JSON type.
    InvalidType,
    /// The value has fewer characters than required.
    TooShort,
    /// The value has more characters than allowed.
    TooLong,
    /// The value has the wrong form, such as an e-mail address without `@`.
    InvalidFormat,
    /// The value is not a UUID.
    InvalidUuid,
    /// The value contains a character that cannot be stored.
    InvalidCharacters,
    /// The value has more levels of nesting than allowed.
    TooDeep,
    /// The value has more bytes than allowed.
    TooLarge,
    /// The number is below or above its limits.
    OutOfRange,
    /// The value is not one of the known values.
    Unknown,
    /// The request has no such field. The wire code is `unknown`, too. The field's name is as it was sent.
    #[serde(rename = "unknown")]
    UnknownField,
    /// The value cannot be changed after creation.
    Immutable,
    /// The value contradicts another value of the same request.
    Mismatch,
    /// The request contains the same key more than once.
    Duplicate,
    /// Another object has the value.
    Taken,
}

/// Why one value is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Violation {
    /// The kind, for programs.
    pub reason: Reason,
    /// The rule, for people. Reads as a sentence after the field's name: "must have …".
    pub message: String,
}

impl Violation {
    /// Creates a violation with its message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// Why one field of a request is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldViolation {
    /// The field's name, as the request spells it.
    pub field: String,
    /// The kind, for programs.
    pub reason: Reason,
    /// The rule, for people.
    pub message: String,
}

/// Every broken field of one request, in the order of the checks.
///
/// ```
/// use denizen_domain::{EmailAddress, PhoneNumber, Violations};
///
/// let mut violations = Violations::new();
/// violations.check("email", EmailAddress::parse("jane"));
/// violations.check("phone", PhoneNumber::parse("555"));
/// assert_eq!(violations.fields().len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a list with one broken field.
    pub fn of(field: &str, violation: Violation) -> Self {
        let mut violations = Self::new();
        violations.add(field, violation);
        violations
    }

    /// Adds a broken field.
    pub fn add(&mut self, field: &str, violation: Violation) {
        let Violation { reason, message } = violation;
        self.0.push(FieldViolation { field: field.to_owned(), reason, message });
    }

    /// Adds other violations after these.
    pub fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Returns a valid value, or adds the violation and returns `None`.
    pub fn check<T>(&mut self, field: &str, value: Result<T, Violation>) -> Option<T> {
        value.map_err(|violation| self.add(field, violation)).ok()
    }

    /// Like [`check`](Self::check), for a field that may be absent or null. An invalid value counts as absent.
    pub fn check_patch<T>(&mut self, field: &str, value: Patch<Result<T, Violation>>) -> Patch<T> {
        match value {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => self.check(field, value).map_or(Patch::Absent, Patch::Value),
        }
    }

    /// Returns whether no field is broken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the broken fields.
    pub fn fields(&self) -> &[FieldViolation] {
        &self.0
    }

    /// Renames every field to the name that a contract uses.
    #[must_use]
    pub fn renamed(mut self, name: impl Fn(&str) -> String) -> Self {
        for violation in &mut self.0 {
            violation.field = name(&violation.field);
        }
        self
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{} {}", violation.field, violation.message)?;
        }
        Ok(())
    }
}
