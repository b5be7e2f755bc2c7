//! How the databases perform the statements of lists: by an index that gives the order, whatever the size of the workspace.

use std::sync::{Arc, Mutex};

use denizen_domain::{Page, PageNumber, Position, Slug, Timestamp, Window, WorkspaceName};
use denizen_persistence::{DbConnection, external_users, workspaces};
use diesel::connection::InstrumentationEvent;
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};

use crate::{Fixture, on_both};

/// A step of a plan on PostgreSQL.
#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

/// A step of a plan on SQLite.
#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text, column_name = "detail")]
    text: String,
}

/// The statements that a connection sends.
fn recorded(connection: &mut DbConnection) -> Arc<Mutex<Vec<String>>> {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&sent);
    let note = move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let statement = query.to_string();
            kept.lock().unwrap().push(statement.split(" -- binds:").next().unwrap_or_default().to_owned());
        }
    };
    match connection {
        DbConnection::Postgres(connection) => connection.set_instrumentation(note),
        DbConnection::Sqlite(connection) => connection.set_instrumentation(note),
    }
    sent
}

/// Returns how the database performs a statement, whatever values it is sent with.
async fn plan_of(connection: &mut DbConnection, statement: &str) -> String {
    let steps: Vec<String> = match connection {
        DbConnection::Postgres(connection) => {
            let name = format!("listed_{}", RandomIds.uuid().simple());
            let values = (1..20).take_while(|number| statement.contains(&format!("${number}")));
            let nulls = vec!["NULL"; values.count()].join(", ");
            let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE {name} AS {statement}");
            connection.batch_execute(&prepare).await.unwrap();
            let explain = sql_query(format!("EXPLAIN EXECUTE {name}({nulls})"));
            let steps = explain.load::<PostgresStep>(&mut ***connection).await.unwrap();
            steps.into_iter().map(|step| step.text).collect()
        }
        DbConnection::Sqlite(connection) => {
            let explain = sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps = explain.load::<SqliteStep>(&mut **connection).await.unwrap();
            steps.into_iter().map(|step| step.text).collect()
        }
    };
    steps.join("\n")
}

/// Adds many deleted users to the fixture's workspace, and others to another, of which some were erased.
async fn add_deleted_users(fixture: &Fixture) {
    let (slug, name) = (Slug::parse("other").unwrap(), WorkspaceName::parse("Other").unwrap());
    let connection = &mut fixture.write().await;
    let (other, _) = workspaces::create(connection, &fixture.origin, &slug, &name).await.unwrap();
    let own = fixture.workspace_id.as_uuid().simple().to_string();
    let other = other.id.as_uuid().simple().to_string();
    let statements = match connection {
        DbConnection::Postgres(_) => format!(
            "INSERT INTO deleted_external_users (workspace_id, id, record, deleted_at)
             SELECT CASE number % 2 WHEN 0 THEN '{own}'::uuid ELSE '{other}'::uuid END, gen_random_uuid(),
                 CASE number % 5 WHEN 0 THEN NULL ELSE '{{}}' END, now() + number * interval '1 second'
             FROM generate_series(1, 20000) number; ANALYZE deleted_external_users"
        ),
        DbConnection::Sqlite(_) => format!(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 20000)
             INSERT INTO deleted_external_users (workspace_id, id, record, deleted_at)
             SELECT iif(number % 2, x'{other}', x'{own}'), randomblob(16), iif(number % 5, '{{}}', NULL), number
             FROM numbers"
        ),
    };
    connection.batch_execute(&statements).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_users_are_listed_in_the_order_of_an_index() {
    on_both(async |fixture| {
        add_deleted_users(fixture).await;
        let connection = &mut fixture.write().await;
        let sent = recorded(connection);
        let moment = Timestamp::from_unix_microseconds(1_000_000).unwrap();
        let position = Position::at(moment, fixture.workspace_id.as_uuid());
        let third = Page::Number(PageNumber::new(3).unwrap());
        for (page, after) in [
            (Page::default(), Some(moment)),
            (Page::default(), None),
            (Page::After(position.clone()), Some(moment)),
            (Page::Before(position), None),
            (third, Some(moment)),
        ] {
            let window = Window { page, ..Window::first(10) };
            // The records are none, so that reading one fails; the statement counts.
            let listed = external_users::list_deleted(connection, fixture.workspace_id, after, &window).await;
            drop(listed);
        }
        external_users::count_deleted(connection, fixture.workspace_id, Some(moment)).await.unwrap();
        let statements = std::mem::take(&mut *sent.lock().unwrap());
        assert!(statements.len() >= 6, "{statements:#?}");
        for statement in statements {
            let plan = plan_of(connection, &statement).await;
            let is_by_index = plan.contains("deleted_external_users_listed");
            let sorts = plan.contains("Sort") || plan.contains("TEMP B-TREE");
            let reads_all = plan.contains("Seq Scan") || plan.contains("SCAN deleted");
            assert!(is_by_index && !sorts && !reads_all, "{statement}\n{plan}");
        }
    })
    .await;
}
