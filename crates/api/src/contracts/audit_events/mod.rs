//! The audit log of a workspace as Zaia and FlowMate share it: responses and the list.

mod answer;
mod list;

pub(crate) use self::answer::AuditEventAnswer;
pub use self::answer::audit_event_json;
pub(crate) use self::list::{ListAuditEvents, Order, object_id, page};
