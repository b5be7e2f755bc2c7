//! One prepared query on a pool of the server's size, and nothing else: no key, no limits, no log.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use deadpool::unmanaged::Pool;
use serde_json::value::RawValue;
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

use super::shape::{COLUMNS, Page, User};

/// Connections for each core, as the server has them.
const CONNECTIONS_PER_CORE: usize = 4;

struct Connection {
    client: Client,
    one: Statement,
    page: Statement,
}

#[derive(Clone)]
struct Database {
    pool: Pool<Connection>,
    workspace_id: Uuid,
}

/// Returns the routes.
pub(super) async fn router(url: &str) -> Result<Router> {
    let size = CONNECTIONS_PER_CORE * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut connections = Vec::with_capacity(size);
    for _ in 0..size {
        connections.push(connect(url).await?);
    }
    let query = "SELECT workspace_id FROM external_users LIMIT 1";
    let workspace_id = connections[0].client.query_one(query, &[]).await?.get(0);
    let database = Database { pool: Pool::from(connections), workspace_id };
    Ok(Router::new()
        .route("/admin/users/{id}", get(one))
        .route("/admin/users", get(page))
        .with_state(Arc::new(database)))
}

async fn connect(url: &str) -> Result<Connection> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    // As the server's connections have it: otherwise, the planner scans all workspaces by time.
    client.batch_execute("SET enable_incremental_sort = off").await?;
    let one =
        format!("SELECT {COLUMNS} FROM external_users WHERE workspace_id = $1 AND external_id = $2 LIMIT 1");
    let page = format!(
        "SELECT {COLUMNS} FROM external_users WHERE workspace_id = $1 ORDER BY created_at DESC, id DESC LIMIT 51"
    );
    let (one, page) = (client.prepare(&one).await?, client.prepare(&page).await?);
    Ok(Connection { client, one, page })
}

async fn one(
    State(database): State<Arc<Database>>,
    Path(id): Path<String>,
) -> Result<Json<User>, StatusCode> {
    let connection = database.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let row = connection.client.query_opt(&connection.one, &[&database.workspace_id, &id]).await;
    let row = row.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    row.map(|row| Json(user(&row))).ok_or(StatusCode::NOT_FOUND)
}

async fn page(State(database): State<Arc<Database>>) -> Result<Json<Page>, StatusCode> {
    let connection = database.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let rows = connection.client.query(&connection.page, &[&database.workspace_id]).await;
    let rows = rows.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Page::of(rows.iter().take(50).map(user).collect())))
}

fn user(row: &Row) -> User {
    let time = |index: usize| {
        row.get::<_, chrono::DateTime<chrono::Utc>>(index)
            .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    };
    User {
        avatar: row.get(0),
        created_at: time(1),
        custom_fields: RawValue::from_string(row.get(2)).unwrap_or_default(),
        email: row.get(3),
        external_id: row.get(4),
        first_name: row.get(5),
        id: row.get::<_, Uuid>(6).to_string(),
        last_name: row.get(7),
        locale: row.get(8),
        phone: row.get(9),
        timezone: row.get(10),
        updated_at: time(11),
    }
}
