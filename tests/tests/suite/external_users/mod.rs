//! External users: the operations of Flowra and Zaia under `/api/v1`.

mod access;
mod authenticate;
mod create;
mod create_by_username;
mod delete;
mod deleted;
mod erase;
mod exact_filters;
mod find_by_username;
mod flowra_sdk;
mod list_flowra;
mod list_zaia;
mod lookup;
mod me;
mod restore;
mod signing_keys;
mod super_identities;
mod toggle_active;
mod tokens;
mod unknown_fields;
mod update;
