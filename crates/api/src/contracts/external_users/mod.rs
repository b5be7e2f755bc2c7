//! External users as Flowra, Zaia and FlowMate share them: responses, and Zaia's list.

mod access;
mod answer;
mod deleted;
mod exact;
mod list;

pub(crate) use self::answer::{CreatedExternalUser, ExternalUserAnswer, ExternalUserWithToken, answer};
pub use self::answer::{deleted_external_user_json, external_user_json};
pub(crate) use self::deleted::{DeletedUsers, NamedPage, are_listed};
pub(crate) use self::exact::ExactFilters;
pub(crate) use self::list::{ListExternalUsers, ListParameters, page};
