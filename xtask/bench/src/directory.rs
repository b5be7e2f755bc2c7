//! The measured server on a new database, filled with people.

use std::fmt;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::people;

/// Users of a bulk request.
const BULK: u64 = 1_000;

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
    public_key: String,
    secret_key: String,
    server: Child,
}

impl Directory {
    /// Starts the server on an empty database.
    pub(crate) async fn start(denizen: &Path, database: Database, url: &str, folder: &Path) -> Result<Self> {
        let started = Instant::now();
        let mut server = launch(denizen, url, folder)?;
        let mut lines = BufReader::new(server.stdout.take().context("the server has an output")?).lines();
        let (mut address, mut public_key, mut secret_key) = (None, None, None);
        while secret_key.is_none() {
            let line =
                lines.next_line().await?.context("the server ended before it was ready; see its log")?;
            address = address.or_else(|| address_in(&line));
            let value = |name: &str| line.trim().strip_prefix(name).map(|value| value.trim().to_owned());
            public_key = public_key.or_else(|| value("public key"));
            secret_key = value("secret key");
        }
        let all = address.zip(public_key).zip(secret_key).context("the server printed no key")?;
        let ((address, public_key), secret_key) = all;
        Ok(Self {
            database,
            url: url.to_owned(),
            address,
            start: started.elapsed(),
            public_key,
            secret_key,
            server,
        })
    }

    /// The process of the server.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.server.id().context("the server has ended")
    }

    /// The key, as Notiflows' headers.
    pub(crate) fn key_pair(&self) -> Vec<(String, String)> {
        let header = |name: &str, value: &String| (name.to_owned(), value.clone());
        vec![
            header("x-notiflows-api-key", &self.public_key),
            header("x-notiflows-secret-key", &self.secret_key),
        ]
    }

    /// The key, as Flowra's header.
    pub(crate) fn api_key(&self) -> Vec<(String, String)> {
        vec![("x-api-key".to_owned(), self.secret_key.clone())]
    }

    /// The key, as Zaia's header.
    pub(crate) fn authorization(&self) -> Vec<(String, String)> {
        vec![("authorization".to_owned(), self.secret_key.clone())]
    }

    /// Creates people, a thousand at a time, and returns how long each thousand took.
    pub(crate) async fn fill(&self, users: u64) -> Result<Vec<Duration>> {
        let http = reqwest::Client::new();
        let mut times = Vec::new();
        for first in (0..users).step_by(usize::try_from(BULK)?) {
            let batch: Vec<_> = (first..users.min(first + BULK)).map(people::user).collect();
            let (body, expected) = (json!({ "users": batch }).to_string(), batch.len());
            let mut request = http.post(format!("http://{}/admin/users/bulk", self.address));
            for (name, value) in self.key_pair() {
                request = request.header(name, value);
            }
            let started = Instant::now();
            let response = request.header("content-type", "application/json").body(body).send().await?;
            let answer: serde_json::Value = response.json().await?;
            times.push(started.elapsed());
            let successful = answer["successful"].as_array().map_or(0, Vec::len);
            ensure!(successful == expected, "only {successful} of {expected} users were created: {answer}");
            progress(self.database, first + BULK, users);
        }
        Ok(times)
    }

    /// Returns up to ten thousand ids of users.
    pub(crate) async fn ids(&self) -> Result<Vec<String>> {
        let http = reqwest::Client::new();
        let (mut ids, mut after) = (Vec::new(), String::new());
        while ids.len() < 10_000 {
            let mut request = http.get(format!("http://{}/admin/users?limit=1000{after}", self.address));
            for (name, value) in self.key_pair() {
                request = request.header(name, value);
            }
            let page: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
            let items = page["items"].as_array().context("a page has items")?;
            ids.extend(items.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned));
            match page["page"]["after"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => break,
            }
        }
        Ok(ids)
    }

    /// Updates PostgreSQL's statistics, as it does by itself a minute after many changes.
    pub(crate) async fn analyze(&self) -> Result<()> {
        if self.database == Database::Postgres {
            let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute("ANALYZE").await?;
        }
        Ok(())
    }

    /// Stops the server and starts it again on what it has stored. The start ends with the first answer.
    pub(crate) async fn restart(&mut self, denizen: &Path, folder: &Path) -> Result<()> {
        self.stop().await?;
        let started = Instant::now();
        self.server = launch(denizen, &self.url, folder)?;
        let output = self.server.stdout.take().context("the server has an output")?;
        let mut lines = BufReader::new(output).lines();
        self.address = loop {
            let line =
                lines.next_line().await?.context("the server ended before it was ready; see its log")?;
            if let Some(address) = address_in(&line) {
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
        let pid = self.pid()?.to_string();
        ensure!(Command::new("kill").arg(&pid).status().await?.success(), "cannot stop the server");
        match tokio::time::timeout(Duration::from_mins(1), self.server.wait()).await {
            Ok(status) => ensure!(status?.success(), "the server failed while it stopped"),
            Err(_) => bail!("the server does not stop"),
        }
        Ok(())
    }
}

/// Returns the address in the line with which the server says where it listens.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listens on http://")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn launch(denizen: &Path, url: &str, folder: &Path) -> Result<Child> {
    let log = std::fs::File::create(folder.join("server.log"))?;
    let mut command = Command::new(denizen);
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url]);
    command.args([
        "--requests-per-second-per-caller",
        "4294967295",
        "--requests-per-second-per-address",
        "4294967295",
    ]);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot start {}", denizen.display()))
}

fn progress(database: Database, done: u64, all: u64) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{database}: {} of {all} users", done.min(all));
        if done >= all {
            eprintln!();
        }
    }
}
