//! What is recorded of connected accounts: never what they present to their systems.

use crate::audit::{ObjectKind, Recorded};
use crate::connected_account::{AuthConfig, AuthSettings, ConnectedAccount, OAuthSettings};
use crate::primitives::{JsonObject, Timestamp};

impl Recorded for AuthConfig {
    const KIND: ObjectKind = ObjectKind::AuthConfig;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            toolkit,
            display_name,
            scheme,
            settings: AuthSettings { kind: _, callback_urls, api_hosts, header_name, oauth },
            created_at: _,
            updated_at: _,
        } = self;
        // The URLs may contain what a system expects to stay secret.
        let scopes = oauth.as_ref().map(|oauth: &OAuthSettings| &oauth.scopes);
        record! {
            "toolkit": toolkit,
            "displayName": display_name,
            "authScheme": scheme,
            "callbackUrls": callback_urls,
            "apiHosts": api_hosts,
            "headerName": header_name,
            "scopes": scopes,
        }
    }
}

impl Recorded for ConnectedAccount {
    const KIND: ObjectKind = ObjectKind::ConnectedAccount;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            auth_config_id,
            toolkit,
            external_user_id,
            // These may be personal, and the log keeps no more of an erased user than its id.
            display_name: _,
            label: _,
            connection: _,
            status_reason,
            is_disabled,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "authConfigId": auth_config_id,
            "toolkit": toolkit,
            "externalUserId": external_user_id,
            "status": self.status(),
            "statusReason": status_reason,
            "isDisabled": is_disabled,
        }
    }
}
