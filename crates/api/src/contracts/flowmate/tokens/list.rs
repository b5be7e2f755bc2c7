//! Listing all accounts' tokens.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, AccountToken, Direction, Position, Result, Secret};
use denizen_persistence::account_tokens::{self, TokenFilter};
use utoipa::IntoParams;

use super::super::answer::TokenAnswer;
use crate::guards::caller::{Caller, CanReadTokens};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};
use crate::wire::stream::{self, Batch, Batches};

/// Parameters of the list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTokens {
    /// The token with this secret.
    #[param(value_type = Option<String>)]
    token: Option<Secret>,
    /// Tokens of this account.
    #[param(rename = "accountId", value_type = Option<uuid::Uuid>)]
    account_id: Option<AccountId>,
    /// Wraps the list: `{"data": […], "meta": {"total": …}}`. Set by any value except `false` and `0`, also `?meta`.
    #[param(value_type = Option<bool>)]
    meta: bool,
}

impl FromQuery for ListTokens {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            token: parameters.one("token", |text| Ok(Secret::presented(text))),
            account_id: parameters.one("accountId", super::super::input::id),
            meta: parameters.truthy("meta"),
        }
    }
}

/// Lists tokens
///
/// Streams the valid tokens of all accounts, oldest first. Of each secret only the last four characters are shown.
#[utoipa::path(get, path = "/tokens", operation_id = "tokens.list", tag = "Tokens", params(ListTokens),
    responses((status = 200, body = Vec<TokenAnswer>)),
    security(("account_token" = ["all"]), ("session_cookie" = ["all"])))]
pub(crate) async fn list(
    _caller: Caller<CanReadTokens>,
    State(state): State<AppState>,
    Query(parameters): Query<ListTokens>,
) -> ApiResult<Response> {
    let ListTokens { token, account_id, meta } = parameters;
    let list = TokenList(TokenFilter { account_id, secret: token, kind: None });
    let total = if meta {
        let connection = &mut state.database().read().await?;
        Some(account_tokens::count(connection, &list.0, state.source().clock.now()).await?)
    } else {
        None
    };
    Ok(stream::json_array(&state, list, total).await?)
}

/// The tokens that match a filter.
struct TokenList(TokenFilter);

impl Batches for TokenList {
    type Item = TokenAnswer;
    type Shared = AppState;
    type Place = Position;

    async fn read(&self, state: &AppState, after: Option<Position>) -> Result<Batch<TokenAnswer, Position>> {
        let window = stream::window(after, Direction::Ascending);
        let connection = &mut state.database().read().await?;
        let now = state.source().clock.now();
        let slice = account_tokens::list(connection, &self.0, now, &window).await?;
        let place = |token: &AccountToken| Position::at(token.created_at, token.id.as_uuid());
        Ok(Batch::of(slice, place, TokenAnswer::from))
    }
}
