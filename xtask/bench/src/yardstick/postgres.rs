//! One prepared query on a pool of the server's size, and nothing else: no key, no limits, no log.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use deadpool::unmanaged::Pool;
use serde_json::value::RawValue;
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

use super::Filters;
use super::shape::{Access, COLUMNS, Page, User, WHOLE_COLUMNS, WholeUser};

/// Connections for each core, as the server has them.
const CONNECTIONS_PER_CORE: usize = 4;

struct Connection {
    client: Client,
    one: Statement,
    page: Statement,
    filtered: Statement,
}

#[derive(Clone)]
struct Database {
    pool: Pool<Connection>,
    workspace_id: Uuid,
    filters: Filters,
}

/// Returns the routes.
pub(super) async fn router(url: &str, filters: &Filters) -> Result<Router> {
    let size = CONNECTIONS_PER_CORE * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut connections = Vec::with_capacity(size);
    for _ in 0..size {
        connections.push(connect(url).await?);
    }
    let query = "SELECT workspace_id FROM external_users LIMIT 1";
    let workspace_id = connections[0].client.query_one(query, &[]).await?.get(0);
    let database = Database { pool: Pool::from(connections), workspace_id, filters: filters.clone() };
    Ok(Router::new()
        .route("/admin/users/{id}", get(one))
        .route("/admin/users", get(page))
        .route("/api/v1/external-users", get(filtered))
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
    let filtered = format!(
        "SELECT {WHOLE_COLUMNS} FROM external_users WHERE workspace_id = $1 AND external_user_group_id = ANY($2) \
         AND tier_id = ANY($3) ORDER BY created_at, id LIMIT 50"
    );
    let (one, page) = (client.prepare(&one).await?, client.prepare(&page).await?);
    let filtered = client.prepare(&filtered).await?;
    Ok(Connection { client, one, page, filtered })
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

async fn filtered(State(database): State<Arc<Database>>) -> Result<Json<Vec<WholeUser>>, StatusCode> {
    let connection = database.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let Filters { groups, tiers } = &database.filters;
    let rows = connection.client.query(&connection.filtered, &[&database.workspace_id, groups, tiers]).await;
    let rows = rows.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(rows.iter().map(whole_user).collect()))
}

fn time(row: &Row, index: usize) -> String {
    let time: DateTime<Utc> = row.get(index);
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn whole_user(row: &Row) -> WholeUser {
    let display_name: Option<String> = row.get(5);
    WholeUser {
        id: row.get(0),
        workspace_id: row.get(1),
        project_id: row.get(1),
        channel_id: row.get(2),
        external_id: row.get(3),
        identifier: row.get(4),
        name: display_name.clone(),
        display_name,
        first_name: row.get(6),
        last_name: row.get(7),
        email: row.get(8),
        phone: row.get(9),
        avatar: row.get(10),
        locale: row.get(11),
        timezone: row.get(12),
        custom_fields: RawValue::from_string(row.get(13)).unwrap_or_default(),
        external_user_group_id: row.get(14),
        tier_id: row.get(15),
        super_identity_id: row.get(16),
        blocked: row.get(17),
        access: Access::default(),
        created_at: time(row, 18),
        updated_at: time(row, 19),
    }
}

fn user(row: &Row) -> User {
    User {
        avatar: row.get(0),
        created_at: time(row, 1),
        custom_fields: RawValue::from_string(row.get(2)).unwrap_or_default(),
        email: row.get(3),
        external_id: row.get(4),
        first_name: row.get(5),
        id: row.get::<_, Uuid>(6).to_string(),
        last_name: row.get(7),
        locale: row.get(8),
        phone: row.get(9),
        timezone: row.get(10),
        updated_at: time(row, 11),
    }
}
