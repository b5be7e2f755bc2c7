//! Creating external users.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Json, extract::FromRequest as _};
use denizen_domain::{ChannelId, ExternalUserChanges, Identifier, Result, Scope, Timestamp, Violations};
use denizen_persistence::external_users::{self, Outcome};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::{self, ProfileInput};
use crate::contracts::external_users::{CreatedExternalUser, ExternalUserAnswer, ExternalUserWithToken};
use crate::contracts::samples;
use crate::guards::caller::{Caller, CanWriteExternalUsers};
use crate::guards::entity_tags::tagged;
use crate::state::AppState;
use crate::wire::body::{Input, JsonBody};
use crate::wire::contract::Contract;
use crate::wire::error::ApiResult;
use crate::wire::fields::{Body, Fields};

/// Flowra's body: a username.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = samples::create_by_username)]
pub(crate) struct CreateByUsername {
    /// The username that the user logs in with.
    #[schema(value_type = String, required, min_length = 1, max_length = 255)]
    #[serde(default)]
    name: Input<String>,
}

/// Zaia's body. Six fields are required: `channelId`, `externalId`, `externalUserGroupId`, `identifier`, `name`,
/// `tierId`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_in_channel)]
pub(crate) struct CreateInChannel {
    /// The user's channel.
    #[schema(value_type = Uuid, required)]
    #[serde(default)]
    channel_id: Input<String>,
    /// The customer's own id, unique in the channel.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 250)]
    #[serde(default)]
    external_id: Input<String>,
    /// Group id.
    #[schema(value_type = Option<Uuid>, required)]
    #[serde(default)]
    external_user_group_id: Input<String>,
    /// The log-in handle, unique in the channel.
    #[schema(value_type = Option<String>, required, min_length = 1, max_length = 255)]
    #[serde(default)]
    identifier: Input<String>,
    /// The display name.
    #[schema(value_type = Option<String>, required, min_length = 3, max_length = 50)]
    #[serde(default)]
    name: Input<String>,
    /// Tier id.
    #[schema(value_type = Option<Uuid>, required)]
    #[serde(default)]
    tier_id: Input<String>,
    #[serde(flatten)]
    profile: ProfileInput,
}

/// Zaia's fields are not read-only: whoever sends them expects a user that has them.
impl Body for CreateByUsername {
    type Record = ExternalUserWithToken;

    const ELSEWHERE: &'static str = "is a field of Zaia, which has the key in `authorization` without a scheme; with `x-api-key` or \
        a scheme this request speaks Flowra, which takes only `name`";

    fn elsewhere() -> Fields {
        Fields::of::<CreateInChannel>()
    }
}

impl Body for CreateInChannel {
    type Record = ExternalUserWithToken;
}

/// A Flowra or Zaia body.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "the header decides which one is read; the document shows both"
)]
pub(crate) enum CreateBody {
    /// With `x-api-key` or `Authorization: Bearer`.
    Flowra(CreateByUsername),
    /// With `authorization` without a scheme.
    Zaia(CreateInChannel),
}

/// Creates an external user
///
/// **Flowra** (`x-api-key` or `Authorization: Bearer`): creates a user of this name in the default channel and returns
/// 201, or 200 if it exists.
///
/// **Zaia** (`authorization` without a scheme): takes a full user and returns 200 with an access token, or 409 if the
/// external id or identifier is taken. An invalid body returns 400 "Invalid data provided.". `accessToken` is null if
/// the user is created blocked or the key lacks the scope `external_users:authenticate`.
#[utoipa::path(post, path = "/api/v1/external-users", operation_id = "externalUsers.create", tag = "External users", request_body = CreateBody,
    responses(
        (status = 200, description = "Flowra: the user exists. Zaia: the user was created, with an access token", body = CreatedExternalUser),
        (status = 201, description = "Flowra: the user was created", body = ExternalUserAnswer),
        (status = 404, description = "Channel, group or tier not found in the workspace", body = crate::wire::envelope::ErrorEnvelope),
        (status = 409, description = "The external id or identifier is taken, or the channel is removed", body = crate::wire::envelope::ErrorEnvelope)),
    security(("api_key" = ["external_users:write"]), ("bearer" = ["external_users:write"]), ("authorization" = ["external_users:write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteExternalUsers>,
    State(state): State<AppState>,
    request: Request,
) -> ApiResult<Response> {
    if caller.contract == Contract::Flowra {
        let JsonBody(body, unknown) = JsonBody::<CreateByUsername>::from_request(request, &state).await?;
        by_username(&state, &caller, body.check(unknown)?).await
    } else {
        let JsonBody(body, unknown) = JsonBody::<CreateInChannel>::from_request(request, &state).await?;
        in_channel(&state, &caller, body.check(unknown, state.source().clock.now())?).await
    }
}

async fn by_username(
    state: &AppState,
    caller: &Caller<CanWriteExternalUsers>,
    username: Identifier,
) -> ApiResult<Response> {
    let connection = &mut state.database().write_by_key().await?;
    let workspace_id = caller.workspace_id;
    let (user, outcome) =
        external_users::find_or_create_by_username(connection, caller.origin(), workspace_id, &username)
            .await?;
    let status = match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Found => StatusCode::OK,
    };
    let now = state.source().clock.now();
    let tag = user.entity_tag(now);
    Ok(tagged(&tag, (status, Json(ExternalUserAnswer::new(user, caller.contract, now)))))
}

async fn in_channel(
    state: &AppState,
    caller: &Caller<CanWriteExternalUsers>,
    (channel_id, changes): (ChannelId, ExternalUserChanges),
) -> ApiResult<Response> {
    let now = state.source().clock.now();
    let connection = &mut state.database().write_by_key().await?;
    let workspace_id = caller.workspace_id;
    let user =
        external_users::create(connection, caller.origin(), workspace_id, channel_id, &changes).await?;
    let may_have_token = !user.is_blocked(now) && caller.scopes.contains(Scope::AuthenticateExternalUsers);
    let token = if may_have_token { Some(state.access().tokens.issue(state.source(), &user)?) } else { None };
    let tag = user.entity_tag(now);
    Ok(tagged(&tag, Json(ExternalUserWithToken::new(user, token, caller.contract, now))))
}

impl CreateByUsername {
    fn check(self, mut violations: Violations) -> Result<Identifier> {
        let name = self.name.required(&mut violations, "name", input::identifier);
        violations.into_value(name)
    }
}

impl CreateInChannel {
    fn check(self, mut violations: Violations, now: Timestamp) -> Result<(ChannelId, ExternalUserChanges)> {
        let Self { channel_id, external_id, external_user_group_id, identifier, name, tier_id, profile } =
            self;
        let channel_id = channel_id.required(&mut violations, "channelId", input::id);
        let external_id = external_id.present(&mut violations, "externalId", input::external_id);
        let external_user_group_id =
            external_user_group_id.present(&mut violations, "externalUserGroupId", input::id);
        let identifier = identifier.present(&mut violations, "identifier", input::identifier);
        let name = name.present(&mut violations, "name", input::name);
        let tier_id = tier_id.present(&mut violations, "tierId", input::id);
        let profile = profile.check(&mut violations, now);
        let display_name = input::one_name(&mut violations, name, profile.display_name);
        let changes = ExternalUserChanges {
            external_id,
            external_user_group_id,
            identifier,
            display_name,
            tier_id,
            ..profile
        };
        let channel_id = violations.into_value(channel_id)?;
        Ok((channel_id, changes))
    }
}
