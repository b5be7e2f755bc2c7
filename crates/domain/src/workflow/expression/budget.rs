//! What an expression may cost, and why it has no value.

/// How much work expressions may still do. Every part of an expression that is evaluated costs one, and so does each element
/// and each 16 bytes of text that are produced, read or compared. The work is paid before it is done, so neither time nor
/// memory passes the budget. Several expressions can share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    left: u64,
}

impl Budget {
    const DEFAULT: u64 = 1_000_000;

    /// Creates a budget for this much work.
    pub const fn new(work: u64) -> Self {
        Self { left: work }
    }

    /// Returns how much work may still be done.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Pays for work. Fails if the budget is too small, which is empty from then on.
    pub(in crate::workflow) fn pay(&mut self, work: usize) -> Result<(), ExpressionError> {
        let work = u64::try_from(work).unwrap_or(u64::MAX);
        let left = self.left.checked_sub(work);
        self.left = left.unwrap_or(0);
        left.map(|_| ()).ok_or(ExpressionError::TooExpensive)
    }

    /// Pays for a text of this many bytes.
    pub(in crate::workflow) fn pay_text(&mut self, bytes: usize) -> Result<(), ExpressionError> {
        self.pay(1 + bytes / 16)
    }
}

impl Default for Budget {
    /// Returns a budget for a million units of work, which take less than a second.
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

/// Why an expression has no value. Reads as a sentence of its own, for the person who wrote the expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// The budget does not suffice.
    #[error("the expression does more work than allowed")]
    TooExpensive,
    /// The values do not fit the expression: "no such key: plan".
    #[error("{0}")]
    Failed(String),
}

impl ExpressionError {
    /// Creates the error for values that do not fit.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}
