//! Statements on any table that differ between the databases, each with the reason.

/// Inserts the rows that do not exist yet, and returns how many. PostgreSQL inserts all at once. SQLite inserts them
/// one by one: without a round trip that costs little, and diesel offers no other way.
macro_rules! insert_all {
    ($connection:expr, $table:path, $rows:expr) => {{
        let rows: Vec<_> = $rows;
        $crate::connection::on_each_backend!(
            $connection,
            Postgres | conn | {
                let all = diesel::insert_into($table).values(&rows).on_conflict_do_nothing();
                all.execute(conn).await
            },
            Sqlite | conn | {
                let mut inserted = Ok(0);
                for row in &rows {
                    let one = diesel::insert_into($table).values(row).on_conflict_do_nothing();
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
    }};
}
pub(crate) use insert_all;

/// Loads rows and locks them until the transaction ends. SQLite has no row locks and needs none.
macro_rules! load_locked {
    ($connection:expr, $query:expr, $row:ty) => {
        $crate::connection::on_each_backend!(
            $connection,
            Postgres | conn | $query.for_update().load::<$row>(conn).await,
            Sqlite | conn | $query.load::<$row>(conn).await
        )
    };
}
pub(crate) use load_locked;
