//! Compares the queries for visible people and flows with the rules of `denizen-domain`, on generated directories.
//! Always on SQLite, and on PostgreSQL if `TEST_DATABASE_URL` names a server.

#![expect(clippy::unwrap_used, reason = "a test whose setup fails must fail")]

mod directory;
mod rules;
mod stored;

use std::cell::Cell;
use std::fmt;
use std::time::Instant;

use denizen_domain::{IdSource as _, RandomIds};
use denizen_persistence::flows::{self, FlowListing, ListedFlows};
use denizen_persistence::{
    Backend, Database, DatabaseOptions, DbConnection, SqliteSynchronous, migrations, organizations,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use url::Url;

use directory::Directory;
use stored::{Stored, execute};

/// The number of generated directories for each database.
const CASES: u32 = 256;

/// The number of people that each person looks up.
const LOOKED_UP: usize = 6;

#[test]
fn sqlite_queries_follow_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    println!("SQLite: {}", compare(&runtime(), url).unwrap());
}

#[test]
fn postgresql_queries_follow_the_rules() {
    let Some(server) = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty()) else {
        return println!("PostgreSQL: NOT TESTED, because TEST_DATABASE_URL names no server");
    };
    let runtime = runtime();
    let in_server = |statement: String| {
        runtime.block_on(async {
            let database = Database::connect(&server).await.unwrap();
            execute(&mut database.write().await.unwrap(), &statement).await;
        });
    };
    let name = format!("denizen_test_{}", RandomIds.uuid().simple());
    in_server(format!("CREATE DATABASE {name}"));
    let mut url = Url::parse(&server).unwrap();
    url.set_path(&name);
    let outcome = compare(&runtime, url.into());
    in_server(format!("DROP DATABASE {name} WITH (FORCE)"));
    println!("PostgreSQL: {}", outcome.unwrap());
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Generates directories, stores them side by side in one new database, and compares them. Returns how much was
/// compared, or the difference in the smallest failing directory.
fn compare(runtime: &Runtime, url: String) -> Result<String, Failure> {
    let started = Instant::now();
    let options =
        DatabaseOptions { sqlite_synchronous: SqliteSynchronous::Normal, ..DatabaseOptions::new(url) };
    let database = runtime.block_on(async {
        let database = Database::connect_with(&options).await.unwrap();
        migrations::run(&database).await.unwrap();
        database
    });
    let trial = Trial { database, next_number: Cell::new(1), compared: Cell::default() };
    let config =
        Config { cases: CASES, failure_persistence: None, max_shrink_time: 60_000, ..Config::default() };
    TestRunner::new(config)
        .run(&directory::any(), |directory| runtime.block_on(trial.compare(&directory)))
        .map_err(|failure| Failure(failure.to_string()))?;
    let seconds = started.elapsed().as_secs_f32();
    Ok(format!("{} in {seconds:.1} s", trial.compared.get()))
}

/// The difference and its directory, in several lines.
struct Failure(String);

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Counts of what was compared.
#[derive(Debug, Clone, Copy, Default)]
struct Compared {
    directories: usize,
    pairs: usize,
    seen: usize,
    look_ups: usize,
    found: usize,
    lists: usize,
    listed: usize,
}

impl fmt::Display for Compared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directories, pairs, seen, look_ups, found, lists, listed } = self;
        write!(formatter, "{directories} directories, {pairs} pairs ({seen} where one sees the other), ")?;
        write!(formatter, "{look_ups} look-ups ({found} found), {lists} lists ({listed} flows)")
    }
}

struct Trial {
    database: Database,
    next_number: Cell<i64>,
    compared: Cell<Compared>,
}

impl Trial {
    /// Stores a directory, and compares what each person sees in it with the rules.
    async fn compare(&self, directory: &Directory) -> Result<(), TestCaseError> {
        let stored = self.store(directory).await;
        let connection = &mut self.database.read().await.unwrap();
        for viewer in 0..directory.people.len() {
            self.compare_people(connection, &stored, viewer).await?;
            self.compare_flows(connection, &stored, viewer).await?;
        }
        Ok(())
    }

    async fn store<'a>(&self, directory: &'a Directory) -> Stored<'a> {
        let stored = Stored::new(directory, self.next_number.get());
        self.next_number.set(stored.next_number());
        let connection = &mut self.database.write().await.unwrap();
        stored.store(connection).await;
        let mut compared = self.compared.get();
        compared.directories += 1;
        self.compared.set(compared);
        // Without new statistics, PostgreSQL keeps planning for the few rows of the beginning.
        if connection.backend() == Backend::Postgres && compared.directories.is_power_of_two() {
            execute(connection, "ANALYZE").await;
        }
        stored
    }

    async fn compare_people(
        &self,
        connection: &mut DbConnection,
        stored: &Stored<'_>,
        viewer: usize,
    ) -> Result<(), TestCaseError> {
        let account_id = stored.people[viewer];
        let everybody = stored.people.len();
        let numbers = organizations::visible_numbers(connection, account_id).await.unwrap();
        let seen: Vec<_> = numbers.into_iter().map(|number| stored.place_of(number)).collect();
        let expected = stored.seen_by(viewer);
        prop_assert_eq!(&seen, &expected, "people that person {} sees: query and rule", viewer);

        let mut compared = self.compared.get();
        compared.pairs += everybody;
        compared.seen += seen.len();
        for other in (viewer..viewer + everybody.min(LOOKED_UP)).map(|other| other % everybody) {
            let number = stored.number(other);
            let profile = organizations::look_up(connection, account_id, number).await.unwrap();
            let found = profile.map(|profile| profile.account_id);
            let expected = stored.looks_up(viewer, other).then_some(stored.people[other]);
            prop_assert_eq!(found, expected, "person {} looks up person {}: query and rule", viewer, other);
            compared.look_ups += 1;
            compared.found += usize::from(found.is_some());
        }
        self.compared.set(compared);
        Ok(())
    }

    async fn compare_flows(
        &self,
        connection: &mut DbConnection,
        stored: &Stored<'_>,
        viewer: usize,
    ) -> Result<(), TestCaseError> {
        let mut compared = self.compared.get();
        for (name, listed) in stored.lists_of(viewer) {
            let listings = read_list(connection, stored, viewer, listed).await;
            let list: Vec<_> = listings.iter().map(|listing| stored.listed_of(listing)).collect();
            let expected = stored.list(viewer, listed);
            prop_assert_eq!(&list, &expected, "{} of person {}: query and rule", name, viewer);
            compared.lists += 1;
            compared.listed += list.len();
        }
        self.compared.set(compared);
        Ok(())
    }
}

/// Reads all pages of a list of flows. Stops if the list repeats itself, once it is longer than the number of flows.
async fn read_list(
    connection: &mut DbConnection,
    stored: &Stored<'_>,
    viewer: usize,
    listed: ListedFlows,
) -> Vec<FlowListing> {
    let limit = stored.directory.page;
    let mut all: Vec<FlowListing> = Vec::new();
    loop {
        let after = all.last().map(FlowListing::place_in_list);
        let account_id = stored.people[viewer];
        let page = flows::list(connection, account_id, listed, after.as_ref(), limit).await.unwrap();
        let (length, limit) = (page.len(), usize::try_from(limit).unwrap());
        assert!(length <= limit, "a page of {length}, not {limit}");
        all.extend(page);
        if length < limit || all.len() > stored.flows.len() {
            return all;
        }
    }
}
