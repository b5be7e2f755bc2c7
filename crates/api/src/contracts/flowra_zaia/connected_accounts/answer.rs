//! Connected accounts in responses.

use std::collections::HashMap;

use denizen_domain::{
    AuthConfig, AuthConfigId, AuthScheme, ConnectedAccount, ConnectionStatus, Result, WorkspaceId,
};
use denizen_persistence::connected_accounts;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::flowra_zaia::auth_configs::ToolkitAnswer;
use crate::contracts::samples;
use crate::state::AppState;

/// Another system's account of an external user, without what it presents there. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectedAccount, example = samples::connected_account)]
pub(crate) struct ConnectedAccountAnswer {
    /// Its id.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// The system.
    toolkit: ToolkitAnswer,
    /// How it was connected.
    auth_config: UsedAuthConfig,
    /// The name that people see; null if it has none.
    #[schema(required, max_length = 250)]
    display_name: Option<String>,
    /// What it is for; null if nobody said.
    #[schema(required, max_length = 250)]
    label: Option<String>,
    /// Id of the external user whose account it is.
    #[serde(rename = "eUID")]
    external_user_id: Uuid,
    /// `INITIALIZING` until its link is opened, `INITIATED` until the user comes back, then `ACTIVE` or `FAILED`; `EXPIRED` once the
    /// system issues no more tokens, `INACTIVE` while it is disabled. Only an `ACTIVE` account can be used.
    #[schema(value_type = String)]
    status: ConnectionStatus,
    /// Why it failed or expired; null otherwise.
    #[schema(required)]
    status_reason: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change. Refreshing a token is none.
    #[schema(format = "date-time")]
    updated_at: String,
    /// Whether it is disabled.
    is_disabled: bool,
}

/// How an account was connected.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsedAuthConfig {
    /// Id of the auth config.
    id: Uuid,
    /// How the system is told who calls.
    #[schema(value_type = String)]
    auth_scheme: AuthScheme,
    /// The name that people see.
    display_name: String,
}

impl ConnectedAccountAnswer {
    /// Shows an account, which was connected by this auth config.
    pub(super) fn new(account: ConnectedAccount, config: &AuthConfig) -> Self {
        let status = account.status();
        let ConnectedAccount {
            id,
            workspace_id,
            auth_config_id: _,
            toolkit,
            external_user_id,
            display_name,
            label,
            connection: _,
            status_reason,
            is_disabled,
            created_at,
            updated_at,
        } = account;
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            toolkit: ToolkitAnswer { slug: toolkit.into_string() },
            auth_config: UsedAuthConfig {
                id: config.id.as_uuid(),
                auth_scheme: config.scheme,
                display_name: config.display_name.clone(),
            },
            display_name,
            label,
            external_user_id: external_user_id.as_uuid(),
            status,
            status_reason,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            is_disabled,
        }
    }
}

/// Shows accounts of a workspace. Reads their auth configs at once.
pub(super) async fn shown(
    state: &AppState,
    workspace_id: WorkspaceId,
    accounts: Vec<ConnectedAccount>,
) -> Result<Vec<ConnectedAccountAnswer>> {
    let mut ids: Vec<AuthConfigId> = accounts.iter().map(|account| account.auth_config_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let configs = if ids.is_empty() {
        Vec::new()
    } else {
        let connection = &mut state.database().read_by_key().await?;
        connected_accounts::find_auth_configs(connection, workspace_id, &ids).await?
    };
    let configs: HashMap<_, _> = configs.into_iter().map(|config| (config.id, config)).collect();
    // An account keeps its auth config, so none is missing, unless both were removed just now.
    let shown = accounts.into_iter().filter_map(|account| {
        let config = configs.get(&account.auth_config_id)?;
        Some(ConnectedAccountAnswer::new(account, config))
    });
    Ok(shown.collect())
}

/// A page of connected accounts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectedAccountPage {
    pub(super) items: Vec<ConnectedAccountAnswer>,
    /// What `cursor` is to be for the next page; null if this is the last one.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
    /// How many pages the list has, by `totalItems`.
    pub(super) total_pages: i64,
    /// The number of this page; null if it was asked for by cursor.
    #[schema(required)]
    pub(super) current_page: Option<u32>,
    /// How many connected accounts the list has; 10,000 if there are more.
    pub(super) total_items: i64,
}

/// The connected accounts of an external user with one system.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolkitGroup {
    /// The system.
    pub(super) toolkit: ToolkitAnswer,
    /// The accounts, oldest first.
    pub(super) connected_accounts: Vec<ConnectedAccountAnswer>,
}
