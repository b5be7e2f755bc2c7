//! The application's settings and their defaults.

use std::time::Duration;

use denizen_domain::{DEFAULT_MINIMUM_PASSWORD_LENGTH, WorkflowLimits};
use denizen_persistence::log_in_failures::FailureLimits;
use ipnet::IpNet;
use secrecy::SecretString;

use crate::wire::body::BodyLimits;
use crate::wire::origin::CorsOrigin;

/// The application's settings.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// The server's URL for clients, such as `https://directory.example.com`. If unset, responses use the host of the
    /// request.
    pub public_url: Option<String>,
    /// The `iss` of access tokens. If unset, it is the public URL.
    pub token_issuer: Option<String>,
    /// How long a request may take before the server returns 503.
    pub request_timeout: Duration,
    /// Maximum size of a request body, in bytes.
    pub max_body_size: usize,
    /// Memory for keys and users that were asked for lately, in bytes. With 0, every look-up reads the database.
    pub cache_size: u64,
    /// Origins whose pages may call the server from a browser.
    pub cors_origins: Vec<CorsOrigin>,
    /// Lifetime of access tokens.
    pub access_token_lifetime: Duration,
    /// Lifetime of a log-in's token after its last use.
    pub login_token_lifetime: Duration,
    /// The same for log-ins with `remember-me`, and the lifetime of their cookie.
    pub login_cookie_lifetime: Duration,
    /// Minimum length of a new password.
    pub minimum_password_length: usize,
    /// How many log-ins may fail before further ones are blocked for a time.
    pub login_failures: FailureLimits,
    /// Maximum requests per second.
    pub request_limits: RequestLimits,
    /// Maximum number of passwords hashed at once. Each uses a processor core for tens of milliseconds.
    pub password_hashing_threads: usize,
    /// How long a deleted external user can be restored.
    pub restore_period: Duration,
    /// How long audit events are kept; `None` is forever.
    pub audit_retention: Option<Duration>,
    /// How long events are kept; `None` is forever.
    pub event_retention: Option<Duration>,
    /// Whether events tell of the authentication of external users.
    pub authentication_events: bool,
    /// Networks of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `Forwarded` are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// What workflows may cost.
    pub workflow_limits: WorkflowLimits,
    /// Networks to which webhooks and the requests of workflows may be sent although they are not public, also without TLS.
    pub webhook_allowed_networks: Vec<IpNet>,
    /// The private Ed25519 key that signs access tokens, as PKCS #8 in PEM. Further keys after it are published and
    /// accepted, but do not sign. If unset, the database stores the keys.
    pub signing_key: Option<SecretString>,
    /// The keys that seal secrets kept for others, one a line: 32 bytes each, in Base64. The first seals, and all open.
    /// If unset, such secrets are refused.
    pub encryption_keys: Option<SecretString>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            token_issuer: None,
            request_timeout: Duration::from_secs(30),
            max_body_size: 1024 * 1024,
            cache_size: 32 * 1024 * 1024,
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
            event_retention: Some(Duration::from_hours(7 * 24)),
            authentication_events: false,
            trusted_proxies: Vec::new(),
            workflow_limits: WorkflowLimits::default(),
            webhook_allowed_networks: Vec::new(),
            signing_key: None,
            encryption_keys: None,
        }
    }
}

/// Returns half of the processor's cores, at least one, so that the others serve requests during log-ins.
pub fn default_password_hashing_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Maximum requests per second; 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Per key, account or external user, unless the workspace sets its own limit.
    pub per_caller: u32,
    /// Per address, for requests of unknown callers.
    pub per_address: u32,
}

impl AppOptions {
    /// Returns the issuer of access tokens: the one that was set, else the public URL, else `denizen`.
    pub(crate) fn issuer(&self) -> &str {
        self.token_issuer.as_deref().or(self.public_url.as_deref()).unwrap_or("denizen")
    }

    /// Returns the limits on a body's size and transfer time.
    pub(crate) fn body_limits(&self) -> BodyLimits {
        BodyLimits { size: self.max_body_size, time: self.request_timeout }
    }
}
