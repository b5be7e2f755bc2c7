//! Fields of tokens in bodies.

use std::time::Duration;

use denizen_domain::{
    AccountId, Authority, Error, Patch, PermissionSet, Reason, Secret, TokenRequest, Violation, Violations,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::answer::TokenAnswer;
use super::super::input::{id, permissions};
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;
use crate::wire::number::whole_number;

/// The longest lifetime of a token that expires: 100 years.
const LONGEST_LIFE: u64 = 100 * 366 * DAY;

const DAY: u64 = 24 * 60 * 60;

/// A token to issue.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_token)]
pub(crate) struct CreateToken {
    /// The account that it authenticates.
    #[schema(value_type = Uuid, required)]
    #[serde(default)]
    account_id: Input<String>,
    /// Lifetime: a whole number with `s`, `m`, `h`, `d` or `w`, such as `2h`; -1 for no expiry. Defaults to the
    /// lifetime of login tokens.
    #[schema(value_type = Option<Value>, example = "2h")]
    #[serde(default)]
    expires_in: Input<Value>,
    /// Purpose, at most 1,000 characters.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    description: Input<String>,
    /// Who requests it, at most 255 characters; defaults to the caller's id.
    #[schema(value_type = Option<String>, max_length = 255)]
    #[serde(default)]
    inquirer: Input<String>,
    /// Permissions in addition to the account's. Needs `iam.token.update`.
    #[schema(value_type = Vec<String>, max_items = 100)]
    #[serde(default)]
    custom_permissions: Input<Vec<Value>>,
    /// Whether to issue another token even if an equal request was made before. False if absent.
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    new: Input<bool>,
}

impl Body for CreateToken {
    type Record = TokenAnswer;
}

/// A token to issue, validated.
pub(super) struct CheckedToken {
    pub(super) account_id: AccountId,
    /// Its lifetime; null for no expiry.
    pub(super) lifetime: Patch<Duration>,
    pub(super) description: String,
    pub(super) inquirer: Option<String>,
    pub(super) permissions: Option<PermissionSet>,
    pub(super) wants_new: bool,
}

impl CreateToken {
    /// Validates all fields.
    pub(super) fn check(
        self,
        mut violations: Violations,
        authority: &Authority,
    ) -> Result<CheckedToken, Error> {
        let Self { account_id, expires_in, description, inquirer, custom_permissions, new } = self;
        let account_id = account_id.required(&mut violations, "accountId", id);
        let lifetime = lifetime_of(expires_in, &mut violations);
        let description =
            description.optional(&mut violations, "description", TokenRequest::parse_description);
        let inquirer = inquirer.optional(&mut violations, "inquirer", TokenRequest::parse_inquirer).value();
        let permissions = permissions(&mut violations, authority, custom_permissions, "customPermissions")?;
        let wants_new = new.optional(&mut violations, "new", |flag| Ok(*flag)).value().unwrap_or(false);
        let account_id = violations.into_value(account_id)?;
        let description = description.value().unwrap_or_default();
        Ok(CheckedToken { account_id, lifetime, description, inquirer, permissions, wants_new })
    }
}

/// A new personal token.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_personal_token)]
pub(crate) struct CreatePersonalToken {
    /// Purpose, at most 1,000 characters.
    #[schema(value_type = Option<String>, max_length = 1000)]
    #[serde(default)]
    description: Input<String>,
    /// Lifetime: a whole number with `s`, `m`, `h`, `d` or `w`, such as `90d`. It never expires if this is absent or
    /// -1.
    #[schema(value_type = Option<Value>, example = "90d")]
    #[serde(default)]
    expires_in: Input<Value>,
}

impl Body for CreatePersonalToken {
    type Record = TokenAnswer;
}

impl CreatePersonalToken {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations) -> Result<(String, Option<Duration>), Error> {
        let Self { description, expires_in } = self;
        let description =
            description.optional(&mut violations, "description", TokenRequest::parse_description);
        let lifetime = lifetime_of(expires_in, &mut violations).value();
        violations.into_result((description.value().unwrap_or_default(), lifetime))
    }
}

/// A token to introspect.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::introspect_token)]
pub(crate) struct IntrospectToken {
    /// The secret.
    #[schema(value_type = String, required)]
    #[serde(default)]
    token: Input<String>,
}

impl Body for IntrospectToken {
    type Record = ();
}

impl IntrospectToken {
    /// Validates all fields.
    pub(super) fn check(self, mut violations: Violations) -> Result<Secret, Error> {
        let token = self.token.required(&mut violations, "token", |text| Ok(Secret::presented(text)));
        violations.into_value(token)
    }
}

/// Reads `expiresIn`; null for a token that never expires.
fn lifetime_of(input: Input<Value>, violations: &mut Violations) -> Patch<Duration> {
    match input.optional(violations, "expiresIn", lifetime) {
        Patch::Value(lifetime) => Patch::from(lifetime),
        Patch::Absent | Patch::Null => Patch::Absent,
    }
}

/// Checks `expiresIn`; `None` for a token that never expires.
fn lifetime(value: &Value) -> Result<Option<Duration>, Violation> {
    let number = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if whole_number(&number) == Some(-1) {
        return Ok(None);
    }
    let seconds = value.as_str().and_then(seconds).filter(|seconds| (1..=LONGEST_LIFE).contains(seconds));
    seconds.map(|seconds| Some(Duration::from_secs(seconds))).ok_or_else(|| {
        let message = "must be a time such as 30m, 2h or 90d, of at most a hundred years, or -1";
        Violation::new(Reason::InvalidFormat, message)
    })
}

fn seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().next_back()? {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lifetime_has_a_unit_or_no_end() {
        for (value, seconds) in [
            (json!("2h"), Some(7_200)),
            (json!("1s"), Some(1)),
            (json!("2w"), Some(14 * DAY)),
            (json!(-1), None),
            (json!("-1"), None),
            (json!(-1.0), None),
            (json!("-10e-1"), None),
        ] {
            assert_eq!(lifetime(&value), Ok(seconds.map(Duration::from_secs)), "{value}");
        }
        for wrong in [
            json!(""),
            json!("h"),
            json!("0s"),
            json!("+2h"),
            json!("2 h"),
            json!(7200),
            json!("2ü"),
            json!(true),
        ] {
            assert!(lifetime(&wrong).is_err(), "{wrong}");
        }
    }
}
