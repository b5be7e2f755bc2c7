//! The connected accounts of a user, by system.

use axum::Json;
use axum::extract::State;
use denizen_domain::ConnectedAccount;
use denizen_persistence::connected_accounts;
use utoipa::IntoParams;

use super::answer::{ToolkitGroup, shown};
use super::whose::{parse_user, require_user};
use crate::contracts::flowra_zaia::auth_configs::ToolkitAnswer;
use crate::guards::caller::{Caller, CanReadConnectedAccounts, NamedUser};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupedAccounts {
    /// The external user: an id or a username. Not needed with `x-username`.
    #[param(value_type = Option<String>, max_length = 250, rename = "eUID")]
    user: Option<String>,
}

impl FromQuery for GroupedAccounts {
    fn read(parameters: &mut QueryReader) -> Self {
        Self { user: parameters.one("eUID", parse_user) }
    }
}

/// Lists the connected accounts of an external user by system
///
/// Returns all of them, at most 100, by the short names of their systems.
#[utoipa::path(get, path = "/api/v1/connected_accounts/grouped-by-toolkit", operation_id = "connectedAccounts.group", tag = "Connected accounts",
    params(GroupedAccounts,
        ("x-username" = Option<String>, Header, description = "The external user whose accounts are listed")),
    responses(
        (status = 200, body = Vec<ToolkitGroup>),
        (status = 404, description = "External user not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["connected_accounts:read"]), ("bearer" = ["connected_accounts:read"]), ("authorization" = ["connected_accounts:read"])))]
pub(crate) async fn grouped(
    caller: Caller<CanReadConnectedAccounts>,
    named: NamedUser,
    State(state): State<AppState>,
    Query(GroupedAccounts { user }): Query<GroupedAccounts>,
) -> ApiResult<Json<Vec<ToolkitGroup>>> {
    let workspace_id = caller.workspace_id;
    let user = require_user(&state, workspace_id, &named, user.as_deref()).await?;
    let accounts = {
        let connection = &mut state.database().read().await?;
        connected_accounts::list_of_user(connection, workspace_id, user.id).await?
    };
    let mut groups: Vec<Vec<ConnectedAccount>> = Vec::new();
    for account in accounts {
        match groups.last_mut().filter(|group| group.iter().all(|other| other.toolkit == account.toolkit)) {
            Some(group) => group.push(account),
            None => groups.push(vec![account]),
        }
    }
    let mut answer = Vec::with_capacity(groups.len());
    for group in groups {
        let slug = group.first().map(|account| account.toolkit.to_string()).unwrap_or_default();
        let connected_accounts = shown(&state, workspace_id, group).await?;
        answer.push(ToolkitGroup { toolkit: ToolkitAnswer { slug }, connected_accounts });
    }
    Ok(Json(answer))
}
