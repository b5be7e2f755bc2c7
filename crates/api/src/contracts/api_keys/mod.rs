//! Keys as Zaia and FlowMate share them: bodies, responses and the list.

mod answer;
mod input;
mod list;

pub(crate) use self::answer::{ApiKeyAnswer, NewApiKeyAnswer};
pub(crate) use self::input::CreateApiKey;
pub(crate) use self::list::{ListApiKeys, page};
