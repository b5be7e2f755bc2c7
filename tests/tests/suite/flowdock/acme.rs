//! The scene of the tests of flows: an organization with people and flows of every kind.

use std::collections::BTreeMap;

use denizen_tests::{Client, Flow, Reply, Value, Workspace, json};

use crate::people::People;
use crate::support::{keys, text, with};

/// The organization `acme` with an administrator, two members, and a stranger from another organization.
pub(super) struct Acme {
    pub(super) people: People,
    pub(super) workspace: Workspace,
    /// The id of the other organization.
    pub(super) other: String,
    pub(super) admin: User,
    pub(super) jane: User,
    pub(super) john: User,
    /// No member.
    pub(super) stranger: User,
}

/// A logged-in account.
pub(super) struct User {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) email: String,
    pub(super) client: Client,
}

impl User {
    /// The path of this person in a flow.
    pub(super) fn in_flow(&self, flow: &Flow) -> String {
        format!("{}/users/{}", flow.path(), self.number)
    }

    /// Whether these are the user's number and address.
    pub(super) fn is(&self, user: &Value) -> bool {
        user["id"] == self.number && user["email"] == *self.email
    }
}

impl Acme {
    /// On a server with its default settings.
    pub(super) async fn new() -> Self {
        Self::on(People::new().await).await
    }

    pub(super) async fn on(people: People) -> Self {
        let workspace = people.server.new_workspace("Acme").await;
        let other = people.tenant("Other").await;
        let (at_acme, at_other) = (json!({ "tenant": workspace.id }), json!({ "tenant": other }));
        let admin = new_person(&people, "admin@acme.example", at_acme.clone()).await;
        people.server.add_to_workspace(&admin.email, &workspace, true).await;
        let jane = new_person(&people, "jane@acme.example", at_acme.clone()).await;
        let john = new_person(&people, "john@acme.example", at_acme).await;
        let stranger = new_person(&people, "stranger@other.example", at_other).await;
        Self { people, workspace, other, admin, jane, john, stranger }
    }

    /// A further member.
    pub(super) async fn member(&self, name: &str) -> User {
        let home = json!({ "tenant": self.workspace.id });
        new_person(&self.people, &format!("{name}@acme.example"), home).await
    }

    /// A further administrator.
    pub(super) async fn further_admin(&self, name: &str) -> User {
        let made = self.member(name).await;
        self.admin.client.put(&self.path_of(&made), json!({ "admin": true })).await.is(200);
        made
    }

    /// Creates an account in another organization.
    pub(super) async fn outsider(&self, name: &str) -> User {
        new_person(&self.people, &format!("{name}@other.example"), json!({ "tenant": self.other })).await
    }

    /// The path of a member.
    pub(super) fn path_of(&self, member: &User) -> String {
        format!("/organizations/{}/users/{}", self.workspace.slug, member.number)
    }

    /// A flow with only its creator in it.
    pub(super) async fn flow_of(&self, maker: &User, fields: Value) -> Flow {
        let body = with(json!({ "name": "My flow" }), fields);
        let made = maker.client.post("/flows/acme", body).await.json(201);
        Flow {
            id: text(&made, "id"),
            slug: text(&made, "parameterized_name"),
            workspace: self.workspace.slug.clone(),
        }
    }

    /// A flow of this access mode, created by Jane.
    pub(super) async fn flow(&self, access_mode: &str) -> Flow {
        self.flow_of(&self.jane, json!({ "access_mode": access_mode })).await
    }

    /// Adds members to a flow.
    pub(super) async fn add(&self, flow: &Flow, members: &[&User]) {
        for member in members {
            let path = format!("{}/users", flow.path());
            assert_eq!(
                self.admin.client.post(&path, json!({ "id": member.number })).await.json(200),
                json!({})
            );
        }
    }

    /// Blocks a member from a flow, or lifts the block.
    pub(super) async fn block(&self, flow: &Flow, member: &User, is_blocked: bool) {
        let change = json!({ "disabled": is_blocked });
        assert_eq!(self.admin.client.put(&member.in_flow(flow), change).await.json(200), json!({}));
    }

    /// Changes a flow as an administrator.
    pub(super) async fn change(&self, flow: &Flow, changes: Value) -> Value {
        self.admin.client.put(&flow.path(), changes).await.json(200)
    }

    /// The numbers of a flow's users, each with whether it is blocked.
    pub(super) async fn users_of(&self, flow: &Flow) -> Vec<(i64, bool)> {
        let users = self.admin.client.get(&format!("{}/users", flow.path())).await.array(200);
        users.iter().map(place_of).collect()
    }

    /// Removes a member from the organization.
    pub(super) async fn remove(&self, member: &User) {
        self.admin.client.delete(&self.path_of(member)).await.is(204);
    }
}

/// Creates an account, and logs in to it.
pub(super) async fn new_person(people: &People, email: &str, changes: Value) -> User {
    let person = people.person(email, changes).await;
    let number = person.number().await;
    User { id: person.id, number, email: person.username, client: person.client }
}

const USER_OF_A_FLOW: [&str; 11] = [
    "avatar",
    "disabled",
    "email",
    "id",
    "in_flow",
    "last_activity",
    "last_ping",
    "name",
    "nick",
    "status",
    "website",
];

/// The number of a flow's user, and whether it is blocked. Asserts that the user is complete.
#[track_caller]
pub(super) fn place_of(user: &Value) -> (i64, bool) {
    assert_eq!(keys(user), USER_OF_A_FLOW);
    for unknown in ["status", "last_activity", "last_ping"] {
        assert_eq!(user[unknown], Value::Null, "{user:#}");
    }
    let is_blocked = user["disabled"].as_bool().unwrap();
    assert_eq!(user["in_flow"], !is_blocked, "{user:#}");
    (user["id"].as_i64().unwrap(), is_blocked)
}

/// An answer in short: `yes`, or its status and subject.
#[track_caller]
pub(super) fn outcome_of(reply: &Reply) -> String {
    let (code, about) = match reply.status {
        200 | 201 | 204 => return "yes".to_owned(),
        400 => ("bad_request", "param"),
        401 => ("unauthenticated", "auth"),
        403 => ("forbidden", "reason"),
        404 => ("not_found", "resource"),
        409 => ("conflict", "reason"),
        _ => panic!("this should not be:\n{reply}"),
    };
    let details = reply.clone().error(reply.status, code);
    format!("{} {}", reply.status, text(&details, about))
}

/// All relations of a person to `acme` and a flow.
pub(super) const EVERYBODY: [&str; 7] =
    ["outsider", "member", "joined", "blocked", "admin", "joined admin", "blocked admin"];

/// The names of the row and the column, and the content of the cell.
pub(super) type Cell<'a> = (&'a str, &'a str, &'a str);

/// Parses tables, separated by empty lines. The line above each names kinds of flow. Returns the cells of each kind.
pub(super) fn cells(tables: &str) -> Vec<(&str, Vec<Cell<'_>>)> {
    let mut of_kinds = Vec::new();
    for table in tables.trim().split("\n\n") {
        let mut lines = table.lines();
        let kinds = lines.next().unwrap().split(", ");
        let mut lines = lines.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let head = lines.next().unwrap();
        let mut cells = Vec::new();
        for row in lines {
            assert_eq!(row.len(), head.len(), "{row:?}");
            cells.extend(head.iter().zip(&row).skip(1).map(|(column, cell)| (row[0], *column, *cell)));
        }
        of_kinds.extend(kinds.map(|kind| (kind, cells.clone())));
    }
    of_kinds
}

/// `acme`, and a person of every relation to a flow.
pub(super) struct Crowd {
    pub(super) acme: Acme,
    everybody: BTreeMap<&'static str, User>,
}

impl Crowd {
    pub(super) async fn new() -> Self {
        let acme = Acme::new().await;
        let mut everybody = BTreeMap::new();
        for name in EVERYBODY {
            let address = name.replace(' ', "-");
            let made = match name {
                "outsider" => acme.outsider(&address).await,
                name if name.ends_with("admin") => acme.further_admin(&format!("the-{address}")).await,
                _ => acme.member(&address).await,
            };
            everybody.insert(name, made);
        }
        Self { acme, everybody }
    }

    /// Adds a person.
    pub(super) fn add_person(&mut self, name: &'static str, user: User) {
        self.everybody.insert(name, user);
    }

    /// The person of a relation.
    pub(super) fn person(&self, name: &str) -> &User {
        self.everybody.get(name).unwrap_or_else(|| panic!("nobody is {name}"))
    }

    /// A flow of a kind (an access mode, or `archived` and one), with everybody in place and the administrator who
    /// created it; and the path of its current or former link.
    pub(super) async fn flow(&self, kind: &str) -> (Flow, String) {
        self.flow_with(kind, &[]).await
    }

    /// The same with further people in it.
    pub(super) async fn flow_with(&self, kind: &str, more: &[&str]) -> (Flow, String) {
        let acme = &self.acme;
        let flow = acme.flow_of(&acme.admin, json!({ "access_mode": "link" })).await;
        let people = ["joined", "blocked", "joined admin", "blocked admin"].map(|name| self.person(name));
        acme.add(&flow, &people).await;
        acme.add(&flow, &more.iter().map(|name| self.person(name)).collect::<Vec<_>>()).await;
        for blocked in ["blocked", "blocked admin"] {
            acme.block(&flow, self.person(blocked), true).await;
        }
        let link = link_of(&acme.admin.client.get(&flow.path()).await.json(200));
        let mode = kind.trim_start_matches("archived ");
        acme.change(&flow, json!({ "access_mode": mode, "disabled": kind != mode })).await;
        (flow, link)
    }

    /// Everybody's expected state in such a flow, by number, except that these people have moved.
    pub(super) fn places(&self, moved: &[(&str, bool)]) -> Vec<(i64, bool)> {
        let at_first =
            [("joined", false), ("blocked", true), ("joined admin", false), ("blocked admin", true)];
        let mut places = BTreeMap::from([(self.acme.admin.number, false)]);
        places
            .extend(at_first.iter().chain(moved).map(|(name, blocked)| (self.person(name).number, *blocked)));
        places.into_iter().collect()
    }
}

/// The path of a flow's link.
#[track_caller]
pub(super) fn link_of(flow: &Value) -> String {
    let address = text(flow, "join_url");
    let start = address.find("/flows/").unwrap_or_else(|| panic!("{address} leads to no flow"));
    address[start..].to_owned()
}
