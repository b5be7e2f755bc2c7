//! Pages by number, whose places are kept in memory.

use denizen_domain::{
    Direction, ExternalId, ExternalUserChanges, ExternalUserFilter, ExternalUserId, ExternalUserOrder, Page,
    PageNumber, Patch, SearchText, Timestamp, Window,
};
use denizen_persistence::{Cache, external_users};

use crate::{Fixture, on_both};

/// The lists that are compared: their filter, order and direction.
fn lists() -> Vec<(ExternalUserFilter, ExternalUserOrder, Direction)> {
    let all = ExternalUserFilter::default();
    let some = ExternalUserFilter {
        search: Some(SearchText::parse("u-1").unwrap()),
        ..ExternalUserFilter::default()
    };
    vec![
        (all.clone(), ExternalUserOrder::CreatedAt, Direction::Ascending),
        (all.clone(), ExternalUserOrder::CreatedAt, Direction::Descending),
        (all, ExternalUserOrder::Username, Direction::Ascending),
        (some, ExternalUserOrder::CreatedAt, Direction::Ascending),
    ]
}

/// Asserts that each page is the same from memory as from the database, in any order of asking.
async fn assert_same(fixture: &Fixture, cache: &Cache, after: &str) {
    for (filter, order, direction) in lists() {
        for number in [2, 3, 1, 2, 4, 5, 9, 3] {
            let page = Page::Number(PageNumber::new(number).unwrap());
            let window = Window { page, limit: 3, direction };
            let kept = cache.external_users(fixture.workspace_id, &filter, order, &window).await.unwrap();
            let connection = &mut fixture.database.read().await.unwrap();
            let stored =
                external_users::list(connection, fixture.workspace_id, &filter, order, &window).await;
            let what = format!("page {number} of {order:?} {direction:?}, after {after}");
            assert_eq!(kept, stored.unwrap(), "{what}");
        }
    }
}

async fn create(fixture: &Fixture, external_id: &str) -> ExternalUserId {
    let id = ExternalId::parse(external_id).unwrap();
    let (connection, changes) = (&mut fixture.write().await, ExternalUserChanges::default());
    let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
    let made = external_users::upsert(connection, origin, workspace_id, &id, &changes, |_| Ok(())).await;
    made.unwrap().0.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_misses_no_change_of_this_server() {
    on_both(async |fixture| {
        let cache = fixture.cache();
        let mut ids = Vec::new();
        for number in 10..21 {
            ids.push(create(fixture, &format!("u-{number}")).await);
        }
        assert_same(fixture, &cache, "creating").await;
        create(fixture, "a-1").await;
        assert_same(fixture, &cache, "creating another").await;

        let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
        external_users::delete(&mut fixture.write().await, origin, workspace_id, ids[1], |_| Ok(()))
            .await
            .unwrap();
        assert_same(fixture, &cache, "a deletion").await;
        let epoch = Timestamp::from_unix_microseconds(0).unwrap();
        external_users::restore(&mut fixture.write().await, origin, workspace_id, ids[1], epoch)
            .await
            .unwrap();
        assert_same(fixture, &cache, "bringing it back").await;

        let renamed = ExternalUserChanges {
            external_id: Patch::Value(ExternalId::parse("z-1").unwrap()),
            ..ExternalUserChanges::default()
        };
        let connection = &mut fixture.write().await;
        external_users::change(connection, origin, workspace_id, ids[0], |_| Ok(renamed.clone()))
            .await
            .unwrap();
        assert_same(fixture, &cache, "a new name").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_page_begins_where_the_last_one_ended() {
    on_both(async |fixture| {
        let (cache, other) = (fixture.cache(), fixture.another().await);
        let mut ids = Vec::new();
        for number in 10..16 {
            ids.push(create(fixture, &format!("u-{number}")).await);
        }
        let page = async |number| {
            let page = Page::Number(PageNumber::new(number).unwrap());
            let window = Window { page, limit: 2, direction: Direction::Ascending };
            let (filter, order) = (ExternalUserFilter::default(), ExternalUserOrder::CreatedAt);
            let slice = cache.external_users(fixture.workspace_id, &filter, order, &window).await.unwrap();
            slice.items.into_iter().map(|user| user.id).collect::<Vec<_>>()
        };
        assert_eq!(page(1).await, ids[..2]);
        let connection = &mut other.write().await.unwrap();
        external_users::delete(connection, &fixture.origin, fixture.workspace_id, ids[0], |_| Ok(()))
            .await
            .unwrap();
        // Within a second, the list is still counted as it was. Afterwards, the second page begins one user later.
        let (old, new) = ([ids[2], ids[3]], [ids[3], ids[4]]);
        let mut found = page(2).await;
        assert!(found == old || found == new, "{found:?}");
        while found != new {
            tokio::task::yield_now().await;
            found = page(2).await;
            assert!(found == old || found == new, "{found:?}");
        }
    })
    .await;
}
