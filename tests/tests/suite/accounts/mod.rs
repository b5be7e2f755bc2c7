//! `/login`, `/logout` and, below `/api` and `/api/v1`, accounts with their roles, permissions, tenants and tokens.

mod authorization;
mod cookies;
mod effects;
mod granting;
mod introspection;
mod last_administrator;
mod log_in;
mod me;
mod meta;
mod password_forms;
mod personal_tokens;
mod roles;
mod stories;
mod tenant_keys;
mod tenant_setup;
mod tenants;
mod throttling;
mod tokens;
mod users;

pub(crate) use roles::PERMISSIONS;
