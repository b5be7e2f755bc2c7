//! Examples of connected accounts.

use serde_json::{Value, json};

use super::{USER, WORKSPACE};

const AUTH_CONFIG: &str = "2f4b6d8a-1c3e-4a5b-8d7f-9e0c2a4b6d41";
const CONNECTED_ACCOUNT: &str = "5a7c9e1b-3d5f-4b6a-9c8e-0f1d3b5a7c42";

pub(crate) fn create_auth_config() -> Value {
    json!({
        "toolkit": {"slug": "slack"},
        "authConfig": {
            "type": "use_custom_auth", "authScheme": "OAUTH2", "displayName": "Slack",
            "callbackUrls": ["https://shop.example.com/connected"], "apiHosts": ["slack.com"],
            "credentials": {
                "clientId": "4711", "clientSecret": "a secret of Slack's",
                "authorizationUrl": "https://slack.com/oauth/v2/authorize",
                "tokenUrl": "https://slack.com/api/oauth.v2.access", "scopes": ["chat:write"],
            },
        },
    })
}

pub(crate) fn auth_config() -> Value {
    json!({
        "id": AUTH_CONFIG, "workspaceId": WORKSPACE, "toolkit": {"slug": "slack"},
        "authConfig": {
            "id": AUTH_CONFIG, "type": "use_custom_auth", "authScheme": "OAUTH2", "displayName": "Slack",
            "callbackUrls": ["https://shop.example.com/connected"], "apiHosts": ["slack.com"], "headerName": null,
            "credentials": {
                "clientId": "4711", "clientAuthentication": "client_secret_basic",
                "authorizationUrl": "https://slack.com/oauth/v2/authorize",
                "tokenUrl": "https://slack.com/api/oauth.v2.access", "revocationUrl": null,
                "scopes": ["chat:write"], "pkce": true, "authorizationParameters": {},
            },
        },
        "redirectUrl": "https://users.example.com/connect/callback", "createdAt": "2024-01-15T10:30:00.000000Z",
        "updatedAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn create_connected_account() -> Value {
    json!({
        "authConfigId": AUTH_CONFIG, "eUID": "jane@example.com", "label": "work",
        "credentials": {"apiKey": "a key of the system's"},
    })
}

pub(crate) fn update_connected_account() -> Value {
    json!({"displayName": "Jane's Slack", "isDisabled": false})
}

pub(crate) fn connected_account() -> Value {
    json!({
        "id": CONNECTED_ACCOUNT, "workspaceId": WORKSPACE, "toolkit": {"slug": "slack"},
        "authConfig": {"id": AUTH_CONFIG, "authScheme": "OAUTH2", "displayName": "Slack"},
        "displayName": "Jane's Slack", "label": "work", "eUID": USER, "status": "ACTIVE", "statusReason": null,
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z", "isDisabled": false,
    })
}

pub(crate) fn link_connected_account() -> Value {
    json!({
        "authConfigId": AUTH_CONFIG, "callbackUrl": "https://shop.example.com/connected", "eUID": "jane@example.com",
    })
}

const LINK_TOKEN: &str = "WwVvPH8OSlWKbD8fL58cEQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ";

pub(crate) fn connection_link() -> Value {
    json!({
        "redirectUrl": format!("https://users.example.com/connect/{LINK_TOKEN}"), "linkToken": LINK_TOKEN,
        "expiresAt": "2024-01-15T10:40:00.000000Z", "connectedAccountId": CONNECTED_ACCOUNT,
    })
}

pub(crate) fn connected_account_token() -> Value {
    json!({
        "accessToken": "a token of Slack's", "tokenType": "Bearer", "headerName": "authorization",
        "authScheme": "OAUTH2", "expiresAt": "2024-01-20T15:45:00.000000Z", "scope": "chat:write",
    })
}

pub(crate) fn key_profile() -> Value {
    json!({
        "id": "4d2b8e6c-5a7f-4c1d-9e3b-6f8a0c2e4d15", "workspaceId": WORKSPACE, "projectId": WORKSPACE, "name": "Shop",
        "slug": "shop", "scopes": ["external_users:read", "connected_accounts:read"], "eUID": USER,
        "username": "jane@example.com",
    })
}
