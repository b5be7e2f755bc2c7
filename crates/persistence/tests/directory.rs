//! Tests the crate's functions on a real SQLite database. The tests over HTTP also run them on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test whose setup fails must fail")]

use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{
    AccountChanges, AccountId, AuditEventFilter, Coded as _, Conflict, Error, ExternalId,
    ExternalUserChanges, ExternalUserFilter, ExternalUserGroupChanges, ExternalUserOrder, Forbidden,
    Identifier, KeyRequest, ManualClock, NewAccount, NewApiKey, Origin, Page, Patch, Permission,
    PermissionSet, PersonName, Result, Right, RoleChanges, RoleId, RoleName, ScopeSet, SearchText,
    SequentialIds, Slug, Source, TierChanges, Timestamp, TokenRequest, Username, Window, WorkspaceId,
    WorkspaceName,
};
use denizen_persistence::api_keys::{KeyAsker, KeyFilter};
use denizen_persistence::{
    Asker, Database, account_tokens, accounts, api_keys, audit_events, channels, external_user_groups,
    external_users, introspection, memberships, migrations, roles, tiers, workspaces,
};
use diesel::SqliteConnection;
use diesel::connection::{Connection as _, SimpleConnection as _};

/// A migrated SQLite database in a temporary folder, a manual clock, and a workspace.
struct Fixture {
    database: Database,
    clock: Arc<ManualClock>,
    origin: Origin,
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
        let origin = Origin::operator(source);
        let (slug, name) = (Slug::parse("acme").unwrap(), WorkspaceName::parse("Acme").unwrap());
        let connection = &mut database.write().await.unwrap();
        let (workspace, _) = workspaces::create(connection, &origin, &slug, &name).await.unwrap();
        Self { database: database.clone(), clock, origin, workspace_id: workspace.id, folder }
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
        external_users::create(connection, &self.origin, self.workspace_id, channel.id, &changes).await
    }

    async fn workspace(&self, slug: &str) -> WorkspaceId {
        let connection = &mut self.database.write().await.unwrap();
        let (slug, name) = (Slug::parse(slug).unwrap(), WorkspaceName::parse(slug).unwrap());
        workspaces::create(connection, &self.origin, &slug, &name).await.unwrap().0.id
    }

    /// Creates an account with permissions and roles.
    async fn account(
        &self,
        name: &str,
        home: Option<WorkspaceId>,
        codes: &str,
        roles: &[RoleId],
    ) -> AccountId {
        let rest = AccountChanges {
            home: home.into(),
            permissions: Some(PermissionSet::from_stored(codes).unwrap()),
            roles: Some(roles.to_vec()),
            ..AccountChanges::default()
        };
        let new = NewAccount {
            username: Username::parse(&format!("{name}@example.com")).unwrap(),
            first_name: PersonName::parse(name).unwrap(),
            last_name: PersonName::parse(name).unwrap(),
            is_admin: false,
            rest,
        };
        let connection = &mut self.database.write().await.unwrap();
        accounts::create(connection, &self.origin, Asker::Operator, &new).await.unwrap().id
    }

    /// Runs SQL statements directly.
    fn execute(&self, statements: &str) {
        SqliteConnection::establish(&self.path()).unwrap().batch_execute(statements).unwrap();
    }

    /// Adds an account to another workspace, at a second of 1970.
    fn join(&self, account: AccountId, workspace: WorkspaceId, second: u64) {
        let (account, workspace) = (account.as_uuid().simple(), workspace.as_uuid().simple());
        self.execute(&format!(
            "INSERT INTO memberships (workspace_id, account_id, is_admin, created_at) \
             VALUES (x'{workspace}', x'{account}', 0, {second}000000)"
        ));
    }

    async fn ids(&self, filter: &ExternalUserFilter, window: &Window) -> Vec<String> {
        let connection = &mut self.database.read().await.unwrap();
        let order = ExternalUserOrder::CreatedAt;
        let slice = external_users::list(connection, self.workspace_id, filter, order, window).await.unwrap();
        slice.items.into_iter().map(|user| user.external_id.unwrap().to_string()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_names_the_taken_field() {
    let fixture = Fixture::new().await;
    fixture.user("u-1").await.unwrap();
    let again = fixture.user("u-1").await;
    assert!(matches!(again, Err(Error::Conflict(Conflict::ExternalIdTaken))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_numbers_and_positions_agree() {
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
async fn search_matches_substrings_and_follows_changes() {
    let fixture = Fixture::new().await;
    let user = fixture.user("Jané_100%").await.unwrap();
    fixture.user("joe").await.unwrap();
    let found = async |text: &str| {
        let search = Some(SearchText::parse(text).unwrap());
        fixture.ids(&ExternalUserFilter { search, ..ExternalUserFilter::default() }, &Window::first(10)).await
    };
    for part in ["J", "ja", "jané", "ANÉ_1", "00%", "example.com"] {
        assert!(found(part).await.contains(&"Jané_100%".to_owned()), "{part}");
    }
    for other in ["jane_", "an%0", "\"", "x\ny", "_1", "0%", "é"] {
        assert!(found(other).await.is_empty(), "{other}");
    }
    let connection = &mut fixture.database.write().await.unwrap();
    let changes = ExternalUserChanges {
        external_id: Patch::Value(ExternalId::parse("renamed").unwrap()),
        identifier: Patch::Null,
        ..ExternalUserChanges::default()
    };
    external_users::change(connection, &fixture.origin, fixture.workspace_id, user.id, |_| {
        Ok(changes.clone())
    })
    .await
    .unwrap();
    assert!(found("jané").await.is_empty());
    assert_eq!(found("rename").await, ["renamed"]);
    let unguarded = |_: &denizen_domain::ExternalUser| Ok(());
    external_users::delete(connection, &fixture.origin, fixture.workspace_id, user.id, unguarded)
        .await
        .unwrap();
    assert!(found("rename").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_authenticates_until_revoked_or_expired() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.database.write().await.unwrap();
    let later = fixture.origin.source.clock.now().plus(Duration::from_mins(1));
    let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
    let request = KeyRequest { name: "ci".to_owned(), scopes: ScopeSet::default(), expires_at: Some(later) };
    let key = api_keys::create(connection, origin, workspace_id, KeyAsker::Operator, &request).await.unwrap();
    let holder =
        api_keys::authenticate(connection, &key.secret, fixture.origin.source.clock.now()).await.unwrap();
    assert_eq!(holder.unwrap().workspace_id, fixture.workspace_id);
    assert_eq!(api_keys::authenticate(connection, &key.secret, later).await.unwrap(), None);
    api_keys::revoke(connection, origin, workspace_id, KeyAsker::Operator, key.key.id).await.unwrap();
    let holder =
        api_keys::authenticate(connection, &key.secret, fixture.origin.source.clock.now()).await.unwrap();
    assert_eq!(holder, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_revoked_in_the_meantime_is_rejected() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.database.write().await.unwrap();
    let (origin, id) = (&fixture.origin, fixture.workspace_id);
    let request = KeyRequest { name: "ci".to_owned(), scopes: ScopeSet::default(), expires_at: None };
    let NewApiKey { key, secret } =
        api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await.unwrap();
    let now = origin.source.clock.now();
    let holder = api_keys::authenticate(connection, &secret, now).await.unwrap().unwrap();
    api_keys::create(connection, origin, id, KeyAsker::Key(holder.secret_hash), &request).await.unwrap();
    api_keys::rotate(connection, origin, id, KeyAsker::Operator, key.id, Duration::ZERO)
        .await
        .unwrap()
        .unwrap();
    let refused = "Unauthenticated(UnknownKey)";
    let made = api_keys::create(connection, origin, id, KeyAsker::Key(holder.secret_hash), &request).await;
    assert_eq!(format!("{:?}", made.unwrap_err()), refused);
    let rotated =
        api_keys::rotate(connection, origin, id, KeyAsker::Key(holder.secret_hash), key.id, Duration::ZERO)
            .await;
    assert_eq!(format!("{:?}", rotated.unwrap_err()), refused);
    let revoked = api_keys::revoke(connection, origin, id, KeyAsker::Key(holder.secret_hash), key.id).await;
    assert_eq!(format!("{:?}", revoked.unwrap_err()), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_latest_use_of_a_key() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.database.write().await.unwrap();
    let (origin, id) = (&fixture.origin, fixture.workspace_id);
    let request = KeyRequest { name: "ci".to_owned(), scopes: ScopeSet::default(), expires_at: None };
    let key = api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await.unwrap().key.id;
    let latest = origin.source.clock.now();
    let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    for (moment, address) in [(latest, here), (latest.minus(Duration::from_secs(1)), there)] {
        api_keys::record_use(connection, &[(id, key, moment, address)]).await.unwrap();
    }
    let key = api_keys::find(connection, id, key).await.unwrap().unwrap();
    assert_eq!((key.last_used_at, key.last_used_address), (Some(latest), Some(here)));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_active_keys_and_kept_inactive_keys() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.database.write().await.unwrap();
    let (origin, id) = (&fixture.origin, fixture.workspace_id);
    let end = origin.source.clock.now().plus(Duration::from_mins(1));
    let request = KeyRequest { name: "ci".to_owned(), scopes: ScopeSet::default(), expires_at: Some(end) };
    let first = api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await.unwrap().key.id;
    for _ in 1..api_keys::MAXIMUM_IN_FORCE {
        fixture.clock.advance(Duration::from_micros(1));
        api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await.unwrap();
    }
    let one_more = api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await;
    assert!(matches!(one_more, Err(Error::Conflict(Conflict::TooManyApiKeys))), "{one_more:?}");

    fixture.clock.advance(Duration::from_mins(2));
    let request = KeyRequest { expires_at: None, ..request };
    let lasting =
        api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await.unwrap().key.id;
    let count = api_keys::count(connection, id, &KeyFilter::default()).await.unwrap();
    assert_eq!(count, api_keys::KEPT + 1);
    api_keys::revoke(connection, origin, id, KeyAsker::Operator, lasting).await.unwrap();
    api_keys::create(connection, origin, id, KeyAsker::Operator, &request).await.unwrap();
    let count = api_keys::count(connection, id, &KeyFilter::default()).await.unwrap();
    assert_eq!(count, api_keys::KEPT + 1);
    assert_eq!(api_keys::find(connection, id, first).await.unwrap(), None, "the oldest is deleted");
    assert!(api_keys::find(connection, id, lasting).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_tiers_and_groups_per_workspace() {
    let fixture = Fixture::new().await;
    let (origin, id) = (&fixture.origin, fixture.workspace_id);
    for (table, columns, maximum) in [
        ("tiers", "name, description", tiers::MAXIMUM_PER_WORKSPACE),
        ("external_user_groups", "name, external_id", external_user_groups::MAXIMUM_PER_WORKSPACE),
    ] {
        fixture.execute(&format!(
            "WITH RECURSIVE numbers (number) AS \
             (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < {maximum}) \
             INSERT INTO {table} (workspace_id, id, {columns}, created_at, updated_at) \
             SELECT x'{}', randomblob(16), 'one of many', 'number ' || number, 0, 0 FROM numbers",
            id.as_uuid().simple()
        ));
    }
    let tier = TierChanges {
        name: Some("Gold".to_owned()),
        description: Some("The best".to_owned()),
        ..TierChanges::default()
    };
    let group = ExternalUserGroupChanges::default();
    let connection = &mut fixture.database.write().await.unwrap();
    tiers::create(connection, origin, id, tier.clone()).await.unwrap();
    let last = external_user_groups::create(connection, origin, id, group.clone()).await.unwrap();
    let one_more = tiers::create(connection, origin, id, tier).await;
    assert!(matches!(one_more, Err(Error::Conflict(Conflict::TooManyTiers))), "{one_more:?}");
    let one_more = external_user_groups::create(connection, origin, id, group.clone()).await;
    assert!(matches!(one_more, Err(Error::Conflict(Conflict::TooManyGroups))), "{one_more:?}");
    assert!(external_user_groups::delete(connection, origin, id, last.id).await.unwrap());
    external_user_groups::create(connection, origin, id, group).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_revert_and_reapply() {
    let fixture = Fixture::new().await;
    let before = introspection::describe(&fixture.database).await.unwrap();
    while migrations::revert_last(&fixture.database).await.unwrap().is_some() {}
    assert!(introspection::describe(&fixture.database).await.unwrap().is_empty());
    migrations::run(&fixture.database).await.unwrap();
    assert_eq!(introspection::describe(&fixture.database).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_schema_from_a_newer_version() {
    let fixture = Fixture::new().await;
    let mut file = SqliteConnection::establish(&fixture.path()).unwrap();
    file.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231235959')").unwrap();
    let refusal = migrations::run(&fixture.database).await.unwrap_err();
    assert!(refusal.context().contains("newer version"), "{}", refusal.context());
    let status = migrations::status(&fixture.database).await.unwrap();
    assert!(status.iter().any(|migration| !migration.known && migration.applied), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_workspace_removes_its_members() {
    let fixture = Fixture::new().await;
    let acme = fixture.workspace_id;
    let (old, new) = (fixture.workspace("old").await, fixture.workspace("new").await);
    let closed = fixture.workspace("closed").await;
    let role = {
        let connection = &mut fixture.database.write().await.unwrap();
        let name = RoleName::parse("Own").unwrap();
        let (origin, changes) = (&fixture.origin, RoleChanges::default());
        roles::create(connection, origin, Asker::Operator, Some(acme), &name, &changes).await.unwrap().id
    };
    let alone = fixture.account("alone", Some(acme), "", &[role]).await;
    let mover = fixture.account("mover", Some(acme), "iam.account.read tenant.all", &[role]).await;
    let between = fixture.account("between", Some(acme), "", &[]).await;
    let guest = fixture.account("guest", Some(new), "tenant.all", &[]).await;
    for (account, workspace, second) in
        [(mover, new, 3), (mover, old, 2), (mover, closed, 1), (between, closed, 1), (guest, acme, 1)]
    {
        fixture.join(account, workspace, second);
    }
    let many: Vec<_> = (0..300).map(|number| format!("many-{number}")).collect();
    for name in &many {
        fixture.account(name, Some(acme), "", &[]).await;
    }

    let connection = &mut fixture.database.write().await.unwrap();
    let origin = &fixture.origin;
    assert!(!workspaces::remove_some(connection, origin, acme).await.unwrap(), "not marked as deleted");
    for (id, is_deleted) in [(acme, true), (acme, false), (closed, true)] {
        assert_eq!(workspaces::delete(connection, origin, Asker::Operator, id).await.unwrap(), is_deleted);
    }
    assert_eq!(workspaces::deleted(connection).await.unwrap(), [acme, closed]);
    // Alternates between the workspaces, as several servers would.
    let mut left = vec![acme, closed, acme];
    while let Some(id) = left.pop() {
        if workspaces::remove_some(connection, origin, id).await.unwrap() {
            left.insert(0, id);
        }
    }
    assert!(workspaces::deleted(connection).await.unwrap().is_empty());
    assert!(!workspaces::remove_some(connection, origin, acme).await.unwrap(), "already removed");

    for gone in [alone, between] {
        assert_eq!(accounts::find(connection, gone).await.unwrap(), None);
    }
    let mover = accounts::find(connection, mover).await.unwrap().unwrap();
    assert_eq!((mover.home, mover.roles), (Some(old), vec![]));
    assert_eq!(mover.permissions.to_stored(), "iam.account.read");
    let guest = accounts::find(connection, guest).await.unwrap().unwrap();
    assert_eq!((guest.home, guest.permissions.to_stored().as_str()), (Some(new), "tenant.all"));
    assert_eq!(memberships::find(connection, acme, guest.id).await.unwrap(), None);
    assert_eq!(roles::find(connection, role).await.unwrap(), None);
    let everybody = accounts::count(connection, &accounts::AccountFilter::default()).await.unwrap();
    assert_eq!(everybody, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_the_one_account_with_greater_rights_among_many() {
    let fixture = Fixture::new().await;
    let acme = fixture.workspace_id;
    let others = [Permission::All, Permission::IamTokenIntrospect];
    let is_held = |it: &&Permission| it.is_restricted() && !others.contains(it);
    let held: Vec<_> = Permission::ALL.iter().filter(is_held).copied().collect();
    let held_codes = held.iter().copied().collect::<PermissionSet>().to_stored();
    let keeper = fixture.account("keeper", None, &held_codes, &[]).await;
    for number in 1_usize..=1_200 {
        let some = held.iter().enumerate().filter(|(place, _)| number >> place & 1 == 1);
        let some: PermissionSet = some.map(|(_, permission)| *permission).collect();
        fixture.account(&format!("{number}"), Some(acme), &some.to_stored(), &[]).await;
    }
    let greater = fixture.account("greater", Some(acme), "iam.token.introspect tenant.all", &[]).await;

    let connection = &mut fixture.database.write().await.unwrap();
    let origin = &fixture.origin;
    let request = TokenRequest {
        account_id: keeper,
        description: String::new(),
        inquirer: String::new(),
        permissions: PermissionSet::empty(),
        lifetime: None,
    };
    let token = account_tokens::issue(connection, origin, Asker::Operator, &request, None).await.unwrap();
    let right = Some(Right { everywhere: Permission::IamTenantDelete, at_home: None });
    let asker = Asker::LoggedIn { token_id: token.token.id, right };
    let refusal = workspaces::delete(connection, origin, asker, acme).await;
    assert!(matches!(refusal, Err(Error::Forbidden(Forbidden::GreaterRights))), "{refusal:?}");
    accounts::delete(connection, origin, Asker::Operator, greater, |_| Ok(())).await.unwrap();
    assert!(workspaces::delete(connection, origin, asker, acme).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_past_the_restore_period_can_be_erased() {
    let fixture = Fixture::new().await;
    let user = fixture.user("u-1").await.unwrap();
    let connection = &mut fixture.database.write().await.unwrap();
    let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
    assert!(external_users::delete(connection, origin, workspace_id, user.id, |_| Ok(())).await.unwrap());
    let deleted_at = origin.source.clock.now();
    fixture.clock.advance(Duration::from_hours(31 * 24));
    assert_eq!(external_users::sweep(connection, origin, deleted_at, 10).await.unwrap(), 1);
    assert_eq!(external_users::sweep(connection, origin, deleted_at, 10).await.unwrap(), 0, "already purged");
    let long_ago = deleted_at.minus(Duration::from_hours(1));
    let restored =
        external_users::restore(connection, origin, workspace_id, user.id, long_ago).await.unwrap();
    assert_eq!(restored, None, "no data is left to restore");

    let tombstone =
        external_users::erase(connection, origin, workspace_id, user.id, |_| Ok(())).await.unwrap();
    assert_eq!(tombstone.map(|tombstone| tombstone.deleted_at), Some(deleted_at));
    let filter = AuditEventFilter { object_id: Some(user.id.to_string()), ..AuditEventFilter::default() };
    let window = Window::first(10);
    let events = audit_events::list(connection, Some(workspace_id), &filter, &window).await.unwrap().items;
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.changes.is_empty()), "{events:?}");
}
