//! External users in responses.

use axum::http::StatusCode;
use axum::response::Response;
use denizen_domain::{
    Avatar, CustomFields, DeletedExternalUser, DisplayName, EmailAddress, ExternalId, ExternalUser,
    ExternalUserGroupId, Identifier, Locale, PersonName, PhoneNumber, TierId, TimeZone, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::Access;
use crate::contracts::samples;
use crate::guards::entity_tags::Preconditions;
use crate::state::AppState;
use crate::wire::contract::Contract;

/// Returns an external user as Zaia shows it, for callers that print it elsewhere.
pub fn external_user_json(user: ExternalUser, now: Timestamp) -> impl Serialize {
    ExternalUserAnswer::new(user, Contract::Zaia, now)
}

/// Returns a deleted external user as Zaia shows it, for callers that print it elsewhere.
pub fn deleted_external_user_json(user: DeletedExternalUser, now: Timestamp) -> impl Serialize {
    ExternalUserAnswer::deleted(user, Contract::Zaia, now)
}

/// An external user. No field but `deletedAt` is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExternalUser, example = samples::external_user)]
pub(crate) struct ExternalUserAnswer {
    /// Id in the directory, a UUID v4.
    id: Uuid,
    /// Workspace id.
    workspace_id: Uuid,
    /// Workspace id, as named in Flowra.
    project_id: Uuid,
    /// The user's channel.
    channel_id: Uuid,
    /// The customer's own id, unique in the channel.
    #[schema(required, max_length = 250)]
    external_id: Option<String>,
    /// The log-in handle, unique in the channel, ignoring case.
    #[schema(required, max_length = 255)]
    identifier: Option<String>,
    /// Flowra: the username, which is the identifier, else the external id, else the id. Zaia: the display name.
    #[schema(required, max_length = 255)]
    name: Option<String>,
    /// Display name.
    #[schema(required, max_length = 255)]
    display_name: Option<String>,
    /// First name.
    #[schema(required, max_length = 255)]
    first_name: Option<String>,
    /// Last name.
    #[schema(required, max_length = 255)]
    last_name: Option<String>,
    /// E-mail address.
    #[schema(required, format = "email")]
    email: Option<String>,
    /// Phone number in E.164 form.
    #[schema(required)]
    phone: Option<String>,
    /// Picture URL.
    #[schema(required, format = "uri")]
    avatar: Option<String>,
    /// BCP 47 language tag.
    #[schema(required)]
    locale: Option<String>,
    /// IANA time zone name.
    #[schema(required)]
    timezone: Option<String>,
    /// The customer's own data on the user.
    #[schema(value_type = HashMap<String, Value>)]
    custom_fields: CustomFields,
    /// The group, or null.
    #[schema(required)]
    external_user_group_id: Option<Uuid>,
    /// The tier, or null.
    #[schema(required)]
    tier_id: Option<Uuid>,
    /// The super identity, shared with users of other channels that have the same external id.
    super_identity_id: Uuid,
    /// Whether the user is blocked.
    blocked: bool,
    /// Whether the user has access; if not, why.
    access: Access,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
    /// Time of deletion. Only lists with `deleted=true` have it.
    #[schema(value_type = String, required = false, format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
}

/// An external user and its access token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::external_user_with_token)]
pub(crate) struct ExternalUserWithToken {
    #[serde(flatten)]
    user: ExternalUserAnswer,
    /// The user's JSON Web Token; null if the user is created blocked or the key cannot issue tokens.
    #[schema(required)]
    access_token: Option<String>,
}

/// An external user that exists or was created, as one schema for Flowra and Zaia.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::external_user_with_token)]
#[expect(dead_code, reason = "documents the responses, whose forms are written apart")]
pub(crate) struct CreatedExternalUser {
    #[serde(flatten)]
    user: ExternalUserAnswer,
    /// Zaia: the user's JSON Web Token; null if the user is created blocked or the key cannot issue tokens. Flowra's responses
    /// have none.
    access_token: Option<String>,
}

impl ExternalUserAnswer {
    /// Builds the response for a contract.
    pub(crate) fn new(user: ExternalUser, contract: Contract, now: Timestamp) -> Self {
        let (blocked, access) = (user.is_blocked(now), Access::of(&user, now));
        let username = user.username();
        let ExternalUser {
            id,
            workspace_id,
            channel_id,
            super_identity_id,
            external_id,
            identifier,
            display_name,
            first_name,
            last_name,
            email,
            phone,
            avatar,
            locale,
            timezone,
            custom_fields,
            external_user_group_id,
            tier_id,
            block: _,
            tokens_valid_from: _,
            created_at,
            updated_at,
            version: _,
        } = user;
        let display_name = display_name.map(DisplayName::into_string);
        let name = if contract == Contract::Flowra { Some(username) } else { display_name.clone() };
        Self {
            id: id.as_uuid(),
            workspace_id: workspace_id.as_uuid(),
            project_id: workspace_id.as_uuid(),
            channel_id: channel_id.as_uuid(),
            external_id: external_id.map(ExternalId::into_string),
            identifier: identifier.map(Identifier::into_string),
            name,
            display_name,
            first_name: first_name.map(PersonName::into_string),
            last_name: last_name.map(PersonName::into_string),
            email: email.map(EmailAddress::into_string),
            phone: phone.map(PhoneNumber::into_string),
            avatar: avatar.map(Avatar::into_string),
            locale: locale.map(Locale::into_string),
            timezone: timezone.map(TimeZone::into_string),
            custom_fields,
            external_user_group_id: external_user_group_id.map(ExternalUserGroupId::as_uuid),
            tier_id: tier_id.map(TierId::as_uuid),
            super_identity_id: super_identity_id.as_uuid(),
            blocked,
            access,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            deleted_at: None,
        }
    }

    /// Builds the response for a contract's list of deleted users.
    pub(crate) fn deleted(deleted: DeletedExternalUser, contract: Contract, now: Timestamp) -> Self {
        let DeletedExternalUser { user, deleted_at } = deleted;
        Self { deleted_at: Some(deleted_at.to_string()), ..Self::new(user, contract, now) }
    }
}

impl ExternalUserWithToken {
    /// Builds the response for a contract, with the token.
    pub(crate) fn new(
        user: ExternalUser,
        access_token: Option<String>,
        contract: Contract,
        now: Timestamp,
    ) -> Self {
        Self { user: ExternalUserAnswer::new(user, contract, now), access_token }
    }
}

/// Returns a contract's response for one user, with its entity tag.
pub(crate) fn answer(
    state: &AppState,
    preconditions: &Preconditions,
    user: ExternalUser,
    contract: Contract,
) -> Response {
    let now = state.source().clock.now();
    let tag = user.entity_tag(now);
    preconditions.answer(&tag, StatusCode::OK, ExternalUserAnswer::new(user, contract, now))
}
