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

/// Checks a list: at most `maximum` strings, each by `rule`. An entry may also be an object, as in responses; then its
/// `id` is used.
pub(crate) fn each<T>(
    entries: &[Value],
    maximum: usize,
    rule: impl Fn(&str) -> Result<T, Violation>,
) -> Result<Vec<T>, Violation> {
    if entries.len() > maximum {
        let message = format!("must have at most {maximum} entries");
        return Err(Violation::new(Reason::TooLong, message));
    }
    let text = |entry: &Value| match entry {
        Value::String(text) => Ok(text.clone()),
        Value::Object(object) => text_of(object.get("id").or_else(|| object.get("_id"))),
        _ => text_of(None),
    };
    entries.iter().map(|entry| text(entry).and_then(|text| rule(&text))).collect()
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

/// Parses permission codes. Unknown codes are field errors for holders of `all`. For other callers they are forbidden,
/// like every permission they cannot grant.
pub(crate) fn permissions(
    violations: &mut Violations,
    authority: &Authority,
    input: Input<Vec<Value>>,
    field: &str,
) -> Result<Option<PermissionSet>, Error> {
    let given = input.not_null(violations, field, |entries| {
        each(entries, MAXIMUM_PERMISSIONS, |code| Ok(code.to_owned()))
    });
    let Some(given) = given else { return Ok(None) };
    let mut permissions = Vec::with_capacity(given.len());
    for code in given {
        match code.parse::<Permission>() {
            Ok(permission) => permissions.push(permission),
            Err(violation) if authority.holds(Permission::All) => {
                violations.add(field, violation);
                break;
            }
            Err(_) => return Err(Error::Forbidden(Forbidden::NotHeld)),
        }
    }
    Ok(Some(permissions.into_iter().collect()))
}
