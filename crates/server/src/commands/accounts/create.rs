//! `denizen accounts create`.

use anyhow::anyhow;
use clap::Args;
use denizen_domain::{
    AccountChanges, Conflict, Error, NewAccount, PasswordHash, Patch, PersonName, Role, RoleId, RoleName,
    Source, Username, WorkspaceId,
};
use denizen_persistence::{Asker, DbConnection, accounts, roles};

use super::{password, print};
use crate::commands::named;
use crate::database;
use crate::operator;
use crate::output::{Output, named};
use crate::reason::reason;
use crate::settings::{DatabaseSettings, PasswordSettings};

/// Create an account
///
/// Without --password-stdin it has no password, and nobody can log in until `denizen accounts set-password` sets one.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    denizen accounts create --email user@example.com --first-name Given --last-name Family \\\n    \
    --workspace default --role USER --password-stdin --json < password.txt")]
pub(crate) struct CreateAccount {
    /// E-mail address to log in with
    #[arg(long, value_name = "EMAIL", value_parser = Username::parse)]
    email: Username,

    /// First name: 1 to 255 characters
    #[arg(long, value_name = "NAME", value_parser = PersonName::parse)]
    first_name: PersonName,

    /// Last name: 1 to 255 characters
    #[arg(long, value_name = "NAME", value_parser = PersonName::parse)]
    last_name: PersonName,

    /// Home workspace, where its roles apply, by slug or id [default: none]
    #[arg(long, value_name = "SLUG|ID")]
    workspace: Option<String>,

    /// Make it an administrator: of its workspace, with the role `TENANT_ADMIN`, or, without one, of everything, with
    /// the role ADMIN
    #[arg(long)]
    admin: bool,

    /// Role to assign: a global one or one of its workspace, by name or id; repeatable
    #[arg(long, value_name = "ROLE", value_parser = RoleName::parse)]
    role: Vec<RoleName>,

    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    password: PasswordSettings,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl CreateAccount {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let origin = operator::origin();
        let password = self.password(&origin.source).await?;
        let database = database::open(&self.database).await?;
        let connection = &mut database.write().await.map_err(reason)?;
        let home = match &self.workspace {
            Some(name) => Some(named::workspace(connection, name).await?.id),
            None => None,
        };
        let new = NewAccount {
            username: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            is_admin: self.admin,
            rest: AccountChanges {
                home: Patch::from(home),
                roles: Some(self.roles(connection, home).await?),
                password,
                ..AccountChanges::default()
            },
        };
        let account = accounts::create(connection, &origin, Asker::Operator, &new).await;
        let account = account.map_err(|error| failure(error, &self.email))?;
        print(self.output, &account, self.admin && account.home.is_some())
    }

    async fn password(&self, source: &Source) -> anyhow::Result<Option<PasswordHash>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let password = password::read(self.password.min_password_length)?;
        password::hash(password, source).await.map(Some)
    }

    async fn roles(
        &self,
        connection: &mut DbConnection,
        home: Option<WorkspaceId>,
    ) -> anyhow::Result<Vec<RoleId>> {
        let of_admin = if home.is_some() { Role::TENANT_ADMIN } else { Role::ADMIN };
        let of_admin = self.admin.then(|| RoleName::from_stored(of_admin.to_owned()));
        let mut ids = Vec::new();
        for name in self.role.iter().chain(&of_admin) {
            ids.push(find_role(connection, home, name).await?.id);
        }
        Ok(ids)
    }
}

/// Finds a role by name or id that accounts with this home may hold.
async fn find_role(
    connection: &mut DbConnection,
    home: Option<WorkspaceId>,
    name: &RoleName,
) -> anyhow::Result<Role> {
    let by_id = match name.as_str().parse::<RoleId>() {
        Ok(id) => roles::find(connection, id).await.map_err(reason)?,
        Err(_) => None,
    };
    // A name may look like an id.
    let found = match by_id.filter(|role| role.is_usable_in(home)) {
        Some(role) => Some(role),
        None => roles::find_by_name(connection, home, name).await.map_err(reason)?,
    };
    if let Some(role) = found {
        return Ok(role);
    }
    let known = roles::list(connection, home).await.map_err(reason)?;
    let known = named(known.iter().map(|role| role.name.to_string()));
    Err(anyhow!("no role {name} is available to the account; available are {known}"))
}

fn failure(error: Error, username: &Username) -> anyhow::Error {
    match error {
        Error::Conflict(Conflict::UsernameTaken) => anyhow!("the account {username} already exists"),
        error => reason(error),
    }
}
