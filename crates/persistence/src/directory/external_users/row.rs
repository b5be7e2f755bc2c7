//! The row of an external user, and its conversions.

use denizen_domain::{
    Avatar, Block, BlockReason, CustomFields, DisplayName, EmailAddress, Error, ExternalId, ExternalUser,
    Identifier, Locale, PersonName, PhoneNumber, Result, TimeZone, Version, fold,
};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::connection::broken_row;
use crate::schema::external_users;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = external_users, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ExternalUserRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    pub(super) channel_id: StoredUuid,
    pub(super) super_identity_id: StoredUuid,
    pub(super) external_id: Option<String>,
    pub(super) identifier: Option<String>,
    pub(super) identifier_folded: Option<String>,
    pub(super) username_folded: String,
    pub(super) display_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) avatar: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) custom_fields: String,
    pub(super) search_text: String,
    pub(super) external_user_group_id: Option<StoredUuid>,
    pub(super) tier_id: Option<StoredUuid>,
    pub(super) blocked: bool,
    pub(super) tokens_valid_from: Option<StoredTime>,
    pub(super) created_at: StoredTime,
    pub(super) updated_at: StoredTime,
    pub(super) blocked_reason: Option<String>,
    pub(super) blocked_since: Option<StoredTime>,
    pub(super) blocked_until: Option<StoredTime>,
    pub(super) blocked_by: Option<String>,
    pub(super) email_folded: Option<String>,
    /// Absent in records of deleted users that servers before versions wrote.
    #[serde(default)]
    pub(super) version: i64,
}

impl ExternalUserRow {
    /// Returns the primary key.
    pub(crate) fn key(&self) -> (StoredUuid, StoredUuid) {
        (self.workspace_id, self.id)
    }
}

impl From<&ExternalUser> for ExternalUserRow {
    fn from(user: &ExternalUser) -> Self {
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
            block,
            tokens_valid_from,
            created_at,
            updated_at,
            version,
        } = user;
        let story = block.as_ref();
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            channel_id: stored(*channel_id),
            super_identity_id: stored(*super_identity_id),
            external_id: external_id.as_ref().map(ToString::to_string),
            identifier: identifier.as_ref().map(ToString::to_string),
            identifier_folded: identifier.as_ref().map(Identifier::folded),
            username_folded: user.username_sort_key(),
            display_name: display_name.as_ref().map(ToString::to_string),
            first_name: first_name.as_ref().map(ToString::to_string),
            last_name: last_name.as_ref().map(ToString::to_string),
            email: email.as_ref().map(ToString::to_string),
            phone: phone.as_ref().map(ToString::to_string),
            avatar: avatar.as_ref().map(ToString::to_string),
            locale: locale.as_ref().map(ToString::to_string),
            timezone: timezone.as_ref().map(ToString::to_string),
            custom_fields: custom_fields.as_str().to_owned(),
            search_text: user.searchable_text(),
            external_user_group_id: external_user_group_id.map(Into::into),
            tier_id: tier_id.map(Into::into),
            blocked: block.is_some(),
            tokens_valid_from: tokens_valid_from.map(Into::into),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            blocked_reason: story.and_then(|block| block.reason.as_ref()).map(ToString::to_string),
            blocked_since: story.and_then(|block| block.since).map(Into::into),
            blocked_until: story.and_then(|block| block.until).map(Into::into),
            blocked_by: story.and_then(|block| block.by).map(|actor| actor.to_string()),
            email_folded: email.as_ref().map(|email| fold(email.as_str())),
            version: version.as_i64(),
        }
    }
}

impl TryFrom<ExternalUserRow> for ExternalUser {
    type Error = Error;

    fn try_from(row: ExternalUserRow) -> Result<Self> {
        let ExternalUserRow {
            workspace_id,
            id,
            channel_id,
            super_identity_id,
            external_id,
            identifier,
            identifier_folded: _,
            username_folded: _,
            display_name,
            first_name,
            last_name,
            email,
            phone,
            avatar,
            locale,
            timezone,
            custom_fields,
            search_text: _,
            external_user_group_id,
            tier_id,
            blocked,
            tokens_valid_from,
            created_at,
            updated_at,
            blocked_reason,
            blocked_since,
            blocked_until,
            blocked_by,
            email_folded: _,
            version,
        } = row;
        let story = (blocked_reason, blocked_since, blocked_until, blocked_by);
        let block = if blocked { Some(block(id, story)?) } else { None };
        let custom_fields = CustomFields::from_stored(custom_fields)
            .map_err(|problem| broken_row("external_users", "custom_fields", id, problem))?;
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            channel_id: channel_id.into(),
            super_identity_id: super_identity_id.into(),
            external_id: external_id.map(ExternalId::from_stored),
            identifier: identifier.map(Identifier::from_stored),
            display_name: display_name.map(DisplayName::from_stored),
            first_name: first_name.map(PersonName::from_stored),
            last_name: last_name.map(PersonName::from_stored),
            email: email.map(EmailAddress::from_stored),
            phone: phone.map(PhoneNumber::from_stored),
            avatar: avatar.map(Avatar::from_stored),
            locale: locale.map(Locale::from_stored),
            timezone: timezone.map(TimeZone::from_stored),
            custom_fields,
            external_user_group_id: external_user_group_id.map(Into::into),
            tier_id: tier_id.map(Into::into),
            block,
            tokens_valid_from: tokens_valid_from.map(Into::into),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version: Version::from_stored(version),
        })
    }
}

/// The stored fields of a block: reason, start, end and author.
type Story = (Option<String>, Option<StoredTime>, Option<StoredTime>, Option<String>);

fn block(id: StoredUuid, (reason, since, until, by): Story) -> Result<Block> {
    let broken = |problem| broken_row("external_users", "blocked_by", id, format!("{problem:?}"));
    Ok(Block {
        reason: reason.map(BlockReason::from_stored),
        since: since.map(Into::into),
        until: until.map(Into::into),
        by: by.map(|actor| actor.parse().map_err(broken)).transpose()?,
    })
}
