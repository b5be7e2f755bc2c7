//! Flowra's whole list, beside copying the same columns to a file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Bench;
use crate::directory::{Database, Directory, Key, sqlite_file};
use crate::report::{Compared, Comparison, Report, Sample};
use crate::yardstick::{Yardstick, copy_out};
use crate::{process, progress};

/// The ratio to the yardstick that is to be reached.
const GOAL: f64 = 0.5;

impl Bench<'_> {
    /// Reads the whole list into a file, in turn with copying it.
    pub(super) async fn whole_list(&self, report: &mut Report) -> Result<()> {
        let database = self.directory.database;
        let mut samples = Vec::new();
        for _ in 0..self.arguments.rounds.max(1) {
            progress::show(&format!("{database}: reading the whole list"));
            let ours = self.read_whole_list().await?;
            let theirs = self.copy_out().await?;
            let rates = format!("{:8.0} users a second, yardstick {:8.0}", ours.rate, theirs.rate);
            progress::say(&format!("{database:10}  {:18}  {:3}  {rates}", "whole-list", 1));
            samples.push((ours, theirs));
        }
        let what = (database, Compared::WholeList, 1);
        report.comparisons.push(Comparison::of(what, (Yardstick::Copy, Some(GOAL)), &samples));
        Ok(())
    }

    async fn read_whole_list(&self) -> Result<Sample> {
        let (pid, postgres) = (self.directory.pid()?, &self.directory.postgres);
        let file = self.arguments.folder.join("whole-list.json");
        self.directory.peak_memory()?;
        let (server, used) = (process::processor_time(pid)?, postgres.times());
        let time = download(&self.directory, &self.directory.key, &file).await?;
        let server = process::processor_time(pid)?.saturating_sub(server);
        let used = postgres.times().since(&used);
        let (users, bytes) = (users_in(&file)?, file.metadata()?.len());
        ensure!(u64::from(users) >= self.filling.users, "the whole list has only {users} users");
        std::fs::remove_file(&file)?;
        let per_user = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(users);
        Ok(Sample {
            rate: f64::from(users) / time.as_secs_f64(),
            p50: u32::try_from(time.as_micros())?,
            p99: u32::try_from(time.as_micros())?,
            server: per_user(server),
            database: per_user(used),
            bytes,
            peak_memory: self.directory.peak_memory()?,
        })
    }

    async fn copy_out(&self) -> Result<Sample> {
        let (url, file) = (&self.directory.url, self.arguments.folder.join("whole-list.copy"));
        let copied = match self.directory.database {
            Database::Postgres => copy_out::postgres(url, &file).await?,
            Database::Sqlite => {
                let (from, to) = (sqlite_file(url)?, file.clone());
                tokio::task::spawn_blocking(move || copy_out::sqlite(&from, &to)).await??
            }
        };
        let bytes = file.metadata()?.len();
        std::fs::remove_file(file)?;
        Ok(Sample { rate: copied.rate(), bytes, ..Sample::default() })
    }
}

/// Writes the whole list of a key's workspace to a file, and returns how long that took.
pub(super) async fn download(directory: &Directory, key: &Key, file: &Path) -> Result<Duration> {
    let mut output = BufWriter::new(File::create(file)?);
    let mut request =
        reqwest::Client::new().get(format!("http://{}/api/v1/external-users", directory.address));
    for (name, value) in key.flowra() {
        request = request.header(name, value);
    }
    let started = Instant::now();
    let mut answer = request.send().await?.error_for_status()?;
    while let Some(bytes) = answer.chunk().await? {
        output.write_all(&bytes)?;
    }
    output.flush()?;
    Ok(started.elapsed())
}

/// Counts the users of a whole list by a key that each has.
pub(super) fn users_in(file: &Path) -> Result<u32> {
    let mut users = 0;
    for piece in BufReader::new(File::open(file)?).split(b'{') {
        users += u32::from(piece?.starts_with(b"\"id\":"));
    }
    Ok(users)
}
