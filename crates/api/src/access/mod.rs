//! From a credential to its holder: reading credentials, checking passwords and tokens, and finding the client's
//! address.
//!
//! `guards` decides what the caller may do; `wire` reads and writes headers and bodies.

pub(crate) mod client_address;
pub(crate) mod credentials;
pub(crate) mod cross_site;
pub(crate) mod encryption;
pub(crate) mod identity;
pub(crate) mod key_usage;
pub(crate) mod log_in;
pub(crate) mod passwords;
pub(crate) mod session_cookie;
pub(crate) mod tokens;

use std::ops::Deref;
use std::sync::Arc;

use denizen_domain::{Error, NotConfigured, Result, Source};
use denizen_persistence::{Cache, Database};

use self::encryption::EncryptionKeys;
use self::key_usage::KeyUsage;
use self::passwords::Passwords;
use self::tokens::Tokens;
use crate::options::AppOptions;

/// Shared state for identifying callers. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Access(Arc<AccessParts>);

/// The parts of [`Access`].
pub(crate) struct AccessParts {
    /// The directory.
    pub(crate) database: Database,
    /// Keys and users that were asked for lately.
    pub(crate) cache: Cache,
    /// Clock, ids and secrets.
    pub(crate) source: Source,
    /// The settings.
    pub(crate) options: AppOptions,
    /// The keys that sign and verify access tokens.
    pub(crate) tokens: Tokens,
    /// The keys that seal secrets, if the operator has set any.
    pub(crate) encryption_keys: Option<Arc<EncryptionKeys>>,
    /// The threads for hashing passwords.
    pub(crate) passwords: Passwords,
    /// The last uses of API keys.
    pub(crate) key_usage: KeyUsage,
    /// The secret from which issued account tokens are derived.
    pub(crate) issued_tokens_secret: [u8; 32],
}

impl Access {
    /// Shares the parts.
    pub(crate) fn new(parts: AccessParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Returns the keys that seal secrets. Fails with [`NotConfigured::EncryptionKey`] if there are none.
    pub(crate) fn require_encryption_keys(&self) -> Result<&EncryptionKeys> {
        self.encryption_keys.as_deref().ok_or(Error::NotConfigured(NotConfigured::EncryptionKey))
    }
}

impl Deref for Access {
    type Target = AccessParts;

    fn deref(&self) -> &AccessParts {
        &self.0
    }
}
