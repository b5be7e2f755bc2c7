//! State shared by all handlers.
//!
//! It contains parts of `access` and `guards`. Code in those modules takes only the parts that it needs, never the
//! whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRef;
use denizen_domain::{CursorSeal, Error, Result, Source};
use denizen_persistence::server_secrets::{self, Purpose};
use denizen_persistence::{Cache, Database};

use crate::access::encryption::EncryptionKeys;
use crate::access::key_usage::KeyUsage;
use crate::access::passwords::Passwords;
use crate::access::tokens::Tokens;
use crate::access::{Access, AccessParts};
use crate::connections::Connections;
use crate::feeds::Feeds;
use crate::guards::admission::Admission;
use crate::guards::rate_limits::RateLimits;
use crate::jobs::{JobPerformers, Jobs};
use crate::options::AppOptions;
use crate::sweep::Sweep;
use crate::webhooks::Webhooks;
use crate::wire::body::BodyLimits;
use crate::workflows::Workflows;

/// State of all handlers. Clones share it.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

struct Parts {
    admission: Admission,
    cursors: CursorSeal,
    feeds: Feeds,
    webhooks: Webhooks,
    connections: Connections,
    workflows: Workflows,
    jobs: Jobs,
    sweep: Sweep,
    is_ready: AtomicBool,
    has_outage: AtomicBool,
}

impl AppState {
    /// Reads the server's secrets from a migrated database. Creates them on the first start.
    pub(crate) async fn load(database: Database, source: Source, options: AppOptions) -> Result<Self> {
        let tokens = Tokens::load(&database, &source, &options).await?;
        let cursors = server_secret(&database, &source, Purpose::Cursors).await?;
        let issued_tokens_secret = server_secret(&database, &source, Purpose::IssuedTokens).await?;
        let feeds = Feeds::new(database.clone(), source.clone());
        let webhooks_secret = server_secret(&database, &source, Purpose::Webhooks).await?;
        let webhooks = Webhooks::new(database.clone(), source.clone(), webhooks_secret, &options)?;
        let encryption_keys = options.encryption_keys.as_ref().map(EncryptionKeys::parse).transpose()?;
        let encryption_keys = encryption_keys.map(Arc::new);
        let connections =
            Connections::new(database.clone(), source.clone(), encryption_keys.clone(), &options)?;
        let workflows = Workflows::new(database.clone(), source.clone(), connections.clone(), &options)?;
        let jobs = Jobs::new(
            database.clone(),
            source.clone(),
            JobPerformers {
                webhooks: webhooks.clone(),
                workflows: workflows.clone(),
                connections: connections.clone(),
            },
        );
        let sweep = Sweep::new(database.clone(), source.clone(), options.clone());
        let rate_limits = Arc::new(RateLimits::new(options.request_limits, Arc::clone(&source.clock)));
        let passwords = Passwords::new(options.password_hashing_threads);
        let key_usage = KeyUsage::default();
        let cache = Cache::new(database.clone(), options.cache_size);
        let access = Access::new(AccessParts {
            database,
            cache,
            source,
            options,
            tokens,
            encryption_keys,
            passwords,
            key_usage,
            issued_tokens_secret,
        });
        let (is_ready, has_outage) = (AtomicBool::new(false), AtomicBool::new(false));
        let (admission, cursors) = (Admission { access, rate_limits }, CursorSeal::new(&cursors));
        Ok(Self(Arc::new(Parts {
            admission,
            cursors,
            feeds,
            webhooks,
            connections,
            workflows,
            jobs,
            sweep,
            is_ready,
            has_outage,
        })))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.access().database
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.access().cache
    }

    pub(crate) fn source(&self) -> &Source {
        &self.access().source
    }

    pub(crate) fn options(&self) -> &AppOptions {
        &self.access().options
    }

    /// Parts that identify callers.
    pub(crate) fn access(&self) -> &Access {
        &self.0.admission.access
    }

    /// Parts that admit requests.
    pub(crate) fn admission(&self) -> &Admission {
        &self.0.admission
    }

    /// Seals the cursors of lists.
    pub(crate) fn cursors(&self) -> &CursorSeal {
        &self.0.cursors
    }

    /// The feeds of events.
    pub(crate) fn feeds(&self) -> &Feeds {
        &self.0.feeds
    }

    /// Sends events to endpoints.
    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.0.webhooks
    }

    /// Connects external users' accounts with other systems.
    pub(crate) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// Runs workflows.
    pub(crate) fn workflows(&self) -> &Workflows {
        &self.0.workflows
    }

    /// Work that outlives a request.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// Removes expired data.
    pub(crate) fn sweep(&self) -> &Sweep {
        &self.0.sweep
    }

    /// Whether the server is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.is_ready.load(Ordering::SeqCst)
    }

    /// Sets what [`is_ready`](Self::is_ready) returns. Once it is not, nobody waits for events any more, and no job
    /// is begun.
    pub(crate) fn set_ready(&self, is_ready: bool) {
        self.0.is_ready.store(is_ready, Ordering::SeqCst);
        self.0.feeds.set_open(is_ready);
        self.0.jobs.set_open(is_ready);
    }

    /// Whether a request failed because of an outage, and nothing has been written for readiness since.
    pub(crate) fn has_outage(&self) -> bool {
        self.0.has_outage.load(Ordering::SeqCst)
    }

    /// Sets what [`has_outage`](Self::has_outage) returns.
    pub(crate) fn set_outage(&self, has_outage: bool) {
        self.0.has_outage.store(has_outage, Ordering::SeqCst);
    }
}

impl FromRef<AppState> for Admission {
    fn from_ref(state: &AppState) -> Self {
        state.admission().clone()
    }
}

impl FromRef<AppState> for BodyLimits {
    fn from_ref(state: &AppState) -> Self {
        state.options().body_limits()
    }
}

/// 32 random bytes shared by all servers on the database.
async fn server_secret(database: &Database, source: &Source, purpose: Purpose) -> Result<[u8; 32]> {
    let connection = &mut database.write().await?;
    let make = || Ok(source.ids.random_bytes().to_vec());
    let secret = server_secrets::find_or_create(connection, source, purpose, make).await?;
    let broken = |_| Error::Internal(format!("the secret for {purpose:?} does not have 32 bytes"));
    secret.try_into().map_err(broken)
}
