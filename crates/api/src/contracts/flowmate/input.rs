//! Shared parts of this contract's bodies: lists of permissions and of roles.

use denizen_domain::{
    Authority, Coded as _, Error, Forbidden, InvalidId, Permission, PermissionSet, Reason, Status, Violation,
    Violations,
};
use serde_json::Value;

use crate::wire::body::Input;
use crate::wire::query::invalid_id;

/// Maximum permissions in a list, more than exist.
const MAXIMUM_PERMISSIONS: usize = 100;

/// A list of rights: the ids of roles, or the codes of permissions.
pub(crate) struct Rights {
    /// The list's name in the body.
    pub(crate) field: &'static str,
    /// Maximum entries.
    pub(crate) maximum: usize,
    /// Why a caller cannot grant what is no right.
    pub(crate) forbidden: Forbidden,
}

impl Rights {
    /// Reads the list, each entry by `rule`. An entry may also be an object, as in responses; then its `id` is used.
    ///
    /// Anything that is no right, null included, is a field error for holders of `all`. For other callers it is
    /// forbidden, like every right that they cannot grant, whatever else is wrong with the body.
    pub(crate) fn read<T>(
        &self,
        violations: &mut Violations,
        authority: &Authority,
        input: Input<Vec<Value>>,
        rule: impl Fn(&str) -> Result<T, Violation>,
    ) -> Result<Option<Vec<T>>, Error> {
        let mut own = Violations::new();
        let given = input.not_null(&mut own, self.field, |entries| each(entries, self.maximum, rule));
        let is_no_right = own.fields().iter().any(|broken| broken.reason != Reason::TooLong);
        if is_no_right && !authority.holds(Permission::All) {
            return Err(Error::Forbidden(self.forbidden));
        }
        violations.append(own);
        Ok(given)
    }
}

/// Checks a list: strings, each by `rule`, at most `maximum`.
fn each<T>(
    entries: &[Value],
    maximum: usize,
    rule: impl Fn(&str) -> Result<T, Violation>,
) -> Result<Vec<T>, Violation> {
    let text = |entry: &Value| match entry {
        Value::String(text) => Ok(text.clone()),
        Value::Object(object) => text_of(object.get("id").or_else(|| object.get("_id"))),
        _ => text_of(None),
    };
    let checked: Vec<T> =
        entries.iter().map(|entry| text(entry).and_then(|text| rule(&text))).collect::<Result<_, _>>()?;
    if checked.len() > maximum {
        let message = format!("must have at most {maximum} entries");
        return Err(Violation::new(Reason::TooLong, message));
    }
    Ok(checked)
}

fn text_of(value: Option<&Value>) -> Result<String, Violation> {
    let text = value.and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| Violation::new(Reason::InvalidType, "must contain only texts"))
}

/// Checks an id.
pub(crate) fn id<I: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<I, Violation> {
    text.parse().map_err(|InvalidId| invalid_id())
}

/// Checks the status of an account or a workspace.
pub(crate) fn status(text: &str) -> Result<Status, Violation> {
    Status::from_code(text)
}

/// Reads a list of permission codes.
pub(crate) fn permissions(
    violations: &mut Violations,
    authority: &Authority,
    input: Input<Vec<Value>>,
    field: &'static str,
) -> Result<Option<PermissionSet>, Error> {
    let list = Rights { field, maximum: MAXIMUM_PERMISSIONS, forbidden: Forbidden::NotHeld };
    let given = list.read(violations, authority, input, str::parse::<Permission>)?;
    Ok(given.map(|permissions| permissions.into_iter().collect()))
}
