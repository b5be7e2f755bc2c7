//! Runs the real `denizen` in a temporary folder.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_denizen");

/// Serves on any free port.
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A temporary folder to run `denizen` in, deleted on drop.
pub(crate) struct Folder(TempDir);

/// The exit code and output of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) printed: String,
    pub(crate) complaint: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            printed: String::from_utf8(output.stdout).unwrap(),
            complaint: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns the exit code and the first line on standard error. Asserts that standard output is empty.
    pub(crate) fn failure(&self) -> (i32, String) {
        assert_eq!(self.printed, "", "{self:?}");
        (self.code.unwrap(), self.complaint.lines().next().unwrap().to_owned())
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Creates a folder with a migrated, empty database.
    pub(crate) fn migrated() -> Self {
        let folder = Self::new();
        folder.prints(&["migrate"]);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns whether the folder is empty.
    pub(crate) fn is_empty(&self) -> bool {
        std::fs::read_dir(self.path()).unwrap().next().is_none()
    }

    /// Runs a command and waits for its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(&[], arguments)
    }

    /// Runs a command with environment variables.
    pub(crate) fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Ended {
        Ended::of(self.denizen(arguments).envs(environment.iter().copied()).output().unwrap())
    }

    /// Runs a command with standard input.
    pub(crate) fn run_from(&self, input: &str, arguments: &[&str]) -> Ended {
        let file = self.path().join("input");
        std::fs::write(&file, input).unwrap();
        Ended::of(self.denizen(arguments).stdin(File::open(&file).unwrap()).output().unwrap())
    }

    /// Runs a command that must succeed, and returns what it prints.
    pub(crate) fn prints(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.printed
    }

    /// Runs a command with `--json`, and returns the JSON that it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.prints(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap()
    }

    /// Runs a command with `--json` and standard input, and returns the JSON that it prints.
    pub(crate) fn json_from(&self, input: &str, arguments: &[&str]) -> Value {
        let ended = self.run_from(input, &[arguments, &["--json"]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        serde_json::from_str(&ended.printed).unwrap()
    }

    /// Runs a command that must fail, and returns its exit code and the first line on standard error.
    pub(crate) fn fails(&self, arguments: &[&str]) -> (i32, String) {
        self.run(arguments).failure()
    }

    /// Starts a server on any free port, and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Starts a server with additional arguments.
    pub(crate) fn serve_with(&self, arguments: &[&str]) -> Server {
        Self::start(&mut self.denizen(&[&SERVE, arguments].concat()))
    }

    /// Starts a server that writes its log into the file `log`.
    pub(crate) fn serve_with_log(&self) -> Server {
        let log = File::create(self.path().join("log")).unwrap();
        Self::start_with(self.denizen(&SERVE).stderr(log))
    }

    /// Starts a server that [`Server::limit_files_to`] does not kill: it ignores the signal, as on a full disk.
    pub(crate) fn serve_on_limited_disk(&self) -> Server {
        let script = "trap '' XFSZ && exec \"$0\" \"$@\"";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, PROGRAM]).args(SERVE);
        Self::start(command.current_dir(self.path()).env_clear().stdin(Stdio::null()))
    }

    fn start(command: &mut Command) -> Server {
        Self::start_with(command.stderr(Stdio::null()))
    }

    fn start_with(command: &mut Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let line = read_line_with(&mut output, "listens on http://");
        let (_, address) = line.split_once("listens on http://").unwrap();
        let address = address.split_whitespace().next().unwrap().to_owned();
        Server { child, output, address }
    }

    fn denizen(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command
    }
}

/// A server that runs until the test stops it, or until drop.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Server {
    /// Reads the next printed line that contains a label, and returns its value.
    pub(crate) fn printed(&mut self, word: &str) -> String {
        let line = read_line_with(&mut self.output, word);
        line.trim().trim_start_matches(word).trim().to_owned()
    }

    /// Sends a request with a secret key, and returns the status.
    pub(crate) fn status(&self, secret: &str) -> u16 {
        self.request("GET /api/v1/external-users", &format!("x-api-key: {secret}"), "")
    }

    /// Waits until a secret key gets a status: what a command changes takes effect within a second.
    pub(crate) fn waits_for_status(&self, secret: &str, status: u16) {
        soon(|| self.status(secret) == status);
    }

    /// Sends a request with an account's token, and returns the status.
    pub(crate) fn status_of_token(&self, token: &str) -> u16 {
        self.request("GET /api/users/me", &format!("authorization: Bearer {token}"), "")
    }

    /// Logs in, and returns the status.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> u16 {
        let body = json!({ "username": username, "password": password });
        self.request("POST /login", "accept: */*", &body.to_string())
    }

    /// Sends a request, and returns the status.
    pub(crate) fn request(&self, request: &str, headers: &str, body: &str) -> u16 {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{headers}\r\n\r\n{body}",
            self.address
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Lets the server write only this far into any file, like a full disk; `None` lifts the limit.
    pub(crate) fn limit_files_to(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).unwrap();
    }

    /// Sends SIGTERM and waits. Returns the exit status and the unread output.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails if the server has already stopped, which is fine.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn read_line_with(output: &mut BufReader<ChildStdout>, word: &str) -> String {
    let lines = output.by_ref().lines().map(Result::unwrap);
    lines.into_iter().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word} is not printed"))
}

/// Waits until a check holds: what a command changes takes effect on a running server within a second.
pub(crate) fn soon(check: impl Fn() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < Duration::from_secs(10), "what a command has changed takes no effect");
    }
}
