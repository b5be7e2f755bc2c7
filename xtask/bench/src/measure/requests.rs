//! One kind of request, beside its yardstick.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::Bench;
use crate::cases::Case;
use crate::directory::{Database, Directory, sqlite_file};
use crate::load::Intensity;
use crate::progress;
use crate::report::{Compared, Comparison, Report, Sample};
use crate::yardstick::{self, Running, Yardstick, inserts};

impl Bench<'_> {
    /// Measures a case and its yardstick in turn.
    pub(super) async fn compare(&self, case: Case, report: &mut Report) -> Result<()> {
        let server = self.yardstick_server(case).await?;
        let database = self.directory.database;
        for connections in self.arguments.connections.iter().copied() {
            let intensity = Intensity { connections, duration: self.arguments.duration() };
            let mut samples = Vec::new();
            for _ in 0..self.arguments.rounds.max(1) {
                let ours = self.ours(&case.request(&self.directory, &self.landmarks), intensity).await?;
                let theirs = self.yardstick(case, server.as_ref(), intensity).await?;
                let rates = format!("{:8.0} a second, yardstick {:8.0}", ours.rate, theirs.rate);
                progress::say(&format!("{database:10}  {case:18}  {connections:3}  {rates}"));
                samples.push((ours, theirs));
            }
            let what = (database, Compared::Request(case), connections);
            report.comparisons.push(Comparison::of(what, (case.yardstick(), case.goal(database)), &samples));
        }
        Ok(())
    }

    /// Measures the yardstick of a case, which is a running server or a loop of inserts.
    pub(super) async fn yardstick(
        &self,
        case: Case,
        server: Option<&Running>,
        intensity: Intensity,
    ) -> Result<Sample> {
        if let Some(server) = server {
            return self.sample((server.address, server.pid()?), &case.yardstick_request(), intensity).await;
        }
        let Directory { database, url, .. } = &self.directory;
        let Intensity { connections, duration } = intensity;
        let rate = match database {
            Database::Postgres => {
                inserts::postgres(url, &self.arguments.folder, connections, duration).await?
            }
            Database::Sqlite => {
                let file = sqlite_file(url)?;
                tokio::task::spawn_blocking(move || inserts::sqlite(&file, duration)).await??
            }
        };
        Ok(Sample { rate, ..Sample::default() })
    }

    /// Starts the yardstick of a case, if it is a server, with the headers and the body of the server's own answer.
    pub(super) async fn yardstick_server(&self, case: Case) -> Result<Option<Running>> {
        let folder = &self.arguments.folder;
        let (headers, body) = (folder.join("headers"), folder.join("body"));
        let kind = match case.yardstick() {
            Yardstick::Inserts | Yardstick::Copy => return Ok(None),
            Yardstick::Hello => yardstick::Server::Hello { body: body.clone(), headers: headers.clone() },
            Yardstick::Skeleton => self.skeleton(case, headers.clone())?,
        };
        self.record_answer(case, &headers, &body).await?;
        kind.launch().await.map(Some)
    }

    fn skeleton(&self, case: Case, headers: PathBuf) -> Result<yardstick::Server> {
        let Directory { database, url, .. } = &self.directory;
        let filters = case.filters(&self.directory);
        Ok(match database {
            Database::Postgres => yardstick::Server::Postgres { url: url.clone(), headers, filters },
            Database::Sqlite => yardstick::Server::Sqlite { file: sqlite_file(url)?, headers, filters },
        })
    }

    async fn record_answer(&self, case: Case, headers: &Path, body: &Path) -> Result<()> {
        let request = case.request(&self.directory, &self.landmarks);
        let path = request.example(&self.landmarks);
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
