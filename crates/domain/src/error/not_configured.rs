//! What the operator has not set.

/// The settings that an operation can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotConfigured {
    /// The server has no key to seal secrets with.
    #[error("The server has no encryption key. Its operator must set one with --encryption-key-file.")]
    EncryptionKey,
    /// The server no longer has the key that sealed the secret.
    #[error(
        "The secret is sealed with an encryption key that the server does not have. Its operator must add that key to \
         the key file."
    )]
    SealingKey,
}

impl NotConfigured {
    /// Returns a code for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::EncryptionKey => "no_encryption_key",
            Self::SealingKey => "unknown_encryption_key",
        }
    }
}
