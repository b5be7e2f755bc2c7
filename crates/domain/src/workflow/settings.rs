//! How a workflow runs: `flowSettings` of the FlowMate contract.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::primitives::{Json, JsonObject, Reason, Secret, Violation, Violations};

/// How a workflow runs.
#[derive(Debug, Clone)]
pub struct WorkflowSettings {
    /// How many of its executions may run at a time: 1 to 100.
    pub concurrency: u32,
    /// Whether the executions of one external user run one after the other, in the order in which they began.
    pub is_ordered_by_user: bool,
    /// Who may start it by a request to its address.
    pub webhook: WebhookAccess,
}

/// Who may start a workflow by a request to its address.
#[derive(Debug, Clone, Default)]
pub struct WebhookAccess {
    /// Whether the request must carry a signature or a credential.
    pub is_protected: bool,
    /// The secret of signatures, which is never shown: 16 to 250 characters.
    pub secret: Option<Secret>,
    /// The header with the signature, in lower case.
    pub header: String,
}

impl WebhookAccess {
    /// Returns whether a signature is that of a message: its HMAC-SHA256 in hexadecimal digits, also after `sha256=`. The
    /// comparison takes constant time. Without a secret, none is.
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        let digits = signature.strip_prefix(b"sha256=").unwrap_or(signature);
        let (Some(secret), Some(sent)) = (&self.secret, unhexed(digits)) else { return false };
        let Ok(code) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
        code.chain_update(message).verify_slice(&sent).is_ok()
    }
}

/// Decodes hexadecimal digits in either case.
fn unhexed(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

impl PartialEq for WorkflowSettings {
    fn eq(&self, other: &Self) -> bool {
        self.to_stored() == other.to_stored()
    }
}

impl Default for WorkflowSettings {
    fn default() -> Self {
        let webhook = WebhookAccess { header: Self::DEFAULT_HEADER.to_owned(), ..WebhookAccess::default() };
        Self { concurrency: 10, is_ordered_by_user: false, webhook }
    }
}

impl WorkflowSettings {
    /// The header that carries the signature unless another is set.
    pub const DEFAULT_HEADER: &str = "x-hmac";

    /// Reads settings, and reports everything that is wrong with them, under `flowSettings`. A secret that is absent remains
    /// that of the settings before; null removes it.
    pub fn parse(settings: Option<&Json>, before: Option<&Self>) -> Result<Self, Violations> {
        let mut read = Self::default();
        read.webhook.secret = before.and_then(|before| before.webhook.secret.clone());
        let object = match settings {
            None | Some(Json::Null) => return Ok(read),
            Some(Json::Object(object)) => object,
            Some(_) => return Err(Violations::of("flowSettings", wrong_type("an object"))),
        };
        let mut violations = Violations::new();
        for (key, value) in object {
            let path = format!("flowSettings.{key}");
            match (key.as_str(), value) {
                (_, Json::Null) => {}
                ("concurrency", value) => {
                    read.concurrency = violations.check(&path, concurrency(value)).unwrap_or_default();
                }
                ("orderBy", Json::String(text)) if text == "user" => read.is_ordered_by_user = true,
                ("orderBy", _) => {
                    let message = "must be user, or absent for any order";
                    violations.add(&path, Violation::new(Reason::Unknown, message));
                }
                ("webhooks", Json::Object(webhooks)) => {
                    read_access(&mut violations, &mut read, &path, webhooks);
                }
                ("webhooks", _) => violations.add(&path, wrong_type("an object")),
                _ => {
                    let message = "is not known: flowSettings has concurrency, orderBy, webhooks";
                    violations.add(&path, Violation::new(Reason::Unknown, message));
                }
            }
        }
        if violations.is_empty() { Ok(read) } else { Err(violations) }
    }

    /// Returns them as JSON, without the secret.
    pub fn to_json(&self) -> Json {
        let WebhookAccess { is_protected, secret, header } = &self.webhook;
        Json::from(json!({
            "concurrency": self.concurrency,
            "orderBy": self.is_ordered_by_user.then_some("user"),
            "webhooks": {
                "requireWebhookAuth": is_protected,
                "hmacHeaderKey": header,
                "hasHmacAuthSecret": secret.is_some(),
            },
        }))
    }

    /// Returns them as JSON for the database, with the secret.
    pub fn to_stored(&self) -> Json {
        let mut settings = self.to_json();
        if let (Json::Object(settings), Some(secret)) = (&mut settings, &self.webhook.secret)
            && let Some(Json::Object(webhooks)) = settings.get_mut("webhooks")
        {
            webhooks.insert("hmacAuthSecret".to_owned(), Json::String(secret.expose().to_owned()));
        }
        settings
    }
}

fn wrong_type(expected: &str) -> Violation {
    Violation::new(Reason::InvalidType, format!("must be {expected}"))
}

fn concurrency(value: &Json) -> Result<u32, Violation> {
    let number = match value {
        Json::Number(number) => number.as_str().parse().ok(),
        _ => None,
    };
    let broken = || Violation::new(Reason::OutOfRange, "must be a whole number from 1 to 100");
    number.filter(|number| (1..=100).contains(number)).ok_or_else(broken)
}

fn read_access(violations: &mut Violations, read: &mut WorkflowSettings, path: &str, webhooks: &JsonObject) {
    for (key, value) in webhooks {
        let path = format!("{path}.{key}");
        match (key.as_str(), value) {
            ("hmacAuthSecret", Json::Null) => read.webhook.secret = None,
            // What answers show beside the settings.
            ("hasHmacAuthSecret", _) | (_, Json::Null) => {}
            ("requireWebhookAuth", Json::Bool(flag)) => read.webhook.is_protected = *flag,
            ("requireWebhookAuth", _) => violations.add(&path, wrong_type("true or false")),
            ("hmacAuthSecret", Json::String(text)) => {
                read.webhook.secret = violations.check(&path, secret(text));
            }
            ("hmacHeaderKey", Json::String(text)) => {
                read.webhook.header = violations.check(&path, header(text)).unwrap_or_default();
            }
            ("hmacAuthSecret" | "hmacHeaderKey", _) => violations.add(&path, wrong_type("a text")),
            _ => {
                let message = "is not known: webhooks has requireWebhookAuth, hmacAuthSecret, hmacHeaderKey";
                violations.add(&path, Violation::new(Reason::Unknown, message));
            }
        }
    }
}

fn secret(text: &str) -> Result<Secret, Violation> {
    match text.chars().count() {
        ..16 => Err(Violation::new(Reason::TooShort, "must have 16 to 250 characters")),
        16..=250 if !text.contains('\0') => Ok(Secret::presented(text)),
        16..=250 => Err(Violation::new(Reason::InvalidCharacters, "must not contain the character U+0000")),
        _ => Err(Violation::new(Reason::TooLong, "must have 16 to 250 characters")),
    }
}

fn header(text: &str) -> Result<String, Violation> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    if (1..=64).contains(&text.len()) && text.chars().all(is_name) {
        Ok(text.to_ascii_lowercase())
    } else {
        let message = "must be the name of a header: 1 to 64 letters, digits, hyphens or underscores";
        Err(Violation::new(Reason::InvalidFormat, message))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parse(settings: Value, before: Option<&WorkflowSettings>) -> Result<WorkflowSettings, Vec<String>> {
        let told =
            |violations: Violations| violations.fields().iter().map(|fault| fault.field.clone()).collect();
        WorkflowSettings::parse(Some(&Json::from(settings)), before).map_err(told)
    }

    #[test]
    fn a_secret_remains_until_it_is_replaced_or_removed_and_is_never_shown() {
        let secret = "0123456789abcdef";
        let settings = json!({ "webhooks": { "requireWebhookAuth": true, "hmacAuthSecret": secret } });
        let settings = parse(settings, None).unwrap();
        assert!(
            !settings.to_json().to_string().contains(secret) && !format!("{settings:?}").contains(secret)
        );
        let kept = parse(json!({ "concurrency": 3, "orderBy": "user" }), Some(&settings)).unwrap();
        assert_eq!(kept.webhook.secret.as_ref().map(Secret::expose), Some(secret));
        assert_eq!((kept.concurrency, kept.is_ordered_by_user, kept.webhook.is_protected), (3, true, false));
        let shown = kept.to_json();
        assert_eq!(WorkflowSettings::parse(Some(&shown), Some(&kept)), Ok(kept.clone()));
        assert_eq!(WorkflowSettings::parse(Some(&kept.to_stored()), None), Ok(kept.clone()));
        let removed = parse(json!({ "webhooks": { "hmacAuthSecret": null } }), Some(&kept)).unwrap();
        assert!(removed.webhook.secret.is_none());
    }

    #[test]
    fn a_signature_is_the_hmac_of_a_message_in_hexadecimal_digits() {
        // The second example of RFC 4231, with a key that is short enough.
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let access = WebhookAccess { secret: Some(Secret::presented("Jefe")), ..WebhookAccess::default() };
        let accepts = |signature: &str| access.accepts(b"what do ya want for nothing?", signature.as_bytes());
        assert!(accepts(signature) && accepts(&signature.to_uppercase()));
        assert!(accepts(&format!("sha256={signature}")));
        for wrong in
            ["", "sha256=", "5b", "zz", &signature[1..], &signature.replace('5', "6"), &signature[..32]]
        {
            assert!(!accepts(wrong), "{wrong}");
        }
        assert!(!access.accepts(b"what do ya want?", signature.as_bytes()));
        let open = WebhookAccess::default();
        assert!(!open.accepts(b"what do ya want for nothing?", signature.as_bytes()));
    }

    #[test]
    fn everything_that_is_wrong_with_settings_is_told_at_once() {
        let settings = json!({
            "concurrency": 0, "orderBy": "name", "speed": 9,
            "webhooks": { "requireWebhookAuth": 1, "hmacAuthSecret": "short", "hmacHeaderKey": "a b", "x": 1 },
        });
        let expected = [
            "concurrency",
            "orderBy",
            "speed",
            "webhooks.requireWebhookAuth",
            "webhooks.hmacAuthSecret",
            "webhooks.hmacHeaderKey",
            "webhooks.x",
        ];
        assert_eq!(parse(settings, None).unwrap_err(), expected.map(|name| format!("flowSettings.{name}")));
        assert_eq!(parse(json!(7), None).unwrap_err(), ["flowSettings"]);
        assert_eq!(parse(json!(null), None), Ok(WorkflowSettings::default()));
    }
}
