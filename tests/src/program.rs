//! Programs that run while a test goes on.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long a program may take to print its next line.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// A program that runs until it is dropped, and what it prints.
#[derive(Debug)]
pub struct RunningProgram {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    complaints: File,
}

impl RunningProgram {
    /// Starts a program with these arguments, and with only these environment variables.
    pub fn start(program: &Path, arguments: &[&OsStr], environment: &[(&str, &str)]) -> Self {
        let complaints = tempfile::tempfile().expect("cannot create a temporary file");
        let standard_error = complaints.try_clone().expect("cannot share a file");
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(standard_error)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
        let input = child.stdin.take().expect("the input is a pipe");
        let lines = BufReader::new(child.stdout.take().expect("the output is a pipe")).lines();
        Self { child, input, lines, complaints }
    }

    /// Writes a line to its standard input, and waits for the next line that it prints.
    pub async fn answer(&mut self, line: &str) -> String {
        let written = self.input.write_all(format!("{line}\n").as_bytes()).await;
        if let Err(error) = written {
            panic!("the program does not read its input: {error}\n{}", self.complaints());
        }
        self.line().await
    }

    /// Waits for the next line that it prints. Fails the test if the program ends or takes too long.
    pub async fn line(&mut self) -> String {
        let line = timeout(LONGEST_WAIT, self.lines.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no line for {LONGEST_WAIT:?}:\n{}", self.complaints()));
        let line = line.expect("the program prints text");
        line.unwrap_or_else(|| panic!("the program has ended:\n{}", self.complaints()))
    }

    /// Ends the program, and returns the lines that it printed and nobody has read.
    pub async fn stop(mut self) -> Vec<String> {
        self.child.kill().await.expect("cannot end a program");
        let mut rest = Vec::new();
        while let Some(line) = self.lines.next_line().await.expect("the program prints text") {
            rest.push(line);
        }
        rest
    }

    /// Ends the program, and returns what it has written to standard error.
    pub async fn log(mut self) -> String {
        self.child.kill().await.expect("cannot end a program");
        self.complaints()
    }

    /// What it has written to standard error.
    fn complaints(&mut self) -> String {
        let mut text = String::new();
        let read = self.complaints.rewind().and_then(|()| self.complaints.read_to_string(&mut text));
        read.map_or_else(|error| error.to_string(), |_| text)
    }
}
