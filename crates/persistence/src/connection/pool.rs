//! Taking connections out of pools.

use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Object, Pool};
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// How long a request waits for a connection before it fails because the server is busy.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// The load of a connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The pool: `read`, `write`, or `all` if one serves both.
    pub name: &'static str,
    /// The maximum number of connections.
    pub maximum: usize,
    /// Open connections.
    pub open: usize,
    /// Idle connections.
    pub idle: usize,
    /// Requests waiting for a connection.
    pub waiting: usize,
}

impl PoolStatus {
    pub(crate) fn of<M: Manager>(name: &'static str, pool: &Pool<M>) -> Self {
        let status = pool.status();
        Self {
            name,
            maximum: status.max_size,
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        }
    }
}

/// Takes a connection, and records how long that took. Fails with `UnableToSendCommand` if none is free within ten
/// seconds.
pub(crate) async fn get<M: Manager>(pool: &Pool<M>, name: &'static str) -> QueryResult<Object<M>>
where
    M::Error: std::fmt::Display,
{
    let started = Instant::now();
    let result = tokio::time::timeout(CONNECTION_WAIT, pool.get()).await;
    metrics::histogram!("denizen_database_pool_wait_seconds", "pool" => name).record(started.elapsed());
    let reason = match result {
        Ok(Ok(object)) => return Ok(object),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("none was free in {CONNECTION_WAIT:?}"),
    };
    Err(DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(reason)))
}
