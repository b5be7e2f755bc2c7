//! The measured server on a new database, filled with people.

mod fill;
mod key;
mod landmarks;
mod places;

use std::cell::Cell;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(crate) use fill::{Filling, send};
pub(crate) use key::{Header, Key};
pub(crate) use landmarks::Landmarks;
pub(crate) use places::Places;

use crate::process::{self, Postgres};

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Database {
    Postgres,
    Sqlite,
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}

/// A running server with its first workspace and key. It runs as an operator would run it, but for rate limits that
/// nobody reaches: one caller sends everything.
pub(crate) struct Directory {
    pub(crate) database: Database,
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// The time from the last start of the process to the first answer.
    pub(crate) start: Duration,
    pub(crate) key: Key,
    /// The administrator's.
    pub(crate) password: String,
    pub(crate) places: Places,
    /// The processes of PostgreSQL; none on SQLite.
    pub(crate) postgres: Postgres,
    denizen: PathBuf,
    folder: PathBuf,
    most_memory: Cell<u64>,
    server: Child,
}

impl Directory {
    /// Starts the server on an empty database, and creates groups, tiers and channels.
    pub(crate) async fn start(denizen: &Path, database: Database, url: &str, folder: &Path) -> Result<Self> {
        let started = Instant::now();
        let (server, mut lines) = launch(denizen, url, folder, &[])?;
        let (mut address, mut public, mut secret, mut password) = (None, None, None, None);
        while password.is_none() {
            let line = next_line(&mut lines).await?;
            let value = |name: &str| line.trim().strip_prefix(name).map(|value| value.trim().to_owned());
            address = address.or_else(|| address_in(&line));
            public = public.or_else(|| value("public key"));
            secret = secret.or_else(|| value("secret key"));
            password = value("password");
        }
        let mut directory = Self {
            database,
            url: url.to_owned(),
            address: address.context("the server printed no address")?,
            start: started.elapsed(),
            key: Key {
                public: public.context("the server printed no key")?,
                secret: secret.context("the server printed no secret key")?,
            },
            password: password.unwrap_or_default(),
            places: Places::default(),
            postgres: match database {
                Database::Postgres => Postgres::of(url).await?,
                Database::Sqlite => Postgres::default(),
            },
            denizen: denizen.to_owned(),
            folder: folder.to_owned(),
            most_memory: Cell::new(0),
            server,
        };
        directory.places = Places::create(&directory).await?;
        Ok(directory)
    }

    /// The process of the server.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.server.id().context("the server has ended")
    }

    /// Sends one request, and returns the JSON that answers it.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[Header],
        body: Option<&Value>,
    ) -> Result<Value> {
        let url = format!("http://{}{path}", self.address);
        let mut request = reqwest::Client::new().request(method.parse()?, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{method} {path} is answered with {status}: {text}");
        serde_json::from_str(&text).with_context(|| format!("{method} {path} is answered without JSON"))
    }

    /// Runs a command of the server's program on the database, and returns the JSON that it prints.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.denizen);
        command.args(arguments).args(["--json", "--database-url", &self.url]).current_dir(&self.folder);
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "denizen {} failed: {complaint}", arguments.join(" "));
        serde_json::from_slice(&output.stdout).context("the server's program printed no JSON")
    }

    /// Returns the most memory that the server has held at a time since the last call, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let pid = self.pid()?;
        let (peak, _) = process::memory(pid)?;
        process::forget_peak(pid)?;
        self.most_memory.set(self.most_memory.get().max(peak));
        Ok(peak)
    }

    /// Returns the most memory that the server has ever held, in bytes.
    pub(crate) fn most_memory(&self) -> Result<u64> {
        self.peak_memory()?;
        Ok(self.most_memory.get())
    }

    /// Stops the server and starts it again on what it has stored. The start ends with the first answer.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.restart_with(&[]).await
    }

    /// Stops the server and starts it again with other settings.
    pub(crate) async fn restart_with(&mut self, settings: &[&str]) -> Result<()> {
        self.stop().await?;
        let started = Instant::now();
        let (server, mut lines) = launch(&self.denizen, &self.url, &self.folder, settings)?;
        self.server = server;
        self.address = loop {
            if let Some(address) = address_in(&next_line(&mut lines).await?) {
                break address;
            }
        };
        let url = format!("http://{}/health/ready?writes=false", self.address);
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.start = started.elapsed();
        Ok(())
    }

    /// Stops the server as an operator would.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.peak_memory()?;
        process::terminate(self.pid()?)?;
        match tokio::time::timeout(Duration::from_mins(1), self.server.wait()).await {
            Ok(status) => ensure!(status?.success(), "the server failed while it stopped"),
            Err(_) => bail!("the server does not stop"),
        }
        Ok(())
    }
}

/// Returns the file in the URL of a SQLite database.
pub(crate) fn sqlite_file(url: &str) -> Result<PathBuf> {
    url.strip_prefix("sqlite://").map(PathBuf::from).context("a SQLite database has a file")
}

async fn next_line(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    lines.next_line().await?.context("the server ended before it was ready; see its log")
}

/// Returns the address in the line with which the server says where it listens.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listens on http://")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn launch(
    denizen: &Path,
    url: &str,
    folder: &Path,
    settings: &[&str],
) -> Result<(Child, Lines<BufReader<ChildStdout>>)> {
    let log = std::fs::File::create(folder.join("server.log"))?;
    let mut command = Command::new(denizen);
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url]).args(settings);
    for limit in ["--requests-per-second-per-caller", "--requests-per-second-per-address"] {
        command.args([limit, "4294967295"]);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut server = command.spawn().with_context(|| format!("cannot start {}", denizen.display()))?;
    let output = server.stdout.take().context("the server has an output")?;
    Ok((server, BufReader::new(output).lines()))
}
