//! Measures one thing after the other on one database.

mod bulk;
mod growth;
mod idle;
mod large_users;
mod log_in;
mod requests;
mod throughput;
mod whole_list;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::arguments::Arguments;
use crate::directory::{Database, Directory, Filling, Landmarks};
use crate::load::{Intensity, Load, Request};
use crate::process;
use crate::report::{Bound, Report, Sample, megabytes};
use crate::studies::{Measurement, Study};

/// The most memory that the server may hold whatever is asked for, in megabytes.
const MOST_MEGABYTES: f64 = 200.0;

/// Fewer answers than this, or than there are connections, tell little.
const FEW: u32 = 64;

/// How long is long enough for few answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server is watched that should have nothing to do, and what it may use meanwhile.
const REST: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_millis(10);

/// The longest wait for a server that has nothing to do. PostgreSQL may vacuum for longer.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// What the measurements of one database share.
pub(crate) struct Bench<'run> {
    arguments: &'run Arguments,
    pub(crate) directory: Directory,
    pub(crate) filling: Filling,
    /// The most memory of the server while it was filled.
    peak_of_filling: u64,
    landmarks: Landmarks,
    load: Load,
}

impl<'run> Bench<'run> {
    /// Starts a server, and fills its directory with the first users.
    pub(crate) async fn start(
        arguments: &'run Arguments,
        database: Database,
        url: &str,
        users: u64,
    ) -> Result<Self> {
        let Arguments { denizen, folder, .. } = arguments;
        let directory = Directory::start(denizen, database, url, folder).await?;
        let mut filling = Filling::default();
        filling.go_on(&directory, users).await?;
        let peak_of_filling = directory.peak_memory()?;
        let landmarks = Landmarks::find(&directory, users).await?;
        let load = Load::prepare(folder, &landmarks)?;
        Ok(Self { arguments, directory, filling, peak_of_filling, landmarks, load })
    }

    /// Fills the directory until there are so many users.
    pub(crate) async fn go_on(&mut self, users: u64) -> Result<()> {
        self.directory.peak_memory()?;
        self.filling.go_on(&self.directory, users).await?;
        self.peak_of_filling = self.peak_of_filling.max(self.directory.peak_memory()?);
        self.landmarks = Landmarks::find(&self.directory, users).await?;
        self.load = Load::prepare(&self.arguments.folder, &self.landmarks)?;
        Ok(())
    }

    /// Measures one thing, and adds the results.
    pub(crate) async fn measure(&mut self, measurement: Measurement, report: &mut Report) -> Result<()> {
        match measurement {
            Measurement::Case(case) => self.compare(case, report).await,
            Measurement::Study(Study::Bulk) => self.bulk(report).await,
            Measurement::Study(Study::WholeList) => self.whole_list(report).await,
            Measurement::Study(Study::LogIn) => self.log_in(report).await,
            Measurement::Study(Study::Throughput) => self.throughput(report).await,
            Measurement::Study(Study::Idle) => self.idle(report).await,
            Measurement::Study(Study::LargeUsers) => self.large_users(report).await,
        }
    }

    /// Stops the server. Adds what concerns the whole run.
    pub(crate) async fn finish(mut self, report: &mut Report) -> Result<()> {
        let database = self.directory.database;
        report.add_filling(database, &self.filling);
        report.add_bounds(database);
        let peak = self.directory.most_memory()?;
        report.bounds.push(self.memory_bound("memory at most, in the whole run", peak, MOST_MEGABYTES));
        self.directory.stop().await
    }

    fn memory_bound(&self, what: &str, bytes: u64, at_most: f64) -> Bound {
        let database = self.directory.database;
        Bound { database, what: what.to_owned(), value: megabytes(bytes), unit: "MB", at_most }
    }

    /// Sends a request to the measured server for a while.
    async fn ours(&self, request: &Request, intensity: Intensity) -> Result<Sample> {
        self.directory.peak_memory()?;
        let sample = self.sample((self.directory.address, self.directory.pid()?), request, intensity).await?;
        self.wait_until_idle().await?;
        Ok(Sample { peak_memory: self.directory.peak_memory()?, ..sample })
    }

    /// Waits until the server has done what nobody waits for any more, which would slow what is measured next.
    async fn wait_until_idle(&self) -> Result<()> {
        let (pid, postgres) = (self.directory.pid()?, &self.directory.postgres);
        for _ in 0..LONGEST_REST.as_millis() / REST.as_millis() {
            let (server, database) = (process::processor_time(pid)?, postgres.times());
            tokio::time::sleep(REST).await;
            let used =
                process::processor_time(pid)?.saturating_sub(server) + postgres.times().since(&database);
            if used <= IDLE {
                break;
            }
        }
        Ok(())
    }

    /// Sends a request to a server for a while, or for longer if few are answered.
    async fn sample(
        &self,
        (address, pid): (SocketAddr, u32),
        request: &Request,
        mut intensity: Intensity,
    ) -> Result<Sample> {
        let postgres = &self.directory.postgres;
        loop {
            let (server, database) = (process::processor_time(pid)?, postgres.times());
            let measured = self.load.send(address, request, intensity).await?;
            let server = process::processor_time(pid)?.saturating_sub(server);
            let database = postgres.times().since(&database);
            if measured.requests < intensity.connections.min(FEW) && intensity.duration < PATIENCE {
                intensity.duration *= 4;
                continue;
            }
            ensure!(measured.requests > 0, "no answer to {} {}", request.method, request.path);
            let per_request = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(measured.requests);
            return Ok(Sample {
                rate: measured.rate(),
                p50: measured.p50,
                p99: measured.p99,
                server: per_request(server),
                database: per_request(database),
                bytes: measured.bytes_per_answer(),
                peak_memory: 0,
            });
        }
    }
}
