//! Lists of external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccessFilter, ExternalUser, ExternalUserFilter, ExternalUserOrder, Result, Slice, Window, WorkspaceId,
};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

use super::dialect;
use super::row::ExternalUserRow;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::load_window;
use crate::queries::like;
use crate::schema::external_users;
use crate::types::{PortableUuid, StoredTime, all_stored, stored};

/// Selects the users that match a filter. Each condition alone has an index that also gives the order by time; for
/// several, the database chooses one.
macro_rules! filtered {
    ($workspace_id:expr, $filter:expr, $backend:expr) => {{
        let filter: &ExternalUserFilter = $filter;
        let mut query =
            external_users::table.filter(external_users::workspace_id.eq(stored($workspace_id))).into_boxed();
        if !filter.channel_ids.is_empty() {
            query = query.filter(external_users::channel_id.eq_any(all_stored(&filter.channel_ids)));
        }
        if !filter.external_user_group_ids.is_empty() {
            let ids = all_stored(&filter.external_user_group_ids).into_iter().map(Some).collect::<Vec<_>>();
            query = query.filter(external_users::external_user_group_id.eq_any(ids));
        }
        if !filter.super_identity_ids.is_empty() {
            query = query
                .filter(external_users::super_identity_id.eq_any(all_stored(&filter.super_identity_ids)));
        }
        if !filter.tier_ids.is_empty() {
            let ids = all_stored(&filter.tier_ids).into_iter().map(Some).collect::<Vec<_>>();
            query = query.filter(external_users::tier_id.eq_any(ids));
        }
        // Searchable texts include the username, so the search index narrows this down, too.
        for text in filter.search.iter().chain(&filter.username) {
            let condition = dialect::search($backend, text);
            query = query.filter(
                sql::<Bool>(condition.before_workspace)
                    .bind::<PortableUuid, _>(stored($workspace_id))
                    .sql(condition.before_pattern)
                    .bind::<Text, _>(condition.pattern)
                    .sql(condition.end),
            );
        }
        if let Some(text) = &filter.username {
            let pattern = like::contains(&text.folded());
            query = query.filter(external_users::username_folded.like(pattern).escape('\\'));
        }
        // A bound value would keep SQLite from using the index of blocked users.
        if let Some(AccessFilter { is_blocked, at }) = filter.access {
            let until = external_users::blocked_until;
            query = if is_blocked {
                let goes_on = until.is_null().or(until.gt(StoredTime::from(at)));
                query.filter(external_users::blocked).filter(goes_on.assume_not_null())
            } else {
                let has_ended = until.is_not_null().and(until.le(StoredTime::from(at)).assume_not_null());
                query.filter(diesel::dsl::not(external_users::blocked).or(has_ended))
            };
        }
        if let Some(moment) = filter.created_after {
            query = query.filter(external_users::created_at.gt(StoredTime::from(moment)));
        }
        if let Some(moment) = filter.created_before {
            query = query.filter(external_users::created_at.lt(StoredTime::from(moment)));
        }
        query
    }};
}

/// Lists a page of users.
#[boxed]
pub async fn list(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserFilter,
    order: ExternalUserOrder,
    window: &Window,
) -> Result<Slice<ExternalUser>> {
    let backend = connection.backend();
    let rows = match order {
        ExternalUserOrder::CreatedAt => load_window!(
            connection,
            filtered!(workspace_id, filter, backend),
            external_users::created_at,
            external_users::id,
            window,
            StoredTime,
            ExternalUserRow
        ),
        ExternalUserOrder::Username => load_window!(
            connection,
            filtered!(workspace_id, filter, backend),
            external_users::username_folded,
            external_users::id,
            window,
            String,
            ExternalUserRow
        ),
    };
    let users = rows.or_error("list external users")?.into_iter().map(ExternalUser::try_from);
    Ok(Slice::cut(users.collect::<Result<_>>()?, window))
}

/// Counts the users that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserFilter,
) -> Result<i64> {
    let backend = connection.backend();
    on_backend!(connection, |conn| filtered!(workspace_id, filter, backend).count().get_result(conn).await)
        .or_error("count external users")
}
