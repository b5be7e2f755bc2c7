//! The commands, one module each.

mod accounts;
mod audit;
mod doctor;
mod encryption_keys;
mod events;
mod external_users;
mod flows;
mod jobs;
mod keys;
mod migrate;
mod named;
mod openapi;
mod schema;
mod serve;
mod signing_keys;
mod tokens;
mod webhooks;
mod workspaces;

pub(crate) use accounts::AccountsCommand;
pub(crate) use audit::AuditCommand;
pub(crate) use doctor::DoctorCommand;
pub(crate) use encryption_keys::EncryptionKeysCommand;
pub(crate) use events::EventsCommand;
pub(crate) use external_users::ExternalUsersCommand;
pub(crate) use flows::FlowsCommand;
pub(crate) use jobs::JobsCommand;
pub(crate) use keys::KeysCommand;
pub(crate) use migrate::MigrateCommand;
pub(crate) use openapi::OpenapiCommand;
pub(crate) use schema::SchemaCommand;
pub use serve::ServeCommand;
pub(crate) use signing_keys::SigningKeysCommand;
pub(crate) use tokens::TokensCommand;
pub(crate) use webhooks::WebhooksCommand;
pub(crate) use workspaces::WorkspacesCommand;
