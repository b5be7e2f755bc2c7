//! Checks the crate that other teams use: it builds without what is heavy, and can be published.

use anyhow::Result;

use crate::command;

/// The only crate that is published.
const PUBLISHED: &str = "denizen-domain";

/// What cargo says when it cannot ask the registry.
const UNREACHABLE: [&str; 4] =
    ["--offline", "Could not resolve host", "Couldn't connect", "spurious network error"];

/// The crate builds without its features, and then without a warning: nothing is left that only a feature uses.
pub(super) fn builds_without_features() -> Result<()> {
    let mut cargo = command::cargo();
    cargo.args(["rustc", "--locked", "--quiet", "-p", PUBLISHED, "--lib", "--profile", "check"]);
    command::run(cargo.args(["--no-default-features", "--", "-D", "warnings"]))
}

/// The crate has what a registry asks for. It is packed, but neither built again nor sent. Where the registry cannot be
/// asked, it is only packed.
pub(super) fn can_be_published() -> Result<()> {
    let mut cargo = command::cargo();
    cargo.args(["publish", "--dry-run", "--locked", "-p", PUBLISHED, "--no-verify", "--allow-dirty"]);
    let Err(error) = command::output(&mut cargo) else { return Ok(()) };
    let message = error.to_string();
    if !UNREACHABLE.iter().any(|told| message.contains(told)) {
        return Err(error);
    }
    eprintln!("the registry cannot be asked: {PUBLISHED} is only packed");
    let mut cargo = command::cargo();
    cargo.args(["package", "--offline", "--locked", "-p", PUBLISHED, "--no-verify", "--allow-dirty"]);
    command::output(&mut cargo).map(|_| ())
}
