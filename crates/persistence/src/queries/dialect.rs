//! Statements on any table that differ between the databases, each with the reason.

/// Inserts the rows that do not exist yet, and returns how many. PostgreSQL inserts all at once. SQLite inserts them
/// one by one: without a round trip that costs little, and diesel offers no other way.
macro_rules! insert_all {
    ($connection:expr, $table:path, $rows:expr) => {{
        let rows: Vec<_> = $rows;
        match $connection {
            $crate::DbConnection::Postgres(object) => {
                let all = diesel::insert_into($table).values(&rows).on_conflict_do_nothing();
                all.execute(&mut ***object).await
            }
            $crate::DbConnection::Sqlite(object) => {
                let mut inserted = Ok(0);
                for row in &rows {
                    let one = diesel::insert_into($table).values(row).on_conflict_do_nothing();
                    match (one.execute(&mut **object).await, &mut inserted) {
                        (Ok(more), Ok(inserted)) => *inserted += more,
                        (error, _) => {
                            inserted = error;
                            break;
                        }
                    }
                }
                inserted
            }
        }
    }};
}
pub(crate) use insert_all;

/// Loads rows and locks them until the transaction ends. SQLite has no row locks and needs none.
macro_rules! load_locked {
    ($connection:expr, $query:expr, $row:ty) => {
        match $connection {
            $crate::DbConnection::Postgres(object) => $query.for_update().load::<$row>(&mut ***object).await,
            $crate::DbConnection::Sqlite(object) => $query.load::<$row>(&mut **object).await,
        }
    };
}
pub(crate) use load_locked;
