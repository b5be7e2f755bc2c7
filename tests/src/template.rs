//! Databases on which a server has started once. Test servers start on copies, which need no migrations and
//! no first start.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use denizen_server::{ManualClock, SequentialIds, Source, Timestamp};

use crate::database::TestDatabase;
use crate::operator::{Account, Workspace};
use crate::server;

/// The initial time of [`TestServer::with_fixed_time`](crate::TestServer::with_fixed_time), 2024-01-15T10:30:00Z, in
/// microseconds since 1970.
const FIXED_TIME: i64 = 1_705_314_600_000_000;

/// A server's source of time and ids.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Time {
    /// The machine's clock and random ids.
    System,
    /// A clock that stands still and ids that count up.
    Fixed,
}

/// What a first start creates.
#[derive(Debug, Clone)]
pub(crate) struct Beginnings {
    pub(crate) workspace: Workspace,
    pub(crate) administrator: Account,
}

/// A database to copy, and what its first start created.
pub(crate) struct Template {
    pub(crate) beginnings: Beginnings,
    pub(crate) content: Content,
    /// The numbers of ids that its server used.
    taken: Taken,
}

/// The content to copy.
pub(crate) enum Content {
    /// The bytes of the file.
    Sqlite(Vec<u8>),
    /// A database without connections.
    Postgres(TestDatabase),
}

/// Numbers of used ids.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    ids: u32,
    ordered_ids: u32,
}

impl Template {
    /// The template of this process, created on first use. `None` if nobody would drop it: on PostgreSQL outside of
    /// `cargo xtask test`.
    pub(crate) fn of(time: Time) -> Option<&'static Self> {
        static TEMPLATES: [OnceLock<Template>; 2] = [OnceLock::new(), OnceLock::new()];
        let template = &TEMPLATES[time as usize];
        TestDatabase::are_dropped_by_xtask().then(|| template.get_or_init(|| Self::make(time)))
    }

    /// The time and the next ids for a server on a copy.
    pub(crate) fn source(&self, time: Time) -> (Source, Option<Arc<ManualClock>>) {
        let (source, clock) = time.source();
        for _ in 0..self.taken.ids {
            source.ids.random_bytes();
        }
        for _ in 0..self.taken.ordered_ids {
            source.ids.ordered_uuid(source.clock.now());
        }
        (source, clock)
    }

    /// Uses its own thread and runtime, whose end closes all connections to the database.
    fn make(time: Time) -> Self {
        let make = || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("cannot create a runtime");
            let (source, _) = time.source();
            let (database, beginnings) = runtime.block_on(first_start(&source));
            drop(runtime);
            (database, beginnings, Taken::from(&source, time))
        };
        let made = std::thread::scope(|scope| scope.spawn(make).join());
        let (database, beginnings, taken) = made.expect("the server does not start on an empty database");
        let content = match database.file() {
            Some(file) => Content::Sqlite(read(&file)),
            None => Content::Postgres(database),
        };
        Self { beginnings, content, taken }
    }
}

impl Time {
    /// The time and ids for an empty database.
    pub(crate) fn source(self) -> (Source, Option<Arc<ManualClock>>) {
        match self {
            Self::System => (Source::system(), None),
            Self::Fixed => {
                let moment = Timestamp::from_unix_microseconds(FIXED_TIME).expect("2024 is a year");
                let clock = Arc::new(ManualClock::at(moment));
                (Source { clock: clock.clone(), ids: Arc::new(SequentialIds::default()) }, Some(clock))
            }
        }
    }
}

impl Taken {
    fn from(source: &Source, time: Time) -> Self {
        match time {
            Time::System => Self::default(),
            Time::Fixed => {
                // Each kind of id ends with its own counter, now one higher.
                let last = |bytes: &[u8]| bytes.last_chunk().map_or(0, |end| u32::from_be_bytes(*end) - 1);
                let ordered = source.ids.ordered_uuid(source.clock.now());
                Self { ids: last(&source.ids.random_bytes()), ordered_ids: last(ordered.as_bytes()) }
            }
        }
    }
}

async fn first_start(source: &Source) -> (TestDatabase, Beginnings) {
    let database = TestDatabase::empty().await;
    let running = server::run(&server::arguments(&database, &[]), source).await;
    let beginnings = server::beginnings_of(&running);
    running.stop().await;
    (database, beginnings)
}

fn read(file: &Path) -> Vec<u8> {
    let log = file.with_extension("db-wal");
    assert!(!log.exists(), "{} is still in use", file.display());
    std::fs::read(file).expect("cannot read a database")
}
