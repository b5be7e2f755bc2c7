//! Words what is wrong with a credential, with the headers that carry one.

use std::borrow::Cow;

use denizen_domain::Unauthenticated;

/// What a request may send to Flowdock.
const BASIC: &str = "Authorization must be a token, after Bearer or as the user name of Basic, or an e-mail address and a password as Basic.";

/// Returns the message for a caller: it names the headers, of which the domain knows nothing.
pub(super) fn message_of(problem: Unauthenticated) -> Cow<'static, str> {
    Cow::Borrowed(match problem {
        Unauthenticated::NoKey => "Send an API key as x-api-key or Authorization.",
        Unauthenticated::NoKeyPair => "Send both x-notiflows-api-key and x-notiflows-secret-key.",
        Unauthenticated::UnknownScheme => {
            "Authorization must be an API key: alone, after Bearer, or as the user name of Basic."
        }
        Unauthenticated::NotLoggedIn => "Log in first, and send the token as Authorization: Bearer.",
        Unauthenticated::NoBasicCredential | Unauthenticated::MalformedBasic => BASIC,
        Unauthenticated::NotOwnersWebhook => {
            "Sign the body with the secret of the flow, or send a token as Bearer, or an e-mail address and a password as Basic, of an account that owns the flow and has the permission webhooks.execute."
        }
        Unauthenticated::Unreadable
        | Unauthenticated::Repeated
        | Unauthenticated::UnknownKey
        | Unauthenticated::VoidToken
        | Unauthenticated::UnknownToken
        | Unauthenticated::WrongPassword
        | Unauthenticated::Disabled => return Cow::Owned(problem.to_string()),
    })
}
