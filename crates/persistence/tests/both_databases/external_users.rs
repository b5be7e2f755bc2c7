use std::time::Duration;

use denizen_domain::{
    AccessChange, DisplayName, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserGroupChanges,
    ExternalUserId, IdentityClaim, Patch, TierChanges, Timestamp, Version,
};
use denizen_persistence::{
    Cache, DbConnection, ExternalUserName, channels, external_user_groups, external_users, tiers,
};

use crate::{Fixture, on_both};

/// A user, with all entity tags that it has had, and what the server answers from memory.
struct Tracked<'a> {
    fixture: &'a Fixture,
    cache: Cache,
    id: ExternalUserId,
    tags: Vec<String>,
}

impl<'a> Tracked<'a> {
    async fn create(fixture: &'a Fixture) -> Self {
        let connection = &mut fixture.write().await;
        let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
        let channel = channels::find_default(connection, workspace_id).await.unwrap();
        let changes = named("Jane");
        let changes = ExternalUserChanges { external_id: Patch::Value(external_id("u-1")), ..changes };
        let user = external_users::create(connection, origin, workspace_id, channel.id, &changes).await;
        let user = user.unwrap();
        let tags = vec![user.entity_tag(fixture.origin.source.clock.now())];
        Self { fixture, cache: fixture.cache(), id: user.id, tags }
    }

    fn now(&self) -> Timestamp {
        self.fixture.origin.source.clock.now()
    }

    async fn read(&self) -> ExternalUser {
        let connection = &mut self.fixture.write().await;
        external_users::find(connection, self.fixture.workspace_id, self.id).await.unwrap().unwrap()
    }

    /// Asserts that the stored user has a new tag, and that the server's memory has the same user.
    async fn assert_new_tag(&mut self, what: &str) {
        let user = self.read().await;
        let kept = self.cache.external_user(self.fixture.workspace_id, ExternalUserName::Id(self.id)).await;
        assert_eq!(kept.unwrap().as_deref(), Some(&user), "{what} is not in memory");
        let tag = user.entity_tag(self.now());
        assert!(!self.tags.contains(&tag), "{what} does not change the tag");
        self.tags.push(tag);
    }

    /// Asserts that a write returned the user as stored, with a new tag.
    async fn assert_written(&mut self, what: &str, written: &ExternalUser) {
        assert_eq!(written, &self.read().await, "{what}: the result differs from the stored user");
        self.assert_new_tag(what).await;
    }

    /// Asserts that the stored user still has the last tag.
    async fn assert_same_tag(&self, what: &str) {
        assert_eq!(
            Some(&self.read().await.entity_tag(self.now())),
            self.tags.last(),
            "{what} changes the tag"
        );
    }

    async fn change(&mut self, what: &str, changes: ExternalUserChanges) {
        let user = {
            let connection = &mut self.fixture.write().await;
            let (origin, workspace_id) = (&self.fixture.origin, self.fixture.workspace_id);
            external_users::change(connection, origin, workspace_id, self.id, |_| Ok(changes.clone())).await
        };
        self.assert_written(what, &user.unwrap().unwrap()).await;
    }
}

fn external_id(text: &str) -> ExternalId {
    ExternalId::parse(text).unwrap()
}

fn named(name: &str) -> ExternalUserChanges {
    let display_name = Patch::Value(DisplayName::parse(name).unwrap());
    ExternalUserChanges { display_name, ..ExternalUserChanges::default() }
}

async fn upsert_all(connection: &mut DbConnection, fixture: &Fixture, items: &[(&str, ExternalUserChanges)]) {
    let items: Vec<_> = items.iter().map(|(id, changes)| (external_id(id), changes.clone())).collect();
    let outcomes =
        external_users::upsert_all(connection, &fixture.origin, fixture.workspace_id, &items).await;
    assert!(outcomes.unwrap().iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        tracked.assert_same_tag("reading").await;
        tracked.change("a change", named("Janet")).await;

        let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
        let (user, _) = external_users::upsert(
            &mut fixture.write().await,
            origin,
            workspace_id,
            &external_id("u-1"),
            &named("Jane"),
            |_| Ok(()),
        )
        .await
        .unwrap();
        tracked.assert_written("putting", &user).await;

        upsert_all(&mut fixture.write().await, fixture, &[("u-1", named("J.")), ("u-2", named("New"))]).await;
        tracked.assert_new_tag("putting many").await;
        upsert_all(&mut fixture.write().await, fixture, &[("u-1", named("Jane")), ("u-2", named("Newer"))])
            .await;
        tracked.assert_new_tag("putting many again").await;
        upsert_all(&mut fixture.write().await, fixture, &[("u-1", named("Jane"))]).await;
        tracked.assert_same_tag("putting many unchanged").await;

        let access = |change| ExternalUserChanges { access: Some(change), ..ExternalUserChanges::default() };
        tracked.change("blocking", access(AccessChange::Block)).await;
        tracked.change("unblocking", access(AccessChange::Unblock)).await;
        let renamed = Patch::Value(external_id("u-3"));
        let renamed = ExternalUserChanges { external_id: renamed, ..ExternalUserChanges::default() };
        tracked.change("another external id", renamed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restoring_a_user_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        let (origin, workspace_id, id) = (&fixture.origin, fixture.workspace_id, tracked.id);
        let long_ago = Timestamp::from_unix_microseconds(0).unwrap();
        for turn in ["once", "twice"] {
            let connection = &mut fixture.write().await;
            external_users::delete(connection, origin, workspace_id, id, |_| Ok(())).await.unwrap();
            let user = external_users::restore(connection, origin, workspace_id, id, long_ago).await;
            let user = user.unwrap().unwrap();
            assert_eq!(
                Some(&user),
                external_users::find(connection, workspace_id, id).await.unwrap().as_ref()
            );
            let tag = user.entity_tag(tracked.now());
            assert!(!tracked.tags.contains(&tag), "restoring it {turn} does not change the tag");
            tracked.tags.push(tag);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_a_group_or_tier_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
        let (tier, group) = {
            let connection = &mut fixture.write().await;
            let gold = TierChanges {
                name: Some("Gold".to_owned()),
                description: Some(String::new()),
                ..TierChanges::default()
            };
            let tier = tiers::create(connection, origin, workspace_id, gold).await.unwrap().id;
            let changes = ExternalUserGroupChanges::default();
            let group = external_user_groups::create(connection, origin, workspace_id, changes).await;
            (tier, group.unwrap().id)
        };
        let member = ExternalUserChanges {
            external_user_group_id: Patch::Value(group),
            tier_id: Patch::Value(tier),
            ..ExternalUserChanges::default()
        };
        tracked.change("a group and a tier", member).await;
        let before = tracked.read().await;
        {
            let connection = &mut fixture.write().await;
            external_user_groups::delete(connection, origin, workspace_id, group).await.unwrap();
            while external_user_groups::remove_some(connection, workspace_id, group).await.unwrap() {}
        }
        tracked.assert_new_tag("deleting the group").await;
        {
            let connection = &mut fixture.write().await;
            tiers::delete(connection, origin, workspace_id, tier).await.unwrap();
            while tiers::remove_some(connection, workspace_id, tier).await.unwrap() {}
        }
        tracked.assert_new_tag("deleting the tier").await;
        let after = tracked.read().await;
        assert_eq!(after.version, before.version.next().next());
        assert_eq!(after.updated_at, before.updated_at, "losing them is no change by a caller");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_by_an_older_server_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        let epoch = fixture.epoch();
        fixture.execute(&format!("UPDATE external_users SET display_name = 'J', updated_at = {epoch}")).await;
        tracked.cache = fixture.cache();
        tracked.assert_new_tag("a change by an older server").await;

        // A deleted user that an older server stored has no version, either.
        let version = tracked.read().await.version.as_i64();
        let (origin, workspace_id, id) = (&fixture.origin, fixture.workspace_id, tracked.id);
        let delete = async |connection: &mut DbConnection| {
            external_users::delete(connection, origin, workspace_id, id, |_| Ok(())).await.unwrap()
        };
        assert!(delete(&mut fixture.write().await).await);
        let record = format!("replace(record, ',\"version\":{version}', '')");
        fixture.execute(&format!("UPDATE deleted_external_users SET record = {record}")).await;
        tracked.cache = fixture.cache();
        // The version starts again, so only the modification time makes the tags differ.
        fixture.clock.advance(Duration::from_secs(1));
        let long_ago = Timestamp::from_unix_microseconds(0).unwrap();
        let restored = {
            let connection = &mut fixture.write().await;
            external_users::restore(connection, origin, workspace_id, id, long_ago).await.unwrap().unwrap()
        };
        assert_eq!(restored.version, Version::default().next(), "the record has no version");
        tracked.assert_written("restoring it", &restored).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_writes_each_add_a_version() {
    const WRITERS: usize = 8;
    on_both(async |fixture| {
        let tracked = Tracked::create(fixture).await;
        let before = tracked.read().await.version.as_i64();
        let writer =
            |number: usize| {
                let (database, origin) = (fixture.database.clone(), fixture.origin.clone());
                let (workspace_id, id) = (fixture.workspace_id, tracked.id);
                tokio::spawn(async move {
                    let connection = &mut database.write().await.unwrap();
                    let changes = named(&format!("Jane {number}"));
                    if number.is_multiple_of(2) {
                        let items = [(external_id("u-1"), changes)];
                        external_users::upsert_all(connection, &origin, workspace_id, &items).await.unwrap();
                    } else {
                        let change = external_users::change(connection, &origin, workspace_id, id, |_| {
                            Ok(changes.clone())
                        });
                        change.await.unwrap();
                    }
                })
            };
        for writer in (0..WRITERS).map(writer).collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let versions = tracked.read().await.version.as_i64() - before;
        assert_eq!(usize::try_from(versions).unwrap(), WRITERS);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finding_a_user_keeps_its_version() {
    on_both(async |fixture| {
        let tracked = Tracked::create(fixture).await;
        let claim = IdentityClaim {
            channel_id: tracked.read().await.channel_id,
            id: None,
            external_id: Some(external_id("u-1")),
            identifier: None,
        };
        let found = {
            let connection = &mut fixture.write().await;
            let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
            external_users::find_or_create_claimed(connection, origin, workspace_id, &claim).await
        };
        assert_eq!(found.unwrap().id, tracked.id);
        tracked.assert_same_tag("finding it").await;
    })
    .await;
}
