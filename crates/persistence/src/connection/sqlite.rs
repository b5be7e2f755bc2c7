//! A connection to SQLite as `on_backend!` and transactions use it.

use deadpool::managed::Object;
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;

use super::group_commit::Writer;
use super::in_place::{AsyncSqliteConnection, Pace};

/// A connection to SQLite, for statements of one pace.
pub struct SqliteAccess {
    pace: Pace,
    kind: Kind,
}

enum Kind {
    Reader(Object<AsyncDieselConnectionManager<AsyncSqliteConnection>>),
    Writer(Writer),
}

impl SqliteAccess {
    pub(crate) fn reading(
        connection: Object<AsyncDieselConnectionManager<AsyncSqliteConnection>>,
        pace: Pace,
    ) -> Self {
        Self { pace, kind: Kind::Reader(connection) }
    }

    pub(crate) fn writing(writer: Writer, pace: Pace) -> Self {
        Self { pace, kind: Kind::Writer(writer) }
    }

    /// Returns how long statements take.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Returns the connection for a statement. [`leave`](Self::leave) must follow.
    pub(crate) async fn enter(&mut self) -> QueryResult<&mut AsyncSqliteConnection> {
        match &mut self.kind {
            Kind::Reader(connection) => Ok(connection),
            Kind::Writer(writer) => writer.enter().await,
        }
    }

    /// Returns a statement's result, once what it wrote outside a transaction is on disk.
    pub(crate) async fn leave<T>(&mut self, result: QueryResult<T>) -> QueryResult<T> {
        match &mut self.kind {
            Kind::Reader(_) => result,
            Kind::Writer(writer) => writer.leave(result).await,
        }
    }

    /// Begins a transaction. Fails on a connection for reading.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        self.writer()?.begin().await
    }

    /// Ends a transaction: keeps its changes, once they are on disk, or undoes them.
    pub(crate) async fn end(&mut self, keep: bool) -> QueryResult<()> {
        self.writer()?.end(keep).await
    }

    fn writer(&mut self) -> QueryResult<&mut Writer> {
        match &mut self.kind {
            Kind::Writer(writer) => Ok(writer),
            Kind::Reader(_) => Err(DieselError::DatabaseError(
                DatabaseErrorKind::ReadOnlyTransaction,
                Box::new("the connection is for reading".to_owned()),
            )),
        }
    }
}
