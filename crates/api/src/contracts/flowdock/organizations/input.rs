//! The parameters of organizations and their users, which come as JSON, as a form or in the query string.

use denizen_domain::{
    Account, AccountChanges, Nick, Profile, Result, Username, Violations, Website, WorkspaceChanges,
    WorkspaceName, WorkspaceNumber,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::parameters::{Flag, Whole};

/// What changes of oneself. What is not sent stays as it is. Parameters that are not listed here are ignored,
/// but none may come twice.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_own_user)]
pub(crate) struct UpdateOwnUser {
    /// What one is called in conversations; null for one's first name. Spaces around it are dropped.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    nick: Input<String>,
    /// The address that one logs in with, whatever its case. Unique in the whole directory.
    #[schema(value_type = String, required = false, format = "email", max_length = 254)]
    #[serde(default)]
    email: Input<String>,
    /// The `http` or `https` address of one's own page; null for none.
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    #[serde(default)]
    website: Input<String>,
}

/// What changes of an organization. What is not sent stays as it is. Parameters that are not listed here are ignored,
/// but none may come twice.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_organization)]
pub(crate) struct UpdateOrganization {
    /// What people call it.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
}

/// What a member becomes. Parameters that are not listed here are ignored,
/// but none may come twice.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_member)]
pub(crate) struct UpdateMember {
    /// Whether the member administers the organization.
    #[schema(value_type = bool, required)]
    #[serde(default)]
    admin: Input<Flag>,
}

/// Which organization is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindOrganization {
    /// Its number.
    #[param(value_type = i64, required, example = 42)]
    #[serde(default)]
    id: Input<Whole>,
}

impl UpdateOwnUser {
    /// Checks every field. Those that hold what answers show of the account say nothing: it can be sent back as it was
    /// read, and somebody else's change in the meantime stays.
    pub(crate) fn check(self, account: &Account) -> Result<AccountChanges> {
        let Self { nick, email, website } = self;
        let mut violations = Violations::new();
        let nick = unless_shown(nick, Profile::from(account).called());
        let nick = nick.optional(&mut violations, "nick", Nick::parse);
        let username = email.not_null(&mut violations, "email", Username::parse);
        let username = username.filter(|new| *new != account.username);
        let website = website.optional(&mut violations, "website", Website::parse);
        // Nobody has proved yet that a new address is theirs.
        let confirmed = username.as_ref().map(|_| false);
        violations.into_result(AccountChanges { username, confirmed, nick, website, ..Default::default() })
    }
}

impl UpdateOrganization {
    /// Checks every field.
    pub(crate) fn check(self) -> Result<WorkspaceChanges> {
        let mut violations = Violations::new();
        let name = self.name.not_null(&mut violations, "name", WorkspaceName::parse);
        violations.into_result(WorkspaceChanges { name, ..Default::default() })
    }
}

impl UpdateMember {
    /// Whether the member is to administer the organization.
    pub(crate) fn check(self) -> Result<bool> {
        let mut violations = Violations::new();
        let is_admin = self.admin.required(&mut violations, "admin", |flag| Ok(*flag));
        violations.into_value(is_admin)
    }
}

impl FindOrganization {
    /// The number that is asked for.
    pub(crate) fn check(self) -> Result<WorkspaceNumber> {
        let mut violations = Violations::new();
        let number =
            self.id.required(&mut violations, "id", |number| Ok(WorkspaceNumber::from_stored(*number)));
        violations.into_value(number)
    }
}

/// A field that is sent back as answers show it says nothing.
fn unless_shown(input: Input<String>, shown: &str) -> Input<String> {
    match input {
        Input::Value(text) if text == shown => Input::Absent,
        input => input,
    }
}
