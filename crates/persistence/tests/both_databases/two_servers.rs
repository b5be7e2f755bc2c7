//! Two servers on one database, which read and write the same users at the same time.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use denizen_domain::{
    AccessChange, DisplayName, ExternalId, ExternalUserChanges, ExternalUserId, IdSource as _, Identifier,
    Origin, Patch, RandomIds, Timestamp, WorkspaceId,
};
use denizen_persistence::{Cache, Database, ExternalUserName, MAXIMUM_AGE, channels, external_users};
use futures_util::future::try_join_all;

use crate::{Fixture, on_both};

/// How long the servers are driven.
const DURATION: Duration = Duration::from_secs(4);

/// The users. Few, so that reads and writes meet.
const USERS: usize = 4;

/// One of the two servers.
struct Server {
    database: Database,
    cache: Cache,
}

/// A user, and the writes that were answered: which server made each, when, and the version that it left.
struct User {
    id: ExternalUserId,
    external_id: String,
    identifier: String,
    writes: Mutex<Vec<Write>>,
}

#[derive(Clone, Copy)]
struct Write {
    server: usize,
    answered: Instant,
    version: i64,
}

impl User {
    async fn create(fixture: &Fixture, number: usize) -> Self {
        let (external_id, identifier) = (format!("External-{number}"), format!("name-{number}"));
        let changes = ExternalUserChanges {
            external_id: Patch::Value(ExternalId::parse(&external_id).unwrap()),
            identifier: Patch::Value(Identifier::parse(&identifier).unwrap()),
            ..ExternalUserChanges::default()
        };
        let (connection, workspace_id) = (&mut fixture.write().await, fixture.workspace_id);
        let channel = channels::find_default(connection, workspace_id).await.unwrap().id;
        let user = external_users::create(connection, &fixture.origin, workspace_id, channel, &changes).await;
        Self { id: user.unwrap().id, external_id, identifier, writes: Mutex::default() }
    }

    /// Returns one of the names by which the user is found.
    fn any_name(&self) -> ExternalUserName {
        match any(3) {
            0 => ExternalUserName::Id(self.id),
            1 => ExternalUserName::ExternalId(self.external_id.clone()),
            _ => ExternalUserName::Username(format!(" {} ", self.identifier.to_uppercase())),
        }
    }

    /// Returns the oldest version that a server may answer with at this moment.
    fn oldest_allowed(&self, server: usize, now: Instant) -> i64 {
        let writes = self.writes.lock().unwrap();
        let is_known =
            |write: &&Write| write.server == server || now.duration_since(write.answered) > MAXIMUM_AGE;
        writes.iter().filter(is_known).map(|write| write.version).max().unwrap_or_default()
    }
}

/// A random number below a limit.
fn any(limit: u64) -> u64 {
    RandomIds.uuid().as_u64_pair().1 % limit
}

/// Two servers and their users.
struct Scene {
    origin: Origin,
    workspace_id: WorkspaceId,
    servers: [Server; 2],
    users: Vec<User>,
    end: Instant,
}

impl Scene {
    async fn new(fixture: &Fixture) -> Self {
        let databases = [fixture.database.clone(), fixture.another().await];
        let mut users = Vec::new();
        for number in 0..USERS {
            users.push(User::create(fixture, number).await);
        }
        Self {
            origin: fixture.origin.clone(),
            workspace_id: fixture.workspace_id,
            servers: databases
                .map(|database| Server { cache: Cache::new(database.clone(), 1 << 20), database }),
            users,
            end: Instant::now() + DURATION,
        }
    }

    fn any_user(&self) -> &User {
        &self.users[usize::try_from(any(USERS as u64)).unwrap()]
    }

    /// Writes users on a server, one after the other, and returns how many.
    async fn write(self: Arc<Self>, server: usize) -> usize {
        let mut count = 0;
        while Instant::now() < self.end {
            let user = self.any_user();
            let changes = match any(3) {
                0 => ExternalUserChanges { access: Some(AccessChange::Block), ..Default::default() },
                1 => ExternalUserChanges { access: Some(AccessChange::Unblock), ..Default::default() },
                _ => {
                    let name = DisplayName::parse(&RandomIds.uuid().to_string()).unwrap();
                    ExternalUserChanges { display_name: Patch::Value(name), ..Default::default() }
                }
            };
            let connection = &mut self.servers[server].database.write().await.unwrap();
            let (origin, workspace_id) = (&self.origin, self.workspace_id);
            let changes_of = |_: &_| Ok(changes.clone());
            let changed = external_users::change(connection, origin, workspace_id, user.id, changes_of).await;
            let version = changed.unwrap().unwrap().version.as_i64();
            user.writes.lock().unwrap().push(Write { server, answered: Instant::now(), version });
            count += 1;
        }
        count
    }

    /// Reads users from a server's memory, asserts that no answer is older than allowed, and returns how many.
    async fn read(self: Arc<Self>, server: usize) -> usize {
        let mut count = 0;
        while Instant::now() < self.end {
            let user = self.any_user();
            let oldest = user.oldest_allowed(server, Instant::now());
            let found = self.servers[server].cache.external_user(self.workspace_id, user.any_name()).await;
            let version = found.unwrap().unwrap().version.as_i64();
            assert!(
                version >= oldest,
                "server {server} answers version {version}, although it knows {oldest}"
            );
            count += 1;
        }
        count
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn no_answer_is_older_than_the_last_known_write() {
    on_both(async |fixture| {
        let scene = Arc::new(Scene::new(fixture).await);
        let writers = [0, 1].map(|server| tokio::spawn(Arc::clone(&scene).write(server)));
        let readers = [0, 0, 1, 1].map(|server| tokio::spawn(Arc::clone(&scene).read(server)));
        let (writes, reads) = (try_join_all(writers).await.unwrap(), try_join_all(readers).await.unwrap());
        println!("{:?}: {writes:?} writes, {reads:?} reads", fixture.database);
        assert!(writes.iter().chain(&reads).all(|count| *count > 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_finds_its_user_when_it_changes_hands() {
    on_both(async |fixture| {
        let (cache, origin, workspace_id) = (fixture.cache(), &fixture.origin, fixture.workspace_id);
        let connection = &mut fixture.write().await;
        let first = channels::find_default(connection, workspace_id).await.unwrap().id;
        let changes = denizen_domain::ChannelChanges { name: Some("Other".to_owned()), ..Default::default() };
        let other = channels::create(connection, origin, workspace_id, changes).await.unwrap().id;
        let named = |name: &str| ExternalUserChanges {
            external_id: Patch::Value(ExternalId::parse(name).unwrap()),
            ..ExternalUserChanges::default()
        };
        let name = || ExternalUserName::ExternalId("u-1".to_owned());
        let found = async || cache.external_user(workspace_id, name()).await.unwrap().map(|user| user.id);
        assert_eq!(found().await, None);

        let in_other = external_users::create(connection, origin, workspace_id, other, &named("u-1")).await;
        let in_other = in_other.unwrap().id;
        assert_eq!(found().await, Some(in_other), "what does not exist is not kept");

        let in_first = external_users::create(connection, origin, workspace_id, first, &named("u-1")).await;
        let in_first = in_first.unwrap().id;
        assert_eq!(found().await, Some(in_first), "the default channel comes first");

        let rename = |_: &_| Ok(named("u-2"));
        external_users::change(connection, origin, workspace_id, in_first, rename).await.unwrap();
        assert_eq!(found().await, Some(in_other), "the name has passed to the other");

        let rename_back = |_: &_| Ok(named("u-1"));
        external_users::change(connection, origin, workspace_id, in_first, rename_back).await.unwrap();
        assert_eq!(found().await, Some(in_first), "the name is back");

        external_users::delete(connection, origin, workspace_id, in_first, |_| Ok(())).await.unwrap();
        assert_eq!(found().await, Some(in_other), "the first is deleted");

        let long_ago = Timestamp::from_unix_microseconds(0).unwrap();
        external_users::restore(connection, origin, workspace_id, in_first, long_ago).await.unwrap();
        assert_eq!(found().await, Some(in_first), "the first is restored");
    })
    .await;
}
