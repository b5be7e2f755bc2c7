//! The groups, tiers and channels of the directory, and how users get them.

use anyhow::{Context as _, Result};
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Database, Directory, sqlite_file};

const GROUPS: usize = 20;

const TIERS: usize = 5;

/// Of ten users, seven are in the first channel, which each workspace has from the start, two in the second, one in the
/// third.
const CHANNEL_OF_TEN: [usize; 10] = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2];

/// The groups, tiers and channels of a directory.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) groups: Vec<Uuid>,
    pub(crate) tiers: Vec<Uuid>,
    channels: Vec<Uuid>,
}

impl Places {
    /// Creates them.
    pub(super) async fn create(directory: &Directory) -> Result<Self> {
        let mut places = Self::default();
        for number in 1..=GROUPS {
            let group = json!({ "externalId": null, "name": format!("Group {number}"), "tierId": null });
            places.groups.push(create(directory, "external-user-groups", &group).await?);
        }
        for number in 1..=TIERS {
            let tier = json!({
                "name": format!("Tier {number}"),
                "description": "What customers of this tier get",
                "prompt": null,
                "maxAssistantMessages": number * 100,
            });
            places.tiers.push(create(directory, "tiers", &tier).await?);
        }
        let channels = directory.ask("GET", "/api/v1/channels", &directory.key.zaia(), None).await?;
        places.channels.push(id_of(&channels[0])?);
        for name in ["Website", "Telephone"] {
            let channel = json!({ "name": name, "description": null, "prompt": null });
            places.channels.push(create(directory, "channels", &channel).await?);
        }
        Ok(places)
    }

    /// Lets the database give each new user a group, a tier and a channel: no bulk operation of the server can.
    pub(super) async fn give_to_new_users(&self, database: Database, url: &str) -> Result<()> {
        let choose = |dividend: u32, ids: &[Uuid]| {
            let choices = ids.iter().enumerate().map(|(index, id)| match database {
                Database::Postgres => format!(" WHEN {index} THEN '{id}'::uuid"),
                Database::Sqlite => format!(" WHEN {index} THEN X'{}'", id.simple()),
            });
            format!("CASE {SPREAD_NUMBER} / {dividend} % {}{} END", ids.len(), choices.collect::<String>())
        };
        let channels: Vec<_> = CHANNEL_OF_TEN.iter().map(|index| self.channels[*index]).collect();
        let (group, tier, channel) =
            (choose(1, &self.groups), choose(20, &self.tiers), choose(100, &channels));
        match database {
            Database::Postgres => {
                let statements = format!(
                    "CREATE FUNCTION place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                         new.external_user_group_id := {group}; new.tier_id := {tier}; new.channel_id := {channel}; \
                         RETURN new; \
                     END $$; \
                     CREATE TRIGGER place BEFORE INSERT ON external_users FOR EACH ROW EXECUTE FUNCTION place()"
                );
                postgres(url, &statements).await
            }
            Database::Sqlite => sqlite(
                url,
                &format!(
                    "CREATE TRIGGER place AFTER INSERT ON external_users BEGIN \
                         UPDATE external_users SET external_user_group_id = {group}, tier_id = {tier}, channel_id = {channel} \
                         WHERE workspace_id = new.workspace_id AND id = new.id; \
                     END"
                ),
            ),
        }
    }

    /// Ends that.
    pub(super) async fn give_no_more(database: Database, url: &str) -> Result<()> {
        match database {
            Database::Postgres => {
                postgres(url, "DROP TRIGGER place ON external_users; DROP FUNCTION place()").await
            }
            Database::Sqlite => sqlite(url, "DROP TRIGGER place"),
        }
    }
}

/// The number in a new user's external id, spread over 0 to 65,535, in both databases' SQL.
const SPREAD_NUMBER: &str = "(CAST(substr(new.external_id, 6) AS bigint) * 2654435761 % 4294967296 / 65536)";

async fn create(directory: &Directory, kind: &str, body: &Value) -> Result<Uuid> {
    let path = format!("/api/v1/{kind}");
    id_of(&directory.ask("POST", &path, &directory.key.zaia(), Some(body)).await?)
}

fn id_of(object: &Value) -> Result<Uuid> {
    let id = object["id"].as_str().with_context(|| format!("no id in {object}"))?;
    id.parse().context("an id is a UUID")
}

async fn postgres(url: &str, statements: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client.batch_execute(statements).await?)
}

fn sqlite(url: &str, statement: &str) -> Result<()> {
    let connection = Connection::open(sqlite_file(url)?)?;
    connection.execute_batch(&format!("PRAGMA busy_timeout = 5000; {statement}"))?;
    Ok(())
}
