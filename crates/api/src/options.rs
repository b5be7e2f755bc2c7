//! How the application behaves: every setting that the rooms below read, with its default.

use std::time::Duration;

use denizen_domain::DEFAULT_MINIMUM_PASSWORD_LENGTH;
use denizen_persistence::log_in_failures::FailureLimits;
use ipnet::IpNet;
use secrecy::SecretString;

use crate::wire::body::BodyLimits;

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

/// How many requests a second there may be; 0 is any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Of a key, an account or an external user whose workspace sets no limit of its own.
    pub per_caller: u32,
    /// From an address, where nobody knows whose they are.
    pub per_address: u32,
}

impl AppOptions {
    /// What access tokens name as their issuer: the public URL, or `denizen` without one.
    pub(crate) fn issuer(&self) -> &str {
        self.public_url.as_deref().unwrap_or("denizen")
    }

    /// How large a body may be, and how long it may take to come.
    pub(crate) fn body_limits(&self) -> BodyLimits {
        BodyLimits { size: self.max_body_size, time: self.request_timeout }
    }
}
