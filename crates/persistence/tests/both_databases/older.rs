//! What servers of older versions stored.

use denizen_domain::{
    AccessMode, AccountChanges, AccountId, Conflict, EmailAddress, Error, ExternalId, ExternalUserChanges,
    FlowDescription, FlowName, InvitationState, NewAccount, NewFlow, Nick, Patch, PersonName, Slug, Username,
    Window, WorkspaceName,
};
use denizen_persistence::external_users::{self, Names};
use denizen_persistence::{Asker, accounts, flows, invitations, migrations, workspaces};

use crate::{Fixture, on_both};

async fn make_account(fixture: &Fixture, username: Username) -> Result<AccountId, Error> {
    let new = NewAccount {
        username,
        first_name: PersonName::from_stored("\u{202E}Jane\t".to_owned()),
        last_name: PersonName::from_stored(" ".to_owned()),
        is_admin: false,
        rest: AccountChanges { home: Patch::Value(fixture.workspace_id), ..AccountChanges::default() },
    };
    let (connection, origin) = (&mut fixture.write().await, &fixture.origin);
    Ok(accounts::create(connection, origin, Asker::Operator, &new).await?.id)
}

async fn logs_in(fixture: &Fixture, username: &str) -> Option<AccountId> {
    let forms = Username::stored_forms(username);
    let found = accounts::find_for_log_in(&mut fixture.write().await, &forms).await.unwrap();
    found.map(|candidate| candidate.account_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_keep_usernames_that_are_rejected_today() {
    on_both(async |fixture| {
        for (stored, ways) in [
            ("user..x@example.com", &["user..x@example.com", "User..X@Example.com"][..]),
            ("user.@example.com", &["user.@example.com"]),
            (".user@example.com", &[".USER@example.com"]),
            ("jane@xn--a", &["jane@xn--a"]),
            ("jane@example。com", &["jane@example。com"]),
            ("jane@xn--mller-kva.de", &["jane@xn--mller-kva.de", "jane@müller.de", "Jane@MÜLLER.de"]),
        ] {
            let id = make_account(fixture, Username::from_stored(stored.to_owned())).await.unwrap();
            for way in ways {
                assert_eq!(logs_in(fixture, way).await, Some(id), "{stored} as {way}");
            }
            let changes = AccountChanges {
                nick: Patch::Value(Nick::parse("Jane").unwrap()),
                ..AccountChanges::default()
            };
            let (connection, origin) = (&mut fixture.write().await, &fixture.origin);
            let changed =
                accounts::change(connection, origin, Asker::Operator, id, &changes, None, |_| Ok(())).await;
            assert_eq!(changed.unwrap().unwrap().username.as_str(), stored);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_its_older_form_is_taken() {
    on_both(async |fixture| {
        let old = Username::from_stored("jane@xn--mller-kva.de".to_owned());
        let id = make_account(fixture, old).await.unwrap();
        let new = Username::parse("jane@müller.de").unwrap();
        let taken = make_account(fixture, new.clone()).await;
        assert!(matches!(taken, Err(Error::Conflict(Conflict::UsernameTaken))), "{taken:?}");
        // The account itself may move to the form of today.
        let changes = AccountChanges { username: Some(new.clone()), ..AccountChanges::default() };
        let (connection, origin) = (&mut fixture.write().await, &fixture.origin);
        let changed =
            accounts::change(connection, origin, Asker::Operator, id, &changes, None, |_| Ok(())).await;
        assert_eq!(changed.unwrap().unwrap().username, new);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_reaches_an_account_in_its_older_form() {
    on_both(async |fixture| {
        let id =
            make_account(fixture, Username::from_stored("jane@xn--mller-kva.de".to_owned())).await.unwrap();
        let new = NewFlow {
            name: FlowName::parse("My flow").unwrap(),
            description: FlowDescription::parse("").unwrap(),
            access_mode: AccessMode::Invitation,
        };
        let (connection, origin) = (&mut fixture.write().await, &fixture.origin);
        let (asker, workspace_id) = (Asker::Operator, fixture.workspace_id);
        let flow = flows::create(connection, origin, asker, workspace_id, &new).await.unwrap().unwrap();
        let invite = [Username::parse("jane@müller.de").unwrap()];
        for added in [&[id][..], &[]] {
            let invited =
                invitations::invite(connection, origin, asker, workspace_id, flow.id, &invite).await;
            let invited = invited.unwrap().unwrap();
            let states: Vec<_> = invited.invitations.iter().map(|invitation| invitation.state).collect();
            assert_eq!(states, [InvitationState::Accepted]);
            assert_eq!(invited.added.iter().map(|profile| profile.account_id).collect::<Vec<_>>(), added);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn external_users_are_found_by_the_form_of_today() {
    on_both(async |fixture| {
        let changes = ExternalUserChanges {
            email: Patch::Value(EmailAddress::from_stored("Jane@xn--mller-kva.de".to_owned())),
            ..ExternalUserChanges::default()
        };
        let external_id = ExternalId::parse("user_12345").unwrap();
        let (connection, workspace_id) = (&mut fixture.write().await, fixture.workspace_id);
        let items = [(external_id.clone(), changes)];
        external_users::upsert_all(connection, &fixture.origin, workspace_id, &items).await.unwrap();
        for form in ["jane@müller.de", "JANE@XN--MLLER-KVA.de", "jane@mu\u{308}ller.de"] {
            let names = Names::EmailAddresses(vec!["nobody@example.com".to_owned(), form.to_owned()]);
            let found = external_users::find_all(connection, workspace_id, &names).await.unwrap();
            let found: Vec<_> =
                found.into_iter().map(|user| user.and_then(|user| user.external_id)).collect();
            assert_eq!(found, [None, Some(external_id.clone())], "{form}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_replaces_the_slugs_that_paths_need() {
    on_both(async |fixture| {
        let longest = "1".repeat(63);
        for slug in ["1", "2026", "2026-2", "all", "find", "find-2", "users", "007", "1a", "finder", &longest]
        {
            let (slug, name) = (Slug::parse(slug).unwrap(), WorkspaceName::parse(slug).unwrap());
            let connection = &mut fixture.write().await;
            workspaces::create(connection, &fixture.origin, &slug, &name).await.unwrap();
        }
        fixture.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261129201500'").await;
        migrations::run(&fixture.database).await.unwrap();
        for (name, slug) in [
            ("1", "1-2"),
            ("2026-2", "2026-2"),
            ("all", "all-2"),
            ("find-2", "find-2"),
            ("users", "users-2"),
            ("007", "007-2"),
            ("1a", "1a"),
            ("finder", "finder"),
            ("Acme", "acme"),
        ] {
            let connection = &mut fixture.write().await;
            let workspace = workspaces::find_by_slug(connection, slug).await.unwrap().unwrap();
            assert_eq!(workspace.name.as_str(), name);
        }
        for (name, beginning) in [("2026", "2026-"), ("find", "find-"), (&*longest, &longest[..30])] {
            let connection = &mut fixture.write().await;
            let all = workspaces::list(connection, &Window::first(100)).await.unwrap().items;
            let workspace = all.into_iter().find(|workspace| workspace.name.as_str() == name).unwrap();
            let hex = workspace.id.as_uuid().simple().to_string();
            assert_eq!(workspace.slug.as_str(), format!("{}-{hex}", beginning.trim_end_matches('-')));
            assert_eq!(Slug::parse_new(workspace.slug.as_str()), Ok(workspace.slug));
        }
    })
    .await;
}
