//! Lists of keys.

use axum::http::Uri;
use axum::response::Response;
use denizen_domain::{ApiKey, Position, ScopeSet, WorkspaceId};
use denizen_persistence::api_keys::{self, KeyFilter};
use utoipa::IntoParams;

use super::answer::ApiKeyAnswer;
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName, PageParameters};
use crate::wire::query::{FromQuery, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListApiKeys {
    /// Whether to include revoked and expired keys.
    #[param(value_type = Option<bool>, default = false)]
    include_ended: bool,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListApiKeys {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            include_ended: parameters.flag("includeEnded").unwrap_or(false),
            page: PageParameters::read(parameters),
        }
    }
}

/// Responds with a page of a workspace's keys: those with no scope but these, or all.
pub(crate) async fn page(
    state: &AppState,
    (context, uri): (&RequestContext, &Uri),
    workspace_id: WorkspaceId,
    within: Option<ScopeSet>,
    parameters: ListApiKeys,
) -> ApiResult<Response> {
    let ListApiKeys { include_ended, page } = parameters;
    let name = ListName::new(workspace_id, "api-keys");
    let in_force_at = (!include_ended).then(|| state.source().clock.now());
    let filter = KeyFilter { within, in_force_at };
    let window = page.window(state.cursors(), &name)?;
    let connection = &mut state.database().read().await?;
    let slice = api_keys::list(connection, workspace_id, &filter, &window).await?;
    let mut response =
        paging::answer(state.cursors(), (context, uri), &name, slice, position_of, ApiKeyAnswer::from)?;
    if page.count {
        let count = api_keys::count(connection, workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

fn position_of(key: &ApiKey) -> Position {
    Position::at(key.created_at, key.id.as_uuid())
}
