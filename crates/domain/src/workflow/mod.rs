//! What workflows consist of: expressions, templates of JSON that contain expressions, and schedules.

mod expression;
mod schedule;
mod template;

pub use expression::{Budget, Expression, ExpressionError, Variables};
pub use schedule::Schedule;
pub use template::{Template, TemplateError};
