//! Lists of deleted users.

use axum::http::Uri;
use axum::response::Response;
use denizen_domain::{
    DeletedExternalUser, Direction, PageNumber, Position, Result, Slice, Timestamp, Window, WorkspaceId,
};
use denizen_persistence::external_users;

use super::answer::ExternalUserAnswer;
use super::exact::ExactFilters;
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::items::json_items;
use crate::wire::paging::{self, ListName};
use crate::wire::query::QueryReader;
use crate::wire::stream::{self, Batch, Batches};

/// Reads whether a list is of deleted users. These have no other filters than the page: the given ones and the exact ones
/// are refused beside it.
pub(crate) fn are_listed(parameters: &mut QueryReader, filters: &[&str]) -> bool {
    let are_listed = parameters.flag("deleted").unwrap_or(false);
    if are_listed {
        parameters.reject_beside("deleted", filters);
        parameters.reject_beside("deleted", &ExactFilters::NAMES);
    }
    are_listed
}

/// The users of a workspace that can be restored, by when they were deleted.
pub(crate) struct DeletedUsers {
    workspace_id: WorkspaceId,
    contract: Contract,
    direction: Direction,
    /// Those that were deleted earlier cannot be restored any more.
    after: Timestamp,
}

/// A page as a request names it.
pub(crate) struct NamedPage {
    /// The parameter that numbers pages.
    pub(crate) parameter: &'static str,
    /// Its value.
    pub(crate) number: Option<PageNumber>,
    /// The cursor, instead of a number.
    pub(crate) cursor: Option<String>,
    /// The page size.
    pub(crate) limit: u32,
}

impl DeletedUsers {
    /// Names a list.
    pub(crate) fn of(
        state: &AppState,
        workspace_id: WorkspaceId,
        contract: Contract,
        direction: Direction,
    ) -> Self {
        let after = state.source().clock.now().minus(state.options().restore_period);
        Self { workspace_id, contract, direction, after }
    }

    /// Counts the users.
    pub(crate) async fn count(&self, state: &AppState) -> Result<i64> {
        let connection = &mut state.database().read().await?;
        external_users::count_deleted(connection, self.workspace_id, Some(self.after)).await
    }

    /// Responds with a page.
    pub(crate) async fn page(
        &self,
        state: &AppState,
        (context, uri): (&RequestContext, &Uri),
        page: NamedPage,
    ) -> ApiResult<Response> {
        let NamedPage { parameter, number, cursor, limit } = page;
        let name = ListName::new(self.workspace_id, &format!("deleted/{:?}", self.direction));
        let page = name.page(state.cursors(), cursor.as_deref(), number)?;
        let slice = self.slice(state, &Window { page, limit, direction: self.direction }).await?;
        let next = slice.items.last().filter(|_| slice.has_more_after).map(DeletedExternalUser::position);
        let now = state.source().clock.now();
        let users = slice.items.into_iter().map(|user| self.shown(user, now));
        let mut response = json_items("[", users, "]")?;
        if let Some(position) = next {
            let cursor = name.cursor(state.cursors(), &position);
            paging::add_next_link(response.headers_mut(), context, uri, ("cursor", &cursor), &[parameter]);
        }
        Ok(response)
    }

    async fn slice(&self, state: &AppState, window: &Window) -> Result<Slice<DeletedExternalUser>> {
        let connection = &mut state.database().read().await?;
        external_users::list_deleted(connection, self.workspace_id, Some(self.after), window).await
    }

    fn shown(&self, user: DeletedExternalUser, now: Timestamp) -> ExternalUserAnswer {
        ExternalUserAnswer::deleted(user, self.contract, now)
    }
}

/// Streams the list.
impl Batches for DeletedUsers {
    type Item = ExternalUserAnswer;
    type Shared = AppState;
    type Place = Position;

    async fn read(
        &self,
        state: &AppState,
        after: Option<Position>,
    ) -> Result<Batch<ExternalUserAnswer, Position>> {
        let slice = self.slice(state, &stream::window(after, self.direction)).await?;
        let now = state.source().clock.now();
        Ok(Batch::of(slice, DeletedExternalUser::position, |user| self.shown(user, now)))
    }
}
