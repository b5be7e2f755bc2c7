//! Checks dependencies between our crates, and those that inner crates must never have.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{none_found, text};
use crate::command;

/// The only crate that may use diesel.
const PERSISTENCE: &str = "denizen-persistence";

/// How sources refer to diesel: a path into one of its crates.
const DIESEL_PATHS: [&str; 3] = ["diesel::", "diesel_async::", "diesel_migrations::"];

/// Fails with every forbidden dependency.
pub(super) fn check() -> Result<()> {
    let metadata = command::workspace_metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let arrows = &metadata["metadata"]["arrows"];
    let mut complaints = unseen(&metadata["metadata"]["layers"])?;
    for package in packages {
        let name = package["name"].as_str().context("a package has a name")?;
        complaints.extend(wrong_arrows(package, name, &ours, &arrows[name]));
        // xtask generates `schema.rs`, which names diesel, without using it.
        if name != PERSISTENCE && name != "xtask" {
            complaints.extend(sources_with_diesel(package)?);
        }
    }
    none_found(&complaints)
}

/// Returns the direct and transitive dependencies that `[workspace.metadata.layers]` forbids.
fn unseen(layers: &Value) -> Result<Vec<String>> {
    let layers = layers.as_object().context("Cargo.toml has no [workspace.metadata.layers]")?;
    let mut complaints = Vec::new();
    for (krate, hidden) in layers {
        let mut cargo = command::cargo();
        let tree = command::output(
            cargo.args(["tree", "--locked", "-p", krate, "-e", "normal", "--prefix", "none"]),
        )?;
        let seen: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        for name in hidden.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if seen.contains(&name) {
                complaints.push(format!("{krate} uses {name}: `cargo tree -p {krate} -e normal -i {name}`"));
            }
        }
    }
    Ok(complaints)
}

/// Returns a crate's forbidden direct dependencies on diesel or our other crates.
fn wrong_arrows(package: &Value, name: &str, ours: &[&str], allowed: &Value) -> Vec<String> {
    let Some(allowed) = allowed.as_array() else {
        return vec![format!("{name} has no place in [workspace.metadata.arrows]")];
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let names = dependencies.filter_map(|dependency| dependency["name"].as_str());
    let wrong = names.filter(|dependency| {
        let arrow = ours.contains(dependency) && !allowed.iter().any(|allowed| allowed == dependency);
        arrow || (dependency.starts_with("diesel") && name != PERSISTENCE)
    });
    wrong.map(|dependency| format!("{name} depends on {dependency}, which is forbidden")).collect()
}

/// The sources of a crate that refer to diesel.
fn sources_with_diesel(package: &Value) -> Result<Vec<String>> {
    let manifest = PathBuf::from(package["manifest_path"].as_str().context("a package has a manifest")?);
    let folder =
        manifest.parent().context("a manifest is in a folder")?.strip_prefix(command::root())?.to_owned();
    let mut complaints = Vec::new();
    for path in text::files()?.iter().filter(|path| path.starts_with(&folder)) {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let code = std::fs::read_to_string(command::root().join(path))?;
            if DIESEL_PATHS.iter().any(|name| code.contains(name)) {
                complaints.push(format!("{} names diesel, which only {PERSISTENCE} may", path.display()));
            }
        }
    }
    Ok(complaints)
}
