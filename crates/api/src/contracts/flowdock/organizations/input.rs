//! Parameters for organizations and their users: as JSON, as a form or in the query string.

use denizen_domain::{
    Account, AccountChanges, Nick, Profile, Result, Username, Violations, Website, WorkspaceChanges,
    WorkspaceName, WorkspaceNumber,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::answer::{Member, Organization, User};
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;
use crate::wire::parameters::{Flag, Whole};

/// Changes to the caller's account. Absent fields stay unchanged. No parameter may be repeated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_own_user)]
pub(crate) struct UpdateOwnUser {
    /// Name in conversations; null for the first name. Surrounding spaces are removed.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    nick: Input<String>,
    /// The e-mail address used to log in, in any case and with letters of any script. Unique in the directory.
    #[schema(value_type = String, required = false, format = "email", max_length = 254)]
    #[serde(default)]
    email: Input<String>,
    /// URL of a website (`http` or `https`), without a user name or password; null for none.
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    #[serde(default)]
    website: Input<String>,
}

impl Body for UpdateOwnUser {
    type Record = User;
}

/// Changes to an organization. Absent fields stay unchanged. No parameter may be repeated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_organization)]
pub(crate) struct UpdateOrganization {
    /// Display name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
}

impl Body for UpdateOrganization {
    type Record = Organization;
}

/// Changes to a member. No parameter may be repeated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_member)]
pub(crate) struct UpdateMember {
    /// Whether the member administers the organization.
    #[schema(value_type = bool, required)]
    #[serde(default)]
    admin: Input<Flag>,
}

impl Body for UpdateMember {
    type Record = Member;
}

/// Which organization to find.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindOrganization {
    /// Its number.
    #[param(value_type = i64, required, example = 42)]
    #[serde(default)]
    id: Input<Whole>,
}

impl Body for FindOrganization {
    type Record = ();
}

impl UpdateOwnUser {
    /// Validates all fields. Those equal to what responses show are ignored, so that an account can be sent back as
    /// read without undoing other changes.
    pub(crate) fn check(self, mut violations: Violations, account: &Account) -> Result<AccountChanges> {
        let Self { nick, email, website } = self;
        let nick = unless_shown(nick, Profile::from(account).called());
        let nick = nick.optional(&mut violations, "nick", Nick::parse);
        let email = unless_shown(email, account.username.as_str());
        let username = email.not_null(&mut violations, "email", Username::parse);
        let username = username.filter(|new| *new != account.username);
        let website = match &account.website {
            Some(shown) => unless_shown(website, shown.as_str()),
            None => website,
        };
        let website = website.optional(&mut violations, "website", Website::parse);
        // Nobody has verified the new address yet.
        let confirmed = username.as_ref().map(|_| false);
        violations.into_result(AccountChanges { username, confirmed, nick, website, ..Default::default() })
    }
}

impl UpdateOrganization {
    /// Validates all fields.
    pub(crate) fn check(self, mut violations: Violations) -> Result<WorkspaceChanges> {
        let name = self.name.not_null(&mut violations, "name", WorkspaceName::parse);
        violations.into_result(WorkspaceChanges { name, ..Default::default() })
    }
}

impl UpdateMember {
    /// Returns whether the member becomes an administrator.
    pub(crate) fn check(self, mut violations: Violations) -> Result<bool> {
        let is_admin = self.admin.required(&mut violations, "admin", |flag| Ok(*flag));
        violations.into_value(is_admin)
    }
}

impl FindOrganization {
    /// Returns the requested number.
    pub(crate) fn check(self, mut violations: Violations) -> Result<WorkspaceNumber> {
        let number =
            self.id.required(&mut violations, "id", |number| Ok(WorkspaceNumber::from_stored(*number)));
        violations.into_value(number)
    }
}

/// Ignores a field that was sent back as responses show it.
fn unless_shown(input: Input<String>, shown: &str) -> Input<String> {
    match input {
        Input::Value(text) if text == shown => Input::Absent,
        input => input,
    }
}
