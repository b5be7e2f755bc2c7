//! The field types that several objects share.

mod person;
mod slug;
mod status;

pub use person::{Avatar, EmailAddress, PersonName, PhoneNumber};
pub use slug::Slug;
pub use status::Status;
