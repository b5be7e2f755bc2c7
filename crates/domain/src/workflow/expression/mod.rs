//! Expressions in the Common Expression Language, over JSON, with a limit of cost.
//!
//! The grammar is that of the crate `cel`, the meaning that of CEL's specification, except for these: an int or a uint counts
//! as a double beside a double; regular expressions know ASCII classes only (`\d`, `\w`); times count microseconds; and a
//! type is a name without a package: `type(x) == timestamp`. Elements of lists and maps cannot be optional.

mod arithmetic;
mod budget;
mod comparison;
mod compiler;
mod evaluator;
mod function;
mod functions;
mod node;
mod number;
mod pattern;
mod source;
#[cfg(test)]
mod tests;
mod value;
mod variables;

use std::fmt;
use std::sync::Arc;

pub use budget::{Budget, ExpressionError};
use node::Node;
use serde::{Serialize, Serializer};
use value::Value;
pub(super) use value::copy;
pub use variables::Variables;

use crate::primitives::{Json, Reason, Violation, checked_text};

/// A CEL expression that parses, and whose names are all known. Two are equal if they are spelled alike. Clones share it.
///
/// It can use the [`Variables`] and what its macros bind; the operators, macros and conversions of CEL; `size`, `contains`,
/// `startsWith`, `endsWith`, `matches`, and the parts of times; of the extension for strings `indexOf`, `substring`,
/// `replace`, `split`, `join`, `lowerAscii`, `upperAscii` and `trim`; and `a.?b.orValue(c)` for what may be missing.
///
/// ```
/// use denizen_domain::{Budget, Expression, Json, Variables};
/// use serde_json::json;
///
/// let expression: Expression = "user.email.endsWith('@example.com') && data.seats > 1".parse()?;
/// let (user, data) = (Json::from(json!({ "email": "jane@example.com" })), Json::from(json!({ "seats": 2 })));
/// let variables = Variables::new().with("user", &user).with("data", &data);
/// assert!(expression.holds(&variables, &mut Budget::default())?);
/// assert!("user.email ==".parse::<Expression>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    source: String,
    node: Node,
}

impl Expression {
    /// The most bytes of an expression.
    pub const MAXIMUM_LENGTH: usize = 4_096;

    /// Parses an expression of at most 4,096 bytes and 100 levels of brackets and operators. The violation says what is
    /// wrong, and in which line and column.
    pub fn parse(source: &str) -> Result<Self, Violation> {
        if source.len() > Self::MAXIMUM_LENGTH {
            let rule = format!("must have at most {} bytes", Self::MAXIMUM_LENGTH);
            return Err(Violation::new(Reason::TooLong, rule));
        }
        let node = compiler::compile(source)?;
        Ok(Self(Arc::new(Parsed { source: source.to_owned(), node })))
    }

    /// Returns the expression as it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Evaluates the expression. Numbers that it only passes on keep their spelling; other results become JSON so: times as
    /// RFC 3339, durations in seconds (`90s`), bytes in Base64, keys of maps as texts, and an optional value without
    /// value as null. Fails if the values do not fit, if JSON cannot express the result, or if the budget is used up.
    pub fn evaluate(&self, variables: &Variables<'_>, budget: &mut Budget) -> Result<Json, ExpressionError> {
        self.evaluate_within(variables, budget, Json::MAXIMUM_LEVELS)
    }

    /// Evaluates the expression to JSON of at most this many levels.
    pub(super) fn evaluate_within(
        &self,
        variables: &Variables<'_>,
        budget: &mut Budget,
        levels: usize,
    ) -> Result<Json, ExpressionError> {
        evaluator::evaluate(&self.0.node, variables, budget)?.into_json(budget, levels)
    }

    /// Evaluates a condition. Fails if the result is neither true nor false.
    pub fn holds(&self, variables: &Variables<'_>, budget: &mut Budget) -> Result<bool, ExpressionError> {
        match evaluator::evaluate(&self.0.node, variables, budget)? {
            Value::Bool(flag) => Ok(flag),
            other => {
                let message = format!("the condition is {}, neither true nor false", other.kind());
                Err(ExpressionError::failed(message))
            }
        }
    }
}

checked_text!(Expression);

impl Serialize for Expression {
    /// Writes it as it was written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.source())
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Expression").field(&self.source()).finish()
    }
}
