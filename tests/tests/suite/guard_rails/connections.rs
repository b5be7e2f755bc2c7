//! The rows of connected accounts, and of how to connect.

use super::table::{Caller, Guard, ROW, Stranger};

const READ_CONFIGS: &str = "auth_configs:read";
const WRITE_CONFIGS: &str = "auth_configs:write";
const READ_ACCOUNTS: &str = "connected_accounts:read";
const WRITE_ACCOUNTS: &str = "connected_accounts:write";
const USE_ACCOUNTS: &str = "connected_accounts:use";

/// The default of a row about auth configs.
const CONFIG_ROW: Guard = Guard {
    scope: READ_CONFIGS,
    caller: Caller::Flowra,
    path: "/api/v1/auth_configs/<unused config>",
    stranger: Stranger::NotFound("auth_config"),
    ..ROW
};

/// The default of a row about connected accounts.
const ACCOUNT_ROW: Guard = Guard {
    scope: WRITE_ACCOUNTS,
    caller: Caller::Flowra,
    path: "/api/v1/connected_accounts/<account>",
    stranger: Stranger::NotFound("connected_account"),
    ..ROW
};

/// The rows. `<config>` connects `<account>` of `<user>`; `<unused config>` connects nothing.
pub(super) const CONNECTION_GUARDS: [Guard; 12] = [
    Guard {
        operation: "GET /api/v1/auth_configs",
        path: "/api/v1/auth_configs?limit=100",
        stranger: Stranger::List,
        ..CONFIG_ROW
    },
    Guard {
        operation: "POST /api/v1/auth_configs",
        scope: WRITE_CONFIGS,
        path: "/api/v1/auth_configs",
        body: Some(r#"{ "toolkit": { "slug": "new" }, "authConfig": { "authScheme": "NO_AUTH" } }"#),
        stranger: Stranger::Own(201),
        ..CONFIG_ROW
    },
    Guard { operation: "GET /api/v1/auth_configs/{id}", ..CONFIG_ROW },
    Guard { operation: "DELETE /api/v1/auth_configs/{id}", scope: WRITE_CONFIGS, ..CONFIG_ROW },
    Guard {
        operation: "GET /api/v1/connected_accounts",
        scope: READ_ACCOUNTS,
        path: "/api/v1/connected_accounts?limit=100",
        stranger: Stranger::List,
        ..ACCOUNT_ROW
    },
    Guard {
        operation: "POST /api/v1/connected_accounts",
        path: "/api/v1/connected_accounts",
        body: Some(
            r#"{ "authConfigId": "<config>", "eUID": "<user>", "credentials": { "apiKey": "a key" } }"#,
        ),
        stranger: Stranger::NotFound("auth_config"),
        ..ACCOUNT_ROW
    },
    Guard {
        operation: "POST /api/v1/connected_accounts/link",
        path: "/api/v1/connected_accounts/link",
        body: Some(
            r#"{ "authConfigId": "<unused config>", "eUID": "<user>", "callbackUrl": "https://shop.example.com/connected" }"#,
        ),
        stranger: Stranger::NotFound("auth_config"),
        ..ACCOUNT_ROW
    },
    Guard {
        operation: "GET /api/v1/connected_accounts/grouped-by-toolkit",
        scope: READ_ACCOUNTS,
        path: "/api/v1/connected_accounts/grouped-by-toolkit?eUID=<user>",
        stranger: Stranger::NotFound("external_user"),
        ..ACCOUNT_ROW
    },
    Guard { operation: "GET /api/v1/connected_accounts/{id}", scope: READ_ACCOUNTS, ..ACCOUNT_ROW },
    Guard {
        operation: "PATCH /api/v1/connected_accounts/{id}",
        body: Some(r#"{ "label": "changed" }"#),
        ..ACCOUNT_ROW
    },
    Guard { operation: "DELETE /api/v1/connected_accounts/{id}", ..ACCOUNT_ROW },
    Guard {
        operation: "POST /api/v1/connected_accounts/{id}/token",
        scope: USE_ACCOUNTS,
        path: "/api/v1/connected_accounts/<account>/token",
        ..ACCOUNT_ROW
    },
];
