//! Fields of accounts in bodies.

use denizen_domain::{
    Account, AccountChanges, Authority, Avatar, Error, Forbidden, NewAccount, Password, Patch, PermissionSet,
    PersonName, PhoneNumber, Result, Status, Username, Violation, Violations,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::answer::User;
use super::super::input::{Rights, id, permissions, status};
use crate::contracts::samples;
use crate::state::AppState;
use crate::wire::body::Input;
use crate::wire::fields::Body;

/// The roles of an account: at most 50, since responses include all in full.
const ROLES: Rights = Rights { field: "roles", maximum: 50, forbidden: Forbidden::ForeignRole };

/// A new account. Unknown keys are ignored, and named in `x-ignored-fields`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::create_user)]
pub(crate) struct CreateUser {
    /// The e-mail address used to log in, with letters of any script. Stored in lower case, with the domain as people read
    /// it: `bücher.example`.
    #[schema(value_type = String, required, format = "email", max_length = 254)]
    #[serde(default)]
    username: Input<String>,
    /// First name.
    #[schema(value_type = String, required, min_length = 1, max_length = 255)]
    #[serde(default)]
    firstname: Input<String>,
    /// Last name.
    #[schema(value_type = String, required, min_length = 1, max_length = 255)]
    #[serde(default)]
    lastname: Input<String>,
    #[serde(flatten)]
    rest: UserFields,
}

impl Body for CreateUser {
    type Record = User;
}

/// A whole account. Absent fields get the defaults of a new account; only the password and the home stay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::replace_user)]
pub(crate) struct ReplaceUser {
    /// The current password, required to change one's own.
    #[schema(value_type = Option<String>)]
    #[serde(default, rename = "currentPassword")]
    current_password: Input<String>,
    #[serde(flatten)]
    user: CreateUser,
}

impl Body for ReplaceUser {
    type Record = User;
}

/// Changes to an account. Absent keys stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::update_user)]
pub(crate) struct UpdateUser {
    /// The e-mail address used to log in, with letters of any script. Stored in lower case, with the domain as people read
    /// it: `bücher.example`.
    #[schema(value_type = String, format = "email", max_length = 254)]
    #[serde(default)]
    username: Input<String>,
    /// First name.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    #[serde(default)]
    firstname: Input<String>,
    /// Last name.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    #[serde(default)]
    lastname: Input<String>,
    /// The current password, required to change one's own.
    #[schema(value_type = Option<String>)]
    #[serde(default, rename = "currentPassword")]
    current_password: Input<String>,
    #[serde(flatten)]
    rest: UserFields,
}

impl Body for UpdateUser {
    type Record = User;
}

/// The optional fields.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct UserFields {
    /// A password of 8 to 1,000 characters, or more if the server requires it, without control characters. It is the same
    /// however a keyboard encodes its accents and spaces (`OpaqueString` of RFC 8265). An account without one cannot log
    /// in. A new one revokes the account's tokens.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    password: Input<String>,
    /// Its status: `ACTIVE`, `PENDING` or `DISABLED`.
    #[schema(value_type = String, example = "ACTIVE")]
    #[serde(default)]
    status: Input<String>,
    /// Home workspace. Callers limited to their own cannot name another.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    tenant: Input<String>,
    /// The ids of all its roles, at most 50: global ones and those of its home. Roles as shown in responses are
    /// accepted, too.
    #[schema(value_type = Vec<Uuid>, max_items = 50)]
    #[serde(default)]
    roles: Input<Vec<Value>>,
    /// All its direct permissions.
    #[schema(value_type = Vec<String>, max_items = 100)]
    #[serde(default)]
    permissions: Input<Vec<Value>>,
    /// Phone number in E.164 form; an empty string is none.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    phone: Input<String>,
    /// URL of a picture (http or https), without a user name or password; empty string is none.
    #[schema(value_type = Option<String>, max_length = 2048)]
    #[serde(default)]
    img: Input<String>,
    /// Whether the person has confirmed the address.
    #[schema(value_type = bool)]
    #[serde(default)]
    confirmed: Input<bool>,
}

/// An account's fields, validated; the password is not hashed yet.
pub(crate) struct CheckedUser {
    /// The changes, without a password.
    pub(crate) changes: AccountChanges,
    /// The new password.
    pub(crate) password: Option<Password>,
    /// The current password as the caller gave it.
    pub(crate) current_password: Option<Password>,
}

impl CheckedUser {
    /// Hashes the new password, if any, and adds it to the changes.
    pub(crate) async fn hashed(self, state: &AppState) -> Result<AccountChanges> {
        let Self { mut changes, password, current_password: _ } = self;
        if let Some(password) = password {
            changes.password = Some(state.access().passwords.hash(state.source(), password).await?);
        }
        Ok(changes)
    }
}

impl CreateUser {
    /// Validates all fields.
    pub(crate) fn check(
        self,
        mut violations: Violations,
        state: &AppState,
        authority: &Authority,
    ) -> Result<CheckedNewUser> {
        let Self { username, firstname, lastname, rest } = self;
        let username = username.required(&mut violations, "username", Username::parse);
        let firstname = firstname.required(&mut violations, "firstname", PersonName::parse);
        let lastname = lastname.required(&mut violations, "lastname", PersonName::parse);
        let rest = rest.check(state, authority, &mut violations)?;
        let names = username.zip(firstname).zip(lastname);
        let ((username, first_name), last_name) = violations.into_value(names)?;
        Ok(CheckedNewUser { username, first_name, last_name, rest })
    }
}

/// All fields of an account, validated.
pub(crate) struct CheckedNewUser {
    username: Username,
    first_name: PersonName,
    last_name: PersonName,
    rest: CheckedUser,
}

impl CheckedNewUser {
    /// Converts to a new account.
    pub(crate) async fn into_new(self, state: &AppState) -> Result<NewAccount> {
        let Self { username, first_name, last_name, rest } = self;
        let rest = rest.hashed(state).await?;
        Ok(NewAccount { username, first_name, last_name, is_admin: false, rest })
    }
}

impl ReplaceUser {
    /// Validates all fields. An absent password stays, because no response shows it.
    pub(crate) fn check(
        self,
        mut violations: Violations,
        state: &AppState,
        authority: &Authority,
    ) -> Result<CheckedUser> {
        let Self { current_password, user } = self;
        let current_password = presented(current_password, &mut violations);
        let CheckedNewUser { username, first_name, last_name, rest } =
            user.check(violations, state, authority)?;
        let CheckedUser { changes, password, .. } = rest;
        let changes = AccountChanges {
            username: Some(username),
            first_name: Some(first_name),
            last_name: Some(last_name),
            status: changes.status.or(Some(Status::Active)),
            home: changes.home,
            roles: changes.roles.or_else(|| Some(Vec::new())),
            permissions: changes.permissions.or_else(|| Some(PermissionSet::empty())),
            confirmed: changes.confirmed.or(Some(false)),
            avatar: changes.avatar.or_null(),
            phone: changes.phone.or_null(),
            // This contract has no such fields, so it does not replace them.
            nick: Patch::Absent,
            website: Patch::Absent,
            password: None,
        };
        Ok(CheckedUser { changes, password, current_password })
    }
}

impl UpdateUser {
    /// Validates all fields.
    pub(crate) fn check(
        self,
        mut violations: Violations,
        state: &AppState,
        authority: &Authority,
    ) -> Result<CheckedUser> {
        let Self { username, firstname, lastname, current_password, rest } = self;
        let username = username.not_null(&mut violations, "username", Username::parse);
        let first_name = firstname.not_null(&mut violations, "firstname", PersonName::parse);
        let last_name = lastname.not_null(&mut violations, "lastname", PersonName::parse);
        let current_password = presented(current_password, &mut violations);
        let rest = rest.check(state, authority, &mut violations)?;
        let changes = AccountChanges { username, first_name, last_name, ..rest.changes };
        violations.into_result(CheckedUser { changes, password: rest.password, current_password })
    }
}

impl UserFields {
    fn check(
        self,
        state: &AppState,
        authority: &Authority,
        violations: &mut Violations,
    ) -> Result<CheckedUser> {
        let Self { password, status: given_status, tenant, roles, permissions: given, phone, img, confirmed } =
            self;
        let minimum = state.options().minimum_password_length;
        let password = password.optional(violations, "password", |text| Password::parse(text, minimum));
        let changes = AccountChanges {
            status: given_status.not_null(violations, "status", status),
            home: tenant.optional(violations, "tenant", id),
            roles: ROLES.read(violations, authority, roles, id)?,
            permissions: permissions(violations, authority, given, "permissions")?,
            confirmed: confirmed.not_null(violations, "confirmed", |flag| Ok(*flag)),
            avatar: unless_empty(img, violations, "img", Avatar::parse),
            phone: unless_empty(phone, violations, "phone", PhoneNumber::parse),
            ..AccountChanges::default()
        };
        Ok(CheckedUser { changes, password: password.value(), current_password: None })
    }
}

/// Fails with [`Forbidden::ProtectedField`] if an account would change fields it must not change for itself. Unchanged
/// values are allowed, so that clients can send an account back as they read it.
pub(crate) fn require_own_fields(account: &Account, changes: &AccountChanges) -> Result<()> {
    let AccountChanges {
        username,
        first_name: _,
        last_name: _,
        status,
        home,
        roles,
        permissions,
        confirmed,
        avatar: _,
        phone: _,
        nick: _,
        website: _,
        password: _,
    } = changes;
    let mut new_home = account.home;
    (*home).apply(&mut new_home);
    let holds = |id| account.roles.iter().any(|role| role.id == id);
    let same_roles = |ids: &Vec<_>| ids.len() == account.roles.len() && ids.iter().all(|id| holds(*id));
    let unchanged = [
        ("username", username.as_ref().is_none_or(|username| *username == account.username)),
        ("status", status.is_none_or(|status| status == account.status)),
        ("tenant", new_home == account.home),
        ("roles", roles.as_ref().is_none_or(same_roles)),
        ("permissions", permissions.as_ref().is_none_or(|given| *given == account.permissions)),
        ("confirmed", confirmed.is_none_or(|confirmed| confirmed == account.confirmed)),
    ];
    match unchanged.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(Error::Forbidden(Forbidden::ProtectedField(field))),
        None => Ok(()),
    }
}

/// Reads the current password that the caller gave.
fn presented(input: Input<String>, violations: &mut Violations) -> Option<Password> {
    input.optional(violations, "currentPassword", |text| Ok(Password::presented(text))).value()
}

/// A field for which an empty string means none, as in responses.
fn unless_empty<T>(
    input: Input<String>,
    violations: &mut Violations,
    name: &str,
    rule: impl FnOnce(&str) -> Result<T, Violation>,
) -> Patch<T> {
    match input {
        Input::Value(text) if text.is_empty() => Patch::Null,
        input => input.optional(violations, name, rule),
    }
}
