//! The real `denizen`, run in a folder of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder to run `denizen` in, which goes away with its data.
pub(crate) struct Folder(TempDir);

/// What a command that ended has said.
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

    /// The code that a command failed with that printed nothing, and the first line of its complaint.
    pub(crate) fn failure(&self) -> (i32, String) {
        assert_eq!(self.printed, "", "{self:?}");
        (self.code.unwrap(), self.complaint.lines().next().unwrap().to_owned())
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder whose database is migrated and empty.
    pub(crate) fn migrated() -> Self {
        let folder = Self::new();
        folder.prints(&["migrate"]);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether nothing was made in the folder.
    pub(crate) fn is_empty(&self) -> bool {
        std::fs::read_dir(self.path()).unwrap().next().is_none()
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(&[], arguments)
    }

    /// Runs a command to its end, with variables in its environment.
    pub(crate) fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Ended {
        Ended::of(self.denizen(arguments).envs(environment.iter().copied()).output().unwrap())
    }

    /// Runs a command to its end, with a text on its standard input.
    pub(crate) fn run_from(&self, input: &str, arguments: &[&str]) -> Ended {
        let file = self.path().join("input");
        std::fs::write(&file, input).unwrap();
        Ended::of(self.denizen(arguments).stdin(File::open(&file).unwrap()).output().unwrap())
    }

    /// What a command prints that succeeds.
    pub(crate) fn prints(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.printed
    }

    /// The JSON that a command prints with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.prints(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap()
    }

    /// The JSON that a command prints with `--json`, with a text on its standard input.
    pub(crate) fn json_from(&self, input: &str, arguments: &[&str]) -> Value {
        let ended = self.run_from(input, &[arguments, &["--json"]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        serde_json::from_str(&ended.printed).unwrap()
    }

    /// The code that a command fails with, and the first line of its complaint.
    pub(crate) fn fails(&self, arguments: &[&str]) -> (i32, String) {
        self.run(arguments).failure()
    }

    /// Starts a server on any free port, and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same, with more arguments.
    pub(crate) fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut child = self
            .denizen(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let line = read_line_with(&mut output, "listens on http://");
        let (_, address) = line.split_once("listens on http://").unwrap();
        let address = address.split_whitespace().next().unwrap().to_owned();
        Server { child, output, address }
    }

    fn denizen(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_denizen"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command
    }
}

/// A server that runs until the test stops it, or ends.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Server {
    /// The rest of the next printed line that begins with this word.
    pub(crate) fn printed(&mut self, word: &str) -> String {
        let line = read_line_with(&mut self.output, word);
        line.trim().trim_start_matches(word).trim().to_owned()
    }

    /// The status of a request with a secret key.
    pub(crate) fn status(&self, secret: &str) -> u16 {
        self.request("GET /api/v1/external-users", &format!("x-api-key: {secret}"), "")
    }

    /// The status of a request with the token of an account.
    pub(crate) fn status_of_token(&self, token: &str) -> u16 {
        self.request("GET /api/users/me", &format!("authorization: Bearer {token}"), "")
    }

    /// The status of logging in.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> u16 {
        let body = json!({ "username": username, "password": password });
        self.request("POST /login", "accept: */*", &body.to_string())
    }

    /// Sends a request and gives its status.
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

    /// Sends SIGTERM and waits. How the server ended, and what it printed that was not read yet.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails where it has ended, which is what it is for.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn read_line_with(output: &mut BufReader<ChildStdout>, word: &str) -> String {
    let lines = output.by_ref().lines().map(Result::unwrap);
    lines.into_iter().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word} is not printed"))
}
