//! How the databases perform the statements of lists: by an index that gives the order, whatever the size of the workspace.

use std::sync::{Arc, Mutex};

use denizen_domain::{
    IdSource as _, Page, PageNumber, Position, RandomIds, Slug, Timestamp, Window, WorkspaceName,
};
use denizen_persistence::{DbConnection, external_users, workspaces};
use diesel::connection::{Connection as _, InstrumentationEvent};
use diesel::sql_types::Text;
use diesel::{QueryableByName, SqliteConnection, sql_query};
use diesel_async::{AsyncConnection as _, RunQueryDsl, SimpleAsyncConnection as _};

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

/// Notes the statements that a connection to PostgreSQL sends. On SQLite, they are the same but for their quotes, which it
/// also reads as PostgreSQL writes them.
fn recorded(connection: &mut DbConnection) -> Option<Arc<Mutex<Vec<String>>>> {
    let DbConnection::Postgres(connection) = connection else { return None };
    let sent = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&sent);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let statement = query.to_string();
            kept.lock().unwrap().push(statement.split(" -- binds:").next().unwrap_or_default().to_owned());
        }
    });
    Some(sent)
}

/// Returns how the database performs a statement, whatever values it is sent with.
async fn plan_of(fixture: &Fixture, connection: &mut DbConnection, statement: &str) -> String {
    let steps: Vec<String> = match connection {
        DbConnection::Postgres(connection) => {
            let name = format!("listed_{}", RandomIds.uuid().simple());
            let values = (1..20).take_while(|number| statement.contains(&format!("${number}")));
            let nulls = vec!["NULL"; values.count()].join(", ");
            let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE {name} AS {statement}");
            connection.batch_execute(&prepare).await.unwrap();
            let explain = sql_query(format!("EXPLAIN EXECUTE {name}({nulls})"));
            let steps = explain.load::<PostgresStep>(&mut **connection).await.unwrap();
            steps.into_iter().map(|step| step.text).collect()
        }
        DbConnection::Sqlite(_) => {
            let file = fixture.url.trim_start_matches("sqlite://");
            let mut connection = SqliteConnection::establish(file).unwrap();
            let explain = sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps = diesel::RunQueryDsl::load::<SqliteStep>(explain, &mut connection).unwrap();
            steps.into_iter().map(|step| step.text).collect()
        }
    };
    steps.join("\n")
}

/// Adds many deleted users to ten workspaces, one of which is the fixture's. Some were erased.
async fn add_deleted_users(fixture: &Fixture) {
    let connection = &mut fixture.write().await;
    let mut workspaces = vec![fixture.workspace_id];
    for number in 1..10 {
        let slug = Slug::parse(&format!("other-{number}")).unwrap();
        let name = WorkspaceName::parse("Other").unwrap();
        let made = workspaces::create(connection, &fixture.origin, &slug, &name).await;
        workspaces.push(made.unwrap().0.id);
    }
    let is_postgres = matches!(connection, DbConnection::Postgres(_));
    let literals = workspaces.iter().enumerate().map(|(number, id)| {
        let id = id.as_uuid().simple();
        let id = if is_postgres { format!("'{id}'::uuid") } else { format!("x'{id}'") };
        format!("WHEN {number} THEN {id}")
    });
    let workspace = format!("CASE number % 10 {} END", literals.collect::<Vec<_>>().join(" "));
    let into = "INSERT INTO deleted_external_users (workspace_id, id, record, deleted_at)";
    let record = "CASE number % 7 WHEN 0 THEN NULL ELSE '{}' END";
    let statements = if is_postgres {
        format!(
            "{into} SELECT {workspace}, gen_random_uuid(), {record}, now() + number * interval '1 second'
             FROM generate_series(1, 20000) number; ANALYZE deleted_external_users"
        )
    } else {
        format!(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 20000)
             {into} SELECT {workspace}, randomblob(16), {record}, number FROM numbers"
        )
    };
    connection.batch_execute(&statements).await.unwrap();
}

/// Lists deleted users in each way, and returns the statements for that; none on SQLite.
async fn statements_of_lists(fixture: &Fixture) -> Vec<String> {
    let connection = &mut fixture.write().await;
    let Some(sent) = recorded(connection) else { return Vec::new() };
    let moment = Timestamp::from_unix_microseconds(1_000_000).unwrap();
    let position = Position::at(moment, fixture.workspace_id.as_uuid());
    for (page, after) in [
        (Page::default(), Some(moment)),
        (Page::default(), None),
        (Page::After(position.clone()), Some(moment)),
        (Page::Before(position), None),
        (Page::Number(PageNumber::new(3).unwrap()), Some(moment)),
    ] {
        let window = Window { page, ..Window::first(10) };
        // What is stored are no users, so that reading them fails; the statement counts.
        drop(external_users::list_deleted(connection, fixture.workspace_id, after, &window).await);
    }
    external_users::count_deleted(connection, fixture.workspace_id, Some(moment)).await.unwrap();
    let sent = sent.lock().unwrap().clone();
    assert!(sent.len() >= 6, "{sent:#?}");
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_users_are_listed_in_the_order_of_an_index() {
    let statements = Mutex::new(Vec::new());
    on_both(async |fixture| {
        let found = statements_of_lists(fixture).await;
        statements.lock().unwrap().extend(found);
    })
    .await;
    let statements = statements.into_inner().unwrap();
    on_both(async |fixture| {
        add_deleted_users(fixture).await;
        let connection = &mut fixture.write().await;
        for statement in &statements {
            let plan = plan_of(fixture, connection, statement).await;
            let is_by_index = plan.contains("deleted_external_users_listed");
            let sorts = plan.contains("Sort") || plan.contains("TEMP B-TREE");
            let reads_all = plan.contains("Seq Scan") || plan.contains("SCAN deleted");
            assert!(is_by_index && !sorts && !reads_all, "{statement}\n{plan}");
        }
    })
    .await;
}
