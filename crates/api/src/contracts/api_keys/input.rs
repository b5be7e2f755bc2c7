//! Request bodies for keys.

use denizen_domain::{
    ApiKey, Coded as _, KeyHolder, KeyRequest, Reason, Result, Scope, ScopeSet, Timestamp, Violation,
    Violations,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::ApiKeyAnswer;
use crate::contracts::samples;
use crate::wire::body::Input;
use crate::wire::fields::Body;
use crate::wire::query::timestamp;

/// A new key.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_api_key)]
pub(crate) struct CreateApiKey {
    /// Display name.
    #[schema(value_type = String, required, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Input<String>,
    /// Scopes to grant: at least one, and none that a calling key lacks. If absent or null, those for external users and
    /// settings, and for reading and running workflows, that the caller can grant.
    #[schema(value_type = Option<Vec<String>>, min_items = 1)]
    #[serde(default)]
    scopes: Input<Vec<Value>>,
    /// Expiry time, in the future and not after the expiry of the calling key's secret. If absent or null, the key
    /// expires with that secret, or never if it has no expiry.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[serde(default)]
    expires_at: Input<String>,
}

impl Body for CreateApiKey {
    type Record = ApiKeyAnswer;
}

impl CreateApiKey {
    /// Validates all fields. The new key stays within the rights of the calling key, if a key calls.
    pub(crate) fn check(
        self,
        mut violations: Violations,
        caller: Option<&KeyHolder>,
        now: Timestamp,
    ) -> Result<KeyRequest> {
        let Self { name, scopes, expires_at } = self;
        let name = name.required(&mut violations, "name", ApiKey::parse_name);
        let scopes = match scopes {
            Input::Absent | Input::Null => Some(default_scopes(&mut violations, caller)),
            scopes => scopes.not_null(&mut violations, "scopes", scopes_of),
        };
        let expires_at = expires_at.optional(&mut violations, "expiresAt", |text| end(text, caller, now));
        let expires_at = expires_at.value().or(caller.and_then(|caller| caller.expires_at));
        let (name, scopes) = violations.into_value(name.zip(scopes))?;
        Ok(KeyRequest { name, scopes, expires_at })
    }
}

fn scopes_of(entries: &[Value]) -> Result<ScopeSet, Violation> {
    if entries.is_empty() {
        return Err(Violation::new(Reason::TooShort, "must have a scope"));
    }
    let text = |entry: &Value| {
        let code = entry.as_str();
        code.map_or_else(
            || Err(Violation::new(Reason::InvalidType, "must have only strings")),
            Scope::from_code,
        )
    };
    entries.iter().map(text).collect()
}

/// Returns the scopes of a key created without any: the default scopes that the caller can grant.
fn default_scopes(violations: &mut Violations, caller: Option<&KeyHolder>) -> ScopeSet {
    let grants = |scope: &Scope| caller.is_none_or(|caller| caller.scopes.contains(*scope));
    let scopes: ScopeSet = ScopeSet::default().iter().filter(grants).collect();
    if scopes.is_empty() {
        let message = "must be given, because the caller has none of the default scopes";
        violations.add("scopes", Violation::new(Reason::Required, message));
    }
    scopes
}

fn end(text: &str, caller: Option<&KeyHolder>, now: Timestamp) -> Result<Timestamp, Violation> {
    let end = timestamp(text)?;
    if end <= now {
        return Err(Violation::new(Reason::OutOfRange, "must be in the future"));
    }
    let ends_first = caller.filter(|caller| !caller.outlasts(Some(end)));
    if let Some(own) = ends_first.and_then(|caller| caller.expires_at) {
        let message = format!("must not be after the expiry of the secret sent, {own}");
        return Err(Violation::new(Reason::OutOfRange, message));
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requires_at_least_one_known_scope() {
        let scopes = scopes_of(&[json!("audit:read"), json!("audit:read")]).unwrap();
        assert_eq!(scopes.to_stored(), "audit:read");
        for (wrong, reason) in [
            (json!([]), Reason::TooShort),
            (json!(["everything"]), Reason::Unknown),
            (json!([7]), Reason::InvalidType),
        ] {
            assert_eq!(scopes_of(wrong.as_array().unwrap()).unwrap_err().reason, reason, "{wrong}");
        }
    }
}
