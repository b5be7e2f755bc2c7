use denizen_domain::{
    Account, AccountChanges, AccountId, NewAccount, Nick, PasswordHash, Patch, PermissionSet, PersonName,
    Profile, RoleChanges, RoleId, RoleName, Username, Website,
};
use denizen_persistence::memberships::{self, Removal};
use denizen_persistence::{Asker, accounts, roles};

use crate::{Stage, on_both};

/// An account, with all entity tags that it has had.
struct Story<'a> {
    stage: &'a Stage,
    id: AccountId,
    tags: Vec<String>,
    profile: String,
}

impl<'a> Story<'a> {
    async fn begin(stage: &'a Stage) -> Self {
        let new = NewAccount {
            username: Username::parse("jane@example.com").unwrap(),
            first_name: PersonName::parse("Jane").unwrap(),
            last_name: PersonName::parse("Doe").unwrap(),
            is_admin: false,
            rest: AccountChanges { home: Patch::Value(stage.workspace_id), ..AccountChanges::default() },
        };
        let connection = &mut stage.write().await;
        let account = accounts::create(connection, &stage.origin, Asker::Operator, &new).await.unwrap();
        let profile = Profile::from(&account).entity_tag();
        Self { stage, id: account.id, tags: vec![account.entity_tag()], profile }
    }

    async fn read(&self) -> Account {
        accounts::find(&mut self.stage.write().await, self.id).await.unwrap().unwrap()
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
            let (connection, origin) = (&mut self.stage.write().await, &self.stage.origin);
            accounts::change(connection, origin, Asker::Operator, self.id, &changes, None, |_| Ok(())).await
        };
        let changed = changed.unwrap().unwrap();
        assert_eq!(changed, self.read().await, "{what}: the result differs from the stored account");
        self.assert_new_tag(what, is_seen_by_others).await;
    }
}

async fn make_role(stage: &Stage) -> RoleId {
    let changes = RoleChanges {
        permissions: Some(PermissionSet::from_stored("tenant.account.read").unwrap()),
        ..RoleChanges::default()
    };
    let name = RoleName::parse("Reader").unwrap();
    let connection = &mut stage.write().await;
    let role = roles::create(connection, &stage.origin, Asker::Operator, None, &name, &changes).await;
    role.unwrap().id
}

async fn rename_role(stage: &Stage, id: RoleId, name: &str) {
    let changes = RoleChanges { name: Some(RoleName::parse(name).unwrap()), ..RoleChanges::default() };
    let connection = &mut stage.write().await;
    let changed = roles::change(connection, &stage.origin, Asker::Operator, id, &changes).await;
    assert_eq!(changed.unwrap(), roles::find(connection, id).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_changes_the_entity_tag() {
    on_both(async |stage| {
        let mut story = Story::begin(stage).await;
        let unchanged = AccountChanges::default;
        let name = PersonName::parse("Janet").unwrap();
        story.change("a name", true, AccountChanges { first_name: Some(name), ..unchanged() }).await;
        let nick = Patch::Value(Nick::parse("Jan").unwrap());
        story.change("a nick", true, AccountChanges { nick, ..unchanged() }).await;
        let website = Patch::Value(Website::parse("https://example.com/").unwrap());
        story.change("a website", true, AccountChanges { website, ..unchanged() }).await;
        let username = Some(Username::parse("janet@example.com").unwrap());
        story.change("a username", true, AccountChanges { username, ..unchanged() }).await;
        let password = Some(PasswordHash::from_stored("hash".to_owned()));
        story.change("a password", false, AccountChanges { password, ..unchanged() }).await;
        let permissions = Some(PermissionSet::from_stored("iam.account.read").unwrap());
        story.change("permissions", false, AccountChanges { permissions, ..unchanged() }).await;

        let role = make_role(stage).await;
        story.change("a role", false, AccountChanges { roles: Some(vec![role]), ..unchanged() }).await;
        for name in ["Auditor", "Reader"] {
            rename_role(stage, role, name).await;
            story.assert_new_tag("renaming a role", false).await;
        }
        roles::delete(&mut stage.write().await, &stage.origin, Asker::Operator, role).await.unwrap();
        story.assert_new_tag("deleting a role", false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_home_changes_the_entity_tag() {
    on_both(async |stage| {
        let mut story = Story::begin(stage).await;
        let nowhere = AccountChanges { home: Patch::Null, ..AccountChanges::default() };
        story.change("no home", false, nowhere).await;
        // An account with a global right survives the end of its last membership.
        let permissions = Some(PermissionSet::from_stored("iam.account.read").unwrap());
        let home = Patch::Value(stage.workspace_id);
        story
            .change("a home", false, AccountChanges { home, permissions, ..AccountChanges::default() })
            .await;
        let removed = {
            let connection = &mut stage.write().await;
            let (origin, workspace_id) = (&stage.origin, stage.workspace_id);
            memberships::remove(connection, origin, Asker::Operator, workspace_id, story.id).await
        };
        assert_eq!(removed.unwrap(), Some(Removal::Left));
        story.assert_new_tag("leaving the workspace", false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_by_an_older_server_changes_the_entity_tag() {
    on_both(async |stage| {
        let mut story = Story::begin(stage).await;
        let epoch = stage.epoch();
        stage.execute(&format!("UPDATE accounts SET status = 'DISABLED', updated_at = {epoch}")).await;
        story.assert_new_tag("a change by an older server", false).await;
    })
    .await;
}
