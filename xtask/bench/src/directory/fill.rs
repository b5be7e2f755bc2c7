//! Filling the directory with people, in bulks.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::places::Places;
use super::{Database, Directory, Header};
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
