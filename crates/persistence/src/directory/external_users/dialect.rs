//! Statements on external users that differ between the databases, each with the reason.

use denizen_domain::{ChannelId, Result, WorkspaceId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::needle::Needle;
use super::row::ExternalUserRow;
use crate::connection::{AsyncSqliteConnection, Backend, DbConnection, OrError as _, on_each_backend};
use crate::memory::{TextSample, Trigram};
use crate::queries::dialect::insert_rows;
use crate::queries::like::contains;
use crate::queries::prepared_once::PreparedOnce;
use crate::schema as tables;
use crate::types::{PortableUuid, StoredUuid, stored};

/// A condition on `external_users`, in pieces between which values are bound.
pub(super) struct IndexedSearch {
    /// The workspace's id follows.
    pub(super) before_workspace: &'static str,
    /// What the index looks up follows.
    pub(super) before_indexed: String,
    /// The text to compare with follows.
    pub(super) before_text: String,
    pub(super) end: &'static str,
}

/// Returns the beginning of the condition that compares a column with the text of a needle, which is to be bound. It ends
/// with ` > 0`.
pub(super) fn comparison(backend: Backend, column: &str, needle: &Needle) -> String {
    let (position, character) = match backend {
        Backend::Postgres => ("strpos", "chr"),
        Backend::Sqlite => ("instr", "char"),
    };
    match needle {
        Needle::Part(_) => format!("{position}({column}, "),
        Needle::Beginning(_) => {
            let line_end = format!("{character}(10)");
            format!("{position}({line_end} || replace({column}, ' ', {line_end}), ")
        }
    }
}

/// The condition for users with a word that begins with one or two letters, which follow. What precedes the operator is the
/// expression of the index, letter by letter; otherwise PostgreSQL would not use it.
const CONTAINS_BEGINNING: &str = r" AND string_to_array(regexp_replace(search_text, '[ \n]*([^ \n])([^ \n]?)[^ \n]*', E'\\1\n\\1\\2\n', 'g'), E'\n') @> ARRAY[";

/// Begins a search whose index also looks up the workspace, which follows.
const INDEXED_WORKSPACE: &str = "external_users.id = ANY (ARRAY(SELECT candidates.id \
                                 FROM external_users AS candidates WHERE candidates.workspace_id = ";

/// Begins a search that compares the workspace afterwards. It follows, as text.
const COMPARED_WORKSPACE: &str = "external_users.id = ANY (ARRAY(SELECT candidates.id \
                                  FROM external_users AS candidates WHERE candidates.workspace_id::text = ";

/// Returns the condition for users with a needle in their searchable texts that finds them by index. PostgreSQL collects
/// them first: it does not know how many have the text, and would rather read users in the order of the list. SQLite's
/// index is a separate table.
///
/// PostgreSQL's index also has the workspaces, but reads all users of one to combine them with those who have the text. If
/// the workspace has most users anyway, comparing it afterwards takes a fraction of that: as text, which no index has.
pub(super) fn indexed_search(backend: Backend, needle: &Needle, has_most_users: bool) -> IndexedSearch {
    let compare = |column| comparison(backend, column, needle);
    match backend {
        Backend::Postgres => {
            let (before_indexed, after_indexed) = match needle {
                Needle::Part(_) => (" AND candidates.search_text LIKE ", ""),
                Needle::Beginning(_) => (CONTAINS_BEGINNING, "]"),
            };
            let (before_workspace, before_indexed) = if has_most_users {
                (COMPARED_WORKSPACE, format!("::text{before_indexed}"))
            } else {
                (INDEXED_WORKSPACE, before_indexed.to_owned())
            };
            IndexedSearch {
                before_workspace,
                before_indexed,
                before_text: format!("{after_indexed} AND {}", compare("candidates.search_text")),
                end: ") > 0))",
            }
        }
        Backend::Sqlite => IndexedSearch {
            // The `+` keeps SQLite from scanning the workspace's rows instead of the few matches.
            before_workspace: "external_users.id IN (SELECT external_user_id FROM external_users_search_rows \
                               WHERE +workspace_id = ",
            before_indexed: " AND row_number IN (SELECT rowid FROM external_users_search \
                             WHERE external_users_search MATCH "
                .to_owned(),
            before_text: format!(")) AND {}", compare("external_users.search_text")),
            end: ") > 0",
        },
    }
}

/// Returns what the index looks up for a needle: a piece of it that few users of a sample have. PostgreSQL has trigrams of
/// letters and digits, and the beginnings of words in an index of their own; SQLite has trigrams of any characters.
pub(super) fn indexed_text(backend: Backend, needle: &Needle, sample: &TextSample) -> String {
    match (backend, needle) {
        (Backend::Postgres, Needle::Part(text)) => {
            let is_in_index = |trigram: &Trigram| trigram.iter().all(|character| character.is_alphanumeric());
            contains(&sample.selective_piece(text, is_in_index))
        }
        (Backend::Postgres, Needle::Beginning(text)) => text.clone(),
        (Backend::Sqlite, _) => {
            let piece = sample.selective_piece(&needle.marked(), |_| true);
            format!("\"{}\"", piece.replace('"', "\"\""))
        }
    }
}

/// Returns the next user from each of these ids on: its id and its searchable texts. One statement asks for all.
pub(super) async fn users_from(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    places: Vec<Uuid>,
) -> Result<Vec<(Uuid, String)>> {
    let workspace_id = stored(workspace_id);
    let next = |column: &str, place: &str| {
        format!(
            "(SELECT {column} FROM external_users WHERE workspace_id = $1 AND id >= {place} ORDER BY id LIMIT 1) \
             AS {column}"
        )
    };
    let both = |place| format!("{}, {}", next("id", place), next("search_text", place));
    let found = on_each_backend!(
        connection,
        Postgres | conn | {
            let places: Vec<_> = places.into_iter().map(StoredUuid::from_uuid).collect();
            let statement = format!("SELECT {} FROM unnest($2) AS place", both("place"));
            let query = diesel::sql_query(statement).bind::<PortableUuid, _>(workspace_id);
            query.bind::<Array<PortableUuid>, _>(places).load::<FoundUser>(conn).await
        },
        Sqlite | conn | {
            let places: Vec<_> = places.iter().map(|place| place.simple().to_string()).collect();
            let statement = format!("SELECT {} FROM json_each($2) AS place", both("unhex(place.value)"));
            let query = diesel::sql_query(statement).bind::<PortableUuid, _>(workspace_id);
            query.bind::<Text, _>(serde_json::json!(places).to_string()).load::<FoundUser>(conn).await
        }
    );
    let found = found.or_error("sample external users")?.into_iter();
    Ok(found.filter_map(|found| Some((found.id?.as_uuid(), found.search_text?))).collect())
}

/// A user, if there is one.
#[derive(QueryableByName)]
struct FoundUser {
    #[diesel(sql_type = Nullable<PortableUuid>)]
    id: Option<StoredUuid>,
    #[diesel(sql_type = Nullable<Text>)]
    search_text: Option<String>,
}

/// Returns about how many users all workspaces have together, as PostgreSQL has counted them lately. `None` if it has not,
/// as for a table that is spread over several machines, and on SQLite, where nothing depends on it.
pub(super) async fn count_roughly(connection: &mut DbConnection) -> Result<Option<u128>> {
    let DbConnection::Postgres(object) = connection else { return Ok(None) };
    let query = "SELECT reltuples::bigint AS count FROM pg_class WHERE oid = 'external_users'::regclass";
    let row = diesel::sql_query(query).get_result::<RoughCount>(&mut ***object).await;
    let RoughCount { count } = row.or_error("count the users of all workspaces roughly")?;
    Ok(u128::try_from(count).ok().filter(|count| *count > 0))
}

#[derive(QueryableByName)]
struct RoughCount {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Returns the first user with each of these values in a column: the default channel's before the others', then the
/// oldest. The values are indexed, and all users who share one are read.
///
/// PostgreSQL takes all values at once: if it misjudges them, it scans the workspace once, not once per value. SQLite
/// takes one value at a time, because the statistics in the migrations lead it to the right index.
pub(crate) async fn first_external_user_of_each(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    default_channel: ChannelId,
    column: &'static str,
    values: Vec<String>,
) -> Result<Vec<StoredUuid>> {
    let (workspace_id, default_channel) = (stored(workspace_id), stored(default_channel));
    let found = on_each_backend!(
        connection,
        Postgres
            | conn
            | {
                let statement = format!(
                    "SELECT DISTINCT ON ({column}) id FROM external_users WHERE workspace_id = $1 AND {column} = ANY ($3) \
                 ORDER BY {column}, (channel_id = $2) DESC, created_at, id"
                );
                let query = diesel::sql_query(statement)
                    .bind::<PortableUuid, _>(workspace_id)
                    .bind::<PortableUuid, _>(default_channel)
                    .bind::<Array<Text>, _>(values);
                query.load::<FoundId>(conn).await
            },
        Sqlite
            | conn
            | {
                let first = |condition: &str| {
                    format!(
                        "(SELECT id FROM external_users WHERE workspace_id = ?1 AND {column} = wanted.value {condition} \
                     ORDER BY created_at, id LIMIT 1)"
                    )
                };
                let (in_default, anywhere) = (first("AND channel_id = ?2"), first(""));
                let statement =
                    format!("SELECT coalesce({in_default}, {anywhere}) AS id FROM json_each(?3) AS wanted");
                let query = diesel::sql_query(statement)
                    .bind::<PortableUuid, _>(workspace_id)
                    .bind::<PortableUuid, _>(default_channel)
                    .bind::<Text, _>(serde_json::json!(values).to_string());
                query.load::<FoundId>(conn).await
            }
    );
    Ok(found.or_error("look external users up")?.into_iter().filter_map(|found| found.id).collect())
}

/// A row's id, if there is one.
#[derive(QueryableByName)]
struct FoundId {
    #[diesel(sql_type = Nullable<PortableUuid>)]
    id: Option<StoredUuid>,
}

/// Inserts new users and updates existing ones. PostgreSQL stores all at once, with an insert that conflicts with the
/// existing ones. SQLite stores them one by one: without a round trip, that costs little.
pub(crate) async fn store_external_users(
    connection: &mut DbConnection,
    made: Vec<ExternalUserRow>,
    changed: Vec<ExternalUserRow>,
) -> Result<()> {
    if made.is_empty() && changed.is_empty() {
        return Ok(());
    }
    let stored = on_each_backend!(
        connection,
        Postgres | conn | {
            let all: Vec<_> = made.into_iter().chain(changed).collect();
            insert_or_update(conn, &all).await
        },
        Sqlite | conn | store_one_by_one(conn, &made, &changed).await
    );
    stored.or_error("store external users")
}

/// Begins an insert of users like [`insert_rows`].
macro_rules! insert_users {
    ($rows:expr) => {
        insert_rows!(
            external_users,
            $rows,
            ExternalUserRow {
                workspace_id,
                id,
                channel_id,
                super_identity_id,
                external_id,
                identifier,
                identifier_folded,
                username_folded,
                display_name,
                first_name,
                last_name,
                email,
                phone,
                avatar,
                locale,
                timezone,
                custom_fields,
                search_text,
                external_user_group_id,
                tier_id,
                blocked,
                tokens_valid_from,
                created_at,
                updated_at,
                blocked_reason,
                blocked_since,
                blocked_until,
                blocked_by,
                email_folded,
                version,
            }
        )
    };
}

async fn insert_or_update(connection: &mut AsyncPgConnection, rows: &[ExternalUserRow]) -> QueryResult<()> {
    use tables::external_users as users;
    let all = insert_users!(rows);
    let all = all.on_conflict((users::workspace_id, users::id)).do_update().set((
        users::super_identity_id.eq(excluded(users::super_identity_id)),
        users::external_id.eq(excluded(users::external_id)),
        users::identifier.eq(excluded(users::identifier)),
        users::identifier_folded.eq(excluded(users::identifier_folded)),
        users::username_folded.eq(excluded(users::username_folded)),
        users::display_name.eq(excluded(users::display_name)),
        users::first_name.eq(excluded(users::first_name)),
        users::last_name.eq(excluded(users::last_name)),
        users::email.eq(excluded(users::email)),
        users::phone.eq(excluded(users::phone)),
        users::avatar.eq(excluded(users::avatar)),
        users::locale.eq(excluded(users::locale)),
        users::timezone.eq(excluded(users::timezone)),
        users::custom_fields.eq(excluded(users::custom_fields)),
        users::search_text.eq(excluded(users::search_text)),
        users::external_user_group_id.eq(excluded(users::external_user_group_id)),
        users::tier_id.eq(excluded(users::tier_id)),
        users::blocked.eq(excluded(users::blocked)),
        users::tokens_valid_from.eq(excluded(users::tokens_valid_from)),
        users::updated_at.eq(excluded(users::updated_at)),
        users::blocked_reason.eq(excluded(users::blocked_reason)),
        users::blocked_since.eq(excluded(users::blocked_since)),
        users::blocked_until.eq(excluded(users::blocked_until)),
        users::blocked_by.eq(excluded(users::blocked_by)),
        users::email_folded.eq(excluded(users::email_folded)),
        users::version.eq(users::version + 1),
    ));
    all.execute(connection).await.map(|_| ())
}

async fn store_one_by_one(
    connection: &mut AsyncSqliteConnection,
    made: &[ExternalUserRow],
    changed: &[ExternalUserRow],
) -> QueryResult<()> {
    use tables::external_users as users;
    for row in made {
        diesel::insert_into(users::table).values(row).execute(connection).await?;
    }
    for row in changed {
        PreparedOnce(diesel::update(users::table.find(row.key())).set(row)).execute(connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_looked_up_in_their_index() {
        let migration =
            include_str!("../../../../../migrations/postgres/2026-11-30-022221_search_beginnings/up.sql");
        let expression = CONTAINS_BEGINNING.trim_start_matches(" AND ").trim_end_matches(" @> ARRAY[");
        assert!(migration.contains(expression), "{expression}");
    }
}
