//! The commands, a module each.

mod serve;

pub use serve::ServeCommand;
