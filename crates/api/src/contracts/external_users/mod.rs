//! External users as Flowra, Zaia and FlowMate share them: responses, and Zaia's list.

mod access;
mod answer;
mod exact;
mod list;

pub use self::answer::external_user_json;
pub(crate) use self::answer::{ExternalUserAnswer, ExternalUserWithToken, answer};
pub(crate) use self::exact::ExactFilters;
pub(crate) use self::list::{ListExternalUsers, ListParameters, page};
