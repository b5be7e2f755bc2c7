//! The commands, a module each.

mod keys;
mod serve;
mod workspaces;

pub(crate) use keys::KeysCommand;
pub use serve::ServeCommand;
pub(crate) use workspaces::WorkspacesCommand;
