//! Listing the users visible to the caller.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountNumber, Profile, Result};
use denizen_persistence::organizations;

use super::super::answer::User;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::stream::{self, BATCH, Batch, Batches};

/// Lists all users visible to the caller
///
/// The caller comes first, then the other visible users, each once, ordered by number. In organizations that the caller
/// administers, all members are visible; in others, those who share a flow with the caller. A flow is not shared with
/// users blocked from it, and archived flows do not count. The full list is streamed.
#[utoipa::path(get, path = "/users", operation_id = "people.list", tag = "People",
    responses((status = 200, body = Vec<User>)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn list(caller: Caller<IsPerson>, State(state): State<AppState>) -> ApiResult<Response> {
    let own = Profile::from(&caller.account);
    let mut others = {
        let connection = &mut state.database().read().await?;
        organizations::visible_numbers(connection, caller.account.id).await?
    };
    others.retain(|number| *number != own.number);
    Ok(stream::json_array(&state, VisibleUsers { own, others }, None).await?)
}

/// An account and whom it can see.
struct VisibleUsers {
    own: Profile,
    /// The numbers of the others, in order.
    others: Vec<AccountNumber>,
}

impl Batches for VisibleUsers {
    type Item = User;
    type Shared = AppState;
    /// How many of the others come before.
    type Place = usize;

    async fn read(&self, state: &AppState, after: Option<usize>) -> Result<Batch<User, usize>> {
        let start = after.unwrap_or_default();
        let end = self.others.len().min(start + BATCH as usize);
        let numbers = self.others.get(start..end).unwrap_or_default();
        let others = organizations::list_profiles(&mut state.database().read().await?, numbers).await?;
        let own = after.is_none().then(|| self.own.clone());
        let items = own.into_iter().chain(others).map(User::from).collect();
        Ok(Batch { items, next: (end < self.others.len()).then_some(end) })
    }
}
