//! Making or changing many users.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{
    Error, ExternalId, ExternalUserChanges, FieldViolation, Reason, Result, Violation, Violations,
};
use denizen_persistence::external_users::{self, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::put::PutUser;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::error::ApiResult;

/// The most users of one request.
const MAXIMUM: usize = 1_000;

/// Users to make or change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::bulk_users)]
pub(crate) struct BulkUsers {
    /// What is known of each, with its `external_id`: 1 to 1,000 of them, no external id twice.
    #[schema(value_type = Vec<PutUser>, min_items = 1, max_items = 1000)]
    #[serde(default)]
    users: Input<Vec<Value>>,
}

/// How each of the users fared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::bulk_result)]
pub(crate) struct BulkResult {
    /// Those that were made or changed, in the order of the request.
    successful: Vec<BulkSuccess>,
    /// Those that were not, in the order of the request.
    failed: Vec<BulkFailure>,
}

/// A user that was made or changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkSuccess {
    /// The customer's own id.
    external_id: String,
    /// `created` or `updated`.
    status: &'static str,
}

/// A user that was not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkFailure {
    /// The external id as it was sent; null where none was.
    #[schema(required)]
    external_id: Option<String>,
    /// Why: `validation_failed`, or `duplicate` where the request has a sound item with the external id before.
    reason: &'static str,
    /// The fields that break their rules.
    fields: Vec<BulkFieldError>,
}

/// A field that breaks its rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkFieldError {
    /// Its name.
    field: String,
    /// The rule that it breaks, for programs.
    #[schema(value_type = String)]
    reason: Reason,
    /// The rule that it breaks, for people.
    message: String,
}

/// Make or change many users by external id
///
/// Up to 1,000 at once, each as `PUT /users/{id}` would. Each fares for itself: those whose fields break their rules are
/// listed with them and changed in nothing, and the others are made or changed, all of them or, where the server fails,
/// none. A body can have as many bytes as others can, 1 MiB unless the server is set up otherwise.
#[utoipa::path(post, path = "/users/bulk", operation_id = "users.putMany", tag = "Users", request_body = BulkUsers,
    responses(
        (status = 200, description = "All were made or changed", body = BulkResult),
        (status = 207, description = "Some failed", body = BulkResult)),
    security(("notiflows_api_key" = ["external_users:write"], "notiflows_secret_key" = ["external_users:write"])))]
pub(crate) async fn bulk(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    JsonBody(body): JsonBody<BulkUsers>,
) -> ApiResult<(StatusCode, Json<BulkResult>)> {
    let mut items = body.check()?;
    let sound: Vec<_> = items.iter_mut().filter_map(|item| item.checked.as_mut().ok()?.take()).collect();
    let connection = &mut state.database().write().await?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let outcomes = external_users::upsert_all(connection, origin, workspace_id, &sound).await?;
    let result = BulkResult::of(items, outcomes)?;
    let status = if result.failed.is_empty() { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(result)))
}

/// One of the users of a request: the external id as it was sent, and what is to be done, or what is wrong with it.
struct Item {
    external_id: Option<String>,
    checked: Result<Option<(ExternalId, ExternalUserChanges)>, BulkFailure>,
}

impl BulkUsers {
    fn check(self) -> Result<Vec<Item>> {
        let mut violations = Violations::new();
        let users = self.users.required(&mut violations, "users", |users| match users.len() {
            1..=MAXIMUM => Ok(users.to_vec()),
            0 => Err(Violation::new(Reason::TooShort, "must have at least one entry")),
            _ => Err(Violation::new(Reason::TooLong, format!("must have at most {MAXIMUM} entries"))),
        });
        let mut seen = HashSet::new();
        let users = violations.into_value(users)?;
        Ok(users.iter().map(|user| Item::of(user, &mut seen)).collect())
    }
}

impl Item {
    fn of(user: &Value, seen: &mut HashSet<String>) -> Self {
        let external_id = user.get("external_id").and_then(Value::as_str).map(str::to_owned);
        let failure =
            |reason, violations: &Violations| BulkFailure::new(external_id.clone(), reason, violations);
        let invalid = |violations: &Violations| Err(failure("validation_failed", violations));
        let checked = match (user, &external_id) {
            (Value::Object(_), Some(id)) if seen.contains(id) => {
                let violation = Violation::new(Reason::Taken, "must not be in the request twice");
                Err(failure("duplicate", &Violations::of("external_id", violation)))
            }
            (Value::Object(_), Some(id)) => match checked(user, id) {
                Ok(sound) => {
                    seen.insert(id.clone());
                    Ok(Some(sound))
                }
                Err(violations) => invalid(&violations),
            },
            (Value::Object(object), None) => {
                let violation = match object.get("external_id") {
                    None => Violation::new(Reason::Required, "must be given"),
                    Some(_) => Violation::new(Reason::InvalidType, "must be a string"),
                };
                invalid(&Violations::of("external_id", violation))
            }
            _ => invalid(&Violations::of("users", Violation::new(Reason::InvalidType, "must be an object"))),
        };
        Self { external_id, checked }
    }
}

/// What a user's fields say, each checked, or all that is wrong with them.
fn checked(user: &Value, external_id: &str) -> Result<(ExternalId, ExternalUserChanges), Violations> {
    let unreadable = |_| Violations::of("users", Violation::new(Reason::InvalidType, "must be an object"));
    let user = PutUser::deserialize(user).map_err(unreadable)?;
    match user.check(external_id) {
        Ok(sound) => Ok(sound),
        Err(Error::Invalid(violations)) => Err(violations),
        Err(error) => Err(Violations::of("users", Violation::new(Reason::InvalidFormat, error.to_string()))),
    }
}

impl BulkResult {
    /// The outcomes are those of the items that were sound, in their order.
    fn of(items: Vec<Item>, outcomes: Vec<Result<Outcome>>) -> Result<Self> {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        let mut outcomes = outcomes.into_iter();
        for Item { external_id, checked } in items {
            let outcome = match checked {
                Err(failure) => {
                    failed.push(failure);
                    continue;
                }
                Ok(_) => outcomes.next(),
            };
            match outcome {
                Some(Ok(outcome)) => {
                    let status = if outcome == Outcome::Created { "created" } else { "updated" };
                    successful.push(BulkSuccess { external_id: external_id.unwrap_or_default(), status });
                }
                Some(Err(Error::Invalid(violations))) => {
                    failed.push(BulkFailure::new(external_id, "validation_failed", &violations));
                }
                Some(Err(error)) => return Err(error),
                None => return Err(Error::Internal("a user of a bulk request has no outcome".to_owned())),
            }
        }
        Ok(Self { successful, failed })
    }
}

impl BulkFailure {
    fn new(external_id: Option<String>, reason: &'static str, violations: &Violations) -> Self {
        let field = |FieldViolation { field, reason, message }: &FieldViolation| BulkFieldError {
            field: field.clone(),
            reason: *reason,
            message: message.clone(),
        };
        Self { external_id, reason, fields: violations.fields().iter().map(field).collect() }
    }
}
