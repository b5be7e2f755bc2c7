//! The OpenAPI document: what every operation says of itself, and what is the same for all.

use std::collections::BTreeSet;

use axum::http::Method;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response,
    ResponseBuilder, Type,
};
use utoipa::{Modify, PartialSchema as _, ToSchema as _};

use crate::guards::entity_tags;
use crate::guards::idempotency;
use crate::guards::rate_limits;
use crate::wire::contract::speaks_flowdock;
use crate::wire::envelope::{ErrorCode, ErrorEnvelope, sample};

/// Adds what all operations share: who may ask, which errors there are, which headers come back.
pub(crate) struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut OpenApi) {
        document.info = InfoBuilder::new()
            .title("Denizen")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(DESCRIPTION))
            .license(Some(
                LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build(),
            ))
            .build();
        add_components(document);
        let mut ids = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            let operations = [
                (&mut item.get, false),
                (&mut item.put, true),
                (&mut item.post, true),
                (&mut item.delete, true),
                (&mut item.patch, true),
            ];
            for (operation, is_write) in operations {
                let Some(operation) = operation else { continue };
                // The same operations stand below two base paths, the one without a version first, and no two may have
                // the same id.
                let id = operation.operation_id.get_or_insert_default();
                if !ids.insert(id.clone()) {
                    id.push_str("V1");
                }
                complete(operation, path, is_write);
            }
        }
    }
}

const DESCRIPTION: &str = "The user directory that a multi-tenant platform runs for itself. \
    One directory, spoken to in the words of several published APIs: Flowra and Zaia at `/api/v1`, Notiflows at `/admin` \
    and `/admin/v1`, FlowMate at `/login`, `/api` and `/api/v1`, Flowdock at `/` and `/v1`. What one writes, the others \
    read. Every error has the same envelope, and every answer carries `x-request-id`.";

fn add_components(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
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
        ("api_key", header("x-api-key", "A secret key, `sk_…`. Speaks Flowra.")),
        ("bearer", bearer("A secret key, `sk_…`, after Bearer. Speaks Flowra.", None)),
        ("authorization", header("authorization", "A secret key, `sk_…`, without a scheme. Speaks Zaia.")),
        (
            "notiflows_api_key",
            header("x-notiflows-api-key", "A public key, `pk_…`. Together with its secret key."),
        ),
        (
            "notiflows_secret_key",
            header("x-notiflows-secret-key", "A secret key, `sk_…`. Together with its public key."),
        ),
        ("access_token", bearer("The access token of an external user.", Some("JWT"))),
        (
            "account_token",
            bearer(
                "The token of an account: of a log-in, issued, or personal. The scopes named are permissions, of which one is enough.",
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
                "The cookie of a log-in, from pages of the same site. The scopes named are permissions, of which one is enough.",
            ))),
        ),
    ];
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
    let mut parts = vec![(ErrorEnvelope::name().into_owned(), ErrorEnvelope::schema())];
    ErrorEnvelope::schemas(&mut parts);
    components.schemas.extend(parts);
}

const BASIC: &str = "The token of an account as user name, with any password or none; or an account's e-mail address and \
    its password.";

/// Gives an operation the errors that it shares with the others, and all its answers the headers that they have in common.
fn complete(operation: &mut Operation, path: &str, is_write: bool) {
    let (is_flowdock, is_counted) = (speaks_flowdock(path), !rate_limits::is_free(path));
    let is_write = is_write && idempotency::is_write(&Method::POST, path);
    let secured = operation.security.as_ref().is_some_and(|security| !security.is_empty());
    let has_body = operation.request_body.is_some();
    let mut errors = if is_flowdock { flowdock_errors(has_body) } else { shared_errors(secured, has_body) };
    errors.extend(is_counted.then_some((ErrorCode::RateLimited, TOO_MANY)));
    errors.extend(
        entity_tags::has_precondition(operation).then_some((ErrorCode::PreconditionFailed, HAS_CHANGED)),
    );
    errors.extend(idempotency::ERRORS.into_iter().filter(|_| is_write));
    for (code, text) in errors {
        let status = status_of(code).to_string();
        operation.responses.responses.entry(status).or_insert_with(|| RefOr::T(error_response(text)));
    }
    entity_tags::describe(operation);
    if is_write {
        idempotency::describe(operation);
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            if response.description.is_empty() {
                "As asked for".clone_into(&mut response.description);
            }
            add_headers(status, response, is_flowdock);
            if is_counted {
                add_rate_limit_headers(response);
            }
            add_example(status, response);
        }
    }
}

/// An error, and when it comes.
type ErrorText = (ErrorCode, &'static str);

fn shared_errors(secured: bool, has_body: bool) -> Vec<ErrorText> {
    let mut errors = FAULTS.to_vec();
    if secured || has_body {
        errors.push((ErrorCode::BadRequest, "A parameter or the body cannot be understood."));
    }
    if secured {
        errors.push((ErrorCode::Unauthenticated, NO_CREDENTIAL));
        errors.push((ErrorCode::Forbidden, "The credential lacks the scope, or the user is blocked."));
    }
    if has_body {
        errors.push((ErrorCode::PayloadTooLarge, TOO_LARGE));
        errors.push((ErrorCode::UnsupportedMediaType, "The body is not announced as JSON."));
        errors.push((
            ErrorCode::ValidationFailed,
            "Fields of the body break their rules; Zaia answers 400 instead.",
        ));
    }
    errors
}

/// Flowdock answers 400 wherever a parameter breaks its rule, and takes passwords with every request.
fn flowdock_errors(has_body: bool) -> Vec<ErrorText> {
    let mut errors = FAULTS.to_vec();
    errors.push((ErrorCode::BadRequest, "Parameters cannot be understood, or break their rules."));
    errors.push((ErrorCode::Unauthenticated, NO_CREDENTIAL));
    errors.push((ErrorCode::Forbidden, "The caller may not do this."));
    errors.push((ErrorCode::RateLimited, "Too many requests a second, or too many wrong passwords."));
    if has_body {
        errors.push((ErrorCode::PayloadTooLarge, TOO_LARGE));
        errors.push((ErrorCode::UnsupportedMediaType, "The body is announced as neither JSON nor a form."));
    }
    errors
}

const FAULTS: [ErrorText; 2] =
    [(ErrorCode::InternalError, "The server made a mistake."), (ErrorCode::Unavailable, UNAVAILABLE)];

const NO_CREDENTIAL: &str = "No valid credential.";

const HAS_CHANGED: &str = "What If-Match says is not, or no longer, so.";

const TOO_MANY: &str = "Too many requests a second.";

const TOO_LARGE: &str = "The body is larger than the server takes.";

const UNAVAILABLE: &str = "The server is starting, stopping, overloaded, or cannot reach its database.";

fn status_of(code: ErrorCode) -> u16 {
    ErrorCode::ALL.into_iter().find(|(known, _)| *known == code).map_or(500, |(_, status)| status.as_u16())
}

fn error_response(text: &str) -> Response {
    let schema = Ref::from_schema_name(ErrorEnvelope::name());
    ResponseBuilder::new()
        .description(text)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

fn add_header(response: &mut Response, name: &str, schema_type: Type, description: &str) {
    let schema = ObjectBuilder::new().schema_type(schema_type).build();
    let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description));
    response.headers.entry(name.to_owned()).or_insert_with(|| header.build().into());
}

fn add_rate_limit_headers(response: &mut Response) {
    let mut add = |name, description| add_header(response, name, Type::String, description);
    add(
        "ratelimit-policy",
        "How many requests there may be within how many seconds, as in `\"key\";q=1000;w=1`",
    );
    add("ratelimit", "How many more may come within how many seconds, as in `\"key\";r=998;t=1`");
}

fn add_headers(status: &str, response: &mut Response, is_flowdock: bool) {
    let mut add = |name: &str, schema_type: Type, description: &str| {
        add_header(response, name, schema_type, description);
    };
    add("x-request-id", Type::String, "The request's own `x-request-id`, or the one that was made for it");
    match status {
        "401" => add("www-authenticate", Type::String, "The credential that is expected"),
        _ if is_flowdock => add("flowdock-user", Type::Integer, "The number of the account that asks"),
        _ => {}
    }
    if matches!(status, "429" | "503") {
        add("retry-after", Type::String, "After how many seconds to try again");
    }
}

/// Errors show an envelope of their own code.
fn add_example(status: &str, response: &mut Response) {
    let found = ErrorCode::ALL.into_iter().find(|(_, of_code)| of_code.as_str() == status);
    let Some((code, status)) = found else { return };
    let message = response.description.clone();
    if response.content.is_empty() {
        return;
    }
    for content in response.content.values_mut() {
        if let RefOr::T(content) = content {
            content.example = Some(sample(code.as_str(), &message, status.as_u16()));
        }
    }
}
