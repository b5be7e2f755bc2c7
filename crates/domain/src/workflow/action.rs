//! What a step is to do, read from its fields once all expressions are resolved.

use std::time::Duration;

use serde_json::json;

use super::function::{Function, moment};
use super::limits::WorkflowLimits;
use crate::account::Username;
use crate::directory::{
    AccessChange, AccessFilter, BlockReason, DisplayName, ExternalId, ExternalUserChanges,
    ExternalUserFilter, Identifier, Locale, SearchText, TimeZone,
};
use crate::fields::{Avatar, EmailAddress, PersonName, PhoneNumber, Status};
use crate::primitives::text::without_nul;
use crate::primitives::{
    AccountId, ExternalUserId, InvalidId, Json, JsonObject, Patch, Reason, RoleId, Timestamp, Violation,
    Violations,
};

/// What a step is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Works with external users.
    User(UserAction),
    /// Works with accounts.
    Account(AccountAction),
    /// Sends a request.
    Request(StepRequest),
    /// Goes on with this.
    Pass(Json),
    /// Ends the branch.
    End,
    /// Goes on once for each of these.
    Split(Vec<Json>),
    /// Goes on at this moment, or after this time.
    Wait(WaitUntil),
    /// Writes a line into the log of the execution.
    Log(String),
}

/// Until when a step waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitUntil {
    /// Until this moment.
    Moment(Timestamp),
    /// For so long.
    Elapsed(Duration),
}

/// The external user that a step is about.
#[derive(Debug, Clone, PartialEq)]
pub enum UserReference {
    /// The one in whose name the execution runs.
    InContext,
    /// The one with this id.
    Id(ExternalUserId),
    /// The one with this id of the customer's.
    ExternalId(String),
    /// The one with this username.
    Username(String),
}

/// What a step does with external users.
#[derive(Debug, Clone, PartialEq)]
pub enum UserAction {
    /// Finds one.
    Get(UserReference),
    /// Creates or changes the one with an external id.
    Upsert(ExternalId, Box<ExternalUserChanges>),
    /// Creates or changes the one with a username.
    UpsertByUsername(Identifier, Box<ExternalUserChanges>),
    /// Changes one.
    Change(UserReference, Box<ExternalUserChanges>),
    /// Deletes one.
    Delete(UserReference),
    /// Restores one.
    Restore(ExternalUserId),
    /// Lists those of a filter, up to a limit.
    List(Box<ExternalUserFilter>, u32),
}

/// The account that a step is about.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountReference {
    /// The one with this id.
    Id(AccountId),
    /// The one with this username.
    Username(String),
}

/// The role that a step is about.
#[derive(Debug, Clone, PartialEq)]
pub enum RoleReference {
    /// The one with this id.
    Id(RoleId),
    /// The one with this name, whatever the case: the workspace's, or else the global one.
    Name(String),
}

/// What a step does with accounts.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountAction {
    /// Finds one.
    Get(AccountReference),
    /// Creates one without a password.
    Invite {
        /// The username.
        username: Username,
        /// The first name.
        first_name: PersonName,
        /// The last name.
        last_name: PersonName,
        /// The roles.
        roles: Vec<RoleReference>,
    },
    /// Sets the status of one.
    SetStatus(AccountReference, Status),
    /// Gives one a role.
    AddRole(AccountReference, RoleReference),
    /// Takes a role from one.
    RemoveRole(AccountReference, RoleReference),
}

/// A request to another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRequest {
    /// The method.
    pub method: String,
    /// The URL, with the parameters.
    pub url: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body, and whether it is JSON.
    pub body: Option<(String, bool)>,
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// The connected account whose credentials it carries: an id, or the name of a system. `None` for none.
    pub connected_account: Option<String>,
}

impl Action {
    /// Reads what a function is to do with these fields, and reports everything that is wrong with them. `data` is what came to the
    /// step.
    pub fn read(function: Function, fields: &Json, data: &Json, now: Timestamp) -> Result<Self, Violations> {
        let Json::Object(object) = fields else {
            let wrong = Violation::new(Reason::InvalidType, "must be an object");
            return Err(Violations::of("fields", wrong));
        };
        let mut violations = function.check(object, |_| false);
        if !violations.is_empty() {
            return Err(violations);
        }
        let mut fields = Fields { object, violations: &mut violations };
        let action = match function {
            Function::Map => Some(Self::Pass(Json::Object(object.clone()))),
            Function::Merge => Some(Self::Pass(data.clone())),
            Function::Filter => Some(match object.get("condition") {
                Some(Json::Bool(true)) => Self::Pass(data.clone()),
                _ => Self::End,
            }),
            Function::Split => fields.items().map(Self::Split),
            Function::Wait => fields.wait().map(Self::Wait),
            Function::WriteLog => Some(Self::Log(fields.message())),
            Function::Request => fields.request().map(Self::Request),
            Function::GetAccount
            | Function::InviteAccount
            | Function::DisableAccount
            | Function::EnableAccount
            | Function::AddRole
            | Function::RemoveRole => fields.account_action(function).map(Self::Account),
            _ => fields.user_action(function, now).map(Self::User),
        };
        match action {
            Some(action) if violations.is_empty() => Ok(action),
            _ => Err(violations),
        }
    }
}

/// The fields of a step, each of the type that its function asks for.
struct Fields<'a> {
    object: &'a JsonObject,
    violations: &'a mut Violations,
}

impl Fields<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        match self.object.get(name) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Option<T> {
        let parsed = parse(self.text(name)?);
        self.violations.check(name, parsed)
    }

    fn patch<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Patch<T> {
        match self.object.get(name) {
            None => Patch::Absent,
            Some(Json::Null) => Patch::Null,
            Some(_) => self.parsed(name, parse).map_or(Patch::Absent, Patch::Value),
        }
    }

    fn id<T: std::str::FromStr<Err = InvalidId>>(&mut self, name: &str) -> Option<T> {
        self.parsed(name, parse_id)
    }

    fn moment(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name, moment)
    }

    fn refuse(&mut self, name: &str, reason: Reason, message: &str) {
        self.violations.add(name, Violation::new(reason, message));
    }

    fn user_action(&mut self, function: Function, now: Timestamp) -> Option<UserAction> {
        Some(match function {
            Function::GetUser => UserAction::Get(self.user()?),
            Function::DeleteUser => UserAction::Delete(self.user()?),
            Function::RestoreUser => UserAction::Restore(self.id("id")?),
            Function::ListUsers => {
                let (filter, limit) = self.filter(now);
                UserAction::List(Box::new(filter), limit)
            }
            Function::UpsertUser => return self.upsert(),
            Function::BlockUser => {
                let reason = self.parsed("reason", BlockReason::parse);
                let until = self.moment("until");
                self.change(ExternalUserChanges {
                    access: Some(AccessChange::BlockWith { reason, until }),
                    ..ExternalUserChanges::default()
                })?
            }
            Function::UnblockUser => self.change(ExternalUserChanges {
                access: Some(AccessChange::Unblock),
                ..ExternalUserChanges::default()
            })?,
            // `update`, `setGroup` and `setTier`, whose fields are some of those of `update`.
            _ => {
                let changes = self.changes();
                self.change(changes)?
            }
        })
    }

    fn change(&mut self, changes: ExternalUserChanges) -> Option<UserAction> {
        Some(UserAction::Change(self.user()?, Box::new(changes)))
    }

    /// A text by which something is looked up.
    fn name(&mut self, name: &str) -> Option<String> {
        self.parsed(name, |text| without_nul(text).map(|()| text.to_owned()))
    }

    fn user(&mut self) -> Option<UserReference> {
        let given: Vec<_> = ["id", "externalId", "username"]
            .into_iter()
            .filter(|name| self.object.contains_key(*name))
            .collect();
        match given[..] {
            [] => Some(UserReference::InContext),
            ["id"] => self.id("id").map(UserReference::Id),
            ["externalId"] => self.name("externalId").map(UserReference::ExternalId),
            ["username"] => self.name("username").map(UserReference::Username),
            _ => {
                for name in given {
                    self.refuse(
                        name,
                        Reason::Mismatch,
                        "must be the only one of id, externalId and username",
                    );
                }
                None
            }
        }
    }

    fn upsert(&mut self) -> Option<UserAction> {
        let has = |fields: &Self, name| fields.object.contains_key(name);
        if has(self, "externalId") == has(self, "username") {
            self.refuse("externalId", Reason::Required, "is required, or else username, but not both");
            return None;
        }
        let changes = Box::new(self.changes());
        if has(self, "externalId") {
            return self.parsed("externalId", ExternalId::parse).map(|id| UserAction::Upsert(id, changes));
        }
        self.parsed("username", Identifier::parse)
            .map(|username| UserAction::UpsertByUsername(username, changes))
    }

    fn changes(&mut self) -> ExternalUserChanges {
        let custom_fields = match self.object.get("customFields") {
            Some(Json::Object(object)) => Patch::Value(object.clone()),
            Some(Json::Null) => Patch::Null,
            _ => Patch::Absent,
        };
        ExternalUserChanges {
            external_id: Patch::Absent,
            identifier: self.patch("identifier", Identifier::parse),
            display_name: self.patch("displayName", DisplayName::parse),
            first_name: self.patch("firstName", PersonName::parse),
            last_name: self.patch("lastName", PersonName::parse),
            email: self.patch("email", EmailAddress::parse),
            phone: self.patch("phone", PhoneNumber::parse),
            avatar: self.patch("avatar", Avatar::parse),
            locale: self.patch("locale", Locale::parse),
            timezone: self.patch("timezone", TimeZone::parse),
            custom_fields,
            external_user_group_id: self.patch("groupId", parse_id),
            tier_id: self.patch("tierId", parse_id),
            access: None,
        }
    }

    fn filter(&mut self, now: Timestamp) -> (ExternalUserFilter, u32) {
        let is_blocked = match self.object.get("blocked") {
            Some(Json::Bool(flag)) => Some(*flag),
            _ => None,
        };
        let filter = ExternalUserFilter {
            channel_ids: self.id("channelId").into_iter().collect(),
            external_user_group_ids: self.id("groupId").into_iter().collect(),
            tier_ids: self.id("tierId").into_iter().collect(),
            search: self.parsed("search", SearchText::parse),
            access: is_blocked.map(|is_blocked| AccessFilter { is_blocked, at: now }),
            created_after: self.moment("createdAfter"),
            created_before: self.moment("createdBefore"),
            ..ExternalUserFilter::default()
        };
        (filter, self.whole("limit").unwrap_or(1_000))
    }

    fn whole(&self, name: &str) -> Option<u32> {
        match self.object.get(name) {
            Some(Json::Number(number)) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    fn account_action(&mut self, function: Function) -> Option<AccountAction> {
        if function == Function::InviteAccount {
            let username = self.parsed("username", Username::parse);
            let first_name = self.parsed("firstname", PersonName::parse);
            let last_name = self.parsed("lastname", PersonName::parse);
            let roles = self.roles();
            let (username, first_name, last_name) = (username?, first_name?, last_name?);
            return Some(AccountAction::Invite { username, first_name, last_name, roles });
        }
        let account = self.account()?;
        Some(match function {
            Function::GetAccount => AccountAction::Get(account),
            Function::DisableAccount => AccountAction::SetStatus(account, Status::Disabled),
            Function::EnableAccount => AccountAction::SetStatus(account, Status::Active),
            Function::AddRole => AccountAction::AddRole(account, role(self.text("role")?)),
            _ => AccountAction::RemoveRole(account, role(self.text("role")?)),
        })
    }

    fn account(&mut self) -> Option<AccountReference> {
        let has = |fields: &Self, name| fields.object.contains_key(name);
        if has(self, "id") == has(self, "username") {
            self.refuse("id", Reason::Required, "is required, or else username, but not both");
            return None;
        }
        if has(self, "id") {
            return self.id("id").map(AccountReference::Id);
        }
        self.name("username").map(AccountReference::Username)
    }

    fn roles(&mut self) -> Vec<RoleReference> {
        let Some(Json::Array(items)) = self.object.get("roles") else { return Vec::new() };
        let mut roles = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item {
                Json::String(text) => roles.push(role(text)),
                _ => self.refuse(&format!("roles[{index}]"), Reason::InvalidType, "must be a text"),
            }
        }
        roles
    }

    fn items(&mut self) -> Option<Vec<Json>> {
        match self.object.get("list") {
            Some(Json::Array(items)) if items.len() <= WorkflowLimits::MAXIMUM_ITEMS => Some(items.clone()),
            _ => {
                let message = format!("must have at most {} items", WorkflowLimits::MAXIMUM_ITEMS);
                self.refuse("list", Reason::TooLarge, &message);
                None
            }
        }
    }

    fn wait(&mut self) -> Option<WaitUntil> {
        let (elapsed, until) = (self.parsed("for", duration), self.moment("until"));
        match (elapsed, until) {
            (Some(elapsed), None) => Some(WaitUntil::Elapsed(elapsed)),
            (None, Some(moment)) => Some(WaitUntil::Moment(moment)),
            _ => {
                if self.violations.is_empty() {
                    self.refuse("for", Reason::Required, "is required, or else until, but not both");
                }
                None
            }
        }
    }

    /// A line of at most 2,000 characters.
    fn message(&self) -> String {
        let text = match self.object.get("message") {
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        text.chars().filter(|character| *character != '\0').take(2_000).collect()
    }

    fn request(&mut self) -> Option<StepRequest> {
        let headers = self.pairs("headers");
        let query = self.pairs("query");
        let url = self.parsed("url", |text| {
            let broken = |_| Violation::new(Reason::InvalidFormat, "must be a URL");
            url::Url::parse(text).map_err(broken)
        });
        let mut url = url?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let body = match self.object.get("body") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some((text.clone(), false)),
            Some(other) => Some((other.to_string(), true)),
        };
        Some(StepRequest {
            method: self.text("method").unwrap_or("GET").to_owned(),
            url: url.into(),
            headers,
            body,
            timeout: Duration::from_secs(self.whole("timeout").unwrap_or(15).into()),
            connected_account: self.text("connectedAccount").map(str::to_owned),
        })
    }

    /// Returns the members of an object as texts; nulls are left out.
    fn pairs(&mut self, name: &str) -> Vec<(String, String)> {
        let Some(Json::Object(members)) = self.object.get(name) else { return Vec::new() };
        let mut pairs = Vec::with_capacity(members.len());
        for (key, value) in members {
            match value {
                Json::Null => {}
                Json::String(text) => pairs.push((key.clone(), text.clone())),
                Json::Number(_) | Json::Bool(_) => pairs.push((key.clone(), value.to_string())),
                Json::Array(_) | Json::Object(_) => {
                    let message = "must be a text, a number, true or false";
                    self.refuse(&format!("{name}.{key}"), Reason::InvalidType, message);
                }
            }
        }
        pairs
    }
}

fn parse_id<T: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<T, Violation> {
    Ok(text.parse()?)
}

fn role(text: &str) -> RoleReference {
    text.parse().map_or_else(|_| RoleReference::Name(text.to_owned()), RoleReference::Id)
}

/// Reads a time such as 90s, 15m, 2h or 3d, of at most 29 days: an execution may take 30.
fn duration(text: &str) -> Result<Duration, Violation> {
    let longest = Duration::from_hours(29 * 24);
    let broken = || Violation::new(Reason::InvalidFormat, "must be a time such as 90s, 15m, 2h or 3d");
    let unit = text.chars().last().ok_or_else(broken)?;
    let number: u64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(broken)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(broken()),
    };
    let elapsed = Duration::from_secs(number.saturating_mul(seconds));
    if elapsed > longest {
        return Err(Violation::new(Reason::OutOfRange, "must be at most 29d"));
    }
    Ok(elapsed)
}

/// What an external user's record is to expressions: as in events.
pub fn user_as_json(user: &crate::directory::ExternalUser, now: Timestamp) -> Json {
    use crate::audit::Recorded as _;
    let mut record = user.identity();
    record.extend(user.record(now));
    record.insert("username".to_owned(), Json::String(user.username()));
    Json::Object(record)
}

/// What an account is to expressions: without its rights but for the names of its roles.
pub fn account_as_json(account: &crate::account::Account) -> Json {
    let roles: Vec<_> = account.roles.iter().map(|role| role.name.to_string()).collect();
    Json::from(json!({
        "id": account.id,
        "username": account.username.as_str(),
        "firstname": account.first_name.as_str(),
        "lastname": account.last_name.as_str(),
        "status": account.status,
        "roles": roles,
        "createdAt": account.created_at,
        "updatedAt": account.updated_at,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_microseconds(0).unwrap()
    }

    fn read(function: Function, fields: Value) -> Result<Action, Vec<String>> {
        let told =
            |violations: Violations| violations.fields().iter().map(|fault| fault.field.clone()).collect();
        Action::read(function, &fields.into(), &Json::String("data".to_owned()), now()).map_err(told)
    }

    #[test]
    fn a_user_is_named_in_one_way_or_by_the_context() {
        let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
        for (fields, reference) in [
            (json!({}), UserReference::InContext),
            (json!({ "id": id }), UserReference::Id(id.parse().unwrap())),
            (json!({ "externalId": "u-1" }), UserReference::ExternalId("u-1".to_owned())),
            (json!({ "username": "Jane" }), UserReference::Username("Jane".to_owned())),
        ] {
            assert_eq!(read(Function::GetUser, fields), Ok(Action::User(UserAction::Get(reference))));
        }
        let both = json!({ "id": id, "username": "Jane" });
        assert_eq!(read(Function::DeleteUser, both).unwrap_err(), ["id", "username"]);
        assert_eq!(read(Function::DeleteUser, json!({ "id": "7" })).unwrap_err(), ["id"]);
    }

    #[test]
    fn changes_of_a_user_follow_the_rules_of_its_fields() {
        let broken =
            json!({ "externalId": "u-1", "email": "nobody", "phone": "1", "groupId": "x", "tierId": null });
        assert_eq!(read(Function::UpsertUser, broken).unwrap_err(), ["email", "phone", "groupId"]);
        let Ok(Action::User(UserAction::Upsert(id, changes))) = read(
            Function::UpsertUser,
            json!({ "externalId": "u-1", "firstName": "Ada", "customFields": { "a": 1 } }),
        ) else {
            panic!("not an upsert")
        };
        assert_eq!((id.as_str(), changes.email), ("u-1", Patch::Absent));
        assert_eq!(changes.first_name, Patch::Value(PersonName::parse("Ada").unwrap()));
        assert_eq!(read(Function::UpsertUser, json!({})).unwrap_err(), ["externalId"]);
        assert!(matches!(
            read(Function::SetTier, json!({ "tierId": null })),
            Ok(Action::User(UserAction::Change(UserReference::InContext, changes))) if changes.tier_id == Patch::Null
        ));
    }

    #[test]
    fn a_request_gets_its_parameters_and_its_body() {
        let fields = json!({
            "method": "POST", "url": "https://example.com/a?b=1", "query": { "q": "x y", "n": 2, "none": null },
            "headers": { "Authorization": "Bearer t" }, "body": { "a": [1] }, "timeout": 30,
        });
        let Ok(Action::Request(request)) = read(Function::Request, fields) else { panic!("not a request") };
        assert_eq!(
            (request.method.as_str(), request.url.as_str()),
            ("POST", "https://example.com/a?b=1&q=x+y&n=2")
        );
        assert_eq!(request.body, Some((r#"{"a":[1]}"#.to_owned(), true)));
        assert_eq!(request.timeout, Duration::from_secs(30));
        let broken = json!({ "method": "TRACE", "url": "https://example.com", "timeout": 61 });
        assert_eq!(read(Function::Request, broken).unwrap_err(), ["method", "timeout"]);
        let broken = json!({ "url": "nowhere", "headers": { "a": {} } });
        assert_eq!(read(Function::Request, broken).unwrap_err(), ["headers.a", "url"]);
    }

    #[test]
    fn times_to_wait_have_a_unit_and_a_limit() {
        let elapsed = |text: &str| read(Function::Wait, json!({ "for": text }));
        for (text, seconds) in [("0s", 0), ("90s", 90), ("15m", 900), ("2h", 7_200), ("29d", 2_505_600)] {
            let wait = WaitUntil::Elapsed(Duration::from_secs(seconds));
            assert_eq!(elapsed(text), Ok(Action::Wait(wait)), "{text}");
        }
        for text in ["", "s", "5", "1.5h", "-1s", "30d", "1w", "99999999999999999999d", "ä"] {
            assert_eq!(elapsed(text).unwrap_err(), ["for"], "{text}");
        }
        let until = json!({ "until": "1970-01-01T00:00:00Z" });
        assert_eq!(read(Function::Wait, until), Ok(Action::Wait(WaitUntil::Moment(now()))));
        assert_eq!(read(Function::Wait, json!({})).unwrap_err(), ["for"]);
    }

    #[test]
    fn data_passes_ends_and_splits() {
        let data = Json::String("data".to_owned());
        assert_eq!(read(Function::Filter, json!({ "condition": true })), Ok(Action::Pass(data.clone())));
        assert_eq!(read(Function::Filter, json!({ "condition": false })), Ok(Action::End));
        assert_eq!(read(Function::Filter, json!({ "condition": 1 })).unwrap_err(), ["condition"]);
        assert_eq!(read(Function::Merge, json!({})), Ok(Action::Pass(data)));
        let many: Vec<_> = (0..10_001).collect();
        assert_eq!(read(Function::Split, json!({ "list": many })).unwrap_err(), ["list"]);
        assert_eq!(
            read(Function::WriteLog, json!({ "message": { "a": 1 } })),
            Ok(Action::Log(r#"{"a":1}"#.to_owned()))
        );
    }
}
