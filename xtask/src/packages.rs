//! Installs Debian's packages, where allowed.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::command;

/// Whether the machine has `apt-get`, and this user may install packages with it, without being asked for a password.
pub(crate) fn can_install() -> bool {
    administrators_shell().is_some()
}

/// Installs packages after a script of preparations.
pub(crate) fn install(packages: &[&str], preparations: &str) -> Result<()> {
    let mut shell = administrators_shell().context("this user may not install packages")?;
    let script = format!(
        "set -e
        export DEBIAN_FRONTEND=noninteractive
        {preparations}
        apt-get -o DPkg::Lock::Timeout=120 update
        apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends {}",
        packages.join(" ")
    );
    command::run(shell.args(["-c", &script]).stdout(Stdio::null()))
}

fn administrators_shell() -> Option<Command> {
    let succeeds = |command: &mut Command| command::output(command).is_ok();
    if !succeeds(Command::new("apt-get").arg("--version")) {
        None
    } else if rustix::process::geteuid().is_root() {
        Some(Command::new("sh"))
    } else if succeeds(Command::new("sudo").args(["-n", "true"])) {
        let mut command = Command::new("sudo");
        command.args(["-n", "sh"]);
        Some(command)
    } else {
        None
    }
}
