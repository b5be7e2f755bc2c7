//! One prepared query on as many connections as the server has readers, on the thread that the request is on.

use std::path::Path as File;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat};
use deadpool::unmanaged::Pool;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::shape::{COLUMNS, Page, User};

/// As many as the server's readers.
const CONNECTIONS: usize = 4;

struct Database {
    pool: Pool<Connection>,
    workspace_id: Vec<u8>,
    one: String,
    page: String,
}

/// Returns the routes.
pub(super) fn router(file: &File) -> Result<Router> {
    let connect = || {
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    };
    let connections = (0..CONNECTIONS).map(|_| connect()).collect::<Result<Vec<_>, _>>()?;
    let query = "SELECT workspace_id FROM external_users LIMIT 1";
    let workspace_id = connections[0].query_row(query, [], |row| row.get(0))?;
    let one =
        format!("SELECT {COLUMNS} FROM external_users WHERE workspace_id = ?1 AND external_id = ?2 LIMIT 1");
    let page = format!(
        "SELECT {COLUMNS} FROM external_users WHERE workspace_id = ?1 ORDER BY created_at DESC, id DESC LIMIT 51"
    );
    let database = Database { pool: Pool::from(connections), workspace_id, one, page };
    Ok(Router::new()
        .route("/admin/users/{id}", get(one_user))
        .route("/admin/users", get(users))
        .with_state(Arc::new(database)))
}

async fn one_user(
    State(database): State<Arc<Database>>,
    Path(id): Path<String>,
) -> Result<Json<User>, StatusCode> {
    let connection = database.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let find = || {
        connection.prepare_cached(&database.one)?.query_row((&database.workspace_id, &id), user).optional()
    };
    let user = find().map_err(|_: rusqlite::Error| StatusCode::INTERNAL_SERVER_ERROR)?;
    user.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn users(State(database): State<Arc<Database>>) -> Result<Json<Page>, StatusCode> {
    let connection = database.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let find = || {
        let mut statement = connection.prepare_cached(&database.page)?;
        statement.query_map([&database.workspace_id], user)?.take(50).collect::<Result<Vec<_>, _>>()
    };
    let users = find().map_err(|_: rusqlite::Error| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Page::of(users)))
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let time = |index: usize| {
        let time = DateTime::from_timestamp_micros(row.get(index)?).unwrap_or_default();
        Ok::<_, rusqlite::Error>(time.to_rfc3339_opts(SecondsFormat::Micros, true))
    };
    Ok(User {
        avatar: row.get(0)?,
        created_at: time(1)?,
        custom_fields: RawValue::from_string(row.get(2)?).unwrap_or_default(),
        email: row.get(3)?,
        external_id: row.get(4)?,
        first_name: row.get(5)?,
        id: Uuid::from_slice(&row.get::<_, Vec<u8>>(6)?).unwrap_or_default().to_string(),
        last_name: row.get(7)?,
        locale: row.get(8)?,
        phone: row.get(9)?,
        timezone: row.get(10)?,
        updated_at: time(11)?,
    })
}
