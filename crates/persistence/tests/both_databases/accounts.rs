use denizen_domain::{
    Account, AccountChanges, AccountId, NewAccount, Nick, PasswordHash, Patch, PermissionSet, PersonName,
    Profile, RoleChanges, RoleId, RoleName, Username, Website,
};
use denizen_persistence::memberships::{self, Removal};
use denizen_persistence::{Asker, accounts, roles};

use crate::{Fixture, on_both};

/// An account, with all entity tags that it has had.
struct Tracked<'a> {
    fixture: &'a Fixture,
    id: AccountId,
    tags: Vec<String>,
    profile: String,
}

impl<'a> Tracked<'a> {
    async fn create(fixture: &'a Fixture) -> Self {
        let new = NewAccount {
            username: Username::parse("jane@example.com").unwrap(),
            first_name: PersonName::parse("Jane").unwrap(),
            last_name: PersonName::parse("Doe").unwrap(),
            is_admin: false,
            rest: AccountChanges { home: Patch::Value(fixture.workspace_id), ..AccountChanges::default() },
        };
        let connection = &mut fixture.write().await;
        let account = accounts::create(connection, &fixture.origin, Asker::Operator, &new).await.unwrap();
        let profile = Profile::from(&account).entity_tag();
        Self { fixture, id: account.id, tags: vec![account.entity_tag()], profile }
    }

    async fn read(&self) -> Account {
        accounts::find(&mut self.fixture.write().await, self.id).await.unwrap().unwrap()
    }

    /// Asserts that the account has a new tag, and that its profile has one only if others see the change.
    async fn assert_new_tag(&mut self, what: &str, is_seen_by_others: bool) {
        let account = self.read().await;
        let (tag, profile) = (account.entity_tag(), Profile::from(&account).entity_tag());
        assert!(!self.tags.contains(&tag), "{what} does not change the tag");
        assert_eq!(profile != self.profile, is_seen_by_others, "{what}: change of the profile's tag");
        self.tags.push(tag);
        self.profile = profile;
    }

    async fn change(&mut self, what: &str, is_seen_by_others: bool, changes: AccountChanges) {
        let changed = {
            let (connection, origin) = (&mut self.fixture.write().await, &self.fixture.origin);
            accounts::change(connection, origin, Asker::Operator, self.id, &changes, None, |_| Ok(())).await
        };
        let changed = changed.unwrap().unwrap();
        assert_eq!(changed, self.read().await, "{what}: the result differs from the stored account");
        self.assert_new_tag(what, is_seen_by_others).await;
    }
}

async fn make_role(fixture: &Fixture) -> RoleId {
    let changes = RoleChanges {
        permissions: Some(PermissionSet::from_stored("tenant.account.read").unwrap()),
        ..RoleChanges::default()
    };
    let name = RoleName::parse("Reader").unwrap();
    let connection = &mut fixture.write().await;
    let role = roles::create(connection, &fixture.origin, Asker::Operator, None, &name, &changes).await;
    role.unwrap().id
}

async fn rename_role(fixture: &Fixture, id: RoleId, name: &str) {
    let changes = RoleChanges { name: Some(RoleName::parse(name).unwrap()), ..RoleChanges::default() };
    let connection = &mut fixture.write().await;
    let changed = roles::change(connection, &fixture.origin, Asker::Operator, id, &changes).await;
    assert_eq!(changed.unwrap(), roles::find(connection, id).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        let unchanged = AccountChanges::default;
        let name = PersonName::parse("Janet").unwrap();
        tracked.change("a name", true, AccountChanges { first_name: Some(name), ..unchanged() }).await;
        let nick = Patch::Value(Nick::parse("Jan").unwrap());
        tracked.change("a nick", true, AccountChanges { nick, ..unchanged() }).await;
        let website = Patch::Value(Website::parse("https://example.com/").unwrap());
        tracked.change("a website", true, AccountChanges { website, ..unchanged() }).await;
        let username = Some(Username::parse("janet@example.com").unwrap());
        tracked.change("a username", true, AccountChanges { username, ..unchanged() }).await;
        let password = Some(PasswordHash::from_stored("hash".to_owned()));
        tracked.change("a password", false, AccountChanges { password, ..unchanged() }).await;
        let permissions = Some(PermissionSet::from_stored("iam.account.read").unwrap());
        tracked.change("permissions", false, AccountChanges { permissions, ..unchanged() }).await;

        let role = make_role(fixture).await;
        tracked.change("a role", false, AccountChanges { roles: Some(vec![role]), ..unchanged() }).await;
        for name in ["Auditor", "Reader"] {
            rename_role(fixture, role, name).await;
            tracked.assert_new_tag("renaming a role", false).await;
        }
        roles::delete(&mut fixture.write().await, &fixture.origin, Asker::Operator, role).await.unwrap();
        tracked.assert_new_tag("deleting a role", false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_home_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        let nowhere = AccountChanges { home: Patch::Null, ..AccountChanges::default() };
        tracked.change("no home", false, nowhere).await;
        // An account with a global right survives the end of its last membership.
        let permissions = Some(PermissionSet::from_stored("iam.account.read").unwrap());
        let home = Patch::Value(fixture.workspace_id);
        tracked
            .change("a home", false, AccountChanges { home, permissions, ..AccountChanges::default() })
            .await;
        let removed = {
            let connection = &mut fixture.write().await;
            let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
            memberships::remove(connection, origin, Asker::Operator, workspace_id, tracked.id).await
        };
        assert_eq!(removed.unwrap(), Some(Removal::Left));
        tracked.assert_new_tag("leaving the workspace", false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_by_an_older_server_changes_the_entity_tag() {
    on_both(async |fixture| {
        let mut tracked = Tracked::create(fixture).await;
        let epoch = fixture.epoch();
        fixture.execute(&format!("UPDATE accounts SET status = 'DISABLED', updated_at = {epoch}")).await;
        tracked.assert_new_tag("a change by an older server", false).await;
    })
    .await;
}
