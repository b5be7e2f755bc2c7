//! Listing all accounts' tokens.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, AccountToken, Direction, Position, Result, Secret};
use denizen_persistence::account_tokens::{self, TokenFilter};
use utoipa::IntoParams;

use super::super::answer::TokenAnswer;
use super::super::meta::Meta;
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
    /// Tokens of this account. An id that is no UUID matches none.
    #[param(rename = "accountId", value_type = Option<String>)]
    account_id: Option<String>,
    #[param(ignore)]
    meta: Meta,
}

impl FromQuery for ListTokens {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            token: parameters.one("token", |text| Ok(Secret::presented(text))),
            account_id: parameters.one("accountId", |text| Ok(text.to_owned())),
            meta: Meta::read(parameters),
        }
    }
}

/// Lists tokens
///
/// Streams the valid tokens of all accounts, oldest first. Of each secret only the last four characters are shown.
#[utoipa::path(get, path = "/tokens", operation_id = "tokens.list", tag = "Tokens", params(ListTokens, Meta),
    responses((status = 200, body = Vec<TokenAnswer>)),
    security(("account_token" = ["all"]), ("session_cookie" = ["all"])))]
pub(crate) async fn list(
    _caller: Caller<CanReadTokens>,
    State(state): State<AppState>,
    Query(parameters): Query<ListTokens>,
) -> ApiResult<Response> {
    let ListTokens { token, account_id, meta } = parameters;
    let of_account: Option<AccountId> = account_id.as_deref().and_then(|text| text.parse().ok());
    let is_empty = of_account.is_none() && account_id.is_some();
    let filter = TokenFilter { account_id: of_account, secret: token, kind: None };
    let list = TokenList { filter, is_empty };
    let total = if meta.meta { Some(list.count(&state).await?) } else { None };
    Ok(stream::json_array(&state, list, total).await?)
}

/// The tokens that match a filter.
struct TokenList {
    /// Which to list.
    filter: TokenFilter,
    /// Whether the filter can match no token.
    is_empty: bool,
}

impl TokenList {
    async fn count(&self, state: &AppState) -> Result<i64> {
        if self.is_empty {
            return Ok(0);
        }
        let connection = &mut state.database().read().await?;
        account_tokens::count(connection, &self.filter, state.source().clock.now()).await
    }
}

impl Batches for TokenList {
    type Item = TokenAnswer;
    type Shared = AppState;
    type Place = Position;

    async fn read(&self, state: &AppState, after: Option<Position>) -> Result<Batch<TokenAnswer, Position>> {
        if self.is_empty {
            return Ok(Batch { items: Vec::new(), next: None });
        }
        let window = stream::window(after, Direction::Ascending);
        let connection = &mut state.database().read().await?;
        let now = state.source().clock.now();
        let slice = account_tokens::list(connection, &self.filter, now, &window).await?;
        let place = |token: &AccountToken| Position::at(token.created_at, token.id.as_uuid());
        Ok(Batch::of(slice, place, TokenAnswer::from))
    }
}
