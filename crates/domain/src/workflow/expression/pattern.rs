//! Regular expressions of bounded size.

use regex_lite::{Regex, RegexBuilder};

use super::budget::{Budget, ExpressionError};

/// A regular expression, with what matching a byte can cost.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    cost: usize,
}

/// The most bytes of a pattern.
const MAXIMUM_LENGTH: usize = 512;
/// The sizes that compiled patterns can have, in bytes. The first one that suffices tells what a match can cost.
const SIZES: [usize; 6] = [1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15];
/// How many bytes of a compiled pattern a match visits for one unit of work.
const BYTES_FOR_ONE: usize = 1_024;

impl Pattern {
    /// Compiles a pattern of at most 512 bytes, to at most 32 KiB. The message of the error continues a sentence that begins
    /// with the pattern.
    pub(super) fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAXIMUM_LENGTH {
            return Err(format!("is longer than {MAXIMUM_LENGTH} bytes"));
        }
        let mut problem = String::new();
        for size in SIZES {
            match RegexBuilder::new(pattern).size_limit(size).nest_limit(20).build() {
                Ok(regex) => return Ok(Self { regex, cost: size / BYTES_FOR_ONE }),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(format!("cannot be used: {problem}"))
    }

    /// Returns whether a part of a text matches. Takes time in proportion to the text and to the compiled pattern.
    pub(super) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool, ExpressionError> {
        budget.pay(text.len().saturating_mul(self.cost))?;
        Ok(self.regex.is_match(text))
    }
}
