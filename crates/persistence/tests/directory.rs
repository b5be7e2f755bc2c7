//! The directory's functions on a real database, an embedded one. The suite over HTTP runs them on PostgreSQL, too.

#![expect(clippy::unwrap_used, reason = "a test that cannot set the stage fails")]

use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{
    Conflict, Error, ExternalId, ExternalUserChanges, ExternalUserFilter, ExternalUserOrder, Identifier,
    ManualClock, Page, Patch, Result, ScopeSet, SearchText, SequentialIds, Slug, Source, Timestamp, Window,
    WorkspaceId, WorkspaceName,
};
use denizen_persistence::{
    Database, api_keys, channels, external_users, introspection, migrations, workspaces,
};
use diesel::SqliteConnection;
use diesel::connection::{Connection as _, SimpleConnection as _};

/// A migrated SQLite database in a folder that goes away with it, a clock that is moved by hand, and a workspace.
struct Fixture {
    database: Database,
    clock: Arc<ManualClock>,
    source: Source,
    workspace_id: WorkspaceId,
    folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let database = Database::connect(&url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let clock =
            Arc::new(ManualClock::at(Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap()));
        let source = Source { clock: clock.clone(), ids: Arc::new(SequentialIds::default()) };
        let (slug, name) = (Slug::parse("acme").unwrap(), WorkspaceName::parse("Acme").unwrap());
        let connection = &mut database.write().await.unwrap();
        let (workspace, _) = workspaces::create(connection, &source, &slug, &name).await.unwrap();
        Self { database: database.clone(), clock, source, workspace_id: workspace.id, folder }
    }

    fn path(&self) -> String {
        self.folder.path().join("test.db").display().to_string()
    }

    async fn user(&self, external_id: &str) -> Result<denizen_domain::ExternalUser> {
        self.clock.advance(Duration::from_secs(1));
        let connection = &mut self.database.write().await?;
        let channel = channels::find_default(connection, self.workspace_id).await?;
        let changes = ExternalUserChanges {
            external_id: Patch::Value(ExternalId::parse(external_id).unwrap()),
            identifier: Patch::Value(Identifier::parse(&format!("{external_id}@Example.com")).unwrap()),
            ..ExternalUserChanges::default()
        };
        external_users::create(connection, &self.source, self.workspace_id, channel.id, &changes).await
    }

    async fn ids(&self, filter: &ExternalUserFilter, window: &Window) -> Vec<String> {
        let connection = &mut self.database.read().await.unwrap();
        let order = ExternalUserOrder::CreatedAt;
        let slice = external_users::list(connection, self.workspace_id, filter, order, window).await.unwrap();
        slice.items.into_iter().map(|user| user.external_id.unwrap().to_string()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_is_a_conflict_that_says_which() {
    let fixture = Fixture::new().await;
    fixture.user("u-1").await.unwrap();
    let again = fixture.user("u-1").await;
    assert!(matches!(again, Err(Error::Conflict(Conflict::ExternalIdTaken))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_number_and_by_position_agree() {
    let fixture = Fixture::new().await;
    for number in 0..7 {
        fixture.user(&format!("u-{number}")).await.unwrap();
    }
    let none = ExternalUserFilter::default();
    let mut window = Window::first(3);
    assert_eq!(fixture.ids(&none, &window).await, ["u-0", "u-1", "u-2"]);
    window.page = Page::Number(denizen_domain::PageNumber::new(3).unwrap());
    assert_eq!(fixture.ids(&none, &window).await, ["u-6"]);
    window.page = Page::Number(denizen_domain::PageNumber::new(4).unwrap());
    assert!(fixture.ids(&none, &window).await.is_empty());

    let connection = &mut fixture.database.read().await.unwrap();
    let third =
        external_users::find_by_external_id(connection, fixture.workspace_id, "u-3").await.unwrap().unwrap();
    let position = ExternalUserOrder::CreatedAt.position_of(&third);
    window.page = Page::After(position.clone());
    assert_eq!(fixture.ids(&none, &window).await, ["u-4", "u-5", "u-6"]);
    window.page = Page::Before(position);
    assert_eq!(fixture.ids(&none, &window).await, ["u-0", "u-1", "u-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_parts_of_any_length_and_follows_changes() {
    let fixture = Fixture::new().await;
    let user = fixture.user("Jané_100%").await.unwrap();
    fixture.user("joe").await.unwrap();
    let found = async |text: &str| {
        let search = Some(SearchText::parse(text).unwrap());
        fixture.ids(&ExternalUserFilter { search, ..ExternalUserFilter::default() }, &Window::first(10)).await
    };
    for part in ["J", "jané", "ANÉ_1", "00%", "_1", "example.com"] {
        assert!(found(part).await.contains(&"Jané_100%".to_owned()), "{part}");
    }
    for other in ["jane_", "an%0", "\"", "x\ny"] {
        assert!(found(other).await.is_empty(), "{other}");
    }
    let connection = &mut fixture.database.write().await.unwrap();
    let changes = ExternalUserChanges {
        external_id: Patch::Value(ExternalId::parse("renamed").unwrap()),
        identifier: Patch::Null,
        ..ExternalUserChanges::default()
    };
    external_users::change(connection, &fixture.source, fixture.workspace_id, user.id, |_| {
        Ok(changes.clone())
    })
    .await
    .unwrap();
    assert!(found("jané").await.is_empty());
    assert_eq!(found("rename").await, ["renamed"]);
    external_users::delete(connection, fixture.workspace_id, user.id).await.unwrap();
    assert!(found("rename").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_opens_its_workspace_until_it_is_revoked_or_expires() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.database.write().await.unwrap();
    let later = fixture.source.clock.now().plus(Duration::from_mins(1));
    let (source, workspace_id, scopes) = (&fixture.source, fixture.workspace_id, ScopeSet::default());
    let key = api_keys::create(connection, source, workspace_id, "ci", &scopes, Some(later)).await.unwrap();
    let holder = api_keys::authenticate(connection, &key.secret, fixture.source.clock.now()).await.unwrap();
    assert_eq!(holder.unwrap().workspace_id, fixture.workspace_id);
    assert_eq!(api_keys::authenticate(connection, &key.secret, later).await.unwrap(), None);
    api_keys::revoke(connection, &fixture.source, fixture.workspace_id, key.key.id).await.unwrap();
    let holder = api_keys::authenticate(connection, &key.secret, fixture.source.clock.now()).await.unwrap();
    assert_eq!(holder, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_down_and_up_again() {
    let fixture = Fixture::new().await;
    let before = introspection::describe(&fixture.database).await.unwrap();
    while migrations::revert_last(&fixture.database).await.unwrap().is_some() {}
    assert!(introspection::describe(&fixture.database).await.unwrap().is_empty());
    migrations::run(&fixture.database).await.unwrap();
    assert_eq!(introspection::describe(&fixture.database).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_from_a_newer_version_is_left_alone() {
    let fixture = Fixture::new().await;
    let mut file = SqliteConnection::establish(&fixture.path()).unwrap();
    file.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231235959')").unwrap();
    let refusal = migrations::run(&fixture.database).await.unwrap_err();
    assert!(refusal.context().contains("newer version"), "{}", refusal.context());
    let status = migrations::status(&fixture.database).await.unwrap();
    assert!(status.iter().any(|migration| !migration.known && migration.applied), "{status:?}");
}
