//! What all handlers share.

mod sweep;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use denizen_domain::{CursorSeal, DEFAULT_MINIMUM_PASSWORD_LENGTH, Error, Result, Source};
use denizen_persistence::Database;
use denizen_persistence::log_in_failures::FailureLimits;
use denizen_persistence::server_secrets::{self, Purpose};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::key_usage::KeyUsage;
use crate::passwords::Passwords;
use crate::rate_limits::{RateLimits, RequestLimits};
use crate::tokens::Tokens;
use crate::{operations, router};

/// How often last uses are written and signing keys read again.
const UPKEEP: Duration = Duration::from_secs(30);

/// How the application behaves.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// Where clients reach the server, such as `https://directory.example.com`. Without it, answers name the host that
    /// the request names.
    pub public_url: Option<String>,
    /// How long a request may take before it is answered with 503.
    pub request_timeout: Duration,
    /// The most bytes of a request's body.
    pub max_body_size: usize,
    /// The origins that browsers may call from; `*` is any.
    pub cors_origins: Vec<String>,
    /// How long an access token counts.
    pub access_token_lifetime: Duration,
    /// How long the token of a log-in counts after it was last used.
    pub login_token_lifetime: Duration,
    /// How long it does where somebody wants to be remembered, and how long the cookie is kept then.
    pub login_cookie_lifetime: Duration,
    /// The fewest characters of a new password.
    pub minimum_password_length: usize,
    /// How many log-ins may fail before further ones are refused for a while.
    pub login_failures: FailureLimits,
    /// How many requests a second there may be.
    pub request_limits: RequestLimits,
    /// The most passwords that are hashed at the same time: each keeps a processor core busy for tens of milliseconds.
    pub password_hashing_threads: usize,
    /// How long a deleted external user can be brought back.
    pub restore_period: Duration,
    /// How long the audit log is kept; `None` is for ever.
    pub audit_retention: Option<Duration>,
    /// The networks of proxies whose `X-Forwarded-For` says where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// The private Ed25519 key that signs access tokens, as PKCS #8 in PEM. Without it, the database keeps one.
    pub signing_key: Option<SecretString>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            request_timeout: Duration::from_secs(30),
            max_body_size: 1024 * 1024,
            cors_origins: Vec::new(),
            access_token_lifetime: Duration::from_hours(1),
            login_token_lifetime: Duration::from_hours(3),
            login_cookie_lifetime: Duration::from_hours(30 * 24),
            minimum_password_length: DEFAULT_MINIMUM_PASSWORD_LENGTH,
            login_failures: FailureLimits {
                per_username: 10,
                per_address: 50,
                window: Duration::from_mins(15),
            },
            request_limits: RequestLimits { per_caller: 1_000, per_address: 100 },
            password_hashing_threads: default_password_hashing_threads(),
            restore_period: Duration::from_hours(30 * 24),
            audit_retention: Some(Duration::from_hours(365 * 24)),
            trusted_proxies: Vec::new(),
            signing_key: None,
        }
    }
}

/// Half of the processor's cores, so that the others go on answering while people log in; at least one.
pub fn default_password_hashing_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// The application. Cloning shares it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    database: Database,
    source: Source,
    options: AppOptions,
    tokens: Tokens,
    cursors: CursorSeal,
    key_usage: KeyUsage,
    rate_limits: RateLimits,
    passwords: Passwords,
    issued_tokens: [u8; 32],
    metrics: PrometheusHandle,
    ready: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({:?})", self.0.database)
    }
}

impl App {
    /// Builds the application on a migrated database: reads the server's secrets, and makes them on the first start.
    /// It is not ready until [`set_ready`](Self::set_ready) says so.
    pub async fn start(database: Database, source: Source, options: AppOptions) -> Result<Self> {
        let tokens = Tokens::load(&database, &source, options.signing_key.as_ref()).await?;
        let cursors = server_secret(&database, &source, Purpose::Cursors).await?;
        let issued_tokens = server_secret(&database, &source, Purpose::IssuedTokens).await?;
        let rate_limits = RateLimits::new(options.request_limits, Arc::clone(&source.clock));
        let passwords = Passwords::new(options.password_hashing_threads);
        Ok(Self(Arc::new(Inner {
            database,
            source,
            options,
            tokens,
            cursors: CursorSeal::new(&cursors),
            key_usage: KeyUsage::default(),
            rate_limits,
            passwords,
            issued_tokens,
            metrics: operations::metrics_recorder(),
            ready: AtomicBool::new(false),
        })))
    }

    /// All routes, with everything around them.
    pub fn router(&self) -> Router {
        router::with_layers(self)
    }

    /// What `/health/ready` answers.
    pub fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::SeqCst);
    }

    /// Keeps things up every half minute: writes when keys were last used, notices signing keys that another server made,
    /// and removes what has ended. Ends once `stop` does, if need be in the middle of removing, which goes on with the next
    /// start; what is about to be written is.
    pub async fn run_background(self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let mut upkeep = interval_at(Instant::now() + UPKEEP, UPKEEP);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = upkeep.tick() => {}
            }
            self.flush().await;
            if let Err(error) = self.0.tokens.reload(&self.0.database).await {
                tracing::warn!(cause = error.context(), "signing keys cannot be read");
            }
            self.0.metrics.run_upkeep();
            self.0.rate_limits.forget_idle();
            tokio::select! {
                () = &mut stop => return,
                () = self.sweep() => {}
            }
        }
    }

    /// Writes what is kept in memory. To be called once when the last request is answered.
    pub async fn flush(&self) {
        if let Err(error) = self.0.key_usage.flush(&self.0.database).await {
            tracing::warn!(cause = error.context(), "the last use of keys cannot be written");
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn source(&self) -> &Source {
        &self.0.source
    }

    pub(crate) fn options(&self) -> &AppOptions {
        &self.0.options
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn cursors(&self) -> &CursorSeal {
        &self.0.cursors
    }

    pub(crate) fn key_usage(&self) -> &KeyUsage {
        &self.0.key_usage
    }

    pub(crate) fn rate_limits(&self) -> &RateLimits {
        &self.0.rate_limits
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// What the tokens that are issued for accounts are derived with.
    pub(crate) fn issued_tokens_secret(&self) -> &[u8; 32] {
        &self.0.issued_tokens
    }

    pub(crate) fn metrics(&self) -> &PrometheusHandle {
        &self.0.metrics
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::SeqCst)
    }

    /// What tokens name as their issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.0.options.public_url.as_deref().unwrap_or("denizen")
    }
}

/// 32 random bytes that all servers on the database share.
async fn server_secret(database: &Database, source: &Source, purpose: Purpose) -> Result<[u8; 32]> {
    let connection = &mut database.write().await?;
    let make = || Ok(source.ids.random_bytes().to_vec());
    let secret = server_secrets::find_or_create(connection, source, purpose, make).await?;
    let broken = |_| Error::Internal(format!("the secret for {purpose:?} does not have 32 bytes"));
    secret.bytes.try_into().map_err(broken)
}
