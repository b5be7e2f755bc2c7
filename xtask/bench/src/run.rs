//! A run: fills a directory in each database, measures each case, and prints the results.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum as _};

use crate::cases::{Case, Yardstick};
use crate::directory::{Database, Directory};
use crate::load::{Load, Request};
use crate::process::Postgres;
use crate::report::{Comparison, Filling, Memory, Report, Sample};
use crate::yardstick::{self, Running, inserts};
use crate::{people, process};

/// What to measure, on what.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server's program
    #[arg(long, value_name = "FILE")]
    denizen: PathBuf,
    /// An empty database on a PostgreSQL server with default settings
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Do not measure on SQLite
    #[arg(long)]
    no_sqlite: bool,
    /// An empty folder on the disk that is to be measured
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// Users in the directory
    #[arg(long, value_name = "NUMBER", default_value = "1000000")]
    users: u64,
    /// Cases to measure [default: all]
    #[arg(long, value_name = "CASE")]
    case: Vec<Case>,
    /// Connections at a time
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_value = "16,64")]
    connections: Vec<u32>,
    /// How often each case is measured
    #[arg(long, value_name = "NUMBER", default_value = "3")]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    seconds: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures everything, and prints it.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut report = Report::default();
    if let Some(url) = &arguments.postgres {
        measure(arguments, Database::Postgres, url, &mut report).await?;
    }
    if !arguments.no_sqlite {
        let url = format!("sqlite://{}", arguments.folder.join("denizen.db").display());
        measure(arguments, Database::Sqlite, &url, &mut report).await?;
    }
    if arguments.json {
        return report.print_json();
    }
    report.print();
    Ok(())
}

async fn measure(arguments: &Arguments, database: Database, url: &str, report: &mut Report) -> Result<()> {
    let Arguments { denizen, folder, users, .. } = arguments;
    let mut directory = Directory::start(denizen, database, url, folder).await?;
    let times = directory.fill(*users).await?;
    directory.analyze().await?;
    let (peak_of_filling, _) = process::memory(directory.pid()?)?;
    directory.restart(denizen, folder).await?;
    let (_, idle) = process::memory(directory.pid()?)?;
    let load = Load::prepare(folder, *users, &directory.ids().await?)?;
    let bench =
        Bench { arguments, directory: &directory, load, duration: Duration::from_secs(arguments.seconds) };
    let cases =
        if arguments.case.is_empty() { Case::value_variants().to_vec() } else { arguments.case.clone() };
    let mut run = 0;
    for case in cases {
        let server = bench.yardstick_server(case).await?;
        for connections in &arguments.connections {
            let mut samples = Vec::new();
            for _ in 0..arguments.rounds.max(1) {
                run += 1;
                let ours = bench.ours(case, *connections, run).await?;
                let yardstick = bench.yardstick(case, server.as_ref(), *connections, run).await?;
                eprintln!(
                    "{database:10} {:16} {connections:3}  {:8.0} a second, yardstick {:8.0}",
                    case.name(),
                    ours.rate,
                    yardstick.rate
                );
                samples.push((ours, yardstick));
            }
            report.comparisons.push(Comparison::of(database, case, *connections, &samples));
        }
    }
    let (peak, _) = process::memory(directory.pid()?)?;
    let memory = Memory { idle, peak: peak.max(peak_of_filling) };
    report.fillings.push(Filling::of(database, *users, &times, directory.start, memory));
    directory.stop().await
}

/// What the measurements of one database share.
struct Bench<'run> {
    arguments: &'run Arguments,
    directory: &'run Directory,
    load: Load,
    duration: Duration,
}

impl Bench<'_> {
    async fn ours(&self, case: Case, connections: u32, run: u32) -> Result<Sample> {
        let request = case.request(self.directory);
        self.sample((self.directory.address, self.directory.pid()?), &request, connections, run).await
    }

    async fn yardstick(
        &self,
        case: Case,
        server: Option<&Running>,
        connections: u32,
        run: u32,
    ) -> Result<Sample> {
        if let Some(server) = server {
            let request = case.yardstick_request();
            return self.sample((server.address, server.pid()?), &request, connections, run).await;
        }
        let Directory { database, url, .. } = self.directory;
        let rate = match database {
            Database::Postgres => {
                inserts::postgres(url, &self.arguments.folder, connections, self.duration).await?
            }
            Database::Sqlite => {
                let (file, duration) = (sqlite_file(url)?, self.duration);
                tokio::task::spawn_blocking(move || inserts::sqlite(&file, duration)).await??
            }
        };
        Ok(Sample { rate, ..Sample::default() })
    }

    async fn sample(
        &self,
        (address, pid): (std::net::SocketAddr, u32),
        request: &Request,
        connections: u32,
        run: u32,
    ) -> Result<Sample> {
        let (server, database) = (process::processor_time(pid)?, Postgres::now());
        let measured = self.load.send(address, request, connections, self.duration, run).await?;
        let server = process::processor_time(pid)?.saturating_sub(server);
        let database = Postgres::now().since(&database);
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(measured.requests);
        Ok(Sample {
            rate: measured.rate(),
            p50: measured.p50,
            p99: measured.p99,
            server: per_request(server),
            database: per_request(database),
            bytes: measured.bytes_per_answer(),
        })
    }

    /// Starts the yardstick of a case, if it is a server, with the headers and the body of the server's own answer.
    async fn yardstick_server(&self, case: Case) -> Result<Option<Running>> {
        let folder = &self.arguments.folder;
        let (headers, body) = (folder.join("headers"), folder.join("body"));
        let kind = match case.yardstick() {
            Yardstick::Inserts => return Ok(None),
            Yardstick::Hello => yardstick::Server::Hello { body: body.clone(), headers: headers.clone() },
            Yardstick::Skeleton => {
                let url = self.directory.url.clone();
                match self.directory.database {
                    Database::Postgres => yardstick::Server::Postgres { url, headers: headers.clone() },
                    Database::Sqlite => {
                        yardstick::Server::Sqlite { file: sqlite_file(&url)?, headers: headers.clone() }
                    }
                }
            }
        };
        self.record_answer(case, &headers, &body).await?;
        kind.launch().await.map(Some)
    }

    async fn record_answer(&self, case: Case, headers: &Path, body: &Path) -> Result<()> {
        let request = case.request(self.directory);
        let path = request
            .path
            .replace("{user}", &people::external_id(0))
            .replace("{recent}", &people::external_id(0))
            .replace("{ten}", "person0000000");
        let path = if path.contains("{id}") {
            path.replace("{id}", self.directory.ids().await?.first().context("there is a user")?)
        } else {
            path
        };
        let mut ask = reqwest::Client::new().get(format!("http://{}{path}", self.directory.address));
        for (name, value) in &request.headers {
            ask = ask.header(name, value);
        }
        let answer = ask.send().await?;
        ensure!(answer.status().is_success(), "GET {path} is answered with {}", answer.status());
        let own = ["content-length", "date", "transfer-encoding"];
        let lines = answer.headers().iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let lines = lines.filter_map(|(name, value)| Some(format!("{name}: {}\n", value.to_str().ok()?)));
        std::fs::write(headers, lines.collect::<String>())?;
        std::fs::write(body, answer.bytes().await?)?;
        Ok(())
    }
}

fn sqlite_file(url: &str) -> Result<PathBuf> {
    url.strip_prefix("sqlite://").map(PathBuf::from).context("a SQLite database has a file")
}
