//! Changing external users.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{
    Error, ExternalUser, ExternalUserChanges, ExternalUserId, Patch, Reason, Resource, Result, Timestamp,
    Violation, Violations,
};
use denizen_persistence::external_users;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::input::{self, ProfileInput};
use crate::contracts::external_users::{ExternalUserAnswer, ExternalUserWithToken, answer};
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::error::ApiResult;
use crate::wire::fields::Body;
use crate::wire::path::PathId;

/// Changes to a user. Absent fields stay unchanged; null clears all but `blocked`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update)]
pub(crate) struct UpdateExternalUser {
    /// The customer's own id, unique in the channel.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// Group id.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    external_user_group_id: Input<String>,
    /// The log-in handle, unique in the channel.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    identifier: Input<String>,
    /// The display name.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Tier id.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    tier_id: Input<String>,
    /// Immutable: accepts only the user's own, so that clients can send a user back as they read it.
    #[schema(value_type = Uuid)]
    #[serde(default)]
    channel_id: Input<String>,
    /// Immutable, like `channelId`.
    #[schema(value_type = Uuid)]
    #[serde(default)]
    super_identity_id: Input<String>,
    #[serde(flatten)]
    profile: ProfileInput,
}

impl Body for UpdateExternalUser {
    type Record = ExternalUserWithToken;
}

/// Changes an external user
///
/// `blocked: true` invalidates the user's access tokens.
#[utoipa::path(patch, path = "/api/v1/external-users/{id}", operation_id = "externalUsers.update", tag = "External users", request_body = UpdateExternalUser,
    params(("id" = Uuid, Path, description = "The user's directory id"), IfMatch),
    responses(
        (status = 200, description = "The external user was updated.", body = ExternalUserAnswer),
        (status = 404, description = "User, group or tier not found in the workspace", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The external id or identifier is taken", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:write"]), ("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
    JsonBody(body, unknown): JsonBody<UpdateExternalUser>,
) -> ApiResult<Response> {
    let connection = &mut state.database().write_by_key().await?;
    let changes_of = |user: &ExternalUser| {
        let now = state.source().clock.now();
        preconditions.require(Some(&user.entity_tag(now)))?;
        body.clone().check(unknown.clone(), user, now)
    };
    let user =
        external_users::change(connection, caller.origin(), caller.workspace_id, id, changes_of).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(answer(&state, &preconditions, user, caller.contract))
}

impl UpdateExternalUser {
    fn check(
        self,
        mut violations: Violations,
        user: &ExternalUser,
        now: Timestamp,
    ) -> Result<ExternalUserChanges> {
        let Self {
            external_id,
            external_user_group_id,
            identifier,
            name,
            tier_id,
            channel_id,
            super_identity_id,
            profile,
        } = self;
        immutable(&mut violations, "channelId", channel_id, user.channel_id.as_uuid());
        immutable(&mut violations, "superIdentityId", super_identity_id, user.super_identity_id.as_uuid());
        let name = name.optional(&mut violations, "name", |text| {
            unchanged(text, user.display_name.as_ref()).map_or_else(|| input::name(text), Ok)
        });
        let profile = profile.check(&mut violations, now);
        let changes = ExternalUserChanges {
            external_id: external_id.optional(&mut violations, "externalId", |text| {
                unchanged(text, user.external_id.as_ref()).map_or_else(|| input::external_id(text), Ok)
            }),
            external_user_group_id: external_user_group_id.optional(
                &mut violations,
                "externalUserGroupId",
                input::id,
            ),
            identifier: identifier.optional(&mut violations, "identifier", input::identifier),
            display_name: input::one_name(&mut violations, name, profile.display_name.clone()),
            tier_id: tier_id.optional(&mut violations, "tierId", input::id),
            ..profile
        };
        violations.into_result(changes)
    }
}

/// Returns the current value if the input equals it. Another contract with wider rules may have set it, and clients may
/// send a user back as they read it.
fn unchanged<T: Clone + ToString>(text: &str, current: Option<&T>) -> Option<T> {
    current.filter(|current| current.to_string() == text).cloned()
}

/// Records a violation if an immutable field is sent with a new value.
fn immutable(violations: &mut Violations, name: &str, input: Input<String>, current: Uuid) {
    let changed = match input.optional(violations, name, |text| Ok(text.to_owned())) {
        Patch::Absent => false,
        Patch::Null => true,
        Patch::Value(text) => !text.eq_ignore_ascii_case(&current.to_string()),
    };
    if changed {
        violations.add(name, Violation::new(Reason::Immutable, "cannot be changed"));
    }
}
