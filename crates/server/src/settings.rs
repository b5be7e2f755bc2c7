//! Settings, each a flag, an environment variable `DENIZEN_…` and a key of the configuration file, in this order.
//!
//! Each setting is declared once, as a field below, which defines its flag, variable, key and help. [`sources`] feeds
//! the file and the environment to the parser of the command line.
//!
//! # Adding a setting
//! 1. Add the field with its help (what it is, its unit) and `env`; the key of the file is the field's name.
//! 2. Use a parser from [`values`], so that values have the same syntax everywhere.

pub(crate) mod log_filter;
mod misspelling;
pub(crate) mod sources;
pub(crate) mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{ArgAction, Args, ValueEnum};
use denizen_api::{
    CorsOrigin, EncryptionKeys, FailureLimits, IpNet, RequestLimits, default_password_hashing_threads,
};
use denizen_domain::{DEFAULT_MINIMUM_PASSWORD_LENGTH, Username, WorkflowLimits};
use denizen_persistence::{DatabaseOptions, SqliteSynchronous, database_location, sqlite_file, sqlite_url};
use secrecy::{ExposeSecret as _, SecretString};

use self::values::List;
use crate::reason::reason;

/// Database settings, used by all commands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Folder of the embedded database; created if missing
    #[arg(long, env = "DENIZEN_DATA_DIR", value_name = "FOLDER", default_value = "./denizen-data")]
    pub data_dir: PathBuf,

    /// Database to use: `postgres://user:password@host/name` or `sqlite://FILE` [default: denizen.db in the data folder]
    #[arg(long, env = "DENIZEN_DATABASE_URL", value_name = "URL", value_parser = values::secret)]
    #[arg(hide_env_values = true, hide_default_value = true)]
    pub database_url: Option<SecretString>,

    /// File with the URL of the database, in place of `--database-url`
    #[arg(long, env = "DENIZEN_DATABASE_URL_FILE", value_name = "FILE", value_parser = values::secret_file)]
    pub database_url_file: Option<SecretString>,

    /// Maximum connections on PostgreSQL, readers on SQLite [default: 4 for each processor core, or 4 readers]
    #[arg(long, env = "DENIZEN_DATABASE_CONNECTIONS", value_name = "NUMBER")]
    #[arg(value_parser = values::positive::<usize>)]
    pub database_connections: Option<usize>,

    /// Maximum time of a statement on PostgreSQL
    #[arg(long, env = "DENIZEN_DATABASE_STATEMENT_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "10s", value_parser = values::duration)]
    pub database_statement_timeout: Duration,

    /// What an answered write survives on SQLite: `full` a power cut, `normal` a crash of the server
    #[arg(long, env = "DENIZEN_SQLITE_SYNCHRONOUS", value_name = "MODE", default_value = "full")]
    pub sqlite_synchronous: Synchronous,
}

impl DatabaseSettings {
    /// Returns the folder of the embedded database, or `None` if a URL is set.
    pub(crate) fn embedded_folder(&self) -> Option<&Path> {
        self.configured_url().is_none().then_some(&*self.data_dir)
    }

    /// Returns the file of a SQLite database; `None` for PostgreSQL, or if the URL names no file.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        sqlite_file(&self.url())
    }

    /// Returns the options.
    pub(crate) fn options(&self) -> DatabaseOptions {
        DatabaseOptions {
            connections: self.database_connections,
            statement_timeout: self.database_statement_timeout,
            sqlite_synchronous: self.sqlite_synchronous.into(),
            ..DatabaseOptions::new(self.url())
        }
    }

    /// Describes the database's location: the file, or the server's address without credentials.
    pub(crate) fn location(&self) -> String {
        database_location(&self.url())
    }

    fn url(&self) -> String {
        match self.configured_url() {
            Some(url) => url.expose_secret().to_owned(),
            None => sqlite_url(&self.data_dir.join("denizen.db")),
        }
    }

    fn configured_url(&self) -> Option<&SecretString> {
        self.database_url.as_ref().or(self.database_url_file.as_ref())
    }
}

/// Settings of `denizen serve`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct ServeSettings {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, env = "DENIZEN_LISTEN", value_name = "ADDRESS")]
    #[arg(default_value = "127.0.0.1:8080", value_parser = values::listen_address)]
    pub listen: SocketAddr,

    /// Base URL for clients, such as `https://users.example.com`, used in errors and links [default: the host that the
    /// request names]
    #[arg(long, env = "DENIZEN_PUBLIC_URL", value_name = "URL", value_parser = values::public_url)]
    pub public_url: Option<String>,

    /// The `iss` of access tokens of external users, which stays when the public URL changes. Tokens with another `iss`
    /// are refused from then on [default: the public URL, or `denizen` without one]
    #[arg(long, env = "DENIZEN_TOKEN_ISSUER", value_name = "TEXT", value_parser = values::token_issuer)]
    pub token_issuer: Option<String>,

    /// Proxy whose `X-Forwarded-For`, `X-Forwarded-Proto` and `Forwarded` are trusted: its address or network, such as
    /// `10.0.0.0/8`. Repeatable, or separated by commas or blanks
    #[arg(long, env = "DENIZEN_TRUSTED_PROXY", value_name = "ADDRESS|NETWORK")]
    #[arg(value_parser = values::list(values::network))]
    pub trusted_proxy: Vec<List<IpNet>>,

    /// Maximum time of a request
    #[arg(long, env = "DENIZEN_REQUEST_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "30s", value_parser = values::duration)]
    pub request_timeout: Duration,

    /// Maximum time for the head of a request. A connection without one by then, including idle ones, is closed without
    /// a response
    #[arg(long, env = "DENIZEN_HEADER_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "30s", value_parser = values::duration)]
    pub header_timeout: Duration,

    /// Maximum open connections; further ones are answered 503, except `/health/live`
    #[arg(long, env = "DENIZEN_MAX_CONNECTIONS", value_name = "NUMBER")]
    #[arg(default_value = "10000", value_parser = values::positive::<usize>)]
    pub max_connections: usize,

    /// Maximum size of a body, such as `64KiB` or `1MiB`
    #[arg(long, env = "DENIZEN_MAX_BODY_SIZE", value_name = "SIZE")]
    #[arg(default_value = "1MiB", value_parser = values::size)]
    pub max_body_size: usize,

    /// Memory for keys and external users that were asked for lately, such as `32MiB`; 0 reads the database each time
    #[arg(long, env = "DENIZEN_CACHE_SIZE", value_name = "SIZE")]
    #[arg(default_value = "32MiB", value_parser = values::size_or_none)]
    pub cache_size: usize,

    /// Maximum time for requests in progress to finish when the server stops
    #[arg(long, env = "DENIZEN_DRAIN_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "30s", value_parser = values::duration)]
    pub drain_timeout: Duration,

    /// The rate limits.
    #[command(flatten)]
    pub rate_limits: RateLimitSettings,

    /// Origin whose pages may call the server from a browser, such as `https://app.example.com`, `https://*.example.com`
    /// for all subdomains, or `tauri://localhost` for an app; `*` for all. Repeatable, or separated by commas or blanks
    #[arg(long, env = "DENIZEN_CORS_ORIGIN", value_name = "ORIGIN")]
    #[arg(value_parser = values::list(values::origin))]
    pub cors_origin: Vec<List<CorsOrigin>>,

    /// Access tokens.
    #[command(flatten)]
    pub access_tokens: AccessTokenSettings,

    /// Signing of access tokens.
    #[command(flatten)]
    pub signing_key: SigningKeySettings,

    /// Encryption of secrets kept for others.
    #[command(flatten)]
    pub encryption: EncryptionSettings,

    /// Log format on standard error; `auto` is text on a terminal and JSON otherwise
    #[arg(long, env = "DENIZEN_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,

    /// Log filter: a level (error, warn, info, debug, trace), or levels by module, such as `info,denizen_server=debug`
    #[arg(long, env = "DENIZEN_LOG_FILTER", value_name = "FILTER")]
    #[arg(default_value = "info", value_parser = log_filter::check)]
    pub log_filter: String,

    /// How long a deleted external user can be restored, such as `30d`
    #[arg(long, env = "DENIZEN_RESTORE_PERIOD", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = values::lifetime)]
    pub restore_period: Duration,

    /// How long the audit log is kept, such as `365d`, or `forever`
    #[arg(long, env = "DENIZEN_AUDIT_RETENTION", value_name = "TIME|forever")]
    #[arg(default_value = "365d", value_parser = values::retention)]
    pub audit_retention: Retention,

    /// How long events are kept, such as `7d`, or `forever`: those who follow them must not be away for longer
    #[arg(long, env = "DENIZEN_EVENT_RETENTION", value_name = "TIME|forever")]
    #[arg(default_value = "7d", value_parser = values::retention)]
    pub event_retention: Retention,

    /// Whether events tell of the authentication of external users, each of which then stores one
    #[arg(long, env = "DENIZEN_AUTHENTICATION_EVENTS", value_name = "BOOLEAN", default_value = "false")]
    #[arg(action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub authentication_events: bool,

    /// Network to which webhooks and the requests of workflows may be sent although it is not public, also over http: an
    /// address or a network, such as `10.1.0.0/16`. Repeatable, or separated by commas or blanks
    #[arg(long, env = "DENIZEN_WEBHOOK_ALLOW_NETWORK", value_name = "ADDRESS|NETWORK")]
    #[arg(value_parser = values::list(values::network))]
    pub webhook_allow_network: Vec<List<IpNet>>,

    /// The limits of workflows.
    #[command(flatten)]
    pub workflows: WorkflowLimitSettings,

    /// How long to wait at the start for a database that cannot be reached yet, such as `60s`
    #[arg(long, env = "DENIZEN_DATABASE_WAIT", value_name = "TIME")]
    #[arg(default_value = "0", value_parser = values::duration_or_none)]
    pub database_wait: Duration,

    /// Whether to update the database's schema on start; with `false`, an old schema stops the start
    #[arg(long, env = "DENIZEN_MIGRATE", value_name = "BOOLEAN", default_value = "true")]
    #[arg(action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub migrate: bool,

    /// New file for the secrets of the first start, which only its owner can read; then none is printed. For services whose
    /// output is kept [default: they are printed]
    #[arg(long, env = "DENIZEN_FIRST_START_FILE", value_name = "FILE")]
    pub first_start_file: Option<PathBuf>,

    /// Login settings. Must come last, because its help heading also applies to later fields.
    #[command(flatten)]
    pub log_in: LogInSettings,
}

/// Rate limits.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Server")]
pub struct RateLimitSettings {
    /// Maximum requests per second of a key, account or external user whose workspace has no own limit; further ones
    /// are answered 429. 0 is unlimited
    #[arg(long, env = "DENIZEN_REQUESTS_PER_SECOND_PER_CALLER", value_name = "NUMBER")]
    #[arg(default_value = "1000", value_parser = values::limit)]
    pub requests_per_second_per_caller: u32,

    /// Maximum requests per second from an address without a valid credential; further ones are answered 429. 0 is
    /// unlimited. Health and metrics do not count
    #[arg(long, env = "DENIZEN_REQUESTS_PER_SECOND_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(default_value = "100", value_parser = values::limit)]
    pub requests_per_second_per_address: u32,
}

impl RateLimitSettings {
    /// Returns the rate limits.
    pub(crate) fn limits(self) -> RequestLimits {
        RequestLimits {
            per_caller: self.requests_per_second_per_caller,
            per_address: self.requests_per_second_per_address,
        }
    }
}

/// The limits of workflows.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Server")]
pub struct WorkflowLimitSettings {
    /// Maximum nodes of a workflow's graph
    #[arg(id = "workflow_nodes", long = "workflow-nodes")]
    #[arg(env = "DENIZEN_WORKFLOW_NODES", value_name = "NUMBER")]
    #[arg(default_value = "50", value_parser = values::positive::<usize>)]
    pub nodes: usize,

    /// Maximum size of a workflow's graph as JSON, such as `64KiB`
    #[arg(id = "workflow_graph_size", long = "workflow-graph-size")]
    #[arg(env = "DENIZEN_WORKFLOW_GRAPH_SIZE", value_name = "SIZE")]
    #[arg(default_value = "64KiB", value_parser = values::size)]
    pub graph_size: usize,

    /// Maximum active workflows of a workspace
    #[arg(id = "workflow_active", long = "workflow-active")]
    #[arg(env = "DENIZEN_WORKFLOW_ACTIVE", value_name = "NUMBER")]
    #[arg(default_value = "1000", value_parser = values::positive::<usize>)]
    pub active: usize,

    /// Maximum time of an execution, such as `24h`; after it, the execution fails
    #[arg(id = "workflow_duration", long = "workflow-duration")]
    #[arg(env = "DENIZEN_WORKFLOW_DURATION", value_name = "TIME")]
    #[arg(default_value = "24h", value_parser = values::lifetime)]
    pub duration: Duration,

    /// The same for workflows with steps that wait
    #[arg(id = "workflow_duration_with_waits", long = "workflow-duration-with-waits")]
    #[arg(env = "DENIZEN_WORKFLOW_DURATION_WITH_WAITS", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = values::lifetime)]
    pub duration_with_waits: Duration,

    /// Maximum executions of a workspace that begin within a minute on this server; further requests are answered 429, and
    /// schedules and events wait
    #[arg(id = "workflow_starts_per_minute", long = "workflow-starts-per-minute")]
    #[arg(env = "DENIZEN_WORKFLOW_STARTS_PER_MINUTE", value_name = "NUMBER")]
    #[arg(default_value = "1000", value_parser = values::positive::<u32>)]
    pub starts_per_minute: u32,

    /// How long executions are kept after their end, such as `30d`
    #[arg(id = "workflow_retention", long = "workflow-retention")]
    #[arg(env = "DENIZEN_WORKFLOW_RETENTION", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = values::lifetime)]
    pub retention: Duration,
}

impl WorkflowLimitSettings {
    /// Returns the limits.
    pub(crate) fn limits(self) -> WorkflowLimits {
        WorkflowLimits {
            nodes: self.nodes,
            graph_bytes: self.graph_size,
            active: self.active,
            duration: self.duration,
            duration_with_waits: self.duration_with_waits,
            starts_per_minute: self.starts_per_minute,
            retention: self.retention,
        }
    }
}

/// Access tokens.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Server")]
pub struct AccessTokenSettings {
    /// How long access tokens of external users are valid; at least 1s
    #[arg(long, env = "DENIZEN_ACCESS_TOKEN_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "1h", value_parser = values::token_lifetime)]
    pub access_token_lifetime: Duration,
}

/// Signing of access tokens.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct SigningKeySettings {
    /// Ed25519 key that signs access tokens, as PKCS#8 PEM. Further keys in the file, such as the next one and the
    /// previous one, are published and accepted [default: keys created and kept in the database]
    #[arg(long, env = "DENIZEN_SIGNING_KEY_FILE", value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,
}

impl SigningKeySettings {
    /// Reads and checks the key. `None` if none is configured.
    pub(crate) fn read(&self) -> anyhow::Result<Option<SecretString>> {
        let Some(path) = &self.signing_key_file else { return Ok(None) };
        let file = path.display();
        let pem = std::fs::read(path).with_context(|| format!("cannot read the signing key {file}"))?;
        // Other programs put names around the key, in any encoding.
        let pem = SecretString::from(String::from_utf8_lossy(&pem).into_owned());
        let checked = denizen_api::check_signing_key(&pem).map_err(reason);
        checked.with_context(|| format!("cannot use the signing key {file}"))?;
        Ok(Some(pem))
    }
}

/// Encryption of secrets kept for others, such as the keys of tenants.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct EncryptionSettings {
    /// File with the keys that encrypt secrets kept for others, one a line: 32 bytes in Base64. The first encrypts, and all
    /// decrypt [default: encryption.key beside a SQLite database, created at the start; none on PostgreSQL]
    #[arg(long, env = "DENIZEN_ENCRYPTION_KEY_FILE", value_name = "FILE")]
    pub encryption_key_file: Option<PathBuf>,

    /// The content of such a file, in place of one
    #[arg(long, env = "DENIZEN_ENCRYPTION_KEY", value_name = "KEY", value_parser = values::secret)]
    #[arg(hide_env_values = true)]
    pub encryption_key: Option<SecretString>,
}

impl EncryptionSettings {
    /// Reads and checks the configured keys, or else those beside a SQLite database. `None` if there are none.
    pub(crate) fn read(&self, database: &DatabaseSettings) -> anyhow::Result<Option<SecretString>> {
        let text = match (&self.encryption_key, self.file(database)) {
            (Some(_), _) if self.encryption_key_file.is_some() => {
                bail!("--encryption-key and --encryption-key-file exclude each other")
            }
            (Some(text), _) => text.clone(),
            (None, Some(file)) if self.encryption_key_file.is_some() || file.exists() => {
                let shown = file.display();
                let text = std::fs::read_to_string(&file);
                text.with_context(|| format!("cannot read the encryption key {shown}"))?.into()
            }
            (None, _) => return Ok(None),
        };
        let checked = EncryptionKeys::parse(&text).map_err(reason);
        checked.with_context(|| format!("cannot use the encryption key {}", self.origin(database)))?;
        Ok(Some(text))
    }

    /// Returns the file with the keys, which may be missing unless it is configured; `None` on PostgreSQL without one.
    pub(crate) fn file(&self, database: &DatabaseSettings) -> Option<PathBuf> {
        let beside = || database.sqlite_file().map(|file| file.with_file_name("encryption.key"));
        self.encryption_key_file.clone().or_else(beside)
    }

    /// Returns whether the keys are configured, and not those beside the database.
    pub(crate) fn is_configured(&self) -> bool {
        self.encryption_key.is_some() || self.encryption_key_file.is_some()
    }

    /// Says where the keys come from.
    pub(crate) fn origin(&self, database: &DatabaseSettings) -> String {
        match self.file(database).filter(|_| self.encryption_key.is_none()) {
            Some(file) => file.display().to_string(),
            None => "in --encryption-key".to_owned(),
        }
    }
}

/// Login settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log-in")]
pub struct LogInSettings {
    /// E-mail address of the administrator created in a directory without accounts
    #[arg(long, env = "DENIZEN_ADMIN_EMAIL", value_name = "EMAIL")]
    #[arg(default_value = "admin@localhost", value_parser = Username::parse)]
    pub admin_email: Username,

    /// How long a login token is valid after its last use
    #[arg(long, env = "DENIZEN_LOGIN_TOKEN_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "3h", value_parser = values::lifetime)]
    pub login_token_lifetime: Duration,

    /// The same for logins with `remember-me`; the browser keeps the cookie as long
    #[arg(long, env = "DENIZEN_LOGIN_COOKIE_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = values::lifetime)]
    pub login_cookie_lifetime: Duration,

    /// Password rules.
    #[command(flatten)]
    pub password: PasswordSettings,

    /// Failed logins allowed per account within the window; further ones are answered 429
    #[arg(long, env = "DENIZEN_LOGIN_FAILURES_PER_ACCOUNT", value_name = "NUMBER")]
    #[arg(default_value = "10", value_parser = values::positive::<u32>)]
    pub login_failures_per_account: u32,

    /// Failed logins allowed per address within the window; further ones are answered 429
    #[arg(long, env = "DENIZEN_LOGIN_FAILURES_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(default_value = "50", value_parser = values::positive::<u32>)]
    pub login_failures_per_address: u32,

    /// How long a failed login counts
    #[arg(long, env = "DENIZEN_LOGIN_FAILURE_WINDOW", value_name = "TIME")]
    #[arg(default_value = "15m", value_parser = values::duration)]
    pub login_failure_window: Duration,

    /// Maximum passwords hashed at the same time, each on its own processor core [default: half of the cores]
    #[arg(long, env = "DENIZEN_PASSWORD_HASHING_THREADS", value_name = "NUMBER")]
    #[arg(value_parser = values::positive::<usize>)]
    pub password_hashing_threads: Option<usize>,
}

impl LogInSettings {
    /// Returns the failure limits.
    pub(crate) fn failure_limits(&self) -> FailureLimits {
        FailureLimits {
            per_username: self.login_failures_per_account,
            per_address: self.login_failures_per_address,
            window: self.login_failure_window,
        }
    }

    /// Returns how many passwords are hashed at once.
    pub(crate) fn hashing_threads(&self) -> usize {
        self.password_hashing_threads.unwrap_or_else(default_password_hashing_threads)
    }
}

/// Password rules.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Log-in")]
pub struct PasswordSettings {
    /// Minimum characters of a new password: 1 to 1000
    #[arg(long, env = "DENIZEN_MIN_PASSWORD_LENGTH", value_name = "NUMBER")]
    #[arg(default_value_t = DEFAULT_MINIMUM_PASSWORD_LENGTH, value_parser = values::password_length)]
    pub min_password_length: usize,
}

/// How long data is kept; `None` is forever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(pub Option<Duration>);

/// What an answered write survives on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Synchronous {
    /// A power cut.
    Full,
    /// A crash of the server, but not always of the machine.
    Normal,
}

impl From<Synchronous> for SqliteSynchronous {
    fn from(synchronous: Synchronous) -> Self {
        match synchronous {
            Synchronous::Full => Self::Full,
            Synchronous::Normal => Self::Normal,
        }
    }
}

/// The log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}
