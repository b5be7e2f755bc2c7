//! The machine and the versions that results depend on.

use std::fmt;

use anyhow::Result;
use serde::Serialize;
use tokio_postgres::NoTls;

/// What ran the measurements.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    kernel: String,
    postgres: Option<String>,
    sqlite: &'static str,
}

impl Machine {
    /// Looks at this machine, and at the database behind a URL.
    pub(crate) async fn this(postgres: Option<&str>) -> Result<Self> {
        let read = |file| std::fs::read_to_string(file).unwrap_or_default();
        let processors = read("/proc/cpuinfo");
        let model = processors.lines().find(|line| line.starts_with("model name"));
        let model =
            model.and_then(|line| line.split_once(": ")).map_or("unknown processor", |(_, name)| name);
        let postgres = match postgres {
            Some(url) => Some(version_of(url).await?),
            None => None,
        };
        Ok(Self {
            processor: model.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            postgres,
            sqlite: rusqlite::version(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, kernel, postgres, sqlite } = self;
        write!(formatter, "{processor}, {cores} cores, Linux {kernel}, SQLite {sqlite}")?;
        postgres.iter().try_for_each(|version| write!(formatter, ", PostgreSQL {version}"))
    }
}

async fn version_of(url: &str) -> Result<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client.query_one("SHOW server_version", &[]).await?.get(0))
}
