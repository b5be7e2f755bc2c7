//! Runs other programs.
//!
//! Every program gets its own process group, which Ctrl-C, SIGTERM or SIGHUP ends. The waiting call then fails, no
//! other program starts, and the error propagates so that all callers can clean up.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Returns the root of the repository.
pub(crate) fn root() -> &'static Path {
    // `xtask` is one of its folders.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Returns `cargo`, in the repository root and without the variables that the outer `cargo` sets for this package.
/// Otherwise, build scripts that watch them would rerun every time.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let told = |prefix| name.to_str().is_some_and(|name| name.starts_with(prefix));
        if told("CARGO_PKG_") || told("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Returns whether a program is on the `PATH`.
pub(crate) fn is_installed(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// Returns `cargo metadata` for the workspace's crates.
pub(crate) fn workspace_metadata() -> Result<Value> {
    let metadata = output(cargo().args(["metadata", "--locked", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_str(&metadata).context("cannot parse the output of `cargo metadata`")
}

/// Returns cargo's target folder.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = workspace_metadata()?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names the target folder")?.into())
}

/// Runs a program that shares this process's output. Fails if the program fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = start(command)?.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a program, and returns its standard output. If the program fails, the error contains all its output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Output { status, stdout, stderr } = start(command)?.wait_with_output()?;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if !status.success() {
        bail!("`{}` failed ({status})\n{stdout}{stderr}", shown(command));
    }
    Ok(stdout.into_owned())
}

/// Runs a program, prints its standard output, and passes every line to `look`.
pub(crate) fn stream(command: &mut Command, mut look: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut running = start(command.stdout(Stdio::piped()))?;
    if let Some(stdout) = running.child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.context("cannot read a program's output")?;
            look(&String::from_utf8_lossy(&line));
            let mut output = std::io::stdout().lock();
            output.write_all(&line).and_then(|()| output.write_all(b"\n")).context("cannot write")?;
        }
    }
    running.wait()
}

/// Runs a program that cleans up, with standard input, even after an interrupt. Ignores failures: if the start failed,
/// there is nothing to clean up.
pub(crate) fn clean_up(command: &mut Command, input: &str) {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // In its own group, it survives another Ctrl-C.
    let Ok(mut child) = command.process_group(0).spawn() else { return };
    // Dropping the pipe ends the input.
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes()));
    let _ = child.wait();
}

/// Makes an interrupt end the running program, so that this process can clean up. A second interrupt ends this process
/// immediately.
pub(crate) fn clean_up_on_interrupt() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(|_| on_interrupt()));
    Ok(())
}

/// State shared by the signal thread and the main thread.
struct State {
    interrupted: bool,
    running: Option<Pid>,
}

static STATE: Mutex<State> = Mutex::new(State { interrupted: false, running: None });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn on_interrupt() {
    let mut state = state();
    if state.interrupted {
        std::process::exit(130);
    }
    state.interrupted = true;
    if let Some(group) = state.running {
        // Fails if the program has just ended on its own.
        let _ = kill_process_group(group, Signal::TERM);
    }
}

/// A running program, known to the signal handler until it ends.
struct Running {
    child: Child,
}

fn start(command: &mut Command) -> Result<Running> {
    let mut state = state();
    if state.interrupted {
        bail!("interrupted");
    }
    // A background process group must not read from the terminal.
    command.process_group(0).stdin(Stdio::null());
    let child = command.spawn().with_context(|| format!("cannot start `{}`", shown(command)))?;
    state.running = Some(Pid::from_child(&child));
    Ok(Running { child })
}

impl Running {
    fn wait(mut self) -> Result<ExitStatus> {
        finish(self.child.wait())
    }

    fn wait_with_output(self) -> Result<Output> {
        finish(self.child.wait_with_output())
    }
}

fn finish<T>(outcome: std::io::Result<T>) -> Result<T> {
    let mut state = state();
    state.running = None;
    if state.interrupted {
        bail!("interrupted");
    }
    outcome.context("cannot wait for a program")
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(std::ffi::OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
