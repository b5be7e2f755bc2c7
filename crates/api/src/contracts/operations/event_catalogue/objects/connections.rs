//! Samples of connected accounts, and of how to connect.

use denizen_domain::{
    AuthConfig, AuthScheme, AuthSettings, ClientAuthentication, ConnectedAccount, ConnectionStatus,
    OAuthSettings, Toolkit,
};

use super::{AUTH_CONFIG, CONNECTED_ACCOUNT, Sampled, USER, WORKSPACE, before, now};

fn toolkit() -> Toolkit {
    Toolkit::from_stored("slack".to_owned())
}

impl Sampled for AuthConfig {
    fn full() -> Self {
        Self {
            id: AUTH_CONFIG,
            workspace_id: WORKSPACE,
            toolkit: toolkit(),
            display_name: "Slack".to_owned(),
            scheme: AuthScheme::OAuth2,
            settings: AuthSettings {
                kind: AuthSettings::DEFAULT_KIND.to_owned(),
                callback_urls: vec!["https://shop.example.com/connected".to_owned()],
                api_hosts: vec!["slack.com".to_owned()],
                header_name: Some(Self::DEFAULT_HEADER.to_owned()),
                oauth: Some(OAuthSettings {
                    client_id: "4711".to_owned(),
                    client_authentication: ClientAuthentication::ClientSecretBasic,
                    authorization_url: "https://slack.com/oauth/v2/authorize".to_owned(),
                    token_url: "https://slack.com/api/oauth.v2.access".to_owned(),
                    revocation_url: None,
                    scopes: vec!["chat:write".to_owned()],
                    pkce: true,
                    authorization_parameters: Vec::new(),
                }),
            },
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { scheme: AuthScheme::NoAuth, settings: AuthSettings::default(), ..Self::full() }
    }

    fn earlier() -> Self {
        Self::usual()
    }
}

impl Sampled for ConnectedAccount {
    fn full() -> Self {
        Self {
            id: CONNECTED_ACCOUNT,
            workspace_id: WORKSPACE,
            auth_config_id: AUTH_CONFIG,
            toolkit: toolkit(),
            external_user_id: USER,
            display_name: Some("Jane's Slack".to_owned()),
            label: Some("work".to_owned()),
            connection: ConnectionStatus::Expired,
            status_reason: Some("The system refused: invalid_grant.".to_owned()),
            is_disabled: false,
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { display_name: None, label: None, status_reason: None, ..Self::usual() }
    }

    fn usual() -> Self {
        Self { connection: ConnectionStatus::Active, status_reason: None, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { connection: ConnectionStatus::Initiated, ..Self::usual() }
    }
}
