//! Starts a server from settings, and stops it without cutting requests.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use denizen_api::{App, AppOptions, allow_origins};
use denizen_domain::{Origin, Source};
use denizen_persistence::Database;
use denizen_persistence::bootstrap::{self, FirstStart};
use tokio::sync::{SetOnce, oneshot};
use tokio::task::JoinHandle;

use crate::database;
use crate::encryption_key;
use crate::first_start::{Secrets, SecretsFile};
use crate::listener::{Answers, Limits, Listener, Listening};
use crate::reason::reason;
use crate::settings::values::joined;
use crate::settings::{DatabaseSettings, ServeSettings};
use crate::unavailable::Unavailable;

/// A running server. Dropping it cuts requests; [`RunningServer::stop`] does not.
pub struct RunningServer {
    /// The address it listens on, with the real port.
    pub address: SocketAddr,
    /// What was created in an empty database, with the first key's secret and the administrator's password, which are
    /// shown only once. Else `None`.
    pub first_start: Option<FirstStart>,
    app: App,
    listening: Listening,
    background: BackgroundTask,
    drain_timeout: Duration,
}

impl RunningServer {
    /// Binds the port, opens the database, updates its schema, and starts to respond.
    ///
    /// The port comes first: a port in use must not cost the first key's secret, which is shown once. Until the rest is
    /// done, the server is alive but not ready, and requests wait.
    ///
    /// Fails with one sentence for the operator if the port, the folder or the database is not available, if the
    /// schema is from a newer version, or if the file for the secrets of a first start exists already.
    pub async fn start(
        database: &DatabaseSettings,
        serve: &ServeSettings,
        source: Source,
    ) -> anyhow::Result<Self> {
        let options = app_options(serve)?;
        serve.encryption.read(database)?;
        let listener = Listener::bind(serve.listen).await?;
        let address = listener.address();
        let application = Arc::new(SetOnce::new());
        let unavailable = Unavailable { ids: Arc::clone(&source.ids), public_url: serve.public_url.clone() };
        // Pages must be able to read these answers, too.
        let until_then = unavailable.until(Arc::clone(&application), serve.request_timeout);
        let until_then = allow_origins(until_then, &options.cors_origins);
        let refusal = allow_origins(unavailable.refusal(), &options.cors_origins);
        let answers = Answers { application: Arc::clone(&application), until_then };
        let listening = listener.start(answers, refusal, limits(serve));

        let (app, first_start) = start_app(database, serve, source, options, &base_of(address)).await?;
        application.set(app.router()).map_err(|_| anyhow!("the application was started twice"))?;
        app.set_ready(true);
        let background = BackgroundTask::start(app.clone());
        Ok(Self { address, first_start, app, listening, background, drain_timeout: serve.drain_timeout })
    }

    /// Returns its URL for clients on this machine.
    pub fn base(&self) -> String {
        base_of(self.address)
    }

    /// Stops the server: it reports not ready, answers all accepted requests and writes buffered data.
    ///
    /// Takes at most the drain time-out plus one statement, or the 15 seconds of a webhook that is being sent. Requests that are
    /// unanswered by then are cut.
    pub async fn stop(self) {
        let Self { app, listening, background, drain_timeout, .. } = self;
        app.set_ready(false);
        if !listening.drain(drain_timeout).await {
            tracing::warn!(?drain_timeout, "requests exceeded the drain time-out and were cut");
        }
        background.finish().await;
        app.flush().await;
    }
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RunningServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The application's background work. It stops between two rounds, even when its owner is dropped, since cutting it
/// would lose buffered writes. Pending removals wait for the next start.
struct BackgroundTask {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl BackgroundTask {
    fn start(app: App) -> Self {
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { _ = stopped.await };
        Self { stop, task: tokio::spawn(app.run_background(stopped)) }
    }

    /// Waits until the current write is done.
    async fn finish(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the background work ended early");
        }
    }
}

async fn start_app(
    settings: &DatabaseSettings,
    serve: &ServeSettings,
    source: Source,
    mut options: AppOptions,
    base: &str,
) -> anyhow::Result<(App, Option<FirstStart>)> {
    let database = database::connect_within(settings, serve.database_wait).await?;
    options.encryption_keys = encryption_key::find_or_create(&serve.encryption, settings)?;
    if serve.migrate {
        database::migrate(&database).await?;
    } else {
        database::require_current_schema(&database).await?;
    }
    let app = App::start(database.clone(), source.clone(), options).await.map_err(reason);
    let app = app.context("cannot start the application")?;
    // Comes last: nothing may fail once there is a secret to show.
    Ok((app, first_start(&database, serve, source, base).await?))
}

/// Creates what an empty directory needs. If a file for its secrets is named, it comes before them and gets them.
async fn first_start(
    database: &Database,
    serve: &ServeSettings,
    source: Source,
    base: &str,
) -> anyhow::Result<Option<FirstStart>> {
    let cannot_create = "cannot create the initial data of the directory";
    if !bootstrap::is_first_start(database).await.map_err(reason).context(cannot_create)? {
        return Ok(None);
    }
    let file = serve.first_start_file.as_deref().map(SecretsFile::create).transpose()?;
    let made = bootstrap::first_start(database, &Origin::server(source), &serve.log_in.admin_email).await;
    let made = made.map_err(reason).context(cannot_create);
    let first_start = match made {
        Ok(first_start) if !first_start.is_empty() => first_start,
        nothing => {
            file.map_or(Ok(()), SecretsFile::remove)?;
            return nothing.map(|_| None);
        }
    };
    file.map_or(Ok(()), |file| file.write(&Secrets { first_start: &first_start, base }))?;
    Ok(Some(first_start))
}

fn base_of(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

/// Returns an address that clients can use: the loopback address if the server listens on all addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn app_options(serve: &ServeSettings) -> anyhow::Result<AppOptions> {
    Ok(AppOptions {
        public_url: serve.public_url.clone(),
        token_issuer: serve.token_issuer.clone(),
        request_timeout: serve.request_timeout,
        max_body_size: serve.max_body_size,
        cache_size: serve.cache_size as u64,
        cors_origins: joined(&serve.cors_origin),
        access_token_lifetime: serve.access_tokens.access_token_lifetime,
        login_token_lifetime: serve.log_in.login_token_lifetime,
        login_cookie_lifetime: serve.log_in.login_cookie_lifetime,
        minimum_password_length: serve.log_in.password.min_password_length,
        login_failures: serve.log_in.failure_limits(),
        request_limits: serve.rate_limits.limits(),
        password_hashing_threads: serve.log_in.hashing_threads(),
        restore_period: serve.restore_period,
        audit_retention: serve.audit_retention.0,
        event_retention: serve.event_retention.0,
        authentication_events: serve.authentication_events,
        trusted_proxies: joined(&serve.trusted_proxy),
        workflow_limits: serve.workflows.limits(),
        webhook_allowed_networks: joined(&serve.webhook_allow_network),
        signing_key: serve.signing_key.read()?,
        encryption_keys: None,
    })
}

fn limits(serve: &ServeSettings) -> Limits {
    Limits {
        connections: serve.max_connections,
        header_timeout: serve.header_timeout,
        request_timeout: serve.request_timeout,
    }
}
