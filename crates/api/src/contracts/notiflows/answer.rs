//! Users in responses.

use denizen_domain::{
    Avatar, CustomFields, EmailAddress, ExternalId, ExternalUser, Locale, PersonName, PhoneNumber, TimeZone,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::samples;

/// A user. No field is ever omitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = samples::admin_user)]
pub(crate) struct AdminUser {
    /// Picture URL.
    #[schema(required, format = "uri")]
    avatar: Option<String>,
    /// Creation time.
    #[schema(format = "date-time")]
    created_at: String,
    /// The customer's own user data.
    #[schema(value_type = HashMap<String, Value>)]
    custom_fields: CustomFields,
    /// E-mail address.
    #[schema(required, format = "email")]
    email: Option<String>,
    /// The customer's own id.
    #[schema(required)]
    external_id: Option<String>,
    /// First name.
    #[schema(required)]
    first_name: Option<String>,
    /// Id in the directory.
    id: Uuid,
    /// Last name.
    #[schema(required)]
    last_name: Option<String>,
    /// BCP 47 language tag.
    #[schema(required)]
    locale: Option<String>,
    /// Phone number in E.164 form.
    #[schema(required)]
    phone: Option<String>,
    /// IANA time zone name.
    #[schema(required)]
    timezone: Option<String>,
    /// Time of the last change.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<ExternalUser> for AdminUser {
    fn from(user: ExternalUser) -> Self {
        let ExternalUser {
            id,
            workspace_id: _,
            channel_id: _,
            super_identity_id: _,
            external_id,
            identifier: _,
            display_name: _,
            first_name,
            last_name,
            email,
            phone,
            avatar,
            locale,
            timezone,
            custom_fields,
            external_user_group_id: _,
            tier_id: _,
            block: _,
            tokens_valid_from: _,
            created_at,
            updated_at,
            version: _,
        } = user;
        Self {
            avatar: avatar.map(Avatar::into_string),
            created_at: created_at.to_string(),
            custom_fields,
            email: email.map(EmailAddress::into_string),
            external_id: external_id.map(ExternalId::into_string),
            first_name: first_name.map(PersonName::into_string),
            id: id.as_uuid(),
            last_name: last_name.map(PersonName::into_string),
            locale: locale.map(Locale::into_string),
            phone: phone.map(PhoneNumber::into_string),
            timezone: timezone.map(TimeZone::into_string),
            updated_at: updated_at.to_string(),
        }
    }
}
