//! Filling the directory with people, in bulks.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::places::Places;
use super::{Database, Directory, Header};
use crate::report::{Sample, median};
use crate::{people, process, progress};

/// Users of a bulk request.
const BULK: u64 = 1_000;

/// How a directory was filled.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    pub(crate) users: u64,
    /// The time of each bulk.
    pub(crate) times: Vec<Duration>,
    /// Processor time of the server, and of PostgreSQL.
    pub(crate) server: Duration,
    pub(crate) database: Duration,
}

impl Filling {
    /// Creates people until there are so many, and leaves the database as it is some time after.
    pub(crate) async fn go_on(&mut self, directory: &Directory, users: u64) -> Result<()> {
        let Directory { database, url, postgres, .. } = directory;
        directory.places.give_to_new_users(*database, url).await?;
        let (server, used) = (process::processor_time(directory.pid()?)?, postgres.times());
        while self.users < users {
            let last = users.min(self.users + BULK);
            let people: Vec<_> = (self.users..last).map(people::user).collect();
            self.times.push(send(directory, &directory.key.notiflows(), people).await?);
            self.users = last;
            progress::show(&format!("{database}: {last} of {users} users"));
        }
        self.server += process::processor_time(directory.pid()?)?.saturating_sub(server);
        self.database += postgres.times().since(&used);
        Places::give_no_more(*database, url).await?;
        settle(*database, url).await
    }

    /// Users a second, with the processor time of one.
    #[expect(clippy::cast_precision_loss, reason = "no directory has so many users")]
    pub(crate) fn sample(&self) -> Sample {
        let per_user = |time: Duration| time.as_secs_f64() * 1e6 / self.users as f64;
        let time: Duration = self.times.iter().sum();
        Sample {
            rate: self.users as f64 / time.as_secs_f64(),
            server: per_user(self.server),
            database: per_user(self.database),
            ..Sample::default()
        }
    }

    /// The time of the last bulks to that of the first: the medians of twenty, where there are forty.
    pub(crate) fn last_to_first(&self) -> f64 {
        let few = 20.min(self.times.len().div_ceil(2));
        let of = |times: &[Duration]| median(times.iter().map(Duration::as_secs_f64));
        of(&self.times[self.times.len() - few..]) / of(&self.times[..few])
    }
}

/// Creates users in one bulk with a key, and returns how long that took.
pub(crate) async fn send(directory: &Directory, key: &[Header], people: Vec<Value>) -> Result<Duration> {
    let (expected, body) = (people.len(), json!({ "users": people }));
    let started = Instant::now();
    let answer = directory.ask("POST", "/admin/users/bulk", key, Some(&body)).await?;
    let time = started.elapsed();
    let successful = answer["successful"].as_array().map_or(0, Vec::len);
    ensure!(successful == expected, "only {successful} of {expected} users were created: {answer}");
    Ok(time)
}

/// Does what PostgreSQL does by itself a minute after many changes. SQLite's statistics come with the schema.
async fn settle(database: Database, url: &str) -> Result<()> {
    if database == Database::Postgres {
        progress::show("PostgreSQL: VACUUM ANALYZE");
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("VACUUM ANALYZE").await?;
    }
    Ok(())
}
