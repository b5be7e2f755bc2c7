//! Zaia's list: a filtered page.

use axum::http::Uri;
use axum::response::Response;
use denizen_domain::{
    ChannelId, Direction, ExternalUserFilter, ExternalUserGroupId, ExternalUserOrder, PageNumber, SearchText,
    SuperIdentityId, TierId, Window,
};
use denizen_persistence::external_users;
use utoipa::IntoParams;

use super::FLOWRA_PARAMETERS;
use super::answer::ExternalUserAnswer;
use super::exact::ExactFilters;
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, QueryReader};

/// Zaia's query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ZaiaList {
    /// Zaia: channel ids to match. Repeat the parameter for up to 100 ids.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    channel_ids: Vec<ChannelId>,
    /// Zaia: group ids to match.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    external_user_group_ids: Vec<ExternalUserGroupId>,
    /// Zaia: super identity ids to match.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    super_identity_ids: Vec<SuperIdentityId>,
    /// Zaia: tier ids to match.
    #[param(value_type = Vec<uuid::Uuid>, required = false, style = Form, explode)]
    tier_ids: Vec<TierId>,
    /// Zaia: text to find in name, identifier, external id, e-mail address, first or last name, ignoring case. One or two
    /// letters are found at the beginning of a word.
    #[param(value_type = Option<String>, max_length = 250)]
    search: Option<SearchText>,
    /// Zaia: the page number.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000, default = 1)]
    page_number: Option<PageNumber>,
    /// Zaia: the page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 10)]
    page_size: u32,
    /// Both: cursor of the next page, from `Link`.
    #[param(value_type = Option<String>)]
    cursor: Option<String>,
    /// Both: whether to send the total as `X-Total-Count`.
    #[param(value_type = Option<bool>, default = false)]
    count: bool,
    #[param(ignore)]
    exact: ExactFilters,
}

impl FromQuery for ZaiaList {
    fn read(parameters: &mut QueryReader) -> Self {
        parameters.reject_parameters_of("Flowra", &FLOWRA_PARAMETERS);
        Self {
            channel_ids: parameters.ids("channelIds"),
            external_user_group_ids: parameters.ids("externalUserGroupIds"),
            super_identity_ids: parameters.ids("superIdentityIds"),
            tier_ids: parameters.ids("tierIds"),
            search: parameters.search("search"),
            page_number: parameters.page_number("pageNumber"),
            page_size: parameters.number("pageSize", 1, 100).unwrap_or(10),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
            count: parameters.flag("count").unwrap_or(false),
            exact: ExactFilters::read(parameters),
        }
    }
}

pub(super) async fn list(
    state: &AppState,
    caller: &Caller<CanReadExternalUsers>,
    context: &RequestContext,
    uri: &Uri,
    parameters: ZaiaList,
) -> ApiResult<Response> {
    let order = ExternalUserOrder::CreatedAt;
    let name = ListName::new(caller.workspace_id, "zaia");
    let ZaiaList {
        channel_ids,
        external_user_group_ids,
        super_identity_ids,
        tier_ids,
        search,
        page_number,
        page_size,
        cursor,
        count,
        exact,
    } = parameters;
    let page = name.page(state.cursors(), cursor.as_deref(), page_number)?;
    let filter = exact.added_to(ExternalUserFilter {
        channel_ids,
        external_user_group_ids,
        super_identity_ids,
        tier_ids,
        search,
        ..ExternalUserFilter::default()
    });
    let window = Window { page, limit: page_size, direction: Direction::Ascending };
    let slice = state.cache().external_users(caller.workspace_id, &filter, order, &window).await?;
    let now = state.source().clock.now();
    let mut response = paging::answer(
        state.cursors(),
        (context, uri),
        &name,
        slice,
        |user| order.position_of(user),
        |user| ExternalUserAnswer::new(user, caller.contract, now),
    )?;
    if count {
        let connection = &mut state.database().read().await?;
        let count = external_users::count(connection, caller.workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}
