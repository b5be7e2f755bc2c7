//! `denizen accounts`: manages login accounts.

mod create;
mod password;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{
    Account, AccountChanges, AccountId, AccountNumber, Json, Origin, Position, Status, Timestamp, WorkspaceId,
};
use denizen_persistence::accounts::{self, AccountFilter};
use denizen_persistence::memberships::{self, Member};
use denizen_persistence::{Asker, Database, DbConnection};
use serde::Serialize;

use crate::commands::named::{self, AccountName};
use crate::database;
use crate::listing::Listed;
use crate::operator;
use crate::output::{Output, moment, yes_or_no};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, PasswordSettings};

use create::CreateAccount;

/// The subcommands for accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    Create(CreateAccount),
    List(ListAccounts),

    /// Disable an account: until it is enabled, nobody can log in to it and its tokens are refused
    #[command(after_help = "Example:\n  denizen accounts disable user@example.com")]
    Disable(OneAccount),

    /// Enable a disabled account; its tokens work again, too
    #[command(after_help = "Example:\n  denizen accounts enable user@example.com")]
    Enable(OneAccount),

    SetPassword(SetPassword),
}

impl AccountsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Disable(command) => command.change_status(Status::Disabled).await,
            Self::Enable(command) => command.change_status(Status::Active).await,
            Self::SetPassword(command) => command.run().await,
        }
    }
}

/// List accounts, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen accounts list --workspace default")]
pub(crate) struct ListAccounts {
    /// List only members of this workspace (slug or id), and whether they are administrators
    #[arg(long, value_name = "SLUG|ID")]
    workspace: Option<String>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListAccounts {
    async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let filter = AccountFilter::default();
        if let Some(workspace) = workspace {
            let id = named::workspace(connection, &workspace).await?.id;
            output
                .pages(None, async |window| memberships::list(connection, id, &filter, window).await)
                .await?;
        } else {
            output.pages(None, async |window| accounts::list(connection, &filter, window).await).await?;
        }
        Ok(())
    }
}

impl Listed for Account {
    const COLUMNS: &'static [&'static str] =
        &["ID", "NUMBER", "USERNAME", "NAME", "STATUS", "WORKSPACE", "CREATED", "ROLES"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.number.to_string(),
            self.username.to_string(),
            name_of(self),
            self.status.to_string(),
            home_of(self),
            moment(Some(self.created_at)),
            roles_of(self),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&AccountView::of(self, None))?)
    }

    fn position(&self) -> Position {
        Position::at(self.created_at, self.id.as_uuid())
    }
}

impl Listed for Member {
    const COLUMNS: &'static [&'static str] =
        &["ID", "NUMBER", "USERNAME", "NAME", "STATUS", "ADMIN", "MEMBER SINCE", "ROLES"];

    fn cells(&self) -> Vec<String> {
        let Self { account, membership } = self;
        vec![
            account.id.to_string(),
            account.number.to_string(),
            account.username.to_string(),
            name_of(account),
            account.status.to_string(),
            yes_or_no(membership.is_admin),
            moment(Some(membership.created_at)),
            roles_of(account),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&AccountView::of(&self.account, Some(self.membership.is_admin)))?)
    }

    fn position(&self) -> Position {
        Position::at(self.membership.created_at, self.account.id.as_uuid())
    }
}

/// An account argument.
#[derive(Debug, Args)]
pub(crate) struct OneAccount {
    /// The account's username or id
    #[arg(value_name = "EMAIL|ID", value_parser = AccountName::parse)]
    account: AccountName,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl OneAccount {
    async fn change_status(self, status: Status) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let changes = AccountChanges { status: Some(status), ..AccountChanges::default() };
        self.change(&database, &operator::origin(), &changes).await
    }

    async fn change(
        &self,
        database: &Database,
        origin: &Origin,
        changes: &AccountChanges,
    ) -> anyhow::Result<()> {
        let connection = &mut database.write().await.map_err(reason)?;
        let id = self.account.find(connection).await?.id;
        let changed =
            accounts::change(connection, origin, Asker::Operator, id, changes, None, |_| Ok(())).await;
        let account = changed.map_err(reason)?.ok_or_else(|| anyhow!("the account {id} is deleted"))?;
        let is_admin = is_admin_at_home(connection, &account).await?;
        print(self.output, &account, is_admin)
    }
}

/// Set an account's password and revoke all its tokens
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen accounts set-password user@example.com --password-stdin < password.txt")]
pub(crate) struct SetPassword {
    /// Read the password from the first line of standard input
    #[arg(long, required = true)]
    password_stdin: bool,

    #[command(flatten)]
    account: OneAccount,

    #[command(flatten)]
    password: PasswordSettings,
}

impl SetPassword {
    async fn run(self) -> anyhow::Result<()> {
        let origin = operator::origin();
        let password = password::read(self.password.min_password_length)?;
        let database = database::open(&self.account.database).await?;
        let hash = password::hash(password, &origin.source).await?;
        let changes = AccountChanges { password: Some(hash), ..AccountChanges::default() };
        self.account.change(&database, &origin, &changes).await
    }
}

/// An account as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountView<'a> {
    id: AccountId,
    number: AccountNumber,
    username: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    status: Status,
    workspace_id: Option<WorkspaceId>,
    /// Whether it administers the requested workspace; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_admin: Option<bool>,
    roles: Vec<&'a str>,
    created_at: Timestamp,
}

impl<'a> AccountView<'a> {
    fn of(account: &'a Account, is_admin: Option<bool>) -> Self {
        let Account {
            id,
            number,
            username,
            first_name,
            last_name,
            status,
            home,
            roles,
            permissions: _,
            confirmed: _,
            avatar: _,
            phone: _,
            nick: _,
            website: _,
            created_at,
            updated_at: _,
            version: _,
        } = account;
        Self {
            id: *id,
            number: *number,
            username: username.as_str(),
            first_name: first_name.as_str(),
            last_name: last_name.as_str(),
            status: *status,
            workspace_id: *home,
            is_admin,
            roles: roles.iter().map(|role| role.name.as_str()).collect(),
            created_at: *created_at,
        }
    }
}

/// Prints an account, and whether it administers its home.
fn print(output: Output, account: &Account, is_admin: bool) -> anyhow::Result<()> {
    output.object(
        &AccountView::of(account, Some(is_admin)),
        &[
            ("id", account.id.to_string()),
            ("number", account.number.to_string()),
            ("username", account.username.to_string()),
            ("name", name_of(account)),
            ("status", account.status.to_string()),
            ("workspace", home_of(account)),
            ("administers it", yes_or_no(is_admin)),
            ("roles", roles_of(account)),
            ("created", moment(Some(account.created_at))),
        ],
    )
}

async fn is_admin_at_home(connection: &mut DbConnection, account: &Account) -> anyhow::Result<bool> {
    let Some(home) = account.home else { return Ok(false) };
    let membership = memberships::find(connection, home, account.id).await.map_err(reason)?;
    Ok(membership.is_some_and(|membership| membership.is_admin))
}

fn name_of(account: &Account) -> String {
    format!("{} {}", account.first_name, account.last_name)
}

fn home_of(account: &Account) -> String {
    account.home.map_or_else(|| "-".to_owned(), |home| home.to_string())
}

fn roles_of(account: &Account) -> String {
    let names: Vec<&str> = account.roles.iter().map(|role| role.name.as_str()).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}
