//! Creating or updating many users.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_domain::{
    Error, ExternalId, ExternalUserChanges, FieldViolation, Reason, Result, Violation, Violations,
};
use denizen_persistence::external_users::{self, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::put::PutUser;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::state::AppState;
use crate::wire::body::{self, Entries, Input, JsonBody};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;

/// Maximum users per request.
const MAXIMUM: usize = 1_000;

/// Users to create or update.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::bulk_users)]
pub(crate) struct BulkUsers {
    /// 1 to 1,000 users, each with a different `external_id`.
    #[schema(value_type = Vec<PutUser>, min_items = 1, max_items = 1000)]
    #[serde(default)]
    users: Input<Entries>,
}

impl Body for BulkUsers {
    type Record = ();

    const ENTRIES: Option<&'static str> = Some("users");
}

/// The results for the users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::bulk_result)]
pub(crate) struct BulkResult {
    /// Users created or updated, in the order of the request.
    successful: Vec<BulkSuccess>,
    /// Users rejected, in the order of the request.
    failed: Vec<BulkFailure>,
}

/// A created or updated user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkSuccess {
    /// The customer's own id.
    external_id: String,
    /// `created` or `updated`.
    status: &'static str,
}

/// A rejected user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkFailure {
    /// The external id as sent; null if none was.
    #[schema(required)]
    external_id: Option<String>,
    /// `validation_failed`, or `duplicate` if an earlier valid item has the same external id.
    reason: &'static str,
    /// The invalid fields.
    fields: Vec<BulkFieldError>,
}

/// An invalid field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkFieldError {
    /// Its name.
    field: String,
    /// Machine-readable reason.
    #[schema(value_type = String)]
    reason: Reason,
    /// Human-readable reason.
    message: String,
}

/// Creates or updates many users by external id
///
/// Handles up to 1,000 users, each like `PUT /users/{id}`. Invalid users are listed with their invalid fields and not
/// changed. All others are created or updated in one transaction, so that a server failure changes none of them. The
/// usual limit on body size applies: 1 MiB, unless the server sets another.
#[utoipa::path(post, path = "/users/bulk", operation_id = "users.putMany", tag = "Users", request_body = BulkUsers,
    responses(
        (status = 200, description = "All were created or updated", body = BulkResult),
        (status = 207, description = "Some failed", body = BulkResult)),
    security(("notiflows_api_key" = ["external_users:write"], "notiflows_secret_key" = ["external_users:write"])))]
pub(crate) async fn bulk(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    JsonBody(body, unknown): JsonBody<BulkUsers>,
) -> ApiResult<(StatusCode, Json<BulkResult>)> {
    let mut items = body.check(unknown)?;
    let sound: Vec<_> = items.iter_mut().filter_map(|item| item.checked.as_mut().ok()?.take()).collect();
    let connection = &mut state.database().write().await?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let outcomes = external_users::upsert_all(connection, origin, workspace_id, &sound).await?;
    let result = BulkResult::of(items, outcomes)?;
    let status = if result.failed.is_empty() { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(result)))
}

/// The external id of a user, whatever its other fields are.
#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    external_id: Input<String>,
}

/// A user of a request: the external id as sent, and either the changes to make or the failure.
struct Item {
    external_id: Option<String>,
    checked: Result<Option<(ExternalId, ExternalUserChanges)>, BulkFailure>,
}

impl BulkUsers {
    fn check(self, mut violations: Violations) -> Result<Vec<Item>> {
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
    fn of(user: &RawValue, seen: &mut HashSet<String>) -> Self {
        let named = body::parse::<Named>(user.get().as_bytes()).map(|user| user.external_id);
        let external_id = match &named {
            Ok(Input::Value(id)) => Some(id.clone()),
            Ok(_) | Err(_) => None,
        };
        let failure =
            |reason, violations: &Violations| BulkFailure::new(external_id.clone(), reason, violations);
        let invalid = |violations: &Violations| Err(failure("validation_failed", violations));
        let checked = match (named, &external_id) {
            (Ok(_), Some(id)) if seen.contains(id) => {
                let violation = Violation::new(Reason::Taken, "must not be in the request twice");
                Err(failure("duplicate", &Violations::of("external_id", violation)))
            }
            (Ok(_), Some(id)) => match checked(user, id) {
                Ok(sound) => {
                    seen.insert(id.clone());
                    Ok(Some(sound))
                }
                Err(violations) => invalid(&violations),
            },
            (Ok(external_id), None) => {
                let mut violations = Violations::new();
                external_id.required(&mut violations, "external_id", |_| Ok(()));
                invalid(&violations)
            }
            (Err(_), _) => invalid(&unreadable()),
        };
        Self { external_id, checked }
    }
}

/// Returns the changes to a user, or all violations in its fields.
fn checked(user: &RawValue, external_id: &str) -> Result<(ExternalId, ExternalUserChanges), Violations> {
    let (user, unknown) = body::parse_known::<PutUser>(user.get().as_bytes()).map_err(|_| unreadable())?;
    match user.check(unknown, external_id) {
        Ok(sound) => Ok(sound),
        Err(Error::Invalid(violations)) => Err(violations),
        Err(error) => Err(Violations::of("users", Violation::new(Reason::InvalidFormat, error.to_string()))),
    }
}

fn unreadable() -> Violations {
    let message = "must be an object with each key once and Unicode text";
    Violations::of("users", Violation::new(Reason::InvalidType, message))
}

impl BulkResult {
    /// Expects one outcome for each valid item, in order.
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
