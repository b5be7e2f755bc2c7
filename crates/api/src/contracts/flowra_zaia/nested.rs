//! Objects and lists within bodies.

use denizen_domain::{AuthConfig, Reason, Violation, Violations};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::body::{self, Input, ObjectText};

/// Reads an object within a body, and checks its fields. Their violations are named after it: `authConfig.displayName`. `None` if it
/// is absent or null.
pub(super) fn members<T: DeserializeOwned, U>(
    input: Input<ObjectText>,
    violations: &mut Violations,
    name: &str,
    check: impl FnOnce(T, &mut Violations) -> U,
) -> Option<U> {
    let not_object = |_| Violation::new(Reason::InvalidType, "must be an object that names each field once");
    let read = |text: &str| body::parse::<T>(text.as_bytes()).map_err(not_object);
    let object = input.optional(violations, name, read).value()?;
    let mut inner = Violations::new();
    let checked = check(object, &mut inner);
    violations.append(inner.renamed(|field| format!("{name}.{field}")));
    Some(checked)
}

/// Reads an object within a body that must be there.
pub(super) fn required_members<T: DeserializeOwned, U>(
    input: Input<ObjectText>,
    violations: &mut Violations,
    name: &str,
    check: impl FnOnce(T, &mut Violations) -> U,
) -> Option<U> {
    if matches!(input, Input::Absent | Input::Null) {
        violations.add(name, Violation::new(Reason::Required, "must be given"));
    }
    members(input, violations, name, check)
}

/// Checks the entries of an array of texts, and drops repeated ones.
pub(super) fn strings(
    entries: &[Value],
    rule: impl Fn(&str) -> Result<String, Violation>,
) -> Result<Vec<String>, Violation> {
    if entries.len() > AuthConfig::MAXIMUM_ENTRIES {
        let message = format!("must have at most {} entries", AuthConfig::MAXIMUM_ENTRIES);
        return Err(Violation::new(Reason::TooLong, message));
    }
    let mut checked = Vec::with_capacity(entries.len());
    for entry in entries {
        let not_text = || Violation::new(Reason::InvalidType, "must have only strings");
        let text = rule(entry.as_str().ok_or_else(not_text)?)?;
        if !checked.contains(&text) {
            checked.push(text);
        }
    }
    Ok(checked)
}
