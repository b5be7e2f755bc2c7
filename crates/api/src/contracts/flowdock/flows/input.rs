//! Fields of flows and invitations in requests: as JSON, as a form or in the query string.

use std::collections::HashSet;

use denizen_domain::{
    AccessMode, AccountNumber, Coded as _, FlowChanges, FlowDescription, FlowId, FlowName, InvalidId,
    InvalidNumber, Invitation, ListedAddress, NewFlow, Reason, Result, Username, Violation, Violations,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::answer::AccessModeCode;
use super::answer::{FlowUserAnswer, FlowWithUsers, InvitationAnswer};
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::{Body, Fields};
use crate::wire::parameters::{Flag, Whole};
use crate::wire::query::invalid_id;

/// Maximum entries of a list of addresses, without duplicates.
const MAXIMUM_ADDRESSES: usize = 1000;

/// Options for listing flows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListFlows {
    /// Whether to include each flow's users: `1` or `true`.
    #[param(value_type = Option<bool>)]
    #[serde(default)]
    users: Input<Flag>,
}

impl Body for ListFlows {
    type Record = ();
}

/// Which flow to find.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindFlow {
    /// Its id.
    #[param(value_type = Uuid, required)]
    #[serde(default)]
    id: Input<String>,
}

impl Body for FindFlow {
    type Record = ();
}

/// A new flow.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::create_flow)]
pub(crate) struct CreateFlow {
    /// Display name.
    #[schema(value_type = String, required, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// Its purpose.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    description: Input<String>,
    /// How people join it; defaults to `invitation`.
    #[schema(value_type = AccessModeCode, required = false)]
    #[serde(default)]
    access_mode: Input<String>,
}

impl Body for CreateFlow {
    type Record = FlowWithUsers;

    fn elsewhere() -> Fields {
        Fields::of::<UpdateFlow>()
    }
}

/// Changes to a flow. Absent fields stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_flow)]
pub(crate) struct UpdateFlow {
    /// Display name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// Its purpose; null clears it.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    description: Input<String>,
    /// How people join it.
    #[schema(value_type = AccessModeCode, required = false)]
    #[serde(default)]
    access_mode: Input<String>,
    /// Whether it is archived.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    disabled: Input<Flag>,
    /// Whether clients show it to the caller; `true` joins it.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    open: Input<Flag>,
}

impl Body for UpdateFlow {
    type Record = FlowWithUsers;
}

/// Whom to add to a flow.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::add_flow_user)]
pub(crate) struct AddFlowUser {
    /// The number of a member of the organization.
    #[schema(value_type = i64, required)]
    #[serde(default)]
    id: Input<Whole>,
}

impl Body for AddFlowUser {
    type Record = FlowUserAnswer;

    fn elsewhere() -> Fields {
        Fields::of::<BlockFlowUser>()
    }
}

/// Whether to block a user from a flow.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::block_flow_user)]
pub(crate) struct BlockFlowUser {
    /// `true` blocks, `false` unblocks.
    #[schema(value_type = bool, required)]
    #[serde(default)]
    disabled: Input<Flag>,
}

impl Body for BlockFlowUser {
    type Record = FlowUserAnswer;
}

/// Whom to invite.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::create_invitation)]
pub(crate) struct CreateInvitation {
    /// The address with which the person logs in or will.
    #[schema(value_type = String, required, format = "email", max_length = 254)]
    #[serde(default)]
    email: Input<String>,
    /// A message, which is checked but not stored.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    message: Input<String>,
}

impl Body for CreateInvitation {
    type Record = InvitationAnswer;
}

/// People to invite, as free text.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::import_invitations)]
pub(crate) struct ImportInvitations {
    /// At most 1,000 addresses, as `person@example.com`, `Joe Smith <person@example.com>` or `Smith, Joe
    /// <person@example.com>`, separated by commas, semicolons, tabs, spaces or line breaks. `mailto:` and invisible
    /// characters are dropped.
    #[schema(value_type = String, required)]
    #[serde(default)]
    list: Input<String>,
    /// A message, which is checked but not stored.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    message: Input<String>,
}

impl Body for ImportInvitations {
    type Record = ();
}

impl ListFlows {
    /// Whether to include each flow's users.
    pub(super) fn check(self, mut violations: Violations) -> Result<bool> {
        let with_users = self.users.optional(&mut violations, "users", |flag| Ok(*flag));
        violations.into_result(with_users.value().unwrap_or(false))
    }
}

impl FindFlow {
    /// Returns the requested id.
    pub(super) fn check(self, mut violations: Violations) -> Result<FlowId> {
        let id = self.id.required(&mut violations, "id", |id| id.parse().map_err(|InvalidId| invalid_id()));
        violations.into_value(id)
    }
}

impl CreateFlow {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations) -> Result<NewFlow> {
        let Self { name, description, access_mode } = self;
        let name = name.required(&mut violations, "name", FlowName::parse);
        let description = description.optional(&mut violations, "description", FlowDescription::parse);
        let access_mode = access_mode.not_null(&mut violations, "access_mode", AccessMode::from_code);
        let name = violations.into_value(name)?;
        let description = description.value().unwrap_or(FlowDescription::from_stored(String::new()));
        Ok(NewFlow { name, description, access_mode: access_mode.unwrap_or_default() })
    }
}

impl UpdateFlow {
    /// Validates all fields. Returns the changes and whether the flow is open for the caller.
    pub(super) fn check(self, mut violations: Violations) -> Result<(FlowChanges, Option<bool>)> {
        let Self { name, description, access_mode, disabled, open } = self;
        let changes = FlowChanges {
            name: name.not_null(&mut violations, "name", FlowName::parse),
            description: description.optional(&mut violations, "description", FlowDescription::parse),
            access_mode: access_mode.not_null(&mut violations, "access_mode", AccessMode::from_code),
            is_archived: disabled.not_null(&mut violations, "disabled", |flag| Ok(*flag)),
        };
        let is_open = open.not_null(&mut violations, "open", |flag| Ok(*flag));
        violations.into_result((changes, is_open))
    }
}

impl AddFlowUser {
    /// Validates the number.
    pub(super) fn check(self, mut violations: Violations) -> Result<AccountNumber> {
        let number = self.id.required(&mut violations, "id", |number| account_number(*number));
        violations.into_value(number)
    }
}

impl BlockFlowUser {
    /// Whether to block.
    pub(super) fn check(self, mut violations: Violations) -> Result<bool> {
        let is_blocked = self.disabled.required(&mut violations, "disabled", |flag| Ok(*flag));
        violations.into_value(is_blocked)
    }
}

impl CreateInvitation {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations) -> Result<Username> {
        let Self { email, message } = self;
        let email = email.required(&mut violations, "email", Username::parse);
        let _ = message.optional(&mut violations, "message", Invitation::check_message);
        violations.into_value(email)
    }
}

impl ImportInvitations {
    /// Validates all fields. Returns the entries, each once.
    pub(super) fn check(self, mut violations: Violations) -> Result<Vec<ListedAddress>> {
        let Self { list, message } = self;
        let entries = list.required(&mut violations, "list", entries);
        let _ = message.optional(&mut violations, "message", Invitation::check_message);
        violations.into_value(entries)
    }
}

/// Checks an account number. Numbers that do not exist and those of strangers fail alike.
fn account_number(number: i64) -> Result<AccountNumber, Violation> {
    let nobody = |InvalidNumber| Violation::new(Reason::Unknown, "must be of a user of the organization");
    number.to_string().parse().map_err(nobody)
}

/// Checks a list of addresses.
fn entries(list: &str) -> Result<Vec<ListedAddress>, Violation> {
    let mut entries = ListedAddress::all_in(list);
    let mut known = HashSet::new();
    entries.retain(|entry| {
        known.insert(entry.email.as_ref().map_or_else(|_| entry.text.clone(), ToString::to_string))
    });
    match entries.len() {
        0 => Err(Violation::new(Reason::Required, "must contain an e-mail address")),
        1..=MAXIMUM_ADDRESSES => Ok(entries),
        _ => Err(Violation::new(Reason::TooLong, format!("must have at most {MAXIMUM_ADDRESSES} entries"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_addresses_count_once_in_any_form() {
        let list = "a@example.com\nA@Example.com, \"A\" <a@example.com>, b@example.com, nobody, nobody";
        let texts: Vec<_> = entries(list).unwrap().into_iter().map(|entry| entry.text).collect();
        assert_eq!(texts, ["a@example.com", "b@example.com", "nobody"]);
    }

    #[test]
    fn limits_the_list_length() {
        let address = |number: usize| format!("{number}@example.com");
        let list = |count| (0..count).map(address).collect::<Vec<_>>().join(",");
        assert_eq!(entries(&list(MAXIMUM_ADDRESSES)).unwrap().len(), MAXIMUM_ADDRESSES);
        assert_eq!(entries(&list(MAXIMUM_ADDRESSES + 1)).unwrap_err().reason, Reason::TooLong);
        for empty in ["", " ", ",\n,"] {
            assert_eq!(entries(empty).unwrap_err().reason, Reason::Required, "{empty:?}");
        }
    }
}
