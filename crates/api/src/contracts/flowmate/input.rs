//! What bodies of this contract have in common: lists of permissions and of roles.

use denizen_domain::{
    Authority, Coded as _, Error, Forbidden, InvalidId, Permission, PermissionSet, Reason, Status, Violation,
    Violations,
};
use serde_json::Value;

use crate::wire::body::Input;
use crate::wire::query::invalid_id;

/// The most permissions of a list in a body: more than there are.
const MAXIMUM_PERMISSIONS: usize = 100;

/// The rule for lists: so many texts at most, each of them with its own rule. An entry may also be an object, as answers
/// have it, and then its `id` counts.
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
    text.ok_or_else(|| Violation::new(Reason::InvalidType, "must hold texts only"))
}

/// The rule for ids.
pub(crate) fn id<I: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<I, Violation> {
    text.parse().map_err(|InvalidId| invalid_id())
}

/// The rule for the status of an account or a workspace.
pub(crate) fn status(text: &str) -> Result<Status, Violation> {
    Status::from_code(text)
}

/// Permissions, each by its code. One that does not exist is a broken field for who holds all there are; for others it is
/// forbidden, as every permission is that they cannot give.
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
