//! Creating or updating a user.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{
    Avatar, CustomFields, EmailAddress, ExternalId, ExternalUser, ExternalUserChanges, Locale, Patch,
    PersonName, PhoneNumber, Reason, Result, TimeZone, Violation, Violations,
};
use denizen_persistence::external_users::{self, Outcome};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::AdminUser;
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, IfNoneMatch, Preconditions};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody, ObjectText};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;
use crate::wire::path::PathText;

/// Fields of a user. Absent fields stay unchanged; null clears a field.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::put_user)]
pub(crate) struct PutUser {
    /// Picture, as an http(s) URL without a user name or password.
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    #[serde(default)]
    avatar: Input<String>,
    /// Merged key by key into the stored fields; null removes a key. At most 64 KiB and 8 levels. Numbers of at most 1,000
    /// characters come back as they were written: `10.10` stays `10.10`.
    #[schema(value_type = Option<HashMap<String, Value>>)]
    #[serde(default)]
    custom_fields: Input<ObjectText>,
    /// E-mail address, with letters of any script. Its domain is stored as people read it: `bücher.example`.
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    #[serde(default)]
    email: Input<String>,
    /// The customer's own id. If sent, it must match the path.
    #[schema(value_type = String, min_length = 1, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// First name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    first_name: Input<String>,
    /// Last name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    last_name: Input<String>,
    /// BCP 47 language tag, in any case: `en_us.UTF-8` is stored as `en-US`.
    #[schema(value_type = Option<String>, max_length = 64)]
    #[serde(default)]
    locale: Input<String>,
    /// Phone number in E.164 form.
    #[schema(value_type = Option<String>, pattern = r"^\+[1-9][0-9]{1,14}$")]
    #[serde(default)]
    phone: Input<String>,
    /// IANA time zone name, in any case: `europe/berlin` is stored as `Europe/Berlin`.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    timezone: Input<String>,
}

impl Body for PutUser {
    type Record = AdminUser;
}

/// Creates or updates a user by external id
///
/// Merges the fields into the user with this external id: the default channel's, or else the oldest of the others.
/// Creates a new user in the default channel.
#[utoipa::path(put, path = "/users/{id}", operation_id = "users.put", tag = "Users", request_body = PutUser,
    params(("id" = String, Path, description = "The external id, percent-encoded: 1 to 250 characters"), IfMatch, IfNoneMatch),
    responses(
        (status = 200, description = "The user existed and was updated", body = AdminUser),
        (status = 201, description = "The user was created", body = AdminUser)),
    security(("notiflows_api_key" = ["external_users:write"], "notiflows_secret_key" = ["external_users:write"])))]
pub(crate) async fn put(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathText(external_id): PathText,
    preconditions: Preconditions,
    JsonBody(body, unknown): JsonBody<PutUser>,
) -> ApiResult<Response> {
    let (external_id, changes) = body.check(unknown, &external_id)?;
    let tag = |user: &ExternalUser| user.entity_tag(state.source().clock.now());
    let guard = |user: Option<&ExternalUser>| preconditions.require(user.map(tag).as_deref());
    let connection = &mut state.database().write_by_key().await?;
    let (origin, workspace_id) = (caller.origin(), caller.workspace_id);
    let (user, outcome) =
        external_users::upsert(connection, origin, workspace_id, &external_id, &changes, guard).await?;
    let status = match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Found => StatusCode::OK,
    };
    Ok(preconditions.answer(&tag(&user), status, AdminUser::from(user)))
}

impl PutUser {
    /// Validates all fields. Fails with all violations.
    pub(super) fn check(
        self,
        mut violations: Violations,
        in_path: &str,
    ) -> Result<(ExternalId, ExternalUserChanges)> {
        let Self {
            avatar,
            custom_fields,
            email,
            external_id,
            first_name,
            last_name,
            locale,
            phone,
            timezone,
        } = self;
        let in_path = violations.check("external_id", ExternalId::parse(in_path));
        let same = |text: &str| match &in_path {
            Some(in_path) if in_path.as_str() != text => {
                Err(Violation::new(Reason::Mismatch, "must be the external id in the path"))
            }
            _ => Ok(()),
        };
        if external_id.optional(&mut violations, "external_id", same) == Patch::Null {
            violations
                .add("external_id", Violation::new(Reason::Mismatch, "must be the external id in the path"));
        }
        let changes = ExternalUserChanges {
            avatar: avatar.optional(&mut violations, "avatar", Avatar::parse),
            custom_fields: custom_fields.optional(
                &mut violations,
                "custom_fields",
                CustomFields::parse_change,
            ),
            email: email.optional(&mut violations, "email", EmailAddress::parse),
            first_name: first_name.optional(&mut violations, "first_name", PersonName::parse),
            last_name: last_name.optional(&mut violations, "last_name", PersonName::parse),
            locale: locale.optional(&mut violations, "locale", Locale::parse),
            phone: phone.optional(&mut violations, "phone", PhoneNumber::parse),
            timezone: timezone.optional(&mut violations, "timezone", TimeZone::parse),
            ..ExternalUserChanges::default()
        };
        let external_id = violations.into_value(in_path)?;
        Ok((external_id, changes))
    }
}
