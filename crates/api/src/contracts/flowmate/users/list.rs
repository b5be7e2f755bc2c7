//! Listing accounts.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{Account, AccountId, Direction, Position, Reach, Result, Username};
use denizen_persistence::accounts::{self, AccountFilter};
use denizen_persistence::memberships::{self, Member};
use utoipa::IntoParams;

use super::super::answer::User;
use super::super::meta::Meta;
use crate::guards::caller::{Caller, CanReadAccounts};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};
use crate::wire::stream::{self, Batch, Batches};

/// Parameters of the list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsers {
    /// Accounts with these ids. Repeatable up to 100 times.
    #[param(rename = "userId", value_type = Vec<String>, required = false, style = Form, explode)]
    user_id: Vec<String>,
    /// Accounts with these usernames, in any case and any form of the domain. Repeatable up to 100 times.
    #[param(value_type = Vec<String>, required = false, style = Form, explode)]
    username: Vec<String>,
    #[param(ignore)]
    meta: Meta,
}

impl FromQuery for ListUsers {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            user_id: parameters.texts("userId"),
            username: parameters.texts("username"),
            meta: Meta::read(parameters),
        }
    }
}

/// Lists accounts
///
/// Streams all accounts, oldest first, or the members of the caller's workspace if they see no others. With both
/// `userId` and `username`, accounts must match one of each. Values that match no account are not an error, ids that are
/// no UUIDs included.
#[utoipa::path(get, path = "/users", operation_id = "accounts.list", tag = "Accounts", params(ListUsers, Meta),
    responses((status = 200, body = Vec<User>)),
    security(("account_token" = ["iam.account.read", "tenant.account.read"]), ("session_cookie" = ["iam.account.read", "tenant.account.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadAccounts>,
    State(state): State<AppState>,
    Query(parameters): Query<ListUsers>,
) -> ApiResult<Response> {
    let ListUsers { user_id, username, meta } = parameters;
    // Clients of other servers may have ids of another form, and only an e-mail address can be a username.
    let ids: Vec<AccountId> = user_id.iter().filter_map(|text| text.parse().ok()).collect();
    let usernames: Vec<_> = username.iter().flat_map(|text| Username::stored_forms(text)).collect();
    let nobody = ids.is_empty() != user_id.is_empty() || usernames.is_empty() != username.is_empty();
    let list = UserList { reach: caller.reach, filter: AccountFilter { ids, usernames }, nobody };
    let total = if meta.meta { Some(list.count(&state).await?) } else { None };
    Ok(stream::json_array(&state, list, total).await?)
}

/// The accounts within reach that match a filter.
pub(crate) struct UserList {
    /// Who may be seen.
    reach: Reach,
    /// Which to list.
    filter: AccountFilter,
    /// Whether the filter can match no account.
    nobody: bool,
}

impl UserList {
    /// All accounts within reach.
    pub(crate) fn of(reach: Reach) -> Self {
        Self { reach, filter: AccountFilter::default(), nobody: false }
    }

    /// Counts the accounts.
    pub(crate) async fn count(&self, state: &AppState) -> Result<i64> {
        if self.nobody {
            return Ok(0);
        }
        let connection = &mut state.database().read().await?;
        match self.reach {
            Reach::Everywhere => accounts::count(connection, &self.filter).await,
            Reach::Workspace(id) => memberships::count(connection, id, &self.filter).await,
        }
    }
}

impl Batches for UserList {
    type Item = User;
    type Shared = AppState;
    type Place = Position;

    async fn read(&self, state: &AppState, after: Option<Position>) -> Result<Batch<User, Position>> {
        if self.nobody {
            return Ok(Batch { items: Vec::new(), next: None });
        }
        let window = stream::window(after, Direction::Ascending);
        let connection = &mut state.database().read().await?;
        match self.reach {
            Reach::Everywhere => {
                let slice = accounts::list(connection, &self.filter, &window).await?;
                let place = |account: &Account| Position::at(account.created_at, account.id.as_uuid());
                Ok(Batch::of(slice, place, User::from))
            }
            Reach::Workspace(id) => {
                let slice = memberships::list(connection, id, &self.filter, &window).await?;
                let place =
                    |member: &Member| Position::at(member.membership.created_at, member.account.id.as_uuid());
                Ok(Batch::of(slice, place, |member| User::from(member.account.seen_within(self.reach))))
            }
        }
    }
}
