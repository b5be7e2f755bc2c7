//! Stores generated directories directly with SQL: one statement per table, which is faster than a transaction per row.

use denizen_domain::{
    AccountId, AccountNumber, Flow, FlowDescription, FlowId, FlowName, IdSource as _, JoinCode, Place,
    RandomIds, Rank, Slug, Status, Timestamp, WorkspaceId,
};
use denizen_persistence::{Backend, DbConnection};
use diesel_async::SimpleAsyncConnection as _;
use uuid::Uuid;

use crate::directory::{Directory, FlowOf, State};

/// A directory with its ids.
pub(crate) struct Stored<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) organizations: Vec<WorkspaceId>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) people: Vec<AccountId>,
    first_number: i64,
}

impl<'a> Stored<'a> {
    /// Creates a directory with random ids, and with numbers from this one on.
    pub(crate) fn new(directory: &'a Directory, first_number: i64) -> Self {
        let organizations: Vec<_> =
            directory.organizations.iter().map(|_| WorkspaceId::from_uuid(RandomIds.uuid())).collect();
        let people = directory.people.iter().map(|_| AccountId::from_uuid(RandomIds.uuid())).collect();
        let at = Timestamp::from_unix_microseconds(0).unwrap();
        let flow = |(index, flow): (usize, &FlowOf)| Flow {
            id: FlowId::from_uuid(RandomIds.uuid()),
            workspace_id: organizations[flow.organization],
            slug: Slug::parse(&format!("flow-{index}")).unwrap(),
            name: FlowName::parse(flow.name).unwrap(),
            description: FlowDescription::parse("").unwrap(),
            access_mode: flow.access_mode,
            is_archived: flow.is_archived,
            join_code: JoinCode::from_stored(String::new()),
            created_at: at,
            updated_at: at,
        };
        let flows = directory.flows.iter().enumerate().map(flow).collect();
        Self { directory, organizations, flows, people, first_number }
    }

    /// Returns the first free number for another directory.
    pub(crate) fn next_number(&self) -> i64 {
        let many = self.people.len().max(self.organizations.len());
        self.number(many).as_i64()
    }

    /// Returns a person's number.
    pub(crate) fn number(&self, person: usize) -> AccountNumber {
        AccountNumber::from_stored(self.first_number + i64::try_from(person).unwrap())
    }

    /// Returns the index of the person with a number. It is out of range for people of other directories.
    pub(crate) fn place_of(&self, number: AccountNumber) -> i64 {
        number.as_i64() - self.first_number
    }

    /// Stores the directory in a database, in one transaction.
    pub(crate) async fn store(&self, connection: &mut DbConnection) {
        let literals = Literals(connection.backend());
        let statements = [
            self.workspaces(literals),
            self.accounts(literals),
            self.memberships(literals),
            self.flows(literals),
            self.flow_memberships(literals),
        ];
        execute(connection, &statements.join(";\n")).await;
    }

    fn workspaces(&self, literals: Literals) -> String {
        let at = literals.time();
        let rows = self.directory.organizations.iter().enumerate().map(|(index, state)| {
            let (id, number) = (literals.id(self.organizations[index].as_uuid()), self.number(index));
            let (status, deleted_at) = match state {
                State::InUse => (Status::Active, "NULL"),
                State::Pending => (Status::Pending, "NULL"),
                State::Disabled => (Status::Disabled, "NULL"),
                State::Deleted => (Status::Active, at),
            };
            format!("{id}, {number}, 'w{number}', 'W', '{status}', {deleted_at}, {at}, {at}")
        });
        insert("workspaces (id, number, slug, name, status, deleted_at, created_at, updated_at)", rows)
    }

    fn accounts(&self, literals: Literals) -> String {
        let at = literals.time();
        let rows = self.people.iter().enumerate().map(|(index, id)| {
            let (id, number) = (literals.id(id.as_uuid()), self.number(index));
            format!("{id}, {number}, 'p{number}@example.com', 'P', 'P', 'ACTIVE', '', TRUE, {at}, {at}")
        });
        let columns = "id, number, username, first_name, last_name, status, permissions, confirmed, \
                       created_at, updated_at";
        insert(&format!("accounts ({columns})"), rows)
    }

    fn memberships(&self, literals: Literals) -> String {
        let at = literals.time();
        let rows = self.directory.members().map(|(person, organization, rank)| {
            let workspace = literals.id(self.organizations[organization].as_uuid());
            let (account, number) = (literals.id(self.people[person].as_uuid()), self.number(person));
            format!("{workspace}, {account}, {number}, {}, {at}", rank == Rank::Admin)
        });
        insert("memberships (workspace_id, account_id, account_number, is_admin, created_at)", rows)
    }

    fn flows(&self, literals: Literals) -> String {
        let at = literals.time();
        let rows = self.flows.iter().map(|flow| {
            let Flow { slug, name, access_mode, is_archived, .. } = flow;
            let (workspace, id) = (literals.id(flow.workspace_id.as_uuid()), literals.id(flow.id.as_uuid()));
            let names = format!("'{slug}', '{name}', '{}', ''", name.folded());
            format!("{workspace}, {id}, {names}, '{access_mode}', {is_archived}, '', {at}, {at}")
        });
        let columns = "workspace_id, id, slug, name, name_folded, description, access_mode, is_archived, \
                       join_code, created_at, updated_at";
        insert(&format!("flows ({columns})"), rows)
    }

    fn flow_memberships(&self, literals: Literals) -> String {
        let at = literals.time();
        let rows = self.directory.participants().map(|(person, flow, place)| {
            let flow = &self.flows[flow];
            let (workspace, id) = (literals.id(flow.workspace_id.as_uuid()), literals.id(flow.id.as_uuid()));
            let (account, number) = (literals.id(self.people[person].as_uuid()), self.number(person));
            format!("{workspace}, {id}, {account}, {number}, {}, TRUE, {at}", place == Place::Blocked)
        });
        let columns = "workspace_id, flow_id, account_id, account_number, is_blocked, is_open, created_at";
        insert(&format!("flow_memberships ({columns})"), rows)
    }
}

/// Runs SQL statements directly.
pub(crate) async fn execute(connection: &mut DbConnection, statements: &str) {
    connection.batch_execute(statements).await.unwrap();
}

/// Formats SQL literals for ids and times.
#[derive(Debug, Clone, Copy)]
struct Literals(Backend);

impl Literals {
    fn id(self, id: Uuid) -> String {
        match self.0 {
            Backend::Postgres => format!("'{id}'"),
            Backend::Sqlite => format!("x'{}'", id.simple()),
        }
    }

    /// Returns the beginning of 1970.
    fn time(self) -> &'static str {
        match self.0 {
            Backend::Postgres => "'epoch'",
            Backend::Sqlite => "0",
        }
    }
}

/// Returns a statement that inserts rows, or an empty one without rows.
fn insert(table_with_columns: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<_> = rows.map(|row| format!("({row})")).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("INSERT INTO {table_with_columns} VALUES {}", rows.join(", "))
}
