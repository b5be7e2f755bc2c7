//! Determines the contract of a request.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

/// A published API, or the server's own operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    /// External users by username.
    Flowra,
    /// External users by channel.
    Zaia,
    /// Users by external id.
    Notiflows,
    /// Accounts, with roles and permissions.
    FlowMate,
    /// Organizations and flows, with the accounts in them.
    Flowdock,
    /// Requests that start FlowMate's flows.
    IncomingWebhooks,
    /// Health, metrics, documents.
    Operations,
}

impl Contract {
    /// Determines the contract by path. Flowra and Zaia share paths; the header with the key tells them apart.
    pub(crate) fn of(parts: &Parts) -> Self {
        let path = parts.uri.path();
        let below =
            |base: &str| path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        if below("/admin").is_some() {
            return Self::Notiflows;
        }
        if speaks_flowra_alone(path) {
            return Self::Flowra;
        }
        if speaks_flowmate(path) {
            return Self::FlowMate;
        }
        if starts_flows(path) {
            return Self::IncomingWebhooks;
        }
        if speaks_flowdock(path) {
            return Self::Flowdock;
        }
        match below("/api/v1/external-users") {
            Some(rest) if rest.starts_with("/username/") || rest.ends_with("/toggle-active") => Self::Flowra,
            Some("" | "/me") if speaks_flowra(&parts.headers) => Self::Flowra,
            _ if below("/api/v1").is_some() => Self::Zaia,
            _ => Self::Operations,
        }
    }

    /// Returns its name in the log.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Flowra => "flowra",
            Self::Zaia => "zaia",
            Self::Notiflows => "notiflows",
            Self::FlowMate => "flowmate",
            Self::Flowdock => "flowdock",
            Self::IncomingWebhooks => "incoming_webhooks",
            Self::Operations => "operations",
        }
    }

    /// Returns whether a body may have fields that its operation does not know: the clients of the Open Integration Hub send
    /// more than FlowMate documents.
    pub(crate) const fn ignores_unknown_fields(self) -> bool {
        matches!(self, Self::FlowMate | Self::IncomingWebhooks)
    }

    /// Maps a domain field to its name in the contract's bodies.
    pub(crate) fn field_name(self, field: &str) -> String {
        match self {
            Self::Notiflows => field.to_owned(),
            Self::FlowMate | Self::IncomingWebhooks => {
                if field == "workspace" { "tenant" } else { field }.to_owned()
            }
            Self::Flowdock => match field {
                "username" => "email",
                "workspace" => "organization",
                _ => field,
            }
            .to_owned(),
            Self::Flowra | Self::Zaia | Self::Operations => camel_case(field),
        }
    }
}

/// Paths below `/api/v1` that only Flowra has, whatever header carries the key.
const FLOWRA: [&str; 4] =
    ["/api/v1/workflow", "/api/v1/auth_configs", "/api/v1/connected_accounts", "/api/v1/users/profile"];

/// Returns whether a path is one of those.
pub(crate) fn speaks_flowra_alone(path: &str) -> bool {
    let is_below =
        |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    FLOWRA.into_iter().any(is_below)
}

/// Paths below `/api` and `/api/v1` are FlowMate's, except those of other contracts.
pub(crate) fn speaks_flowmate(path: &str) -> bool {
    let known = |thing: &str| FLOWMATE.contains(&thing) || OF_FLOWS.contains(&thing);
    let is_known = below_api(path).is_some_and(known) && !speaks_flowra_alone(path);
    matches!(path, "/login" | "/logout") || is_known
}

/// Returns whether the errors of a path stand in a list beside the envelope, too: those about FlowMate's flows.
pub(crate) fn lists_errors(path: &str) -> bool {
    below_api(path).is_some_and(|thing| OF_FLOWS.contains(&thing))
}

/// Returns the first segment below `/api` or `/api/v1`.
fn below_api(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/api/")?;
    rest.strip_prefix("v1/").unwrap_or(rest).split('/').next()
}

/// First segments of FlowMate's paths about accounts.
const FLOWMATE: [&str; 5] = ["users", "roles", "permissions", "tenants", "tokens"];

/// First segments of FlowMate's paths about flows.
const OF_FLOWS: [&str; 5] = ["flows", "templates", "components", "executions", "icenter"];

/// Requests to these paths at the root start flows.
pub(crate) fn starts_flows(path: &str) -> bool {
    path.starts_with("/webhooks/") || path.starts_with("/hook/")
}

/// Flowdock's paths start at the root, and also at `/v1`.
pub(crate) fn speaks_flowdock(path: &str) -> bool {
    let below_root = path.strip_prefix("/v1/").or_else(|| path.strip_prefix('/')).unwrap_or_default();
    below_root.split('/').next().is_some_and(|thing| FLOWDOCK.contains(&thing))
}

/// First segments of Flowdock's paths.
const FLOWDOCK: [&str; 4] = ["users", "user", "flows", "organizations"];

/// `x-api-key`, or `Authorization` with the scheme Bearer or Basic. A key without a scheme means Zaia.
fn speaks_flowra(headers: &HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let has_scheme = |scheme: &[u8]| {
        authorization.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    headers.contains_key("x-api-key") || has_scheme(b"bearer ") || has_scheme(b"basic ")
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn path_and_headers_determine_the_contract() {
        for (path, header, contract) in [
            ("/api/v1/external-users", ("x-api-key", "sk_a"), Contract::Flowra),
            ("/api/v1/external-users", ("authorization", "bearer sk_a"), Contract::Flowra),
            ("/api/v1/external-users", ("authorization", "BASIC c2tfYTo="), Contract::Flowra),
            ("/api/v1/external-users", ("authorization", "sk_a"), Contract::Zaia),
            ("/api/v1/external-users/username/jane", ("authorization", "sk_a"), Contract::Flowra),
            ("/api/v1/external-users/7/toggle-active", ("authorization", "sk_a"), Contract::Flowra),
            ("/api/v1/external-users/7", ("x-api-key", "sk_a"), Contract::Zaia),
            ("/api/v1/external-users/authenticate", ("x-api-key", "sk_a"), Contract::Zaia),
            ("/api/v1/channels", ("x-api-key", "sk_a"), Contract::Zaia),
            ("/admin/v1/users", ("x-api-key", "sk_a"), Contract::Notiflows),
            ("/administrators", ("x-api-key", "sk_a"), Contract::Operations),
            ("/login", ("accept", "*/*"), Contract::FlowMate),
            ("/api/users", ("authorization", "Bearer lit_a"), Contract::FlowMate),
            ("/api/v1/tenants/7/users", ("x-api-key", "sk_a"), Contract::FlowMate),
            ("/api/flows/7", ("authorization", "Bearer lit_a"), Contract::FlowMate),
            ("/api/v1/templates", ("accept", "*/*"), Contract::FlowMate),
            ("/api/v1/usersystems", ("x-api-key", "sk_a"), Contract::Zaia),
            ("/users", ("authorization", "Basic cGF0Xzo="), Contract::Flowdock),
            ("/user", ("x-api-key", "sk_a"), Contract::Flowdock),
            ("/flows/acme/my-flow/users/7", ("accept", "*/*"), Contract::Flowdock),
            ("/v1/organizations", ("accept", "*/*"), Contract::Flowdock),
            ("/v1/flows/acme/my-flow", ("accept", "*/*"), Contract::Flowdock),
            ("/api/v1/icenter/executions", ("x-api-key", "sk_a"), Contract::FlowMate),
            ("/api/v1/workflow/manager/list", ("authorization", "sk_a"), Contract::Flowra),
            ("/webhooks/7", ("accept", "*/*"), Contract::IncomingWebhooks),
            ("/hook/7/a/b", ("accept", "*/*"), Contract::IncomingWebhooks),
            ("/webhooks", ("accept", "*/*"), Contract::Operations),
            ("/usersystems", ("accept", "*/*"), Contract::Operations),
            ("/v1", ("accept", "*/*"), Contract::Operations),
            ("/v1/v1/users", ("accept", "*/*"), Contract::Operations),
            ("/version", ("accept", "*/*"), Contract::Operations),
        ] {
            let request = Request::builder().uri(path).header(header.0, header.1).body(()).unwrap();
            assert_eq!(Contract::of(&request.into_parts().0), contract, "{path} {header:?}");
        }
    }

    #[test]
    fn errors_about_flows_stand_in_a_list() {
        for path in [
            "/api/flows",
            "/api/v1/flows/7/start",
            "/api/templates",
            "/api/v1/components",
            "/api/icenter/executions",
        ] {
            assert!(lists_errors(path), "{path}");
        }
        for path in ["/flows", "/api/users", "/api/v1/external-users", "/api/flowsheets", "/login"] {
            assert!(!lists_errors(path), "{path}");
        }
    }

    #[test]
    fn each_contract_has_its_own_field_names() {
        assert_eq!(Contract::Zaia.field_name("external_user_group_id"), "externalUserGroupId");
        assert_eq!(Contract::Notiflows.field_name("external_id"), "external_id");
        assert_eq!(Contract::FlowMate.field_name("workspace"), "tenant");
        assert_eq!(Contract::Flowdock.field_name("username"), "email");
        assert_eq!(Contract::Flowdock.field_name("workspace"), "organization");
        assert_eq!(Contract::Flowdock.field_name("access_mode"), "access_mode");
    }
}
