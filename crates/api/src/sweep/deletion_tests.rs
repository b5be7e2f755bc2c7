//! The next sweep finishes a deletion that a stopped server left incomplete.

use std::time::Duration;

use denizen_domain::{
    AuditEventFilter, ExternalUserChanges, ExternalUserFilter, ExternalUserGroupChanges, Patch, Slug,
    TierChanges, Timestamp, Window, WorkspaceName,
};
use denizen_persistence::{channels, migrations};

use super::*;

/// More users than one batch clears.
const USERS: i64 = 1_201;

/// A workspace with a group and a tier, and users in both.
struct Fixture {
    sweep: Sweep,
    origin: Origin,
    workspace_id: WorkspaceId,
    group_id: ExternalUserGroupId,
    tier_id: TierId,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn new(options: AppOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let database = Database::connect(&url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let sweep = Sweep::new(database.clone(), Source::system(), options);
        let origin = Origin::operator(Source::system());
        let (slug, name) = (Slug::parse("acme").unwrap(), WorkspaceName::parse("Acme").unwrap());
        let connection = &mut database.write().await.unwrap();
        let (workspace, channel) = workspaces::create(connection, &origin, &slug, &name).await.unwrap();
        let tier = TierChanges {
            name: Some("Gold".to_owned()),
            description: Some("The best".to_owned()),
            ..TierChanges::default()
        };
        let tier = tiers::create(connection, &origin, workspace.id, tier).await.unwrap();
        let tier_id = Patch::Value(tier.id);
        let group = ExternalUserGroupChanges { tier_id, ..ExternalUserGroupChanges::default() };
        let group = external_user_groups::create(connection, &origin, workspace.id, group).await.unwrap();
        let external_user_group_id = Patch::Value(group.id);
        let user = ExternalUserChanges { external_user_group_id, tier_id, ..ExternalUserChanges::default() };
        for _ in 0..USERS {
            external_users::create(connection, &origin, workspace.id, channel.id, &user).await.unwrap();
        }
        Self {
            sweep,
            origin,
            workspace_id: workspace.id,
            group_id: group.id,
            tier_id: tier.id,
            _folder: folder,
        }
    }

    /// Deletes the group and the tier, and stops before clearing anything.
    async fn delete_both(&self) {
        let connection = &mut self.sweep.database.write().await.unwrap();
        let (origin, workspace_id) = (&self.origin, self.workspace_id);
        let (group, tier) = (self.group_id, self.tier_id);
        assert!(external_user_groups::delete(connection, origin, workspace_id, group).await.unwrap());
        assert!(tiers::delete(connection, origin, workspace_id, tier).await.unwrap());
        for _ in 0..2 {
            assert!(!external_user_groups::delete(connection, origin, workspace_id, group).await.unwrap());
            assert!(!tiers::delete(connection, origin, workspace_id, tier).await.unwrap());
        }
        assert_eq!(external_user_groups::find(connection, workspace_id, group).await.unwrap(), None);
        assert_eq!(tiers::find(connection, workspace_id, tier).await.unwrap(), None);
    }

    /// Counts the users in the group and on the tier.
    async fn user_counts(&self) -> (i64, i64) {
        let connection = &mut self.sweep.database.read().await.unwrap();
        let in_group = ExternalUserFilter {
            external_user_group_ids: vec![self.group_id],
            ..ExternalUserFilter::default()
        };
        let on_tier = ExternalUserFilter { tier_ids: vec![self.tier_id], ..ExternalUserFilter::default() };
        let in_group = external_users::count(connection, self.workspace_id, &in_group).await.unwrap();
        (in_group, external_users::count(connection, self.workspace_id, &on_tier).await.unwrap())
    }

    /// Counts the groups and tiers that are marked as deleted.
    async fn deleted_counts(&self) -> (usize, usize) {
        let connection = &mut self.sweep.database.read().await.unwrap();
        let groups = external_user_groups::deleted(connection).await.unwrap();
        (groups.len(), tiers::deleted(connection).await.unwrap().len())
    }

    /// Counts the log entries about an object.
    async fn event_count(&self, object_id: String) -> usize {
        let connection = &mut self.sweep.database.read().await.unwrap();
        let filter = AuditEventFilter { object_id: Some(object_id), ..AuditEventFilter::default() };
        let window = Window::first(10);
        audit_events::list(connection, Some(self.workspace_id), &filter, &window).await.unwrap().items.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_finishes_deleting_groups_and_tiers() {
    let fixture = Fixture::new(AppOptions::default()).await;
    fixture.sweep.run().await;
    assert_eq!(fixture.user_counts().await, (USERS, USERS), "nothing is deleted yet");

    fixture.delete_both().await;
    assert_eq!((fixture.user_counts().await, fixture.deleted_counts().await), ((USERS, USERS), (1, 1)));
    fixture.sweep.run().await;
    assert_eq!((fixture.user_counts().await, fixture.deleted_counts().await), ((0, 0), (0, 0)));
    for id in [fixture.group_id.to_string(), fixture.tier_id.to_string()] {
        assert_eq!(fixture.event_count(id).await, 2, "one event each for creation and deletion");
    }

    let connection = &mut fixture.sweep.database.write().await.unwrap();
    let channel = channels::find_default(connection, fixture.workspace_id).await.unwrap();
    let filter = ExternalUserFilter { channel_ids: vec![channel.id], ..ExternalUserFilter::default() };
    let window = Window::first(2_000);
    let order = denizen_domain::ExternalUserOrder::CreatedAt;
    let users = external_users::list(connection, fixture.workspace_id, &filter, order, &window).await;
    for user in users.unwrap().items {
        assert_eq!(user.updated_at, user.created_at, "clearing keeps the modification time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_purges_users_past_the_restore_period() {
    for (restore_period, is_restored) in [(Duration::ZERO, false), (Duration::from_hours(1), true)] {
        let fixture = Fixture::new(AppOptions { restore_period, ..AppOptions::default() }).await;
        let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
        let id = {
            let connection = &mut fixture.sweep.database.write().await.unwrap();
            let (filter, window) = (ExternalUserFilter::default(), Window::first(1));
            let order = denizen_domain::ExternalUserOrder::CreatedAt;
            let users = external_users::list(connection, workspace_id, &filter, order, &window).await;
            let id = users.unwrap().items[0].id;
            assert!(external_users::delete(connection, origin, workspace_id, id, |_| Ok(())).await.unwrap());
            id
        };
        fixture.sweep.run().await;
        let connection = &mut fixture.sweep.database.write().await.unwrap();
        let long_ago = Timestamp::from_unix_microseconds(0).unwrap();
        let restored = external_users::restore(connection, origin, workspace_id, id, long_ago).await;
        assert_eq!(restored.unwrap().is_some(), is_restored, "{restore_period:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_out_of_time_leaves_the_rest_to_the_sweep() {
    let options = AppOptions { request_timeout: Duration::ZERO, ..AppOptions::default() };
    let fixture = Fixture::new(options).await;
    fixture.delete_both().await;
    fixture.sweep.remove_deleted_group(fixture.workspace_id, fixture.group_id).await;
    fixture.sweep.remove_deleted_tier(fixture.workspace_id, fixture.tier_id).await;
    assert_eq!((fixture.user_counts().await, fixture.deleted_counts().await), ((USERS, USERS), (1, 1)));
    fixture.sweep.run().await;
    assert_eq!((fixture.user_counts().await, fixture.deleted_counts().await), ((0, 0), (0, 0)));
}
