//! Checks that the database is available, up to date, and complete.

use std::time::Duration;

use anyhow::anyhow;
use denizen_api::EncryptionKeys;
use denizen_domain::{ApiKey, Clock, Reach, Slug, Timestamp, Workspace};
use denizen_persistence::api_keys::{self, KeyFilter};
use denizen_persistence::server_secrets::signing_keys::{self, SigningKey};
use denizen_persistence::{Backend, Database, connected_accounts, introspection, migrations, workspaces};

use super::{Check, Finding, Status};
use crate::commands::encryption_keys::BATCH;
use crate::database::{connect_existing, require_current_schema};
use crate::listing::read_all;
use crate::output::{moment, named};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, EncryptionSettings};

/// Keys that expire within this time are listed.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Warn if the clocks of server and database differ by more than this.
const CLOCK_WARNING: Duration = Duration::from_secs(2);

/// Fail above this, since other servers' tokens come from the future.
const CLOCK_FAILURE: Duration = Duration::from_mins(1);

/// Checks the database. Skips the remaining checks without a connection or with another version's schema.
pub(super) async fn check(
    settings: &DatabaseSettings,
    encryption: &EncryptionSettings,
    clock: &dyn Clock,
) -> Vec<Check> {
    let database = match connect_existing(settings).await {
        Ok(database) => database,
        Err(error) => return vec![Check::new("database", Err(error))],
    };
    let schema = Check::new("schema", schema(&database).await);
    let is_current = schema.status == Status::Ok;
    let mut checks = vec![
        Check::new("database", description(&database, &settings.location()).await),
        schema,
        Check::new("clock", clocks(&database, clock).await),
    ];
    if is_current {
        checks.extend(workspaces_and_keys(&database, clock.now()).await);
        checks.push(Check::new("signing key", signing_key(&database).await));
        checks.push(Check::new("encryption key", encryption_key(&database, settings, encryption).await));
    }
    checks
}

async fn description(database: &Database, location: &str) -> anyhow::Result<Finding> {
    let connection = &mut database.read().await.map_err(reason)?;
    let version = introspection::version(connection).await.map_err(reason)?;
    let bytes = introspection::size(connection).await.map_err(reason)?;
    let name = match database.backend() {
        Backend::Postgres => "PostgreSQL",
        Backend::Sqlite => "SQLite",
    };
    let encryption = match (database.backend(), introspection::encryption(connection).await.map_err(reason)?)
    {
        (Backend::Sqlite, _) => String::new(),
        (Backend::Postgres, Some(tls)) => format!("; the connection is encrypted with {tls}"),
        (Backend::Postgres, None) => "; the connection is not encrypted".to_owned(),
    };
    let kibibytes = bytes / 1024;
    Ok(Finding::new(Status::Ok, format!("{name} {version} at {location} holds {kibibytes} KiB{encryption}")))
}

async fn schema(database: &Database) -> anyhow::Result<Finding> {
    require_current_schema(database).await?;
    let migrations = migrations::status(database).await.map_err(reason)?.len();
    Ok(Finding::new(Status::Ok, format!("all migrations are applied: {migrations}")))
}

async fn clocks(database: &Database, clock: &dyn Clock) -> anyhow::Result<Finding> {
    let connection = &mut database.read().await.map_err(reason)?;
    let before = clock.now();
    let theirs = introspection::time(connection).await.map_err(reason)?;
    let difference = distance(theirs, before, clock.now());
    let message =
        format!("the clocks of this machine and of the database differ by {} ms", difference.as_millis());
    Ok(Finding::new(drift(difference), message))
}

/// Returns how far a time lies outside an interval.
fn distance(moment: Timestamp, from: Timestamp, to: Timestamp) -> Duration {
    let [moment, from, to] = [moment, from, to].map(Timestamp::unix_microseconds);
    Duration::from_micros((from - moment).max(moment - to).max(0).unsigned_abs())
}

fn drift(difference: Duration) -> Status {
    if difference > CLOCK_FAILURE {
        Status::Failed
    } else if difference > CLOCK_WARNING {
        Status::Warning
    } else {
        Status::Ok
    }
}

async fn workspaces_and_keys(database: &Database, now: Timestamp) -> [Check; 2] {
    match keys_of_workspaces(database, now).await {
        Ok(keys) => [
            Check::new("workspaces", Ok(workspace_count(&keys))),
            Check::new("keys", Ok(keys_in_force(&keys))),
        ],
        Err(error) => {
            let error = format!("{error:#}");
            ["workspaces", "keys"].map(|name| Check::new(name, Err(anyhow!(error.clone()))))
        }
    }
}

/// The keys of one workspace.
struct WorkspaceKeys {
    slug: Slug,
    in_force: usize,
    /// Name and expiry of keys that expire soon.
    ending: Vec<(String, Timestamp)>,
}

async fn keys_of_workspaces(database: &Database, now: Timestamp) -> anyhow::Result<Vec<WorkspaceKeys>> {
    let connection = &mut database.read().await.map_err(reason)?;
    let all = read_all(async |window| workspaces::list(connection, window).await).await?;
    let mut keys_of_workspaces = Vec::with_capacity(all.len());
    for Workspace { id, slug, .. } in all {
        let any = KeyFilter::default();
        let keys = read_all(async |window| api_keys::list(connection, id, &any, window).await).await?;
        keys_of_workspaces.push(WorkspaceKeys::new(slug, &keys, now));
    }
    Ok(keys_of_workspaces)
}

impl WorkspaceKeys {
    fn new(slug: Slug, keys: &[ApiKey], now: Timestamp) -> Self {
        let in_force: Vec<&ApiKey> = keys.iter().filter(|key| key.is_in_force(now)).collect();
        let ends = in_force.iter().filter_map(|key| Some((key.name.clone(), key.expires_at?)));
        let ending = ends.filter(|(_, end)| *end <= now.plus(SOON)).collect();
        Self { slug, in_force: in_force.len(), ending }
    }
}

fn workspace_count(keys: &[WorkspaceKeys]) -> Finding {
    match keys {
        [] => Finding::new(
            Status::Warning,
            "there is no workspace yet; start the server or run `denizen workspaces create`",
        ),
        keys => {
            let slugs = named(keys.iter().map(|keys| keys.slug.to_string()));
            Finding::new(Status::Ok, format!("{}: {slugs}", counted(keys.len(), "workspace")))
        }
    }
}

fn keys_in_force(keys: &[WorkspaceKeys]) -> Finding {
    let in_force: usize = keys.iter().map(|keys| keys.in_force).sum();
    if in_force == 0 {
        let message = "there is no valid key, so nobody can call; run `denizen keys create`";
        return Finding::new(Status::Warning, message);
    }
    let counts = named(keys.iter().map(|keys| format!("{} in {}", keys.in_force, keys.slug)));
    let message = format!("{} in force: {counts}", counted(in_force, "key"));
    let ending = keys.iter().flat_map(|keys| keys.ending.iter().map(|(name, end)| (name, &keys.slug, *end)));
    let ending: Vec<_> =
        ending.map(|(name, slug, end)| format!("{name} of {slug} at {}", moment(Some(end)))).collect();
    if ending.is_empty() {
        return Finding::new(Status::Ok, message);
    }
    Finding::new(Status::Warning, format!("{message}; soon to end: {}", named(ending.into_iter())))
}

async fn signing_key(database: &Database) -> anyhow::Result<Finding> {
    let connection = &mut database.read().await.map_err(reason)?;
    let keys = signing_keys::list(connection).await.map_err(reason)?;
    let (Some(signing), Some(next)) =
        (keys.iter().find(|key| key.signs_from.is_some()), keys.iter().rfind(|key| key.signs_from.is_none()))
    else {
        let message = "there is none, or no next one yet; the server creates them at its start";
        return Ok(Finding::new(Status::Warning, message));
    };
    let kid = |key: &SigningKey| denizen_api::signing_key_id(&key.private_key).map_err(reason);
    let (kid, next, begin) = (kid(signing)?, kid(next)?, moment(signing.signs_from));
    let generation = signing.generation;
    let message = format!("{kid}, generation {generation}, signs from {begin}; the next one is {next}");
    Ok(Finding::new(Status::Ok, message))
}

/// Checks that the keys open all secrets.
async fn encryption_key(
    database: &Database,
    settings: &DatabaseSettings,
    encryption: &EncryptionSettings,
) -> anyhow::Result<Finding> {
    let keys = encryption.read(settings)?.map(|text| EncryptionKeys::parse(&text)).transpose();
    let keys = keys.map_err(reason)?;
    let connection = &mut database.read().await.map_err(reason)?;
    let all = read_all(async |window| workspaces::list(connection, window).await).await?;
    let [mut all_sealed, mut known, mut current] = [0; 3];
    let mut count = |sealed: &[u8]| {
        let is = |test: fn(&EncryptionKeys, &[u8]) -> bool| {
            usize::from(keys.as_ref().is_some_and(|keys| test(keys, sealed)))
        };
        all_sealed += 1;
        known += is(EncryptionKeys::have_sealed);
        current += is(EncryptionKeys::first_has_sealed);
    };
    for Workspace { id, .. } in all {
        let found = workspaces::find_key(connection, Reach::Everywhere, id).await;
        found.map_err(reason)?.flatten().iter().for_each(|sealed| count(sealed));
        let mut last = None;
        loop {
            let batch = connected_accounts::sealed_after(connection, id, last.as_ref(), BATCH).await;
            let batch = batch.map_err(reason)?;
            let Some(end) = batch.last() else { break };
            last = Some(end.clone());
            for secret in &batch {
                count(secret.sealed());
            }
        }
    }
    Ok(sealed_secrets(keys.is_some(), all_sealed, known, current))
}

/// Judges how many secrets there are, how many the keys open, and how many the first key has sealed.
fn sealed_secrets(has_keys: bool, all: usize, known: usize, current: usize) -> Finding {
    let secrets = counted(all, "secret");
    if known < all {
        let lost = all - known;
        let message = format!("{lost} of {secrets} cannot be decrypted; set the key file that was used");
        Finding::new(Status::Failed, message)
    } else if current < all {
        let message = format!("an old key encrypts some of {secrets}; run `denizen encryption-keys reseal`");
        Finding::new(Status::Warning, message)
    } else if has_keys {
        Finding::new(Status::Ok, format!("it decrypts {secrets}"))
    } else {
        Finding::new(
            Status::Ok,
            "there is none; set --encryption-key-file to keep keys of workspaces and to connect accounts",
        )
    }
}

fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use denizen_domain::{ApiKeyId, IdSource as _, PublicKey, ScopeSet, SequentialIds, WorkspaceId};

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn now() -> Timestamp {
        Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap()
    }

    fn key(name: &str, life: Option<Duration>, revoked: bool) -> ApiKey {
        let ids = SequentialIds::default();
        ApiKey {
            id: ApiKeyId::from_uuid(ids.uuid()),
            workspace_id: WorkspaceId::from_uuid(ids.uuid()),
            name: name.to_owned(),
            public_key: PublicKey::generate(&ids),
            scopes: ScopeSet::default(),
            expires_at: life.map(|life| now().plus(life)),
            last_used_at: None,
            last_used_address: None,
            revoked_at: revoked.then(now),
            old_secrets_end_at: None,
            created_at: now(),
            updated_at: now(),
        }
    }

    fn of(slug: &str, keys: &[ApiKey]) -> WorkspaceKeys {
        WorkspaceKeys::new(Slug::parse(slug).unwrap(), keys, now())
    }

    #[test]
    fn names_keys_that_expire_within_2_weeks() {
        let keys = [
            key("old", Some(Duration::ZERO), false),
            key("ci", Some(DAY), false),
            key("app", Some(15 * DAY), false),
        ];
        assert_eq!(
            keys_in_force(&[of("acme", &keys), of("empty", &[])]),
            Finding::new(
                Status::Warning,
                "2 keys in force: 2 in acme, 0 in empty; soon to end: ci of acme at 2023-11-15T22:13:20Z"
            )
        );
    }

    #[test]
    fn warns_without_an_active_key() {
        assert_eq!(keys_in_force(&[of("acme", &[key("ci", None, true)])]).status, Status::Warning);
        assert_eq!(keys_in_force(&[of("acme", &[key("ci", None, false)])]).status, Status::Ok);
        assert_eq!(workspace_count(&[]).status, Status::Warning);
    }

    #[test]
    fn secrets_need_the_key_that_sealed_them() {
        for ((has_keys, all, known, current), status) in [
            ((false, 0, 0, 0), Status::Ok),
            ((true, 0, 0, 0), Status::Ok),
            ((true, 3, 3, 3), Status::Ok),
            ((true, 3, 3, 1), Status::Warning),
            ((true, 3, 2, 2), Status::Failed),
            ((false, 3, 0, 0), Status::Failed),
        ] {
            assert_eq!(
                sealed_secrets(has_keys, all, known, current).status,
                status,
                "{all} {known} {current}"
            );
        }
    }

    #[test]
    fn shortens_long_lists() {
        let slugs = (0..12).map(|number| of(&format!("w{number}"), &[])).collect::<Vec<_>>();
        assert_eq!(
            workspace_count(&slugs).message,
            "12 workspaces: w0, w1, w2, w3, w4, w5, w6, w7, w8, w9 and 2 more"
        );
    }

    #[test]
    fn clock_drift_excludes_the_query_time() {
        let at = |seconds: u64| now().plus(Duration::from_secs(seconds));
        for (theirs, seconds) in [(at(10), 0), (at(12), 0), (at(20), 8), (at(7), 3)] {
            assert_eq!(distance(theirs, at(10), at(12)), Duration::from_secs(seconds));
        }
        for (seconds, status) in [
            (0, Status::Ok),
            (2, Status::Ok),
            (3, Status::Warning),
            (60, Status::Warning),
            (61, Status::Failed),
        ] {
            assert_eq!(drift(Duration::from_secs(seconds)), status, "{seconds}");
        }
    }
}
