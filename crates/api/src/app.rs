//! What all handlers share.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use denizen_domain::{CursorSeal, Error, Result, Source};
use denizen_persistence::Database;
use denizen_persistence::server_secrets::{self, Purpose};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;

use crate::key_usage::KeyUsage;
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
            signing_key: None,
        }
    }
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
        let cursors = cursor_seal(&database, &source).await?;
        Ok(Self(Arc::new(Inner {
            database,
            source,
            options,
            tokens,
            cursors,
            key_usage: KeyUsage::default(),
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

    /// Keeps things up every half minute: writes when keys were last used, and notices signing keys that another server
    /// made. Ends between two rounds once `stop` does.
    pub async fn run_background(self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(UPKEEP) => {}
            }
            self.flush().await;
            if let Err(error) = self.0.tokens.reload(&self.0.database).await {
                tracing::warn!(cause = error.context(), "signing keys cannot be read");
            }
            self.0.metrics.run_upkeep();
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

async fn cursor_seal(database: &Database, source: &Source) -> Result<CursorSeal> {
    let connection = &mut database.write().await?;
    let make = || Ok(source.ids.random_bytes().to_vec());
    let secret = server_secrets::find_or_create(connection, source, Purpose::Cursors, make).await?;
    let bytes =
        secret.bytes.try_into().map_err(|_| Error::Internal("the secret of cursors is broken".to_owned()))?;
    Ok(CursorSeal::new(&bytes))
}
