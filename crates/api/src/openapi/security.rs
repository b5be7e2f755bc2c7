//! The credentials of the contracts, as security schemes.

use utoipa::openapi::Components;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

/// Adds a scheme for each kind of credential.
pub(super) fn add_schemes(components: &mut Components) {
    let header = |name: &str, text: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)))
    };
    let bearer = |text: &str, format: Option<&str>| {
        let mut scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text));
        if let Some(format) = format {
            scheme = scheme.bearer_format(format);
        }
        SecurityScheme::Http(scheme.build())
    };
    let schemes = [
        ("api_key", header("x-api-key", "A secret key, `sk_…`. Selects Flowra.")),
        ("bearer", bearer("A secret key, `sk_…`, after Bearer. Selects Flowra.", None)),
        ("authorization", header("authorization", "A secret key, `sk_…`, without a scheme. Selects Zaia.")),
        (
            "notiflows_api_key",
            header("x-notiflows-api-key", "A public key, `pk_…`. Sent with its secret key."),
        ),
        (
            "notiflows_secret_key",
            header("x-notiflows-secret-key", "A secret key, `sk_…`. Sent with its public key."),
        ),
        ("access_token", bearer("The access token of an external user.", Some("JWT"))),
        (
            "account_token",
            bearer(
                "An account's token: from a log-in, issued, or personal. The scopes listed are permissions; any one is enough.",
                None,
            ),
        ),
        (
            "basic",
            SecurityScheme::Http(
                HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(BASIC)).build(),
            ),
        ),
        (
            "session_cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "denizen_session",
                "The cookie of a log-in, from pages of the same site. The scopes listed are permissions; any one is enough.",
            ))),
        ),
    ];
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
}

const BASIC: &str = "An account's token as user name, with any password or none; or an account's e-mail address and password.";
