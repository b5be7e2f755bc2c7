//! Statements on any table that differ between the databases, each with the reason.

use diesel::sql_types::{Array, SingleValue, SqlType};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns the elements of an array as rows. Next to each other, several arrays give the columns of the same rows.
    fn unnest<T: SqlType + SingleValue>(array: Array<T>) -> T;
}

/// Begins an insert of rows on PostgreSQL, from one array per column: the statement stays the same however many rows there
/// are, so that it is prepared once. A missing column does not compile.
macro_rules! insert_rows {
    ($table:ident, $rows:expr, $row:ident { $($column:ident),+ $(,)? }) => {{
        let rows: &[$row] = $rows;
        let _ = |row: &$row| {
            let $row { $($column: _),+ } = row;
        };
        let columns = ($(
            $crate::queries::dialect::unnest::<diesel::dsl::SqlTypeOf<$crate::schema::$table::$column>, _>(
                rows.iter().map(|row| &row.$column).collect::<Vec<_>>(),
            )
        ),+);
        diesel::insert_into($crate::schema::$table::table)
            .values(diesel::select(columns))
            .into_columns(($($crate::schema::$table::$column),+))
    }};
}
pub(crate) use insert_rows;

/// Inserts the rows that do not exist yet, and returns how many. PostgreSQL inserts all at once. SQLite inserts them
/// one by one: without a round trip that costs little, and diesel offers no other way.
macro_rules! insert_all {
    ($connection:expr, $table:ident, $rows:expr, $row:ident { $($column:ident),+ $(,)? }) => {{
        let rows: &[$row] = $rows;
        if rows.is_empty() {
            Ok(0)
        } else {
            $crate::connection::on_each_backend!(
                $connection,
                Postgres | conn | {
                    let all = $crate::queries::dialect::insert_rows!($table, rows, $row { $($column),+ });
                    all.on_conflict_do_nothing().execute(conn).await
                },
                Sqlite | conn | {
                    let mut inserted = Ok(0);
                    for row in rows {
                        let one =
                            diesel::insert_into($crate::schema::$table::table).values(row).on_conflict_do_nothing();
                        match (one.execute(conn).await, &mut inserted) {
                            (Ok(more), Ok(inserted)) => *inserted += more,
                            (error, _) => {
                                inserted = error;
                                break;
                            }
                        }
                    }
                    inserted
                }
            )
        }
    }};
}
pub(crate) use insert_all;

/// Loads rows of SQLite, and converts them as they are read. diesel-async would copy each of their values before.
macro_rules! load_in_place {
    ($connection:expr, $query:expr, $row:ty) => {{
        let query = $query;
        $connection.spawn_blocking(move |conn| diesel::RunQueryDsl::load::<$row>(query, conn)).await
    }};
}
pub(crate) use load_in_place;

/// Loads rows.
macro_rules! load_rows {
    ($connection:expr, $query:expr, $row:ty) => {
        $crate::connection::on_each_backend!(
            $connection,
            Postgres | conn | diesel_async::RunQueryDsl::load::<$row>($query, conn).await,
            Sqlite | conn | $crate::queries::dialect::load_in_place!(conn, $query, $row)
        )
    };
}
pub(crate) use load_rows;

/// Loads the first row, if there is one.
macro_rules! first_row {
    ($connection:expr, $query:expr, $row:ty) => {
        $crate::queries::dialect::load_rows!($connection, $query.limit(1), $row)
            .map(|rows| rows.into_iter().next())
    };
}
pub(crate) use first_row;

/// Finds a row and locks it until the transaction ends. A row that another transaction changes meanwhile is found as it
/// is afterwards, if the query still selects it. SQLite has no row locks and needs none.
macro_rules! first_locked {
    ($connection:expr, $query:expr, $strength:ident, $row:ty) => {
        $crate::connection::on_each_backend!(
            $connection,
            Postgres | conn | $query.$strength().first::<$row>(conn).await.optional(),
            Sqlite
                | conn
                | $crate::queries::dialect::load_in_place!(conn, $query.limit(1), $row)
                    .map(|rows| rows.into_iter().next())
        )
    };
}
pub(crate) use first_locked;

/// Loads rows and locks them like [`first_locked`].
macro_rules! load_locked {
    ($connection:expr, $query:expr, $row:ty) => {
        $crate::connection::on_each_backend!(
            $connection,
            Postgres | conn | $query.for_update().load::<$row>(conn).await,
            Sqlite | conn | $crate::queries::dialect::load_in_place!(conn, $query, $row)
        )
    };
}
pub(crate) use load_locked;
