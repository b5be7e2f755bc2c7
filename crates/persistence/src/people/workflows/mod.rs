//! Workflows with their owners, and their templates.

mod control;
mod find;
mod list;
mod owners;
mod release;
mod row;
mod templates;
mod write;

pub(crate) use self::control::advance_schedule;
pub use self::control::{Control, settle, start, stop};
pub use self::find::{find, find_all, find_anywhere, find_called, find_within, on_events};
pub use self::list::{count, list, list_of};
pub(crate) use self::owners::owners_of;
pub(crate) use self::release::release;
pub use self::templates::{
    NewTemplate, TemplateChanges, change as change_template, count as count_templates,
    create as create_template, delete as delete_template, find as find_template, list as list_templates,
};
pub(crate) use self::write::find_to_change;
pub use self::write::{NewWorkflow, change, create, delete};
