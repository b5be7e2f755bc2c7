//! The credentials of the contracts, as security schemes, and the scopes that operations require.

use std::collections::BTreeMap;

use utoipa::openapi::Components;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

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
        (
            "basic_key",
            SecurityScheme::Http(
                HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(BASIC_KEY)).build(),
            ),
        ),
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
                "An account's token: from a log-in, issued, or personal. `x-required-scopes` lists permissions; any one is enough.",
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
                "The cookie of a log-in, from pages of the same site. `x-required-scopes` lists permissions; any one is enough.",
            ))),
        ),
    ];
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
}

const BASIC: &str = "An account's token as user name, with any password or none; or an account's e-mail address and password. The \
    text is UTF-8; where it is not, it is read as ISO-8859-1.";

const BASIC_KEY: &str = "A secret key, `sk_…`, as user name, with any password or none. Selects Flowra.";

/// The schemes of keys; those of accounts name permissions, of which one is enough.
const OF_KEYS: [&str; 6] =
    ["api_key", "authorization", "basic_key", "bearer", "notiflows_api_key", "notiflows_secret_key"];

/// Adds Basic to the schemes of an operation that takes a key after Bearer: both are read alike.
pub(super) fn take_basic_keys(operation: &mut Operation) {
    let Some(requirements) = &mut operation.security else { return };
    let bearer = requirements.iter().filter_map(schemes_of).find_map(|mut schemes| schemes.remove("bearer"));
    requirements.extend(bearer.map(|scopes| SecurityRequirement::new("basic_key", scopes)));
}

/// Moves the scopes of an operation from its security schemes, where only OAuth has any, to `x-required-scopes` and its
/// description.
pub(super) fn name_scopes(operation: &mut Operation) {
    let requirements = operation.security.iter().flatten().filter_map(schemes_of);
    let required = requirements.flatten().find(|(_, scopes)| !scopes.is_empty());
    let Some((scheme, scopes)) = required else { return };
    for requirement in operation.security.iter_mut().flatten() {
        *requirement = without_scopes(requirement);
    }
    let text = text_of(&scopes, OF_KEYS.contains(&scheme.as_str()));
    let description = operation.description.get_or_insert_default();
    if !description.is_empty() {
        description.push(' ');
    }
    description.push_str(&text);
    let extension = ExtensionsBuilder::new().add("x-required-scopes", scopes).build();
    operation.extensions.get_or_insert_default().merge(extension);
}

/// The schemes that a requirement names together, each with its scopes.
fn schemes_of(requirement: &SecurityRequirement) -> Option<BTreeMap<String, Vec<String>>> {
    serde_json::to_value(requirement).and_then(serde_json::from_value).ok()
}

fn without_scopes(requirement: &SecurityRequirement) -> SecurityRequirement {
    let schemes = schemes_of(requirement).unwrap_or_default().into_keys();
    schemes.fold(SecurityRequirement::default(), |all, scheme| all.add(scheme, Vec::<String>::new()))
}

fn text_of(scopes: &[String], is_key: bool) -> String {
    let names = scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", ");
    match (is_key, scopes.len()) {
        (true, _) => format!("Requires the scope {names}."),
        (false, 1) => format!("Requires the permission {names}."),
        (false, _) => format!("Requires one of the permissions {names}."),
    }
}
