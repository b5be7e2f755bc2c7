//! Finding many external users at once.

use axum::Json;
use axum::extract::State;
use denizen_domain::{BadRequest, Error, Reason, Result, Violation, Violations};
use denizen_persistence::external_users::{self, Names};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::input;
use crate::contracts::external_users::ExternalUserAnswer;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanReadExternalUsers};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;

/// Maximum users per request.
const MAXIMUM: usize = 1_000;

/// What to find users by: exactly one of the four lists, with up to 1,000 entries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::lookup)]
pub(crate) struct LookUpExternalUsers {
    /// External ids.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000)]
    #[serde(default)]
    external_ids: Input<Vec<Value>>,
    /// Identifiers, ignoring case.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000)]
    #[serde(default)]
    identifiers: Input<Vec<Value>>,
    /// E-mail addresses, ignoring case.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000)]
    #[serde(default)]
    emails: Input<Vec<Value>>,
    /// User ids.
    #[schema(value_type = Option<Vec<uuid::Uuid>>, max_items = 1000)]
    #[serde(default)]
    ids: Input<Vec<Value>>,
}

impl Body for LookUpExternalUsers {
    type Record = ();
}

/// The result of a look-up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::found)]
pub(crate) struct FoundExternalUsers {
    /// The users found, in the order of the request.
    found: Vec<ExternalUserAnswer>,
    /// The values without a user, as sent, in the order of the request.
    missing: Vec<String>,
}

/// Finds many external users
///
/// Finds up to 1,000 users by external id, identifier, e-mail address or id. If several channels have a match, returns
/// the default channel's user, or else the oldest. It only reads, and uses POST because a URL could not hold that much.
#[utoipa::path(post, path = "/api/v1/external-users/lookup", operation_id = "externalUsers.lookUp", tag = "External users",
    request_body = LookUpExternalUsers,
    responses((status = 200, description = "The users found, and the values without one", body = FoundExternalUsers)),
    security(("authorization" = ["external_users:read"]), ("api_key" = ["external_users:read"]), ("bearer" = ["external_users:read"])))]
pub(crate) async fn look_up(
    caller: Caller<CanReadExternalUsers>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<LookUpExternalUsers>,
) -> ApiResult<Json<FoundExternalUsers>> {
    let (names, asked) = body.check(unknown)?;
    let connection = &mut state.database().read().await?;
    let users = external_users::find_all(connection, caller.workspace_id, &names).await?;
    let now = state.source().clock.now();
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (user, asked) in users.into_iter().zip(asked) {
        match user {
            Some(user) => found.push(ExternalUserAnswer::new(user, caller.contract, now)),
            None => missing.push(asked),
        }
    }
    Ok(Json(FoundExternalUsers { found, missing }))
}

impl LookUpExternalUsers {
    /// Returns the parsed values, and those sent.
    fn check(self, mut violations: Violations) -> Result<(Names, Vec<String>)> {
        let Self { external_ids, identifiers, emails, ids } = self;
        let lists =
            [("externalIds", external_ids), ("identifiers", identifiers), ("emails", emails), ("ids", ids)];
        let mut given = Vec::new();
        for (name, list) in lists {
            if let Some(texts) = texts(&mut violations, name, list) {
                given.push((name, texts));
            }
        }
        let (name, asked) = match <[_; 1]>::try_from(given) {
            Ok([only]) => only,
            Err(given) if violations.is_empty() || given.len() > 1 => {
                return Err(contradiction(violations, &given));
            }
            Err(_) => return Err(Error::Invalid(violations)),
        };
        let names = match name {
            "externalIds" => Names::ExternalIds(asked.clone()),
            "identifiers" => Names::Identifiers(asked.clone()),
            "emails" => Names::EmailAddresses(asked.clone()),
            _ => {
                let parsed = asked.iter().enumerate();
                let parsed =
                    parsed.map(|(place, text)| violations.check(&format!("ids[{place}]"), input::id(text)));
                Names::Ids(parsed.collect::<Vec<_>>().into_iter().flatten().collect())
            }
        };
        violations.into_result((names, asked))
    }
}

/// Returns the texts of a list, if present, and records its violations.
fn texts(violations: &mut Violations, name: &str, list: Input<Vec<Value>>) -> Option<Vec<String>> {
    let list = list.optional(violations, name, |list| {
        if list.len() <= MAXIMUM {
            return Ok(list.to_vec());
        }
        Err(Violation::new(Reason::TooLong, format!("must have at most {MAXIMUM} entries")))
    });
    let text = |(place, entry): (usize, Value)| match entry {
        Value::String(text) if !text.contains('\0') => Some(text),
        _ => {
            let message = "must be a string without the character U+0000";
            violations.add(&format!("{name}[{place}]"), Violation::new(Reason::InvalidType, message));
            None
        }
    };
    let texts: Vec<_> = list.value()?.into_iter().enumerate().map(text).collect();
    texts.into_iter().collect()
}

fn contradiction(mut violations: Violations, given: &[(&str, Vec<String>)]) -> Error {
    let message = "exactly one of externalIds, identifiers, emails and ids must be given";
    for (name, _) in given {
        violations.add(name, Violation::new(Reason::Mismatch, message));
    }
    if given.is_empty() {
        violations.add("externalIds", Violation::new(Reason::Required, message));
    }
    Error::BadRequest(BadRequest::Contradiction(violations))
}
