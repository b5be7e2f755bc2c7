//! Lists of external users.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccessFilter, EmailAddress, ExternalUser, ExternalUserFilter, ExternalUserOrder, Identifier, Page,
    PageNumber, Position, Result, Slice, Window, WorkspaceId,
};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

use super::dialect;
use super::row::ExternalUserRow;
use super::search::{Search, searches};
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::keyset::{last_before, load_from};
use crate::schema::external_users;
use crate::types::{PortableUuid, StoredTime, all_stored, stored};

/// Selects the users with one of these values, or all if there is none. An index gives the order of the list for a single
/// value only.
macro_rules! one_of {
    ($query:expr, $column:expr, $values:expr) => {
        match <[_; 1]>::try_from($values) {
            Ok([value]) => $query.filter($column.eq(value)),
            Err(values) if values.is_empty() => $query,
            Err(values) => $query.filter($column.eq_any(values)),
        }
    };
}

/// Selects the users that match a filter. Each condition alone has an index that also gives the order by time; for
/// several, the database chooses one.
macro_rules! filtered {
    ($workspace_id:expr, $filter:expr, $searches:expr, $backend:expr) => {{
        let filter: &ExternalUserFilter = $filter;
        let searches: &[Search] = $searches;
        let mut query =
            external_users::table.filter(external_users::workspace_id.eq(stored($workspace_id))).into_boxed();
        query = one_of!(query, external_users::channel_id, all_stored(&filter.channel_ids));
        let group_ids = all_stored(&filter.external_user_group_ids);
        query = one_of!(query, external_users::external_user_group_id.assume_not_null(), group_ids);
        query = one_of!(query, external_users::super_identity_id, all_stored(&filter.super_identity_ids));
        query = one_of!(query, external_users::tier_id.assume_not_null(), all_stored(&filter.tier_ids));
        let external_ids: Vec<String> = filter.external_id.iter().cloned().collect();
        query = one_of!(query, external_users::external_id.assume_not_null(), external_ids);
        let identifiers: Vec<String> =
            filter.identifier.iter().map(|text| Identifier::folded_of(text)).collect();
        query = one_of!(query, external_users::identifier_folded.assume_not_null(), identifiers);
        let addresses: Vec<String> =
            filter.email.iter().flat_map(|text| EmailAddress::folded_forms(text)).collect();
        query = one_of!(query, external_users::email_folded.assume_not_null(), addresses);
        for search in searches {
            let Search { column, needle, indexed, has_most_users } = search;
            query = match indexed {
                Some(indexed) => {
                    let pieces = dialect::indexed_search($backend, needle, *has_most_users);
                    query.filter(
                        sql::<Bool>(pieces.before_workspace)
                            .bind::<PortableUuid, _>(stored($workspace_id))
                            .sql(&pieces.before_indexed)
                            .bind::<Text, _>(indexed.clone())
                            .sql(&pieces.before_text)
                            .bind::<Text, _>(needle.compared())
                            .sql(pieces.end),
                    )
                }
                None => query.filter(
                    sql::<Bool>(&dialect::comparison($backend, column, needle))
                        .bind::<Text, _>(needle.compared())
                        .sql(") > 0"),
                ),
            };
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
    let rows = match &window.page {
        Page::Number(PageNumber::FIRST) => {
            load(connection, workspace_id, filter, order, None, window).await?
        }
        Page::Number(_) => match last_before(connection, workspace_id, filter, order, window).await? {
            Some(last) => load(connection, workspace_id, filter, order, Some(&last), window).await?,
            None => Vec::new(),
        },
        Page::After(position) | Page::Before(position) => {
            load(connection, workspace_id, filter, order, Some(position), window).await?
        }
    };
    let users = rows.into_iter().map(ExternalUser::try_from);
    Ok(Slice::cut(users.collect::<Result<_>>()?, window))
}

/// Finds the last user before a window with a page number other than the first. `None` if the list ends before.
pub(crate) async fn last_before(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserFilter,
    order: ExternalUserOrder,
    window: &Window,
) -> Result<Option<Position>> {
    let Page::Number(number) = &window.page else { return Ok(None) };
    let searches = searches(connection, workspace_id, filter).await?;
    let backend = connection.backend();
    match order {
        ExternalUserOrder::CreatedAt => last_before!(
            connection,
            filtered!(workspace_id, filter, &searches, backend),
            external_users::created_at,
            external_users::id,
            number,
            window,
            StoredTime
        ),
        ExternalUserOrder::Username => last_before!(
            connection,
            filtered!(workspace_id, filter, &searches, backend),
            external_users::username_folded,
            external_users::id,
            number,
            window,
            String
        ),
    }
}

/// Loads the rows of a window, from a position or from the beginning.
async fn load(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserFilter,
    order: ExternalUserOrder,
    position: Option<&Position>,
    window: &Window,
) -> Result<Vec<ExternalUserRow>> {
    let searches = searches(connection, workspace_id, filter).await?;
    let backend = connection.backend();
    let rows = match order {
        ExternalUserOrder::CreatedAt => load_from!(
            connection,
            filtered!(workspace_id, filter, &searches, backend),
            external_users::created_at,
            external_users::id,
            position,
            window,
            StoredTime,
            ExternalUserRow
        ),
        ExternalUserOrder::Username => load_from!(
            connection,
            filtered!(workspace_id, filter, &searches, backend),
            external_users::username_folded,
            external_users::id,
            position,
            window,
            String,
            ExternalUserRow
        ),
    };
    rows.or_error("list external users")
}

/// Counts the users that match a filter.
#[boxed]
pub async fn count(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    filter: &ExternalUserFilter,
) -> Result<i64> {
    let searches = searches(connection, workspace_id, filter).await?;
    let backend = connection.backend();
    on_backend!(connection, |conn| filtered!(workspace_id, filter, &searches, backend)
        .count()
        .get_result(conn)
        .await)
    .or_error("count external users")
}
