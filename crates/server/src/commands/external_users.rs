//! `denizen external-users`: shows the users of a workspace.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use denizen_domain::{
    DeletedExternalUser, DisplayName, EmailAddress, ExternalId, ExternalUser, ExternalUserFilter,
    ExternalUserId, ExternalUserOrder, Identifier, Json, PersonName, Position, Result, SearchText, Source,
    WorkspaceId,
};
use denizen_persistence::{DbConnection, external_users};

use crate::commands::named::WorkspaceArgument;
use crate::database;
use crate::listing::Listed;
use crate::output::{Output, moment, yes_or_no};
use crate::reason::reason;
use crate::settings::DatabaseSettings;

/// The order of the list.
const ORDER: ExternalUserOrder = ExternalUserOrder::CreatedAt;

/// The subcommands for external users.
#[derive(Debug, Subcommand)]
pub(crate) enum ExternalUsersCommand {
    List(ListExternalUsers),
    Get(GetExternalUser),
}

impl ExternalUsersCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Get(command) => command.run().await,
        }
    }
}

/// List the external users of a workspace, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  denizen external-users list --workspace default --search jane\n  \
                  denizen external-users list --workspace default --deleted")]
pub(crate) struct ListExternalUsers {
    #[command(flatten)]
    workspace: WorkspaceArgument,

    /// Only users with this text in a name, identifier, external id or e-mail address, ignoring case
    #[arg(long, value_name = "TEXT", value_parser = SearchText::parse)]
    search: Option<SearchText>,

    /// Only deleted users that can be restored, by when they were deleted
    #[arg(long, conflicts_with = "search")]
    deleted: bool,

    /// Maximum users to list
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// List all users
    #[arg(long, conflicts_with = "limit")]
    all: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl ListExternalUsers {
    async fn run(self) -> anyhow::Result<()> {
        let Self { workspace, search, deleted, limit, all, output, database } = self;
        let database = database::open(&database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = workspace.find(connection).await?;
        let filter = ExternalUserFilter { search, ..ExternalUserFilter::default() };
        let (id, at_most) = (workspace.id, (!all).then_some(limit));
        let goes_on = if deleted {
            let page = async |window: &_| external_users::list_deleted(connection, id, None, window).await;
            output.pages(at_most, page).await?
        } else {
            let page = async |window: &_| external_users::list(connection, id, &filter, ORDER, window).await;
            output.pages(at_most, page).await?
        };
        if goes_on && !output.json {
            eprintln!("There are more than {limit}; use --limit or --all.");
        }
        Ok(())
    }
}

/// Show one external user
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen external-users get user_12345 --workspace default --json")]
pub(crate) struct GetExternalUser {
    /// The user's id, external id or identifier, tried in this order
    #[arg(value_name = "USER")]
    user: String,

    #[command(flatten)]
    workspace: WorkspaceArgument,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl GetExternalUser {
    async fn run(self) -> anyhow::Result<()> {
        let database = database::open(&self.database).await?;
        let connection = &mut database.read().await.map_err(reason)?;
        let workspace = self.workspace.find(connection).await?;
        let user = find(connection, workspace.id, &self.user).await.map_err(reason)?;
        let user = user
            .ok_or_else(|| anyhow!("the workspace {} has no external user {}", workspace.slug, self.user))?;
        let json = user.json()?;
        let Json::Object(fields) = &json else {
            return Err(anyhow!("an external user is not a JSON object"));
        };
        let fields = fields.iter().map(|(key, value)| (key.as_str(), text_of(value)));
        self.output.object(&json, &fields.collect::<Vec<_>>())
    }
}

async fn find(
    connection: &mut DbConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Option<ExternalUser>> {
    if let Ok(id) = name.parse::<ExternalUserId>()
        && let Some(user) = external_users::find(connection, workspace_id, id).await?
    {
        return Ok(Some(user));
    }
    match external_users::find_by_external_id(connection, workspace_id, name).await? {
        Some(user) => Ok(Some(user)),
        None => external_users::find_by_username(connection, workspace_id, name).await,
    }
}

/// Returns the display name, or else first and last name.
fn name_of(user: &ExternalUser) -> Option<String> {
    let names = [&user.first_name, &user.last_name].into_iter().flatten().map(PersonName::as_str);
    let given = names.collect::<Vec<_>>().join(" ");
    let display_name = user.display_name.as_ref().map(DisplayName::to_string);
    display_name.or_else(|| (!given.is_empty()).then_some(given))
}

fn text_of(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        value => value.to_string(),
    }
}

impl Listed for ExternalUser {
    const COLUMNS: &'static [&'static str] =
        &["ID", "EXTERNAL ID", "IDENTIFIER", "NAME", "EMAIL", "BLOCKED", "CREATED"];

    fn cells(&self) -> Vec<String> {
        let cell = |text: Option<&str>| text.unwrap_or("-").to_owned();
        vec![
            self.id.to_string(),
            cell(self.external_id.as_ref().map(ExternalId::as_str)),
            cell(self.identifier.as_ref().map(Identifier::as_str)),
            cell(name_of(self).as_deref()),
            cell(self.email.as_ref().map(EmailAddress::as_str)),
            yes_or_no(self.is_blocked(Source::system().clock.now())),
            moment(Some(self.created_at)),
        ]
    }

    fn json(&self) -> anyhow::Result<Json> {
        Ok(Json::of(&denizen_api::external_user_json(self.clone(), Source::system().clock.now()))?)
    }

    fn position(&self) -> Position {
        ORDER.position_of(self)
    }
}

impl Listed for DeletedExternalUser {
    const COLUMNS: &'static [&'static str] = &["ID", "EXTERNAL ID", "IDENTIFIER", "NAME", "EMAIL", "DELETED"];

    fn cells(&self) -> Vec<String> {
        let mut cells = self.user.cells();
        cells.truncate(Self::COLUMNS.len() - 1);
        cells.push(moment(Some(self.deleted_at)));
        cells
    }

    fn json(&self) -> anyhow::Result<Json> {
        let now = Source::system().clock.now();
        Ok(Json::of(&denizen_api::deleted_external_user_json(self.clone(), now))?)
    }

    fn position(&self) -> Position {
        Self::position(self)
    }
}
