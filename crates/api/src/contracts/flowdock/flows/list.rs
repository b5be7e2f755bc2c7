//! Listing flows.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, Result, Slice};
use denizen_persistence::flows::{self, FlowListing, ListedFlows, PlaceInList};
use denizen_persistence::organizations;

use super::answer::{FlowAnswer, FlowUserList, ListedFlow};
use super::input::ListFlows;
use crate::contracts::flowdock::organizations::find;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::parameters::Parameters;
use crate::wire::path::PathText;
use crate::wire::stream::{self, Batch, Batches, Nested};

/// Lists the flows the caller is in
///
/// Streams those of all the caller's organizations, ordered by name, without archived flows and flows that block the
/// caller.
#[utoipa::path(get, path = "/flows", operation_id = "flows.list", tag = "Flows", params(ListFlows),
    responses((status = 200, body = Vec<ListedFlow>)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn joined(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    context: Context,
    Parameters(parameters, unknown): Parameters<ListFlows>,
) -> ApiResult<Response> {
    answer(&state, FlowList::of(&caller, ListedFlows::Joined, context), parameters.check(unknown)?).await
}

/// Lists the flows the caller is in or may join
///
/// Includes flows of the caller's organizations that any member may join, with `joined` false. Administrators of an
/// organization see all its flows, including archived ones. Flows that block the caller are never listed. Streams the
/// full list, ordered by name.
#[utoipa::path(get, path = "/flows/all", operation_id = "flows.listAll", tag = "Flows", params(ListFlows),
    responses((status = 200, body = Vec<ListedFlow>)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn all(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    context: Context,
    Parameters(parameters, unknown): Parameters<ListFlows>,
) -> ApiResult<Response> {
    answer(&state, FlowList::of(&caller, ListedFlows::All, context), parameters.check(unknown)?).await
}

/// Lists an organization's flows
///
/// Returns those of `GET /flows/all` that it owns.
#[utoipa::path(get, path = "/flows/{organization}", operation_id = "flows.listOfOrganization", tag = "Flows",
    params(("organization" = String, Path, description = "The organization's name in URLs, or its number"), ListFlows),
    responses(
        (status = 200, body = Vec<ListedFlow>),
        (status = 404, description = "Organization not found.", body = crate::wire::envelope::ErrorEnvelope)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn of_organization(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    context: Context,
    PathText(name): PathText,
    Parameters(parameters, unknown): Parameters<ListFlows>,
) -> ApiResult<Response> {
    let organization = find::organization(&mut state.database().read().await?, &caller, &name).await?;
    let listed = ListedFlows::AllOf(organization.workspace.id);
    answer(&state, FlowList::of(&caller, listed, context), parameters.check(unknown)?).await
}

async fn answer(state: &AppState, list: FlowList, with_users: bool) -> ApiResult<Response> {
    if with_users {
        Ok(stream::json_array(state, WithUsers(list), None).await?)
    } else {
        Ok(stream::json_array(state, list, None).await?)
    }
}

/// The flows listed for an account.
struct FlowList {
    account_id: AccountId,
    listed: ListedFlows,
    context: Arc<RequestContext>,
}

impl FlowList {
    fn of(caller: &Caller<IsPerson>, listed: ListedFlows, Context(context): Context) -> Self {
        Self { account_id: caller.account.id, listed, context }
    }

    /// Reads the flows after a position, each with its response.
    async fn slice(
        &self,
        state: &AppState,
        after: Option<&PlaceInList>,
    ) -> Result<Slice<(FlowListing, FlowAnswer)>> {
        let connection = &mut state.database().read().await?;
        let listings = flows::list(connection, self.account_id, self.listed, after, stream::READ).await?;
        let mut ids: Vec<_> = listings.iter().map(|listing| listing.organization.workspace.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let counts = organizations::member_counts(connection, &ids).await?;
        let answered = |listing: FlowListing| {
            let count = counts.get(&listing.organization.workspace.id).copied().unwrap_or_default();
            let answer = FlowAnswer::of(&listing, count, &self.context);
            (listing, answer)
        };
        Ok(stream::cut(listings.into_iter().map(answered).collect()))
    }
}

impl Batches for FlowList {
    type Item = FlowAnswer;
    type Shared = AppState;
    type Place = PlaceInList;

    async fn read(
        &self,
        state: &AppState,
        after: Option<PlaceInList>,
    ) -> Result<Batch<FlowAnswer, PlaceInList>> {
        let slice = self.slice(state, after.as_ref()).await?;
        Ok(Batch::of(slice, |(listing, _)| listing.place_in_list(), |(_, answer)| answer))
    }
}

/// The same flows, each with its users.
struct WithUsers(FlowList);

impl Batches for WithUsers {
    type Item = Nested<FlowAnswer, FlowUserList>;
    type Shared = AppState;
    type Place = PlaceInList;

    async fn read(
        &self,
        state: &AppState,
        after: Option<PlaceInList>,
    ) -> Result<Batch<Self::Item, PlaceInList>> {
        let slice = self.0.slice(state, after.as_ref()).await?;
        let with_users = |(listing, answer): (FlowListing, FlowAnswer)| answer.with_users(&listing.flow);
        Ok(Batch::of(slice, |(listing, _)| listing.place_in_list(), with_users))
    }
}
