//! The languages of the tests' clients, whose tests are left out where a language is not installed.

use std::process::Command;

use crate::{command, packages};

/// A language, and how Debian names what is needed for it.
struct Language {
    name: &'static str,
    packages: &'static [&'static str],
    is_installed: fn() -> bool,
    clients: &'static str,
}

const LANGUAGES: [Language; 3] = [
    Language {
        name: "Node.js with npm",
        packages: &["nodejs", "npm"],
        is_installed: || ["node", "npm"].into_iter().all(command::is_installed),
        clients: "Flowdock's own client, a receiver of webhooks, a verifier of tokens, lints and types of the OpenAPI documents",
    },
    Language {
        name: "Python with venv",
        packages: &["python3-venv"],
        is_installed: || {
            let imports = ["-c", "import venv, ensurepip"];
            command::is_installed("python3") && command::output(Command::new("python3").args(imports)).is_ok()
        },
        clients: "Flowra's own client, a receiver of webhooks, a verifier of tokens, a client generated from the OpenAPI document",
    },
    Language {
        name: "Go",
        packages: &["golang-go"],
        is_installed: || command::is_installed("go"),
        clients: "a verifier of tokens",
    },
];

/// Installs the languages that are missing, where allowed. Tests run without them, too.
pub(super) fn install() {
    for Language { name, packages, .. } in LANGUAGES.iter().filter(|language| !(language.is_installed)()) {
        if packages::can_install() {
            eprintln!("Installing {name}, which is not on this machine …");
            if let Err(error) = packages::install(packages, "") {
                eprintln!("{name} cannot be installed: {error:#}");
            }
        }
    }
}

/// Says what was not tested, one line for each language that is missing.
pub(super) fn untested() -> Vec<String> {
    let missing = LANGUAGES.iter().filter(|language| !(language.is_installed)());
    let lines = missing
        .map(|Language { name, clients, .. }| format!("{name} is not installed, NOT TESTED: {clients}"));
    lines.collect()
}
