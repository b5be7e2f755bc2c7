//! `denizen tokens`: manages the tokens with which programs and people act for an account.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::ensure;
use clap::{Args, Subcommand};
use denizen_domain::{
    AccountId, AccountToken, AccountTokenId, Json, PermissionSet, Position, Result, Slice, Source, Status,
    Timestamp, TokenKind, TokenRequest, Username, Window,
};
use denizen_persistence::account_tokens::{self, TokenFilter};
use denizen_persistence::accounts::{self, AccountFilter};
use denizen_persistence::{Asker, DbConnection};
use serde::Serialize;
use serde_json::json;

use crate::commands::named::{AccountName, id_and_username};
use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// The subcommands for tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    Create(CreateToken),
    List(ListTokens),
    Revoke(RevokeToken),
}

impl TokensCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Revoke(command) => command.run().await,
        }
    }
}

/// Create a token with all rights of an active account; it is shown only once
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen tokens create --account user@example.com --expires-in 90d --description 'nightly import' --json")]
pub(crate) struct CreateToken {
    /// The account's username or id
    #[arg(long, value_name = "EMAIL|ID", value_parser = AccountName::parse)]
    account: AccountName,

    /// How long the token is valid, such as 2h or 90d [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = values::lifetime)]
    expires_in: Option<Duration>,

    /// Purpose: at most 1000 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    #[arg(value_parser = TokenRequest::parse_description)]
    description: String,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl CreateToken {
    async fn run(self) -> anyhow::Result<()> {
        let origin = operator::origin();
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let account = self.account.find(connection).await?;
        let username = &account.username;
        ensure!(
            account.status == Status::Active,
            "the account {username} is not active; run `denizen accounts enable {username}` first"
        );
        let request = TokenRequest {
            account_id: account.id,
            description: self.description,
            inquirer: String::new(),
            permissions: PermissionSet::empty(),
            lifetime: self.expires_in,
        };
        let made = account_tokens::issue(connection, &origin, Asker::Operator, &request, None).await;
        let made = made.map_err(reason)?;
        let (id, token) = (made.token.id, made.secret.expose());
        self.output.object(
            &json!({ "id": id, "token": token }),
            &[
                ("id", id.to_string()),
                ("account", id_and_username(&account)),
                ("expires", moment(made.token.expires_at)),
                ("token (shown only once)", token.to_owned()),
            ],
        )
    }
}

/// List valid tokens, oldest first; their secrets are never shown
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen tokens list --account user@example.com")]
pub(crate) struct ListTokens {
    /// Only tokens of this account (username or id)
    #[arg(long, value_name = "EMAIL|ID", value_parser = AccountName::parse)]
    account: Option<AccountName>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListTokens {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let account_id = match &self.account {
            Some(account) => Some(account.find(connection).await?.id),
            None => None,
        };
        let filter = TokenFilter { account_id, ..TokenFilter::default() };
        let now = Source::system().clock.now();
        self.output.pages(None, async |window| page(connection, &filter, now, window).await).await?;
        Ok(())
    }
}

/// Reads a page of tokens with the usernames of their accounts.
async fn page(
    connection: &mut DbConnection,
    filter: &TokenFilter,
    now: Timestamp,
    window: &Window,
) -> Result<Slice<ListedToken>> {
    let Slice { items, has_more_before, has_more_after } =
        account_tokens::list(connection, filter, now, window).await?;
    let usernames = usernames(connection, &items).await?;
    let listed = |token: AccountToken| {
        let username = usernames.get(&token.account_id).cloned();
        ListedToken { token, username }
    };
    Ok(Slice { items: items.into_iter().map(listed).collect(), has_more_before, has_more_after })
}

/// Reads the usernames for a page of tokens in one query.
async fn usernames(
    connection: &mut DbConnection,
    tokens: &[AccountToken],
) -> Result<HashMap<AccountId, Username>> {
    let ids: BTreeSet<AccountId> = tokens.iter().map(|token| token.account_id).collect();
    let Ok(limit @ 1..) = u32::try_from(ids.len()) else { return Ok(HashMap::new()) };
    let filter = AccountFilter { ids: ids.into_iter().collect(), ..AccountFilter::default() };
    let accounts = accounts::list(connection, &filter, &Window::first(limit)).await?.items;
    Ok(accounts.into_iter().map(|account| (account.id, account.username)).collect())
}

/// A token and its account's username; `None` if the account was deleted meanwhile.
struct ListedToken {
    token: AccountToken,
    username: Option<Username>,
}

/// A token as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenView<'a> {
    id: AccountTokenId,
    kind: TokenKind,
    account_id: AccountId,
    username: Option<&'a Username>,
    token: String,
    description: &'a str,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl Listed for ListedToken {
    const COLUMNS: &'static [&'static str] =
        &["ID", "KIND", "ACCOUNT", "TOKEN", "CREATED", "EXPIRES", "DESCRIPTION"];

    fn cells(&self) -> Vec<String> {
        let Self { token, username } = self;
        vec![
            token.id.to_string(),
            token.kind.to_string(),
            username.as_ref().map_or_else(|| "-".to_owned(), Username::to_string),
            masked(token),
            moment(Some(token.created_at)),
            moment(token.expires_at),
            token.description.clone(),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        let AccountToken {
            id,
            account_id,
            kind,
            ending: _,
            description,
            inquirer: _,
            permissions: _,
            life: _,
            expires_at,
            created_at,
        } = &self.token;
        Ok(Json::of(&TokenView {
            id: *id,
            kind: *kind,
            account_id: *account_id,
            username: self.username.as_ref(),
            token: masked(&self.token),
            description,
            expires_at: *expires_at,
            created_at: *created_at,
        })?)
    }

    fn position(&self) -> Position {
        Position::at(self.token.created_at, self.token.id.as_uuid())
    }
}

/// Returns a masked token that identifies it for people.
fn masked(token: &AccountToken) -> String {
    format!("****{}", token.ending)
}

/// Revoke a token: it is refused from the next request
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen tokens revoke 7d444840-9dc0-41d1-b245-5ffdce74fad2")]
pub(crate) struct RevokeToken {
    /// The token's id
    #[arg(value_name = "ID")]
    id: AccountTokenId,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl RevokeToken {
    async fn run(self) -> anyhow::Result<()> {
        let Self { id, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let revoked = account_tokens::revoke(connection, &operator::origin(), id).await.map_err(reason)?;
        ensure!(revoked, "there is no token {id}; see `denizen tokens list`");
        output.object(&json!({ "id": id, "revoked": true }), &[("revoked", id.to_string())])
    }
}
