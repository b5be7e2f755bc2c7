//! `denizen tokens`: what programs, and people who are logged in, act for an account with.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::ensure;
use clap::{Args, Subcommand};
use denizen_domain::{
    AccountId, AccountToken, AccountTokenId, Origin, PermissionSet, Position, Result, Slice, Source,
    Timestamp, TokenKind, TokenRequest, Username, Window,
};
use denizen_persistence::account_tokens::{self, TokenFilter};
use denizen_persistence::accounts::{self, AccountFilter};
use denizen_persistence::{Asker, DbConnection};
use serde::Serialize;
use serde_json::{Value, json};

use crate::commands::named::{AccountName, id_and_username};
use crate::database;
use crate::listing::Listed;
use crate::output::{Output, moment};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, values};

/// What can be done with tokens.
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

/// Make a token that may do all that an account may; it is shown this once
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen tokens create --account user@example.com --expires-in 90d --description 'nightly import' --json")]
pub(crate) struct CreateToken {
    /// The account, by what it logs in with or its id
    #[arg(long, value_name = "EMAIL|ID", value_parser = AccountName::parse)]
    account: AccountName,

    /// How long the token is valid, such as 2h or 90d [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = values::lifetime)]
    expires_in: Option<Duration>,

    /// What it is for: at most 1000 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    #[arg(value_parser = values::description)]
    description: String,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl CreateToken {
    async fn run(self) -> anyhow::Result<()> {
        let origin = Origin::operator(Source::system());
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let account = self.account.find(connection).await?;
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
                ("token (shown this once)", token.to_owned()),
            ],
        )
    }
}

/// List the tokens that are in force, the oldest first; never a token itself
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen tokens list --account user@example.com")]
pub(crate) struct ListTokens {
    /// Only those of this account, by what it logs in with or its id
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

/// A page of tokens, each with what its account logs in with.
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

/// What the accounts of a page of tokens log in with, read for all of them at once.
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

/// A token, and what its account logs in with; `None` where the account is gone meanwhile.
struct ListedToken {
    token: AccountToken,
    username: Option<Username>,
}

/// A token as programs see it.
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

    fn json(&self) -> anyhow::Result<Value> {
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
        Ok(serde_json::to_value(TokenView {
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

/// A token by which people tell it from others, and which opens nothing.
fn masked(token: &AccountToken) -> String {
    format!("****{}", token.ending)
}

/// Revoke a token: from the next request on, it opens nothing
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen tokens revoke 7d444840-9dc0-41d1-b245-5ffdce74fad2")]
pub(crate) struct RevokeToken {
    /// The token, by its id
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
        let revoked = account_tokens::revoke(connection, &Origin::operator(Source::system()), id)
            .await
            .map_err(reason)?;
        ensure!(revoked, "there is no token {id}; `denizen tokens list` shows them");
        output.object(&json!({ "id": id, "revoked": true }), &[("revoked", id.to_string())])
    }
}
