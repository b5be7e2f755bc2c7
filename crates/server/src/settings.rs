//! Every setting: a flag, an environment variable `DENIZEN_…` and a key of the configuration file, in this order.
//!
//! A setting is declared once, as a field below. Its flag, variable, key and help come from the field, and
//! [`sources`] brings the file and the environment to the same parser as the command line.
//!
//! # Adding a setting
//! 1. Add the field with its help (what it is, its unit) and `env`; the key of the file is the field's name.
//! 2. Use a parser of [`values`], so that it reads alike everywhere.

pub(crate) mod sources;
pub(crate) mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{ArgAction, Args, ValueEnum};
use denizen_api::{FailureLimits, IpNet, RequestLimits, default_password_hashing_threads};
use denizen_domain::{DEFAULT_MINIMUM_PASSWORD_LENGTH, Username};
use denizen_persistence::{DatabaseOptions, SqliteSynchronous};
use secrecy::{ExposeSecret as _, SecretString};

use crate::reason::reason;

/// Where the data is: needed by every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Folder of the embedded database; made if it is missing
    #[arg(long, env = "DENIZEN_DATA_DIR", value_name = "FOLDER", default_value = "./denizen-data")]
    pub data_dir: PathBuf,

    /// Database to use: `postgres://user:password@host/name` or `sqlite://FILE` [default: denizen.db in the data folder]
    #[arg(long, env = "DENIZEN_DATABASE_URL", value_name = "URL", value_parser = values::secret)]
    #[arg(hide_env_values = true, hide_default_value = true)]
    pub database_url: Option<SecretString>,

    /// Most connections on PostgreSQL, most readers on SQLite [default: 4 for each processor core, or 4 readers]
    #[arg(long, env = "DENIZEN_DATABASE_CONNECTIONS", value_name = "NUMBER")]
    #[arg(value_parser = values::positive::<usize>)]
    pub database_connections: Option<usize>,

    /// Longest time that one statement may take on PostgreSQL
    #[arg(long, env = "DENIZEN_DATABASE_STATEMENT_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "10s", value_parser = values::duration)]
    pub database_statement_timeout: Duration,

    /// What an answered write survives on SQLite: `full` a power cut, `normal` a crash of the server
    #[arg(long, env = "DENIZEN_SQLITE_SYNCHRONOUS", value_name = "MODE", default_value = "full")]
    pub sqlite_synchronous: Synchronous,
}

impl DatabaseSettings {
    /// The folder of the embedded database, or `None` where `--database-url` names another database.
    pub(crate) fn embedded_folder(&self) -> Option<&Path> {
        self.database_url.is_none().then_some(&*self.data_dir)
    }

    /// The file of a SQLite database, wherever it is; `None` for PostgreSQL, and where the URL names no file.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        let url = self.url();
        let path = url.strip_prefix("sqlite://")?.split('?').next()?;
        (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
    }

    /// How to connect.
    pub(crate) fn options(&self) -> DatabaseOptions {
        DatabaseOptions {
            connections: self.database_connections,
            statement_timeout: self.database_statement_timeout,
            sqlite_synchronous: self.sqlite_synchronous.into(),
            ..DatabaseOptions::new(self.url())
        }
    }

    /// Where the data is, for people: the file, or the address of the server without user and password.
    pub(crate) fn location(&self) -> String {
        let url = self.url();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        match scheme {
            "sqlite" => rest.to_owned(),
            _ => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, rest)| rest)),
        }
    }

    fn url(&self) -> String {
        match &self.database_url {
            Some(url) => url.expose_secret().to_owned(),
            None => format!("sqlite://{}", self.data_dir.join("denizen.db").display()),
        }
    }
}

/// How `denizen serve` serves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct ServeSettings {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, env = "DENIZEN_LISTEN", value_name = "ADDRESS")]
    #[arg(default_value = "127.0.0.1:8080", value_parser = values::listen_address)]
    pub listen: SocketAddr,

    /// Address that clients call the server by, such as `https://users.example.com`; it stands in errors and tokens
    /// [default: the host that the request names]
    #[arg(long, env = "DENIZEN_PUBLIC_URL", value_name = "URL", value_parser = values::public_url)]
    pub public_url: Option<String>,

    /// Proxy that is believed when it says for whom it asks, and whether by HTTPS (`X-Forwarded-For`,
    /// `X-Forwarded-Proto`): its address, or the network that it is in, such as `10.0.0.0/8`. Several with commas, or
    /// the flag again
    #[arg(long, env = "DENIZEN_TRUSTED_PROXY", value_name = "ADDRESS|NETWORK")]
    #[arg(value_delimiter = ',', value_parser = values::network)]
    pub trusted_proxy: Vec<IpNet>,

    /// Longest time that a request may take
    #[arg(long, env = "DENIZEN_REQUEST_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "30s", value_parser = values::duration)]
    pub request_timeout: Duration,

    /// Longest time for the head of a request. A connection that has not sent one by then, idle ones included, is
    /// closed without an answer
    #[arg(long, env = "DENIZEN_HEADER_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "30s", value_parser = values::duration)]
    pub header_timeout: Duration,

    /// Most connections at the same time; those beyond are answered 503, but for `/health/live`
    #[arg(long, env = "DENIZEN_MAX_CONNECTIONS", value_name = "NUMBER")]
    #[arg(default_value = "10000", value_parser = values::positive::<usize>)]
    pub max_connections: usize,

    /// Largest body of a request, such as `64KiB` or `1MiB`
    #[arg(long, env = "DENIZEN_MAX_BODY_SIZE", value_name = "SIZE")]
    #[arg(default_value = "1MiB", value_parser = values::size)]
    pub max_body_size: usize,

    /// Longest time that requests in progress get to finish when the server stops
    #[arg(long, env = "DENIZEN_DRAIN_TIMEOUT", value_name = "TIME")]
    #[arg(default_value = "30s", value_parser = values::duration)]
    pub drain_timeout: Duration,

    /// How many requests a second there may be.
    #[command(flatten)]
    pub rate_limits: RateLimitSettings,

    /// Origin whose pages may call the server from a browser, such as `https://app.example.com`; `*` for all.
    /// Several with commas, or the flag again
    #[arg(long, env = "DENIZEN_CORS_ORIGIN", value_name = "ORIGIN")]
    #[arg(value_delimiter = ',', value_parser = values::origin)]
    pub cors_origin: Vec<String>,

    /// How long the access token of an external user is valid; at least a second
    #[arg(long, env = "DENIZEN_ACCESS_TOKEN_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "1h", value_parser = values::token_lifetime)]
    pub access_token_lifetime: Duration,

    /// What signs access tokens.
    #[command(flatten)]
    pub signing_key: SigningKeySettings,

    /// Form of the log on standard error; `auto` is text on a terminal and JSON otherwise
    #[arg(long, env = "DENIZEN_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,

    /// What is logged: a level (error, warn, info, debug, trace), or levels by part, such as `info,denizen_server=debug`
    #[arg(long, env = "DENIZEN_LOG_FILTER", value_name = "FILTER")]
    #[arg(default_value = "info", value_parser = values::log_filter)]
    pub log_filter: String,

    /// How long a deleted external user can be restored, such as `30d`
    #[arg(long, env = "DENIZEN_RESTORE_PERIOD", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = values::lifetime)]
    pub restore_period: Duration,

    /// How long the audit log is kept, such as `365d`, or `forever`
    #[arg(long, env = "DENIZEN_AUDIT_RETENTION", value_name = "TIME|forever")]
    #[arg(default_value = "365d", value_parser = values::retention)]
    pub audit_retention: Retention,

    /// Whether to bring the database's schema up to date on start; with `false`, an old schema stops the start
    #[arg(long, env = "DENIZEN_MIGRATE", value_name = "BOOLEAN", default_value = "true")]
    #[arg(action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub migrate: bool,

    /// How people log in. Last, since whatever follows stands below its heading in the help.
    #[command(flatten)]
    pub log_in: LogInSettings,
}

/// How many requests a second there may be.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Server")]
pub struct RateLimitSettings {
    /// Most requests a second of a key, an account or an external user whose workspace sets no limit of its own; further
    /// ones are answered 429. 0 is any number
    #[arg(long, env = "DENIZEN_REQUESTS_PER_SECOND_PER_CALLER", value_name = "NUMBER")]
    #[arg(default_value = "1000", value_parser = values::limit)]
    pub requests_per_second_per_caller: u32,

    /// Most requests a second from an address without a credential that is in force; further ones are answered 429. 0 is
    /// any number. Health and metrics are never counted
    #[arg(long, env = "DENIZEN_REQUESTS_PER_SECOND_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(default_value = "100", value_parser = values::limit)]
    pub requests_per_second_per_address: u32,
}

impl RateLimitSettings {
    /// How many requests a second there may be.
    pub(crate) fn limits(self) -> RequestLimits {
        RequestLimits {
            per_caller: self.requests_per_second_per_caller,
            per_address: self.requests_per_second_per_address,
        }
    }
}

/// What signs access tokens.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct SigningKeySettings {
    /// Ed25519 key that signs access tokens, as PKCS#8 PEM [default: one that is made and kept in the database]
    #[arg(long, env = "DENIZEN_SIGNING_KEY_FILE", value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,
}

impl SigningKeySettings {
    /// Reads the key and checks that it can sign. `None` where none is configured.
    pub(crate) fn read(&self) -> anyhow::Result<Option<SecretString>> {
        let Some(path) = &self.signing_key_file else { return Ok(None) };
        let file = path.display();
        let pem = std::fs::read_to_string(path);
        let pem = SecretString::from(pem.with_context(|| format!("cannot read the signing key {file}"))?);
        let checked = denizen_api::check_signing_key(&pem).map_err(reason);
        checked.with_context(|| format!("cannot use the signing key {file}"))?;
        Ok(Some(pem))
    }
}

/// How people log in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log-in")]
pub struct LogInSettings {
    /// E-mail address of the administrator whom a directory without accounts is given
    #[arg(long, env = "DENIZEN_ADMIN_EMAIL", value_name = "EMAIL")]
    #[arg(default_value = "admin@localhost", value_parser = Username::parse)]
    pub admin_email: Username,

    /// How long the token of a log-in is valid after it was last used
    #[arg(long, env = "DENIZEN_LOGIN_TOKEN_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "3h", value_parser = values::lifetime)]
    pub login_token_lifetime: Duration,

    /// The same for whoever wants to be remembered; their browser keeps the cookie for as long
    #[arg(long, env = "DENIZEN_LOGIN_COOKIE_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = values::lifetime)]
    pub login_cookie_lifetime: Duration,

    /// What a password must be like.
    #[command(flatten)]
    pub password: PasswordSettings,

    /// Most log-ins to one account that may fail within the window; further ones are answered 429
    #[arg(long, env = "DENIZEN_LOGIN_FAILURES_PER_ACCOUNT", value_name = "NUMBER")]
    #[arg(default_value = "10", value_parser = values::positive::<u32>)]
    pub login_failures_per_account: u32,

    /// Most log-ins from one address that may fail within the window; further ones are answered 429
    #[arg(long, env = "DENIZEN_LOGIN_FAILURES_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(default_value = "50", value_parser = values::positive::<u32>)]
    pub login_failures_per_address: u32,

    /// How long a failed log-in counts
    #[arg(long, env = "DENIZEN_LOGIN_FAILURE_WINDOW", value_name = "TIME")]
    #[arg(default_value = "15m", value_parser = values::duration)]
    pub login_failure_window: Duration,

    /// Most passwords that are hashed at the same time, each on a processor core of its own [default: half of the cores]
    #[arg(long, env = "DENIZEN_PASSWORD_HASHING_THREADS", value_name = "NUMBER")]
    #[arg(value_parser = values::positive::<usize>)]
    pub password_hashing_threads: Option<usize>,
}

impl LogInSettings {
    /// How many log-ins may fail.
    pub(crate) fn failure_limits(&self) -> FailureLimits {
        FailureLimits {
            per_username: self.login_failures_per_account,
            per_address: self.login_failures_per_address,
            window: self.login_failure_window,
        }
    }

    /// How many passwords are hashed at the same time.
    pub(crate) fn hashing_threads(&self) -> usize {
        self.password_hashing_threads.unwrap_or_else(default_password_hashing_threads)
    }
}

/// What a password must be like.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Log-in")]
pub struct PasswordSettings {
    /// Fewest characters of a new password: 1 to 1000
    #[arg(long, env = "DENIZEN_MIN_PASSWORD_LENGTH", value_name = "NUMBER")]
    #[arg(default_value_t = DEFAULT_MINIMUM_PASSWORD_LENGTH, value_parser = values::password_length)]
    pub min_password_length: usize,
}

/// How long something is kept; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(pub Option<Duration>);

/// What an answered write survives on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Synchronous {
    /// A power cut.
    Full,
    /// A crash of the server, but not always one of the machine.
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

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}
