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
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params_from_iter};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Filters;
use super::shape::{Access, COLUMNS, Page, User, WHOLE_COLUMNS, WholeUser};

/// As many as the server's readers.
const CONNECTIONS: usize = 4;

struct Database {
    pool: Pool<Connection>,
    workspace_id: Vec<u8>,
    one: String,
    page: String,
    filtered: String,
    /// The values of `filtered`: the workspace, groups and tiers.
    filters: Vec<Vec<u8>>,
}

/// Returns the routes.
pub(super) fn router(file: &File, filters: &Filters) -> Result<Router> {
    let connect = || {
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    };
    let connections = (0..CONNECTIONS).map(|_| connect()).collect::<Result<Vec<_>, _>>()?;
    let query = "SELECT workspace_id FROM external_users LIMIT 1";
    let workspace_id: Vec<u8> = connections[0].query_row(query, [], |row| row.get(0))?;
    let one =
        format!("SELECT {COLUMNS} FROM external_users WHERE workspace_id = ?1 AND external_id = ?2 LIMIT 1");
    let page = format!(
        "SELECT {COLUMNS} FROM external_users WHERE workspace_id = ?1 ORDER BY created_at DESC, id DESC LIMIT 51"
    );
    let marks = |ids: &[Uuid]| vec!["?"; ids.len()].join(", ");
    let filtered = format!(
        "SELECT {WHOLE_COLUMNS} FROM external_users WHERE workspace_id = ? AND external_user_group_id IN ({}) \
         AND tier_id IN ({}) ORDER BY created_at, id LIMIT 50",
        marks(&filters.groups),
        marks(&filters.tiers)
    );
    let ids = filters.groups.iter().chain(&filters.tiers).map(|id| id.as_bytes().to_vec());
    let filters = std::iter::once(workspace_id.clone()).chain(ids).collect();
    let database = Database { pool: Pool::from(connections), workspace_id, one, page, filtered, filters };
    Ok(Router::new()
        .route("/admin/users/{id}", get(one_user))
        .route("/admin/users", get(users))
        .route("/api/v1/external-users", get(filtered_users))
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

async fn filtered_users(State(database): State<Arc<Database>>) -> Result<Json<Vec<WholeUser>>, StatusCode> {
    let connection = database.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let find = || {
        let mut statement = connection.prepare_cached(&database.filtered)?;
        statement.query_map(params_from_iter(&database.filters), whole_user)?.collect::<Result<Vec<_>, _>>()
    };
    find().map(Json).map_err(|_: rusqlite::Error| StatusCode::INTERNAL_SERVER_ERROR)
}

fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    let time = DateTime::from_timestamp_micros(row.get(index)?).unwrap_or_default();
    Ok(time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

fn id(row: &Row<'_>, index: usize) -> rusqlite::Result<Uuid> {
    Ok(optional_id(row, index)?.unwrap_or_default())
}

fn optional_id(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get_ref(index)?.as_blob_or_null()?.and_then(|bytes| Uuid::from_slice(bytes).ok()))
}

fn whole_user(row: &Row<'_>) -> rusqlite::Result<WholeUser> {
    let display_name: Option<String> = row.get(5)?;
    Ok(WholeUser {
        id: id(row, 0)?,
        workspace_id: id(row, 1)?,
        project_id: id(row, 1)?,
        channel_id: id(row, 2)?,
        external_id: row.get(3)?,
        identifier: row.get(4)?,
        name: display_name.clone(),
        display_name,
        first_name: row.get(6)?,
        last_name: row.get(7)?,
        email: row.get(8)?,
        phone: row.get(9)?,
        avatar: row.get(10)?,
        locale: row.get(11)?,
        timezone: row.get(12)?,
        custom_fields: RawValue::from_string(row.get(13)?).unwrap_or_default(),
        external_user_group_id: optional_id(row, 14)?,
        tier_id: optional_id(row, 15)?,
        super_identity_id: id(row, 16)?,
        blocked: row.get(17)?,
        access: Access::default(),
        created_at: time(row, 18)?,
        updated_at: time(row, 19)?,
    })
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        avatar: row.get(0)?,
        created_at: time(row, 1)?,
        custom_fields: RawValue::from_string(row.get(2)?).unwrap_or_default(),
        email: row.get(3)?,
        external_id: row.get(4)?,
        first_name: row.get(5)?,
        id: Uuid::from_slice(&row.get::<_, Vec<u8>>(6)?).unwrap_or_default().to_string(),
        last_name: row.get(7)?,
        locale: row.get(8)?,
        phone: row.get(9)?,
        timezone: row.get(10)?,
        updated_at: time(row, 11)?,
    })
}
