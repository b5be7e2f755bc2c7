//! What workflows consist of: expressions, templates of JSON that contain expressions, and schedules.

mod expression;
mod template;

pub use expression::{Budget, Expression, ExpressionError, Variables};
pub use template::{Template, TemplateError};
