//! Connected accounts, how to connect to their systems, and the links that connect them. What they present is sealed by the
//! caller.
//!
//! Each connected account has a job of the same id, in a lane of its own: it asks for the next token before the last one ends, ends
//! links that nobody has used, and revokes what a deleted account has.

mod accounts;
mod auth_configs;
mod links;
mod list;
mod new_link;
mod removal;
mod reseal;
mod row;
mod tokens;

pub use self::accounts::{
    SealedCredentials, StoredAccount, create, find, find_for_user, find_stored, note_use, update,
};
pub use self::auth_configs::{
    count as count_auth_configs, create as create_auth_config, delete as delete_auth_config,
    find as find_auth_config, find_all as find_auth_configs, find_sealed as find_sealed_auth_config,
    list as list_auth_configs,
};
pub use self::links::{Opening, UsedLink, end_unused, fail, make_link, open, use_up};
pub use self::list::{MAXIMUM_COUNT, count, list, list_of_user};
pub use self::new_link::NewLink;
pub(crate) use self::removal::delete_of_users;
pub use self::removal::{delete, forget};
pub use self::reseal::{SealedSecret, reseal, sealed_after};
pub use self::tokens::{connect, expire, give_up_refresh, store_refreshed, take_refresh};
