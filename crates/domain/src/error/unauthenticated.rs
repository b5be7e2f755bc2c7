//! What is wrong with a credential.

/// Why a credential is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// The operation needs a key, and the request has none.
    #[error("Send an API key as x-api-key or Authorization.")]
    NoKey,
    /// One or both halves of a key are missing.
    #[error("Send both x-notiflows-api-key and x-notiflows-secret-key.")]
    NoKeyPair,
    /// `Authorization` has an unknown scheme, or no credential after it.
    #[error("Authorization must be an API key: alone, after Bearer, or as the user name of Basic.")]
    UnknownScheme,
    /// The credential contains characters that no credential has.
    #[error("The credential contains invalid characters.")]
    Unreadable,
    /// The request repeats a header that carries a credential.
    #[error("Send each credential only once.")]
    Repeated,
    /// No active key has this secret, or the secret does not belong to this public key.
    #[error("The API key is unknown, expired or revoked.")]
    UnknownKey,
    /// The access token is forged or expired, or its user is blocked or deleted.
    #[error("The access token is invalid, expired or revoked.")]
    VoidToken,
    /// The operation needs a token, and the request has none.
    #[error("Log in first, and send the token as Authorization: Bearer.")]
    NotLoggedIn,
    /// The operation needs a token, or an e-mail address with a password, and the request has neither.
    #[error(
        "Authorization must be a token, after Bearer or as the user name of Basic, or an e-mail address and a password as Basic."
    )]
    NoBasicCredential,
    /// The request starts a workflow that only its owners start, and proves none of them.
    #[error(
        "Sign the body with the secret of the flow, or send a token as Bearer, or an e-mail address and a password as Basic, of an account that owns the flow and has the permission webhooks.execute."
    )]
    NotOwnersWebhook,
    /// `Authorization` is neither Bearer with a token nor Basic with a token or a password.
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
