//! The field types that several objects share.

mod connection_status;
mod email_address;
mod person;
mod slug;
mod status;
mod workflow_status;

pub use connection_status::ConnectionStatus;
pub use email_address::EmailAddress;
pub use person::{Avatar, PersonName, PhoneNumber};
pub use slug::Slug;
pub use status::Status;
pub use workflow_status::WorkflowStatus;
