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

use super::answer::{ExternalUserAnswer, answer};
use super::input::{self, ProfileInput};
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::{IfMatch, Preconditions};
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::error::ApiResult;
use crate::wire::path::PathId;

/// What changes. An absent key stays as it is; null clears it, but for `blocked`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update)]
pub(crate) struct UpdateExternalUser {
    /// The customer's own id, unique in the channel.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// The group.
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
    /// The tier.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    tier_id: Input<String>,
    /// Cannot change: taken only where it is the user's own, so that a record can be sent back as it was read.
    #[schema(value_type = Uuid)]
    #[serde(default)]
    channel_id: Input<String>,
    /// Cannot change, like `channelId`.
    #[schema(value_type = Uuid)]
    #[serde(default)]
    super_identity_id: Input<String>,
    #[serde(flatten)]
    profile: ProfileInput,
}

/// Change an external user
///
/// `blocked: true` voids the user's access tokens.
#[utoipa::path(patch, path = "/api/v1/external-users/{id}", operation_id = "externalUsers.update", tag = "External users", request_body = UpdateExternalUser,
    params(("id" = Uuid, Path, description = "The directory's id of the user"), IfMatch),
    responses(
        (status = 200, description = "The external user was updated.", body = ExternalUserAnswer),
        (status = 404, description = "The user, group or tier is not in the workspace", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The external id or identifier is taken", body = crate::wire::envelope::ErrorEnvelope)),
    security(("authorization" = ["external_users:write"]), ("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"])))]
pub(crate) async fn update(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    PathId(id): PathId<ExternalUserId>,
    preconditions: Preconditions,
    JsonBody(body): JsonBody<UpdateExternalUser>,
) -> ApiResult<Response> {
    let connection = &mut state.database().write().await?;
    let changes_of = |user: &ExternalUser| {
        let now = state.source().clock.now();
        preconditions.require(Some(&user.entity_tag(now)))?;
        body.clone().check(user, now)
    };
    let user =
        external_users::change(connection, caller.origin(), caller.workspace_id, id, changes_of).await?;
    let user = user.ok_or_else(|| Error::not_found(Resource::ExternalUser, id))?;
    Ok(answer(&state, &preconditions, user, caller.contract))
}

impl UpdateExternalUser {
    fn check(self, user: &ExternalUser, now: Timestamp) -> Result<ExternalUserChanges> {
        let mut violations = Violations::new();
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

/// The value that a field has already, where it is the one that is given: it may have come through a contract with wider
/// rules, and a record can be sent back as it was read.
fn unchanged<T: Clone + ToString>(text: &str, current: Option<&T>) -> Option<T> {
    current.filter(|current| current.to_string() == text).cloned()
}

/// Notes a field that is given, cannot change, and is not what it was.
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
