//! From a credential to the caller it belongs to: reading credentials, checking passwords and tokens, and the address a
//! request comes from.
//!
//! What the caller may then do is decided in `guards`; how headers and bodies are written is `wire`.

pub(crate) mod client_address;
pub(crate) mod credentials;
pub(crate) mod identity;
pub(crate) mod key_usage;
pub(crate) mod log_in;
pub(crate) mod passwords;
pub(crate) mod session_cookie;
pub(crate) mod tokens;

use std::ops::Deref;
use std::sync::Arc;

use denizen_domain::Source;
use denizen_persistence::Database;

use self::key_usage::KeyUsage;
use self::passwords::Passwords;
use self::tokens::Tokens;
use crate::options::AppOptions;

/// Everything that identifying a caller takes. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Access(Arc<AccessParts>);

/// The parts of [`Access`].
pub(crate) struct AccessParts {
    /// The directory.
    pub(crate) database: Database,
    /// Times, ids and secrets.
    pub(crate) source: Source,
    /// The settings.
    pub(crate) options: AppOptions,
    /// The keys that access tokens are signed and verified with.
    pub(crate) tokens: Tokens,
    /// The threads that hash passwords.
    pub(crate) passwords: Passwords,
    /// When API keys were last used.
    pub(crate) key_usage: KeyUsage,
    /// The secret that tokens issued for accounts are derived from.
    pub(crate) issued_tokens_secret: [u8; 32],
}

impl Access {
    /// Shares the parts.
    pub(crate) fn new(parts: AccessParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Access {
    type Target = AccessParts;

    fn deref(&self) -> &AccessParts {
        &self.0
    }
}
