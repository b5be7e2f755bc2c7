//! Listing groups of external users.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{ExternalId, ExternalUserGroup, ExternalUserGroupId, Position, SearchText, TierId};
use denizen_persistence::external_user_groups::{self, ExternalUserGroupFilter};
use utoipa::IntoParams;

use super::answer::ExternalUserGroupAnswer;
use crate::guards::caller::{Caller, CanReadSettings};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName, PageParameters};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListExternalUserGroups {
    /// The external id.
    #[param(value_type = Option<String>, max_length = 250)]
    external_id: Option<ExternalId>,
    /// Ids to match. Repeat the parameter for up to 100 ids.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    ids: Vec<ExternalUserGroupId>,
    /// Tier ids to match.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    tier_ids: Vec<TierId>,
    /// Text to find in name or external id, ignoring case.
    #[param(value_type = Option<String>, max_length = 250)]
    search: Option<SearchText>,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListExternalUserGroups {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            external_id: parameters.one("externalId", ExternalId::parse),
            ids: parameters.ids("ids"),
            tier_ids: parameters.ids("tierIds"),
            search: parameters.search("search"),
            page: PageParameters::read(parameters),
        }
    }
}

/// Lists groups of external users
///
/// Oldest first.
#[utoipa::path(get, path = "/api/v1/external-user-groups", operation_id = "externalUserGroups.list", tag = "External user groups", params(ListExternalUserGroups, PageParameters),
    responses((status = 200, body = Vec<ExternalUserGroupAnswer>, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`"),
        ("x-total-count" = i64, description = "Total count, with `count=true`")))),
    security(("authorization" = ["settings:read"]), ("api_key" = ["settings:read"]), ("bearer" = ["settings:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadSettings>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListExternalUserGroups>,
) -> ApiResult<Response> {
    let ListExternalUserGroups { external_id, ids, tier_ids, search, page } = parameters;
    let name = ListName::new(caller.workspace_id, "external_user_groups");
    let filter = ExternalUserGroupFilter { external_id, ids, tier_ids, search };
    let window = page.window(state.cursors(), &name)?;
    let connection = &mut state.database().read().await?;
    let slice = external_user_groups::list(connection, caller.workspace_id, &filter, &window).await?;
    let mut response = paging::answer(
        state.cursors(),
        (&context, &uri),
        &name,
        slice,
        position_of,
        ExternalUserGroupAnswer::from,
    )?;
    if page.count {
        let count = external_user_groups::count(connection, caller.workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

fn position_of(group: &ExternalUserGroup) -> Position {
    Position::at(group.created_at, group.id.as_uuid())
}
