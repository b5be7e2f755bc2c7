//! What the program is made of: the licences of its dependencies, where they come from, and crates in several versions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use super::none_found;
use crate::command;

/// The crate of the program.
const PROGRAM: &str = "denizen-server";

/// Fails with every dependency that breaks a rule of `[workspace.metadata.dependencies]`.
pub(super) fn check() -> Result<()> {
    let metadata = command::workspace_metadata()?;
    let rules = &metadata["metadata"]["dependencies"];
    let (licences, duplicates) = (texts(&rules["licences"])?, texts(&rules["duplicates"])?);
    let crates = crates()?;
    let mut complaints = Vec::new();
    for Dependency { name, version, source, licence } in &crates {
        if source.as_ref().is_some_and(|source| !source.starts_with('/')) {
            complaints.push(format!("{name} {version} does not come from crates.io"));
        }
        if !is_allowed(licence, &licences) {
            complaints.push(format!("{name} {version} has the licence \"{licence}\""));
        }
    }
    complaints.extend(wrong_duplicates(&crates, &duplicates));
    none_found(&complaints)
}

/// A crate that the program contains, or that builds it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    name: String,
    version: String,
    /// Where it comes from, if not from crates.io: the folder of our own crates.
    source: Option<String>,
    licence: String,
}

fn crates() -> Result<BTreeSet<Dependency>> {
    let mut cargo = command::cargo();
    cargo.args(["tree", "--locked", "-p", PROGRAM, "-e", "normal,build", "--prefix", "none"]);
    let tree = command::output(cargo.args(["--no-dedupe", "--format", "{p}|{l}"]))?;
    tree.lines().map(dependency).collect()
}

/// Reads `NAME vVERSION (SOURCE)|LICENCE`.
fn dependency(line: &str) -> Result<Dependency> {
    let (package, licence) = line.split_once('|').with_context(|| format!("cargo tree prints \"{line}\""))?;
    let mut words = package.split(' ');
    let (name, version) = words.next().zip(words.next()).context("a package has a name and a version")?;
    let notes = words.map(|word| word.trim_matches(['(', ')']));
    let source = notes.filter(|note| *note != "proc-macro").map(str::to_owned).next();
    let version = version.trim_start_matches('v').to_owned();
    Ok(Dependency { name: name.to_owned(), version, source, licence: licence.to_owned() })
}

/// Whether the terms of an SPDX expression can be met with these licences alone.
fn is_allowed(licence: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = Expression::parse_mode(licence, ParseMode::LAX);
    expression
        .is_ok_and(|expression| expression.evaluate(|requirement| allowed.contains(&requirement.to_string())))
}

/// Crates in several versions that the table does not name, and names of the table that are in one.
fn wrong_duplicates(crates: &BTreeSet<Dependency>, allowed: &BTreeSet<String>) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for dependency in crates {
        versions.entry(&dependency.name).or_default().insert(&dependency.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let unknown = versions.iter().filter(|(name, _)| !allowed.contains(**name)).map(|(name, versions)| {
        let versions = versions.iter().copied().collect::<Vec<_>>().join(" and ");
        format!(
            "{name} is built in several versions, {versions}: `cargo tree -i {name}@VERSION` says for whom"
        )
    });
    let gone = allowed.iter().filter(|name| !versions.contains_key(name.as_str()));
    let gone = gone.map(|name| format!("{name} is built in one version: remove it from the table"));
    unknown.chain(gone).collect()
}

fn texts(list: &Value) -> Result<BTreeSet<String>> {
    let list = list.as_array().context("Cargo.toml has no [workspace.metadata.dependencies]")?;
    Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(licence: &str) -> bool {
        is_allowed(licence, &["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into())
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        assert!(allows("MIT OR GPL-3.0-only") && allows("GPL-3.0-only/MIT"));
        assert!(allows("Apache-2.0 WITH LLVM-exception"));
    }

    #[test]
    fn all_combined_licences_must_be_allowed() {
        assert!(allows("MIT AND ISC") && !allows("MIT AND Apache-2.0"));
        assert!(!allows("Apache-2.0") && !allows("") && !allows("Our own"));
    }

    #[test]
    fn parses_a_line_of_the_dependency_tree() {
        let line = |line| dependency(line).map(|it| (it.name, it.version, it.source, it.licence));
        let of = |name: &str, version: &str, source: Option<&str>, licence: &str| {
            (name.to_owned(), version.to_owned(), source.map(str::to_owned), licence.to_owned())
        };
        assert_eq!(
            line("serde_derive v1.0.2 (proc-macro)|MIT").ok(),
            Some(of("serde_derive", "1.0.2", None, "MIT"))
        );
        let own = of("denizen-api", "0.1.0", Some("/src/api"), "MIT");
        assert_eq!(line("denizen-api v0.1.0 (/src/api)|MIT").ok(), Some(own));
    }
}
