//! The feed of a workspace: in which order events appear, and how they go.

use std::time::Duration;

use denizen_domain::{
    Clock as _, Error, EventFilter, EventPosition, EventType, ExternalId, ExternalUserChanges, IdSource as _,
    RandomIds, Result, SystemClock, TierChanges, WorkspaceId,
};
use denizen_persistence::events::{self, EventPage, Start};
use denizen_persistence::{Asker, Backend, Database, external_users, tiers, workspaces};
use diesel_async::SimpleAsyncConnection as _;
use uuid::Uuid;

use crate::{Fixture, on_both};

/// Creates an external user, and so an event.
async fn create_user(fixture: &Fixture, external_id: &str) {
    let (connection, external_id) = (&mut fixture.write().await, ExternalId::parse(external_id).unwrap());
    let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
    let nothing = ExternalUserChanges::default();
    external_users::upsert(connection, origin, workspace_id, &external_id, &nothing, |_| Ok(()))
        .await
        .unwrap();
}

async fn give_positions(database: &Database, workspace_id: WorkspaceId) {
    while events::give_positions(&mut database.write().await.unwrap(), workspace_id, SystemClock.now())
        .await
        .unwrap()
    {}
}

async fn read(fixture: &Fixture, start: Start) -> Result<EventPage> {
    let connection = &mut fixture.database.read().await.unwrap();
    events::list(connection, fixture.workspace_id, start, &EventFilter::default(), 100).await
}

/// Gives positions, and returns the end of the feed.
async fn end(fixture: &Fixture) -> EventPosition {
    give_positions(&fixture.database, fixture.workspace_id).await;
    read(fixture, Start::Latest).await.unwrap().position
}

/// The external ids, or else the types, of the events after a position.
async fn told(fixture: &Fixture, position: EventPosition) -> Vec<String> {
    let page = read(fixture, Start::After(position)).await.unwrap();
    let told = page.events.iter().map(|event| {
        let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
        data["externalId"].as_str().map_or_else(|| event.kind.to_string(), ToOwned::to_owned)
    });
    told.collect()
}

/// A statement that stores events by hand.
fn insert_statement(fixture: &Fixture, external_id: &str, count: usize) -> String {
    let quoted = |id: Uuid| match fixture.database.backend() {
        Backend::Postgres => format!("'{id}'"),
        Backend::Sqlite => format!("X'{}'", id.simple()),
    };
    let (workspace_id, id) = (quoted(fixture.workspace_id.as_uuid()), quoted(RandomIds.uuid()));
    let data = format!(r#"{{"externalId":"{external_id}"}}"#);
    let row = format!(
        "({workspace_id}, {id}, {}, 'external_user.created', 'someone', '{data}', '{{}}', 'operator')",
        fixture.epoch()
    );
    format!(
        "INSERT INTO event_outbox (workspace_id, id, occurred_at, kind, object_id, data, previous, actor) VALUES {}",
        vec![row; count].join(",")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_longer_transaction_comes_after_those_that_were_read() {
    on_both(async |fixture| {
        if fixture.database.backend() == Backend::Sqlite {
            // It has one transaction at a time.
            return;
        }
        let start = end(fixture).await;
        let mut slow = fixture.write().await;
        slow.batch_execute("BEGIN").await.unwrap();
        slow.batch_execute(&insert_statement(fixture, "slow", 1)).await.unwrap();
        create_user(fixture, "quick").await;
        let mut rolled_back = fixture.write().await;
        rolled_back.batch_execute("BEGIN").await.unwrap();
        rolled_back.batch_execute(&insert_statement(fixture, "rolled back", 1)).await.unwrap();
        let read = end(fixture).await;
        assert_eq!(told(fixture, start).await, ["quick"]);

        rolled_back.batch_execute("ROLLBACK").await.unwrap();
        slow.batch_execute("COMMIT").await.unwrap();
        create_user(fixture, "last").await;
        end(fixture).await;
        assert_eq!(told(fixture, read).await, ["slow", "last"], "whoever read before misses none");
        assert_eq!(told(fixture, start).await, ["quick", "slow", "last"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_give_positions_at_once_give_each_once() {
    on_both(async |fixture| {
        let start = end(fixture).await;
        let another = fixture.another().await;
        let expected: Vec<_> = (0..40).map(|number| format!("user-{number}")).collect();
        for external_id in &expected {
            create_user(fixture, external_id).await;
            tokio::join!(
                give_positions(&fixture.database, fixture.workspace_id),
                give_positions(&another, fixture.workspace_id)
            );
        }
        assert_eq!(told(fixture, start).await, expected);
        let end = read(fixture, Start::Latest).await.unwrap().position;
        assert_eq!(end.as_i64(), start.as_i64() + 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_from_the_beginning() {
    on_both(async |fixture| {
        create_user(fixture, "old").await;
        let old = end(fixture).await;
        fixture.clock.advance(Duration::from_hours(24));
        create_user(fixture, "new").await;
        let newest = end(fixture).await;
        let before = fixture.origin.source.clock.now().minus(Duration::from_hours(1));
        let connection = &mut fixture.write().await;
        while events::sweep(connection, before, 2).await.unwrap() > 0 {}

        let refused = read(fixture, Start::After(EventPosition::from_stored(old.as_i64() - 1))).await;
        let Err(Error::PositionGone { begins_after, ends_at }) = refused else { panic!("{refused:?}") };
        assert_eq!((begins_after, ends_at), (old, newest));
        assert_eq!(told(fixture, old).await, ["new"], "who has read the last old one misses none");
        let page = read(fixture, Start::Oldest).await.unwrap();
        assert_eq!(page.events.len(), 1);

        fixture.clock.advance(Duration::from_hours(24));
        let before = fixture.origin.source.clock.now();
        while events::sweep(connection, before, 100).await.unwrap() > 0 {}
        let page = read(fixture, Start::Oldest).await.unwrap();
        assert_eq!((page.events.len(), page.position), (0, newest), "positions go on where they were");
        create_user(fixture, "next").await;
        assert_eq!(end(fixture).await.as_i64(), newest.as_i64() + 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_moves_on_past_thousands_of_other_events() {
    on_both(async |fixture| {
        let start = end(fixture).await;
        fixture.execute(&insert_statement(fixture, "filler", 6_000)).await;
        let named = |text: &str| Some(text.to_owned());
        let tier =
            TierChanges { name: named("gold"), description: named("The best"), ..TierChanges::default() };
        let connection = &mut fixture.write().await;
        tiers::create(connection, &fixture.origin, fixture.workspace_id, tier).await.unwrap();
        end(fixture).await;
        let filter = EventFilter { types: EventType::matching("tier.*").unwrap(), object_id: None };
        let connection = &mut fixture.database.read().await.unwrap();
        let (mut position, mut found, mut pages) = (start, 0, 0);
        loop {
            let page = events::list(connection, fixture.workspace_id, Start::After(position), &filter, 100)
                .await
                .unwrap();
            (position, found, pages) = (page.position, found + page.events.len(), pages + 1);
            if !page.has_more {
                break;
            }
        }
        assert_eq!((found, pages), (1, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_workspace_leaves_no_events() {
    on_both(async |fixture| {
        create_user(fixture, "placed").await;
        end(fixture).await;
        create_user(fixture, "in the outbox").await;
        let connection = &mut fixture.write().await;
        let (origin, id) = (&fixture.origin, fixture.workspace_id);
        assert!(workspaces::delete(connection, origin, Asker::Operator, id).await.unwrap());
        while workspaces::remove_some(connection, origin, id).await.unwrap() {}
        assert!(!events::has_outbox(connection, id).await.unwrap());
        let page = read(fixture, Start::Oldest).await.unwrap();
        assert_eq!((page.events.len(), page.position.as_i64()), (0, 0));
    })
    .await;
}
