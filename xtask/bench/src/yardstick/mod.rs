//! Yardsticks: the least that any server must do for the same answer. None is slowed to look worse.

pub(crate) mod copy_in;
pub(crate) mod copy_out;
mod filters;
mod hello;
pub(crate) mod inserts;
mod postgres;
mod shape;
mod sqlite;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use clap::Subcommand;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

pub(crate) use filters::Filters;

/// A yardstick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Yardstick {
    /// The same answer from memory.
    Hello,
    /// The same query, and nothing else.
    Skeleton,
    /// The same inserts, without HTTP.
    Inserts,
    /// The same rows, copied into a table or out of it.
    Copy,
}

/// A server that does nothing but one thing.
#[derive(Debug, Subcommand)]
pub(crate) enum Server {
    /// Answers with a file from memory
    Hello {
        /// The body
        body: PathBuf,
        /// The headers, a line each
        headers: PathBuf,
    },
    /// Answers with rows of PostgreSQL
    Postgres {
        /// The database
        url: String,
        /// The headers, a line each
        headers: PathBuf,
        #[command(flatten)]
        filters: Filters,
    },
    /// Answers with rows of SQLite
    Sqlite {
        /// The database
        file: PathBuf,
        /// The headers, a line each
        headers: PathBuf,
        #[command(flatten)]
        filters: Filters,
    },
}

impl Server {
    /// Serves until the process ends. Prints the address.
    pub(crate) async fn serve(&self) -> Result<()> {
        let (router, headers) = match self {
            Self::Hello { body, headers } => (hello::router(body)?, headers),
            Self::Postgres { url, headers, filters } => (postgres::router(url, filters).await?, headers),
            Self::Sqlite { file, headers, filters } => (sqlite::router(file, filters)?, headers),
        };
        let headers = read_headers(headers)?;
        let router: Router = router.layer(axum::middleware::map_response(move |mut response: Response| {
            let headers = headers.clone();
            async move {
                response.headers_mut().extend(headers);
                response
            }
        }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?);
        axum::serve(listener, router).await.context("the yardstick failed")
    }

    fn arguments(&self) -> Vec<PathBuf> {
        let with = |name: &str, data: &Path, headers: &Path, filters: &Filters| {
            let first = [name.into(), data.to_owned(), headers.to_owned()];
            first.into_iter().chain(filters.arguments().map(PathBuf::from)).collect()
        };
        match self {
            Self::Hello { body, headers } => with("hello", body, headers, &Filters::default()),
            Self::Postgres { url, headers, filters } => with("postgres", Path::new(url), headers, filters),
            Self::Sqlite { file, headers, filters } => with("sqlite", file, headers, filters),
        }
    }

    /// Runs it in a process of its own, so that its costs can be told apart.
    pub(crate) async fn launch(&self) -> Result<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("yardstick").args(self.arguments());
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let output = process.stdout.take().context("a yardstick has an output")?;
        let line = BufReader::new(output).lines().next_line().await?.context("a yardstick ended")?;
        Ok(Running { address: line.parse()?, process })
    }
}

/// A running yardstick. Dropping it ends it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Running {
    /// Its process.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.process.id().context("a yardstick has ended")
    }
}

/// Reads `name: value` lines.
fn read_headers(file: &Path) -> Result<HeaderMap> {
    let text = std::fs::read_to_string(file)?;
    let mut headers = HeaderMap::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    Ok(headers)
}
