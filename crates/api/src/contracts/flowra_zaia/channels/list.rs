//! Listing channels.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{Channel, ChannelId, Position, SearchText};
use denizen_persistence::channels::{self, ChannelFilter};
use utoipa::IntoParams;

use super::answer::ChannelAnswer;
use crate::guards::caller::{Caller, CanReadSettings};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName, PageParameters};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListChannels {
    /// Ids to match. Repeat the parameter for up to 100 ids.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    ids: Vec<ChannelId>,
    /// Text to find in name or description, ignoring case.
    #[param(value_type = Option<String>, max_length = 250)]
    search: Option<SearchText>,
    #[param(ignore)]
    page: PageParameters,
}

impl FromQuery for ListChannels {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            ids: parameters.ids("ids"),
            search: parameters.search("search"),
            page: PageParameters::read(parameters),
        }
    }
}

/// Lists channels
///
/// Oldest first, including removed ones.
#[utoipa::path(get, path = "/api/v1/channels", operation_id = "channels.list", tag = "Channels", params(ListChannels, PageParameters),
    responses((status = 200, body = Vec<ChannelAnswer>, headers(
        ("link" = String, description = "The next page, as `rel=\"next\"`"),
        ("x-total-count" = i64, description = "Total count, with `count=true`")))),
    security(("authorization" = ["settings:read"]), ("api_key" = ["settings:read"]), ("bearer" = ["settings:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadSettings>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListChannels>,
) -> ApiResult<Response> {
    let ListChannels { ids, search, page } = parameters;
    let name = ListName::new(caller.workspace_id, "channels");
    let filter = ChannelFilter { ids, search };
    let window = page.window(state.cursors(), &name)?;
    let connection = &mut state.database().read().await?;
    let slice = channels::list(connection, caller.workspace_id, &filter, &window).await?;
    let mut response =
        paging::answer(state.cursors(), (&context, &uri), &name, slice, position_of, ChannelAnswer::from)?;
    if page.count {
        let count = channels::count(connection, caller.workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

fn position_of(channel: &Channel) -> Position {
    Position::at(channel.created_at, channel.id.as_uuid())
}
