//! The rows of auth configs, connected accounts and links.

use denizen_domain::{AccessTokenLife, AuthConfig, AuthSettings, ConnectedAccount, Error, Result, Toolkit};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::{auth_configs, connected_accounts, connection_links};
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable)]
#[diesel(table_name = auth_configs, treat_none_as_default_value = false)]
pub(super) struct AuthConfigRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    pub(super) toolkit: String,
    pub(super) display_name: String,
    pub(super) scheme: String,
    pub(super) settings: String,
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) created_at: StoredTime,
    pub(super) updated_at: StoredTime,
    pub(super) deleted_at: Option<StoredTime>,
}

impl AuthConfigRow {
    /// Returns the row of an auth config with its sealed secret.
    pub(super) fn new(config: &AuthConfig, sealed: Option<Vec<u8>>) -> Result<Self> {
        let AuthConfig { id, workspace_id, toolkit, display_name, scheme, settings, created_at, updated_at } =
            config;
        let unwritable =
            |problem| Error::Internal(format!("an auth config cannot be written down: {problem}"));
        Ok(Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            toolkit: toolkit.to_string(),
            display_name: display_name.clone(),
            scheme: scheme.to_string(),
            settings: serde_json::to_string(settings).map_err(unwritable)?,
            sealed,
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            deleted_at: None,
        })
    }
}

impl TryFrom<AuthConfigRow> for AuthConfig {
    type Error = Error;

    fn try_from(row: AuthConfigRow) -> Result<Self> {
        let AuthConfigRow {
            workspace_id,
            id,
            toolkit,
            display_name,
            scheme,
            settings,
            sealed: _,
            created_at,
            updated_at,
            deleted_at: _,
        } = row;
        let broken = |column, problem: String| broken_row("auth_configs", column, id, problem);
        let settings: AuthSettings =
            serde_json::from_str(&settings).map_err(|problem| broken("settings", problem.to_string()))?;
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            toolkit: Toolkit::from_stored(toolkit),
            display_name,
            scheme: scheme.parse().map_err(|problem| broken("scheme", format!("{problem:?}")))?,
            settings,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = connected_accounts, treat_none_as_default_value = false)]
pub(super) struct AccountRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    pub(super) auth_config_id: StoredUuid,
    pub(super) toolkit: String,
    pub(super) external_user_id: StoredUuid,
    pub(super) display_name: Option<String>,
    pub(super) label: Option<String>,
    pub(super) status: String,
    pub(super) status_reason: Option<String>,
    pub(super) is_disabled: bool,
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) generation: i64,
    pub(super) ends_at: Option<StoredTime>,
    pub(super) refresh_at: Option<StoredTime>,
    pub(super) refreshing_until: Option<StoredTime>,
    pub(super) created_at: StoredTime,
    pub(super) updated_at: StoredTime,
    pub(super) deleted_at: Option<StoredTime>,
}

impl From<&ConnectedAccount> for AccountRow {
    /// Returns the row of an account that has no credentials yet.
    fn from(account: &ConnectedAccount) -> Self {
        let ConnectedAccount {
            id,
            workspace_id,
            auth_config_id,
            toolkit,
            external_user_id,
            display_name,
            label,
            connection,
            status_reason,
            is_disabled,
            created_at,
            updated_at,
        } = account;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            auth_config_id: stored(*auth_config_id),
            toolkit: toolkit.to_string(),
            external_user_id: stored(*external_user_id),
            display_name: display_name.clone(),
            label: label.clone(),
            status: connection.to_string(),
            status_reason: status_reason.clone(),
            is_disabled: *is_disabled,
            sealed: None,
            generation: 0,
            ends_at: None,
            refresh_at: None,
            refreshing_until: None,
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            deleted_at: None,
        }
    }
}

impl AccountRow {
    /// Returns the life of its access token, if the system has said when it ends.
    pub(super) fn life(&self) -> Option<AccessTokenLife> {
        let (ends_at, refresh_at) = (self.ends_at?.into(), self.refresh_at?.into());
        Some(AccessTokenLife { ends_at, refresh_at })
    }
}

impl TryFrom<AccountRow> for ConnectedAccount {
    type Error = Error;

    fn try_from(row: AccountRow) -> Result<Self> {
        let AccountRow {
            workspace_id,
            id,
            auth_config_id,
            toolkit,
            external_user_id,
            display_name,
            label,
            status,
            status_reason,
            is_disabled,
            sealed: _,
            generation: _,
            ends_at: _,
            refresh_at: _,
            refreshing_until: _,
            created_at,
            updated_at,
            deleted_at: _,
        } = row;
        let broken = |problem| broken_row("connected_accounts", "status", id, format!("{problem:?}"));
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            auth_config_id: auth_config_id.into(),
            toolkit: Toolkit::from_stored(toolkit),
            external_user_id: external_user_id.into(),
            display_name,
            label,
            connection: status.parse().map_err(broken)?,
            status_reason,
            is_disabled,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = connection_links, treat_none_as_default_value = false)]
pub(super) struct LinkRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    pub(super) connected_account_id: StoredUuid,
    pub(super) token_hash: Vec<u8>,
    pub(super) callback_url: String,
    pub(super) state_hash: Option<Vec<u8>>,
    pub(super) browser_hash: Option<Vec<u8>>,
    pub(super) verifier: Option<Vec<u8>>,
    pub(super) redirect_url: Option<String>,
    pub(super) created_at: StoredTime,
    pub(super) expires_at: StoredTime,
}
