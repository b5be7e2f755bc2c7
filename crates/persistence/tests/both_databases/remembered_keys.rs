//! Keys and workspaces in memory.

use std::time::Duration;

use denizen_domain::{KeyRequest, NewApiKey, Patch, ScopeSet, Secret, Status, WorkspaceChanges};
use denizen_persistence::api_keys::KeyAsker;
use denizen_persistence::{Asker, Cache, api_keys, workspaces};

use crate::{Fixture, on_both};

async fn create_key(fixture: &Fixture, lifetime: Option<Duration>) -> NewApiKey {
    let expires_at = lifetime.map(|lifetime| fixture.origin.source.clock.now().plus(lifetime));
    let request = KeyRequest { name: "key".to_owned(), scopes: ScopeSet::default(), expires_at };
    let connection = &mut fixture.write().await;
    api_keys::create(connection, &fixture.origin, fixture.workspace_id, KeyAsker::Operator, &request)
        .await
        .unwrap()
}

async fn change_workspace(fixture: &Fixture, changes: WorkspaceChanges) {
    let connection = &mut fixture.write().await;
    let (origin, id) = (&fixture.origin, fixture.workspace_id);
    workspaces::change(connection, origin, Asker::Operator, id, &changes).await.unwrap().unwrap();
}

/// Asserts that the memory has the same holder of a secret as the database, and returns whether there is one.
async fn is_in_force(fixture: &Fixture, cache: &Cache, secret: &Secret) -> bool {
    let now = fixture.origin.source.clock.now();
    let stored = api_keys::authenticate(&mut fixture.write().await, secret, now).await.unwrap();
    for _ in ["read", "from memory"] {
        let kept = cache.key_holder(secret, now).await.unwrap();
        assert_eq!(format!("{:?}", kept.as_deref()), format!("{:?}", stored.as_ref()));
    }
    stored.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_refused_at_once_when_it_is_rotated_or_revoked() {
    on_both(async |fixture| {
        let (cache, origin, workspace_id) = (fixture.cache(), &fixture.origin, fixture.workspace_id);
        let NewApiKey { key, secret: old } = create_key(fixture, None).await;
        assert!(is_in_force(fixture, &cache, &old).await);

        let overlap = Duration::ZERO;
        let rotated = api_keys::rotate(
            &mut fixture.write().await,
            origin,
            workspace_id,
            KeyAsker::Operator,
            key.id,
            overlap,
        )
        .await;
        let new = rotated.unwrap().unwrap().secret;
        assert!(!is_in_force(fixture, &cache, &old).await);
        assert!(is_in_force(fixture, &cache, &new).await);

        api_keys::revoke(&mut fixture.write().await, origin, workspace_id, KeyAsker::Operator, key.id)
            .await
            .unwrap();
        assert!(!is_in_force(fixture, &cache, &new).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_expires_in_memory() {
    on_both(async |fixture| {
        let cache = fixture.cache();
        let secret = create_key(fixture, Some(Duration::from_hours(1))).await.secret;
        assert!(is_in_force(fixture, &cache, &secret).await);
        fixture.clock.advance(Duration::from_hours(1));
        assert!(!is_in_force(fixture, &cache, &secret).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_workspace_reaches_its_keys() {
    on_both(async |fixture| {
        let (cache, id) = (fixture.cache(), fixture.workspace_id);
        let secret = create_key(fixture, None).await.secret;
        assert!(is_in_force(fixture, &cache, &secret).await);
        assert!(cache.workspace_in_use(id).await.unwrap().is_some());

        let limit = Patch::Value(7);
        change_workspace(fixture, WorkspaceChanges { requests_per_second: limit, ..Default::default() })
            .await;
        assert!(is_in_force(fixture, &cache, &secret).await);
        assert_eq!(cache.workspace_in_use(id).await.unwrap().unwrap().requests_per_second, Some(7));

        let status = Some(Status::Disabled);
        change_workspace(fixture, WorkspaceChanges { status, ..Default::default() }).await;
        assert!(!is_in_force(fixture, &cache, &secret).await);
        assert!(cache.workspace_in_use(id).await.unwrap().is_none());

        let status = Some(Status::Active);
        change_workspace(fixture, WorkspaceChanges { status, ..Default::default() }).await;
        assert!(is_in_force(fixture, &cache, &secret).await);

        workspaces::delete(&mut fixture.write().await, &fixture.origin, Asker::Operator, id).await.unwrap();
        assert!(!is_in_force(fixture, &cache, &secret).await);
        assert!(cache.workspace_in_use(id).await.unwrap().is_none());
    })
    .await;
}
