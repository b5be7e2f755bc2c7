//! What is wrong with a credential. How a request carries one is not known here: whoever reads requests words that.

/// Why a credential is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// The operation needs a key, and the request has none.
    #[error("The request carries no API key.")]
    NoKey,
    /// One or both halves of a key are missing.
    #[error("The request carries no whole pair of keys.")]
    NoKeyPair,
    /// The key is presented in an unknown way, or is empty.
    #[error("The request does not present its API key in a known way.")]
    UnknownScheme,
    /// The credential contains characters that no credential has.
    #[error("The credential contains invalid characters.")]
    Unreadable,
    /// The request carries a credential more than once.
    #[error("Send each credential only once.")]
    Repeated,
    /// No active key has this secret, or the secret does not belong to this public key.
    #[error("The API key is unknown, expired or revoked.")]
    UnknownKey,
    /// The access token is forged or expired, or its user is blocked or deleted.
    #[error("The access token is invalid, expired or revoked.")]
    VoidToken,
    /// The operation needs a token, and the request has none.
    #[error("The request carries no token of a log-in.")]
    NotLoggedIn,
    /// The operation needs a token, or an e-mail address with a password, and the request has neither.
    #[error("The request carries neither a token nor an e-mail address with a password.")]
    NoBasicCredential,
    /// The request starts a workflow that only its owners start, and proves none of them.
    #[error("The request proves none of the owners of the workflow.")]
    NotOwnersWebhook,
    /// The credential is neither a token nor an e-mail address with a password.
    #[error("{}", Self::NoBasicCredential)]
    MalformedBasic,
    /// The account token is unknown, expired or revoked.
    #[error("The token is unknown, expired or revoked.")]
    UnknownToken,
    /// No account has this username and password. The message does not reveal which accounts exist.
    #[error("Invalid username or password")]
    WrongPassword,
    /// The account is not active. Only its holder learns this. The FlowMate contract defines the message.
    #[error("ENTITY_DISABLED")]
    Disabled,
}

impl Unauthenticated {
    /// Returns a code for programs; `None` if the credential itself is missing, unknown or no longer valid.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::UnknownScheme | Self::MalformedBasic | Self::Unreadable | Self::Repeated => {
                Some("invalid_header")
            }
            Self::NoKey
            | Self::NoKeyPair
            | Self::UnknownKey
            | Self::VoidToken
            | Self::NotLoggedIn
            | Self::NoBasicCredential
            | Self::NotOwnersWebhook
            | Self::UnknownToken
            | Self::WrongPassword
            | Self::Disabled => None,
        }
    }
}
