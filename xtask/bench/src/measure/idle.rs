//! Start, and memory without requests.

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Bench;
use crate::report::{Bound, Report};
use crate::{people, process, progress};

/// Connections that are open at a time.
const CONNECTIONS: usize = 1_000;

/// The most seconds from the start of the process to its first answer.
const START_SECONDS: f64 = 0.3;

/// The most memory after a start, in megabytes.
const IDLE_MEGABYTES: f64 = 40.0;

/// The most memory with open connections, in megabytes.
const CONNECTED_MEGABYTES: f64 = 80.0;

impl Bench<'_> {
    /// Starts the server on all users, and connects to it.
    pub(super) async fn idle(&mut self, report: &mut Report) -> Result<()> {
        let database = self.directory.database;
        progress::show(&format!("{database}: starting again"));
        self.directory.restart().await?;
        let (_, idle) = process::memory(self.directory.pid()?)?;
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(self.connect().await?);
        }
        let (_, connected) = process::memory(self.directory.pid()?)?;
        report.bounds.push(Bound {
            database,
            what: format!("start to first answer, {} users", self.filling.users),
            value: self.directory.start.as_secs_f64(),
            unit: "s",
            at_most: START_SECONDS,
        });
        report.bounds.push(self.memory_bound("memory after a start", idle, IDLE_MEGABYTES));
        let what = format!("memory with {CONNECTIONS} idle connections");
        report.bounds.push(self.memory_bound(&what, connected, CONNECTED_MEGABYTES));
        Ok(())
    }

    /// Opens a connection, and leaves it open after one look-up.
    async fn connect(&self) -> Result<TcpStream> {
        let address = self.directory.address;
        let mut connection = TcpStream::connect(address).await.context("cannot connect")?;
        let mut lines =
            vec![format!("GET /admin/users/{} HTTP/1.1", people::external_id(0)), format!("host: {address}")];
        let headers = self.directory.key.notiflows();
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        connection.write_all((lines.join("\r\n") + "\r\n\r\n").as_bytes()).await?;
        let mut answer = [0; 4_096];
        let length = connection.read(&mut answer).await?;
        ensure!(answer[..length].starts_with(b"HTTP/1.1 200"), "a look-up fails");
        Ok(connection)
    }
}
