//! Which statements single external users take, and that those sent together succeed or fail together.

use std::sync::{Arc, Mutex};

use denizen_domain::{
    Conflict, Error, ExternalId, ExternalUser, ExternalUserChanges, IdSource, Origin, Patch, PersonName,
    RandomIds, Result, Source, Timestamp,
};
use denizen_persistence::external_users::{self, Outcome};
use denizen_persistence::{Backend, DbConnection};
use diesel::connection::InstrumentationEvent;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use crate::{Fixture, on_both};

/// On PostgreSQL, each statement that waits for the one before it is a round trip.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_takes_few_statements() {
    on_both(async |fixture| {
        if fixture.database.backend() == Backend::Sqlite {
            return;
        }
        let connection = &mut fixture.write().await;
        let statements = Statements::of(connection);
        let origin = &fixture.origin;

        put(connection, fixture, origin, "u-1", "Jane").await.unwrap();
        let record = ["INSERT audit_events", "INSERT event_outbox"];
        let insert = [&["INSERT super_identities", "INSERT external_users"], &record[..]].concat();
        let look = ["BEGIN", "SELECT external_users", "SELECT channels"];
        assert_eq!(statements.take(), [&look[..], &insert, &["COMMIT"]].concat(), "creating");

        put(connection, fixture, origin, "u-1", "Joan").await.unwrap();
        let change = [&["UPDATE external_users"], &record[..], &["COMMIT"]].concat();
        assert_eq!(statements.take(), [&look[..2], &change].concat(), "changing");

        let prepared = statements.prepared_for_good.lock().unwrap().clone();
        let first = [&look[1..], &insert[..2], &change[..1]].concat();
        assert!(
            first.iter().all(|statement| prepared.iter().any(|known| known == statement)),
            "{prepared:?}"
        );

        find(connection, fixture, "u-1").await.unwrap();
        assert_eq!(statements.take(), ["SELECT external_users"], "finding by external id");
        external_users::find_by_username(connection, fixture.workspace_id, "U-1").await.unwrap();
        assert_eq!(statements.take(), ["SELECT external_users"], "finding by username");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_that_is_not_recorded() {
    on_both(async |fixture| {
        let source = Source { clock: fixture.clock.clone(), ids: Arc::new(OneEvent) };
        let only_once = &Origin::operator(source);
        let connection = &mut fixture.write().await;
        put(connection, fixture, only_once, "first", "Jane").await.unwrap();
        // First while PostgreSQL does not know the statements yet, then while it does.
        for round in 0..2 {
            for external_id in ["first", "second"] {
                let refused = put(connection, fixture, only_once, external_id, "Joan").await;
                assert!(
                    matches!(refused, Err(Error::Conflict(Conflict::ConcurrentChange))),
                    "{round}: {refused:?}"
                );
            }
            assert_eq!(find(connection, fixture, "second").await, None, "{round}");
            let first = find(connection, fixture, "first").await.unwrap();
            assert_eq!(first.first_name.unwrap().as_str(), "Jane", "{round}");
        }
        let (_, outcome) = put(connection, fixture, &fixture.origin, "second", "Joan").await.unwrap();
        assert_eq!(outcome, Outcome::Created, "the connection still works");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_users_is_found_again() {
    on_both(async |fixture| {
        let (left, _) =
            put(&mut fixture.write().await, fixture, &fixture.origin, "u-1", "Jane").await.unwrap();
        fixture.execute("DELETE FROM external_users").await;
        let connection = &mut fixture.write().await;
        let (back, outcome) = put(connection, fixture, &fixture.origin, "u-1", "Jane").await.unwrap();
        assert_eq!((outcome, back.super_identity_id), (Outcome::Created, left.super_identity_id));
    })
    .await;
}

async fn put(
    connection: &mut DbConnection,
    fixture: &Fixture,
    origin: &Origin,
    external_id: &str,
    first_name: &str,
) -> Result<(ExternalUser, Outcome)> {
    let external_id = ExternalId::parse(external_id).unwrap();
    let first_name = Patch::Value(PersonName::parse(first_name).unwrap());
    let changes = ExternalUserChanges { first_name, ..ExternalUserChanges::default() };
    let workspace_id = fixture.workspace_id;
    external_users::upsert(connection, origin, workspace_id, &external_id, &changes, |_| Ok(())).await
}

async fn find(connection: &mut DbConnection, fixture: &Fixture, external_id: &str) -> Option<ExternalUser> {
    external_users::find_by_external_id(connection, fixture.workspace_id, external_id).await.unwrap()
}

/// Ids of which only those of events repeat.
#[derive(Debug)]
struct OneEvent;

impl IdSource for OneEvent {
    fn uuid(&self) -> Uuid {
        RandomIds.uuid()
    }

    fn ordered_uuid(&self, _: Timestamp) -> Uuid {
        Uuid::from_u128(7)
    }

    fn random_bytes(&self) -> [u8; 32] {
        RandomIds.random_bytes()
    }
}

/// The statements of a connection to PostgreSQL, each as its first word and its first table.
struct Statements {
    sent: Arc<Mutex<Vec<String>>>,
    prepared_for_good: Arc<Mutex<Vec<String>>>,
}

impl Statements {
    fn of(connection: &mut DbConnection) -> Self {
        let (sent, prepared_for_good) = (Arc::default(), Arc::default());
        let statements = Self { sent: Arc::clone(&sent), prepared_for_good: Arc::clone(&prepared_for_good) };
        let note = move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                sent.lock().unwrap().push(summary(&query.to_string()));
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                prepared_for_good.lock().unwrap().push(summary(sql));
            }
            _ => {}
        };
        if let DbConnection::Postgres(connection) = connection {
            connection.set_instrumentation(note);
        }
        statements
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

fn summary(statement: &str) -> String {
    let verb = statement.trim_start_matches('(').split_whitespace().next().unwrap_or_default();
    let table = statement.split('"').nth(1).unwrap_or_default();
    format!("{verb} {table}").trim_end().to_owned()
}
