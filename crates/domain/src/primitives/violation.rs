//! What is wrong with a value, and with a whole form: every broken field at once.

use std::fmt;

use serde::Serialize;

use super::Patch;

/// The kind of a violation, for programs. The wire code is the name in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The key must be there and is not, or is null where null is no value.
    Required,
    /// A value of another JSON type was expected.
    InvalidType,
    /// Fewer characters than the rule asks for.
    TooShort,
    /// More characters than the rule allows.
    TooLong,
    /// The value does not have the form it should, such as an e-mail address without `@`.
    InvalidFormat,
    /// The value should be a UUID and is none.
    InvalidUuid,
    /// The value holds a character that cannot be stored.
    InvalidCharacters,
    /// More levels of nesting than allowed.
    TooDeep,
    /// More bytes than allowed.
    TooLarge,
    /// A number below or above its limits.
    OutOfRange,
    /// None of the values that are known.
    Unknown,
    /// The value cannot be changed after creation.
    Immutable,
    /// The value contradicts another one of the same request.
    Mismatch,
    /// The same key stands in the request more than once.
    Duplicate,
    /// Somebody else has the value.
    Taken,
}

/// Why one value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Violation {
    /// For programs.
    pub reason: Reason,
    /// For people: what the rule is, to be read after the field's name ("must have …").
    pub message: String,
}

impl Violation {
    /// A violation with its message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// Why one field of a form was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldViolation {
    /// The field's name, as the request spells it.
    pub field: String,
    /// For programs.
    pub reason: Reason,
    /// For people.
    pub message: String,
}

/// Every broken field of one request, in the order they were checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// One broken field.
    pub fn of(field: &str, violation: Violation) -> Self {
        let mut violations = Self::new();
        violations.add(field, violation);
        violations
    }

    /// Notes a broken field.
    pub fn add(&mut self, field: &str, violation: Violation) {
        let Violation { reason, message } = violation;
        self.0.push(FieldViolation { field: field.to_owned(), reason, message });
    }

    /// Passes a value that holds, and notes one that does not.
    pub fn check<T>(&mut self, field: &str, value: Result<T, Violation>) -> Option<T> {
        value.map_err(|violation| self.add(field, violation)).ok()
    }

    /// Like [`check`](Self::check), for a field that may be absent or null. A broken value counts as absent.
    pub fn check_patch<T>(&mut self, field: &str, value: Patch<Result<T, Violation>>) -> Patch<T> {
        match value {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => self.check(field, value).map_or(Patch::Absent, Patch::Value),
        }
    }

    /// Whether nothing is broken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The broken fields.
    pub fn fields(&self) -> &[FieldViolation] {
        &self.0
    }

    /// Gives every field the name that a contract has for it.
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
