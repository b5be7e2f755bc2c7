//! Writers in one queue, on a real file. What they store is read by a connection that knows nothing of the queue.

use std::fs;
use std::sync::Arc;

use denizen_domain::{Conflict, Error, Result};
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl as _};
use diesel_async::SimpleAsyncConnection as _;
use tokio::task::JoinHandle;

use super::*;
use crate::connection::connect::Pools;
use crate::connection::in_place::Pace;
use crate::connection::leased::Leased;
use crate::connection::sqlite::SqliteAccess;
use crate::connection::{DatabaseOptions, DbConnection, OrError as _, begin, finish, in_transaction};
use crate::memory::Memory;

/// A notebook: a database with one table, and a queue whose groups never get too old.
struct Notebook {
    folder: tempfile::TempDir,
    queue: WriteQueue,
}

impl Notebook {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queue = queue(&folder).await;
        let notebook = Self { folder, queue };
        notebook.stranger().batch_execute("CREATE TABLE notes (note TEXT PRIMARY KEY) STRICT").unwrap();
        notebook.checkpoint();
        notebook
    }

    /// Returns a connection of another program.
    fn stranger(&self) -> SqliteConnection {
        SqliteConnection::establish(self.folder.path().join("notes.db").to_str().unwrap()).unwrap()
    }

    /// Empties the log, so that it counts the commits from now on.
    fn checkpoint(&self) {
        self.stranger().batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }

    fn connection(&self) -> DbConnection {
        let access = SqliteAccess::writing(Writer::new(self.queue.clone()), Pace::Short);
        DbConnection::Sqlite(Leased::new(Box::new(access), Arc::new(Memory::new())))
    }

    /// Begins a transaction, which keeps all others waiting until it is finished.
    async fn begin(&self) -> DbConnection {
        let mut connection = self.connection();
        begin(&mut connection).await.unwrap();
        connection
    }

    /// Starts a writer, and returns once it waits in the queue.
    async fn enqueue<F>(&self, writer: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let waiting = self.queue.pool.status().waiting;
        let writer = tokio::spawn(writer);
        while self.queue.pool.status().waiting == waiting {
            tokio::task::yield_now().await;
        }
        writer
    }

    /// Enqueues a transaction that stores a note.
    async fn enqueue_note(&self, note: &'static str) -> JoinHandle<Result<()>> {
        let mut connection = self.connection();
        self.enqueue(async move {
            let connection = &mut connection;
            in_transaction!(connection, { store(connection, note).await })
        })
        .await
    }

    /// Returns all notes on disk, in alphabetical order.
    fn kept(&self) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            note: String,
        }
        let rows =
            diesel::sql_query("SELECT note FROM notes ORDER BY note").load::<Row>(&mut self.stranger());
        rows.unwrap().into_iter().map(|row| row.note).collect()
    }

    /// Counts the commits in the log: the frames that state the size of the database.
    fn commits(&self) -> usize {
        let log = fs::read(self.folder.path().join("notes.db-wal")).unwrap();
        let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let (header, frames) = log.split_at(32);
        frames.chunks(24 + number(&header[8..12])).filter(|frame| number(&frame[4..8]) > 0).count()
    }
}

async fn queue(folder: &tempfile::TempDir) -> WriteQueue {
    let options = DatabaseOptions::new(format!("sqlite://{}", folder.path().join("notes.db").display()));
    let Pools::Sqlite { writers, .. } = Pools::open(&options).await.unwrap() else { unreachable!() };
    WriteQueue::new(writers.pool, Duration::MAX)
}

async fn store(connection: &mut DbConnection, note: &str) -> Result<()> {
    let insert = format!("INSERT INTO notes VALUES ('{note}')");
    connection.batch_execute(&insert).await.or_error("store a note")
}

fn fails() -> Result<()> {
    Err(Error::Internal("does not like the note".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_writer_commits_at_once() {
    let notebook = Notebook::new().await;
    for note in ["a", "b"] {
        let mut connection = notebook.begin().await;
        store(&mut connection, note).await.unwrap();
        finish(&mut connection, Ok(())).await.unwrap();
    }
    assert_eq!(notebook.kept(), ["a", "b"]);
    assert_eq!(notebook.commits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_who_wait_share_a_commit() {
    let notebook = Notebook::new().await;
    let mut first = notebook.begin().await;
    store(&mut first, "a").await.unwrap();
    let others = [notebook.enqueue_note("b").await, notebook.enqueue_note("c").await];
    let mut alone = notebook.connection();
    let statement = notebook.enqueue(async move { store(&mut alone, "d").await }).await;
    assert_eq!(notebook.kept(), [""; 0], "nothing is visible before the commit");

    finish(&mut first, Ok(())).await.unwrap();
    assert_eq!(notebook.kept(), ["a", "b", "c", "d"], "an answered writer's group is on disk");
    for other in others {
        other.await.unwrap().unwrap();
    }
    statement.await.unwrap().unwrap();
    assert_eq!(notebook.commits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_group_is_committed_although_others_wait() {
    let mut notebook = Notebook::new().await;
    notebook.queue.group_duration = Duration::ZERO;
    let mut first = notebook.begin().await;
    store(&mut first, "a").await.unwrap();
    let second = notebook.enqueue_note("b").await;
    finish(&mut first, Ok(())).await.unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(notebook.kept(), ["a", "b"]);
    assert_eq!(notebook.commits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_fails_takes_nobody_with_it() {
    let notebook = Notebook::new().await;
    let mut first = notebook.begin().await;
    store(&mut first, "first fails too").await.unwrap();
    let before = notebook.enqueue_note("a").await;
    let mut refusing = notebook.connection();
    let failing = notebook.enqueue(async move {
        let connection = &mut refusing;
        in_transaction!(connection, {
            store(connection, "b").await?;
            fails()
        })
    });
    let failing = failing.await;
    let mut twice = notebook.connection();
    let violating = notebook.enqueue(async move { store(&mut twice, "a").await }).await;
    let after = notebook.enqueue_note("c").await;

    assert!(finish(&mut first, fails()).await.is_err());
    before.await.unwrap().unwrap();
    let failed = failing.await.unwrap();
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    let violated = violating.await.unwrap();
    assert!(matches!(violated, Err(Error::Conflict(Conflict::ConcurrentChange))), "{violated:?}");
    after.await.unwrap().unwrap();
    assert_eq!(notebook.kept(), ["a", "c"]);
    assert_eq!(notebook.commits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_dropped_midway_takes_no_answered_change_with_it() {
    let notebook = Notebook::new().await;
    let mut earlier = notebook.begin().await;
    store(&mut earlier, "a").await.unwrap();
    finish(&mut earlier, Ok(())).await.unwrap();

    let mut first = notebook.begin().await;
    store(&mut first, "b").await.unwrap();
    let before = notebook.enqueue_note("c").await;
    let mut dropped = notebook.connection();
    let dropping = notebook.enqueue(async move {
        begin(&mut dropped).await.unwrap();
        store(&mut dropped, "d").await.unwrap();
        drop(dropped);
    });
    let dropping = dropping.await;
    let after = notebook.enqueue_note("e").await;

    let first = finish(&mut first, Ok(())).await;
    assert!(matches!(first, Err(Error::Conflict(Conflict::ConcurrentChange))), "{first:?}");
    dropping.await.unwrap();
    before.await.unwrap().unwrap();
    after.await.unwrap().unwrap();
    assert_eq!(
        notebook.kept(),
        ["a", "c", "e"],
        "those who retry are stored, those who are told to retry are not"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_writers_that_are_dropped_leave_no_group_open() {
    let notebook = Notebook::new().await;
    let mut first = notebook.begin().await;
    store(&mut first, "a").await.unwrap();
    let second = notebook.enqueue_note("b").await;
    let first = tokio::spawn(async move { finish(&mut first, Ok(())).await });
    second.abort();
    first.await.unwrap().unwrap();
    notebook.stranger().batch_execute("BEGIN IMMEDIATE; INSERT INTO notes VALUES ('z'); COMMIT").unwrap();
    let kept = notebook.kept();
    assert!(
        kept.first().is_some_and(|note| note == "a") && kept.last().is_some_and(|note| note == "z"),
        "{kept:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_only_the_writer_that_fills_it() {
    const LARGE: &str = "an INSERT that fills the disk";
    let notebook = Notebook::new().await;
    let mut limiting = notebook.connection();
    limiting.batch_execute("PRAGMA max_page_count = 20").await.unwrap();
    let holder = notebook.begin().await;
    let before = notebook.enqueue_note("a").await;
    let mut filling = notebook.connection();
    let full = notebook.enqueue(async move {
        let connection = &mut filling;
        in_transaction!(connection, {
            let insert = format!("INSERT INTO notes VALUES ('{LARGE}' || hex(zeroblob(1000000)))");
            connection.batch_execute(&insert).await.or_error("store a large note")
        })
    });
    let full = full.await;
    let after = notebook.enqueue_note("c").await;
    drop_in_turn(holder).await;
    let full = full.await.unwrap();
    assert!(matches!(full, Err(Error::ReadOnly(_))), "{full:?}");
    before.await.unwrap().unwrap();
    after.await.unwrap().unwrap();
    assert_eq!(notebook.kept(), ["a", "c"]);
}

/// Ends a transaction without changes.
async fn drop_in_turn(mut holder: DbConnection) {
    assert!(finish(&mut holder, fails()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_reported_to_the_whole_group() {
    let notebook = Notebook::new().await;
    let deferred = "CREATE TABLE remarks (note TEXT REFERENCES notes DEFERRABLE INITIALLY DEFERRED) STRICT";
    notebook.stranger().batch_execute(deferred).unwrap();
    let mut first = notebook.begin().await;
    first.batch_execute("INSERT INTO remarks VALUES ('on nothing')").await.unwrap();
    let second = notebook.enqueue_note("a").await;
    assert!(finish(&mut first, Ok(())).await.is_err());
    assert!(second.await.unwrap().is_err());
    assert_eq!(notebook.kept(), [""; 0]);

    let mut third = notebook.connection();
    store(&mut third, "b").await.unwrap();
    assert_eq!(notebook.kept(), ["b"], "the next writer gets a connection that works");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_writes_between_groups() {
    let notebook = Notebook::new().await;
    let mut other_program = notebook.stranger();
    other_program.batch_execute("BEGIN IMMEDIATE; INSERT INTO notes VALUES ('a')").unwrap();
    let mut first = notebook.connection();
    let first = tokio::spawn(async move { store(&mut first, "b").await });
    // The first is now at the head of the queue, and waits for the other program.
    while notebook.queue.pool.status().available > 0 {
        tokio::task::yield_now().await;
    }
    let others = [notebook.enqueue_note("c").await, notebook.enqueue_note("d").await];
    other_program.batch_execute("COMMIT").unwrap();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    other_program.batch_execute("INSERT INTO notes VALUES ('e')").unwrap();
    assert_eq!(notebook.kept(), ["a", "b", "c", "d", "e"]);
    assert_eq!(notebook.commits(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_of_two_servers_lose_nothing() {
    let notebook = Notebook::new().await;
    let other_server =
        Notebook { queue: queue(&notebook.folder).await, folder: tempfile::tempdir().unwrap() };
    let servers = [&notebook, &other_server];
    let writers = (0..100).map(|number| {
        let mut connection = servers[number % 2].connection();
        tokio::spawn(async move {
            let (connection, note) = (&mut connection, format!("{number:03}"));
            in_transaction!(connection, { store(connection, &note).await })?;
            Ok::<_, Error>(note)
        })
    });
    let mut answered = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        answered.push(writer.await.unwrap().unwrap());
    }
    assert_eq!(notebook.kept(), answered);
}
