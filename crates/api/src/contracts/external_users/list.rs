//! Zaia's list: a filtered page.

use axum::http::Uri;
use axum::response::Response;
use denizen_domain::{
    ChannelId, Direction, ExternalUserFilter, ExternalUserGroupId, ExternalUserOrder, PageNumber, SearchText,
    SuperIdentityId, TierId, Window, WorkspaceId,
};
use denizen_persistence::external_users;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::answer::ExternalUserAnswer;
use super::deleted::{self, DeletedUsers, NamedPage};
use super::exact::ExactFilters;
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, QueryReader};

/// The parameters of Flowra's list alone.
const FLOWRA_PARAMETERS: [&str; 6] = ["q", "isActive", "sortBy", "sortOrder", "page", "limit"];

/// The filters of Zaia's list alone.
const FILTERS: [&str; 5] = ["channelIds", "externalUserGroupIds", "superIdentityIds", "tierIds", "search"];

/// Zaia's query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListExternalUsers {
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
    /// Zaia: the page number; 1 if absent.
    // As a `default`, generated clients would send it to Flowra's list, too.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100_000)]
    page_number: Option<PageNumber>,
    /// Zaia: the page size; 10 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    page_size: u32,
    /// Both: cursor of the next page, from `Link`.
    #[param(value_type = Option<String>)]
    cursor: Option<String>,
    /// Both: whether to send the total as `X-Total-Count`.
    #[param(value_type = Option<bool>, default = false)]
    count: bool,
    /// Both: only deleted users that can be restored, by when they were deleted, with `deletedAt`. Cannot be combined with
    /// filters.
    #[param(value_type = Option<bool>, default = false)]
    deleted: bool,
    #[param(ignore)]
    exact: ExactFilters,
}

impl FromQuery for ListExternalUsers {
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
            deleted: deleted::are_listed(parameters, &FILTERS),
            exact: ExactFilters::read(parameters),
        }
    }
}

/// The parameters as an operation documents them that knows no other contract's list.
pub(crate) struct ListParameters;

impl IntoParams for ListParameters {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = ListExternalUsers::into_params(&parameter_in);
        parameters.extend(ExactFilters::into_params(&parameter_in));
        for description in parameters.iter_mut().filter_map(|parameter| parameter.description.as_mut()) {
            let named =
                ["Zaia: ", "Both: "].into_iter().find_map(|contract| description.strip_prefix(contract));
            if let Some(text) = named {
                *description = capitalized(text);
            }
        }
        parameters
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Responds with a page of a workspace's users, oldest first, or of its deleted users.
pub(crate) async fn page(
    state: &AppState,
    (context, uri): (&RequestContext, &Uri),
    workspace_id: WorkspaceId,
    parameters: ListExternalUsers,
) -> ApiResult<Response> {
    if parameters.deleted {
        return page_of_deleted(state, (context, uri), workspace_id, parameters).await;
    }
    let order = ExternalUserOrder::CreatedAt;
    let name = ListName::new(workspace_id, "zaia");
    let ListExternalUsers {
        channel_ids,
        external_user_group_ids,
        super_identity_ids,
        tier_ids,
        search,
        page_number,
        page_size,
        cursor,
        count,
        deleted: _,
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
    let slice = state.cache().external_users(workspace_id, &filter, order, &window).await?;
    let now = state.source().clock.now();
    let mut response = paging::answer(
        state.cursors(),
        (context, uri),
        &name,
        slice,
        |user| order.position_of(user),
        |user| ExternalUserAnswer::new(user, Contract::Zaia, now),
    )?;
    if count {
        let connection = &mut state.database().read().await?;
        let count = external_users::count(connection, workspace_id, &filter).await?;
        paging::add_total_count(response.headers_mut(), count);
    }
    Ok(response)
}

async fn page_of_deleted(
    state: &AppState,
    request: (&RequestContext, &Uri),
    workspace_id: WorkspaceId,
    parameters: ListExternalUsers,
) -> ApiResult<Response> {
    let ListExternalUsers { page_number: number, page_size: limit, cursor, count, .. } = parameters;
    let users = DeletedUsers::of(state, workspace_id, Contract::Zaia, Direction::Ascending);
    let page = NamedPage { parameter: "pageNumber", number, cursor, limit };
    let mut response = users.page(state, request, page).await?;
    if count {
        paging::add_total_count(response.headers_mut(), users.count(state).await?);
    }
    Ok(response)
}
