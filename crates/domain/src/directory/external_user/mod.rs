//! External users: the end users of a customer, identified by the customer's own ids.

mod access;
mod custom_fields;
mod deleted;
mod fields;
mod filter;
mod from_json;
mod identity;
mod locale;

pub use access::{AccessChange, Block, BlockReason};
pub use custom_fields::CustomFields;
pub use deleted::DeletedExternalUser;
pub use fields::{DisplayName, ExternalId, Identifier, SearchText, TimeZone};
pub use filter::{AccessFilter, ExternalUserFilter, ExternalUserOrder};
pub use identity::IdentityClaim;
pub use locale::Locale;

use crate::audit::Actor;
use crate::error::{Error, Forbidden};
use crate::fields::{Avatar, EmailAddress, PersonName, PhoneNumber};
use crate::primitives::version::TagParts;
use crate::primitives::{
    ChannelId, ExternalUserGroupId, ExternalUserId, JsonObject, Patch, SuperIdentityId, TierId, Timestamp,
    Version, Violation, Violations, WorkspaceId, fold, fold_for_search,
};

/// An external user. The contracts show this record, each in its own format.
///
/// ```
/// use denizen_domain::{
///     Actor, ChannelId, Clock as _, ExternalUser, ExternalUserChanges, ExternalUserId, IdSource as _, RandomIds,
///     SuperIdentityId, SystemClock, WorkspaceId,
/// };
/// use serde_json::json;
///
/// let now = SystemClock.now();
/// let mut user = ExternalUser::blank(
///     ExternalUserId::from_uuid(RandomIds.uuid()),
///     WorkspaceId::from_uuid(RandomIds.uuid()),
///     ChannelId::from_uuid(RandomIds.uuid()),
///     SuperIdentityId::from_uuid(RandomIds.uuid()),
///     now,
/// );
/// let changes = json!({ "externalId": "user_12345", "blocked": { "reason": "spam" } });
/// ExternalUserChanges::from_json(&changes, now)?.apply_to(&mut user, Actor::Operator, now)?;
/// assert_eq!(user.username(), "user_12345");
/// assert_eq!(user.require_unblocked(now).unwrap_err().to_string(), "The external user is blocked.");
/// # Ok::<(), denizen_domain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalUser {
    /// Its id in the directory.
    pub id: ExternalUserId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The channel it belongs to. It never changes.
    pub channel_id: ChannelId,
    /// The person behind it, shared with users of other channels with the same external id. Assigned by the server.
    pub super_identity_id: SuperIdentityId,
    /// The customer's own id for it, unique in the channel.
    pub external_id: Option<ExternalId>,
    /// The handle it logs in with, unique in the channel, ignoring case.
    pub identifier: Option<Identifier>,
    /// Its name on screens.
    pub display_name: Option<DisplayName>,
    /// First name.
    pub first_name: Option<PersonName>,
    /// Last name.
    pub last_name: Option<PersonName>,
    /// E-mail address.
    pub email: Option<EmailAddress>,
    /// Phone number.
    pub phone: Option<PhoneNumber>,
    /// URL of a picture.
    pub avatar: Option<Avatar>,
    /// Language.
    pub locale: Option<Locale>,
    /// Time zone.
    pub timezone: Option<TimeZone>,
    /// The customer's own data about it.
    pub custom_fields: CustomFields,
    /// Its group.
    pub external_user_group_id: Option<ExternalUserGroupId>,
    /// Its tier.
    pub tier_id: Option<TierId>,
    /// Its block, which may have expired. See [`is_blocked`](Self::is_blocked).
    pub block: Option<Block>,
    /// The [generation](Self::token_generation) of its access tokens began at this moment. Blocking advances it.
    pub tokens_valid_from: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was changed.
    pub version: Version,
}

impl ExternalUser {
    /// Creates a user without any optional field.
    pub fn blank(
        id: ExternalUserId,
        workspace_id: WorkspaceId,
        channel_id: ChannelId,
        super_identity_id: SuperIdentityId,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            workspace_id,
            channel_id,
            super_identity_id,
            external_id: None,
            identifier: None,
            display_name: None,
            first_name: None,
            last_name: None,
            email: None,
            phone: None,
            avatar: None,
            locale: None,
            timezone: None,
            custom_fields: CustomFields::default(),
            external_user_group_id: None,
            tier_id: None,
            block: None,
            tokens_valid_from: None,
            created_at: now,
            updated_at: now,
            version: Version::default(),
        }
    }

    /// Returns the username of the Flowra contract: the identifier, or else the external id, or else the id.
    pub fn username(&self) -> String {
        let given = self.identifier.as_ref().map(Identifier::as_str);
        let given = given.or_else(|| self.external_id.as_ref().map(ExternalId::as_str));
        given.map_or_else(|| self.id.to_string(), str::to_owned)
    }

    /// Returns the username's sort key: folded, and truncated to 1,020 bytes, which fit into an index entry.
    pub fn username_sort_key(&self) -> String {
        let mut key = fold(&self.username());
        key.truncate(key.floor_char_boundary(1020));
        key
    }

    /// Returns the searchable texts, folded, one per line. They always include the username.
    pub fn searchable_text(&self) -> String {
        let username = self.username();
        let texts = [
            self.display_name.as_ref().map(DisplayName::as_str),
            Some(username.as_str()),
            self.external_id.as_ref().map(ExternalId::as_str),
            self.email.as_ref().map(EmailAddress::as_str),
            self.first_name.as_ref().map(PersonName::as_str),
            self.last_name.as_ref().map(PersonName::as_str),
        ];
        texts.into_iter().flatten().map(fold_for_search).collect::<Vec<_>>().join("\n")
    }

    /// Returns the block that is active at this moment, if any.
    pub fn block_at(&self, now: Timestamp) -> Option<&Block> {
        self.block.as_ref().filter(|block| block.holds_at(now))
    }

    /// Returns whether it is blocked at this moment.
    pub fn is_blocked(&self, now: Timestamp) -> bool {
        self.block_at(now).is_some()
    }

    /// Fails with [`Forbidden::Blocked`] for a blocked user: it gets no token, and no key can act for it.
    pub fn require_unblocked(&self, now: Timestamp) -> Result<(), Error> {
        if self.is_blocked(now) { Err(Error::Forbidden(Forbidden::Blocked)) } else { Ok(()) }
    }

    /// Returns its entity tag at this moment: a text of 22 characters that changes whenever the shown fields do. Blocks end
    /// without a change of the user, and servers before versions take users off deleted groups and tiers without one.
    pub fn entity_tag(&self, now: Timestamp) -> String {
        TagParts::new()
            .id(self.id.as_uuid())
            .version(self.version, self.updated_at)
            .id(self.super_identity_id.as_uuid())
            .optional_id(self.external_user_group_id.map(ExternalUserGroupId::as_uuid))
            .optional_id(self.tier_id.map(TierId::as_uuid))
            .flag(self.is_blocked(now))
            .tag()
    }

    /// Marks it as changed at this moment.
    pub fn mark_changed(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version = self.version.next();
    }

    /// Returns the generation of its access tokens, which new tokens carry. Tokens of other generations are void, whatever
    /// the clocks of the servers that issued them showed.
    pub fn token_generation(&self) -> i64 {
        self.tokens_valid_from.map_or(0, Timestamp::unix_microseconds)
    }

    /// Returns whether a token of this generation is valid at this moment. Servers of earlier versions issued tokens without
    /// one: for these, the issue time (seconds since 1970) counts.
    pub fn accepts_token_of(&self, generation: Option<i64>, issued_at: i64, now: Timestamp) -> bool {
        let is_current = match generation {
            Some(generation) => generation == self.token_generation(),
            None => issued_at.saturating_mul(1_000_000) >= self.token_generation(),
        };
        is_current && !self.is_blocked(now)
    }

    /// Voids all access tokens issued up to this moment: begins a new generation. It begins with the next second, since
    /// tokens without a generation show whole seconds, and after every earlier one.
    pub fn void_tokens(&mut self, now: Timestamp) {
        let next_second = now.unix_seconds().saturating_add(1).saturating_mul(1_000_000);
        let generation = next_second.max(self.token_generation().saturating_add(1));
        self.tokens_valid_from = Timestamp::from_unix_microseconds(generation);
    }

    fn change_access(&mut self, change: AccessChange, by: Actor, now: Timestamp) {
        let was_blocked = self.is_blocked(now);
        self.block = change.applied_to(self.block.take(), by, now);
        if self.is_blocked(now) && !was_blocked {
            self.void_tokens(now);
        }
    }
}

/// A request's changes to a user, each checked by its type. Creating a user means changing a blank one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExternalUserChanges {
    /// See [`ExternalUser::external_id`].
    pub external_id: Patch<ExternalId>,
    /// See [`ExternalUser::identifier`].
    pub identifier: Patch<Identifier>,
    /// See [`ExternalUser::display_name`].
    pub display_name: Patch<DisplayName>,
    /// See [`ExternalUser::first_name`].
    pub first_name: Patch<PersonName>,
    /// See [`ExternalUser::last_name`].
    pub last_name: Patch<PersonName>,
    /// See [`ExternalUser::email`].
    pub email: Patch<EmailAddress>,
    /// See [`ExternalUser::phone`].
    pub phone: Patch<PhoneNumber>,
    /// See [`ExternalUser::avatar`].
    pub avatar: Patch<Avatar>,
    /// See [`ExternalUser::locale`].
    pub locale: Patch<Locale>,
    /// See [`ExternalUser::timezone`].
    pub timezone: Patch<TimeZone>,
    /// Merges into the current fields: an object merges key by key, and null removes a key. Null as a whole removes all.
    pub custom_fields: Patch<JsonObject>,
    /// See [`ExternalUser::external_user_group_id`].
    pub external_user_group_id: Patch<ExternalUserGroupId>,
    /// See [`ExternalUser::tier_id`].
    pub tier_id: Patch<TierId>,
    /// Blocks or unblocks the user.
    pub access: Option<AccessChange>,
}

impl ExternalUserChanges {
    /// Applies the changes. `updated_at` and `version` move only if a field does. Fails with [`Error::Invalid`] if the merged custom
    /// fields break their rules; callers must then not store the user.
    pub fn apply_to(self, user: &mut ExternalUser, by: Actor, now: Timestamp) -> Result<(), Error> {
        let before = user.clone();
        let Self {
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
            access,
        } = self;
        external_id.apply(&mut user.external_id);
        identifier.apply(&mut user.identifier);
        display_name.apply(&mut user.display_name);
        first_name.apply(&mut user.first_name);
        last_name.apply(&mut user.last_name);
        email.apply(&mut user.email);
        phone.apply(&mut user.phone);
        avatar.apply(&mut user.avatar);
        locale.apply(&mut user.locale);
        timezone.apply(&mut user.timezone);
        external_user_group_id.apply(&mut user.external_user_group_id);
        tier_id.apply(&mut user.tier_id);
        user.custom_fields = user.custom_fields.patched(custom_fields).map_err(invalid_custom_fields)?;
        if let Some(access) = access {
            user.change_access(access, by, now);
        }
        if *user != before {
            user.mark_changed(now);
        }
        Ok(())
    }
}

fn invalid_custom_fields(violation: Violation) -> Error {
    Error::Invalid(Violations::of("custom_fields", violation))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn user() -> ExternalUser {
        let (id, now) = (Uuid::nil(), Timestamp::from_unix_microseconds(1_500_000).unwrap());
        ExternalUser::blank(
            ExternalUserId::from_uuid(id),
            WorkspaceId::from_uuid(id),
            ChannelId::from_uuid(id),
            SuperIdentityId::from_uuid(id),
            now,
        )
    }

    #[test]
    fn the_username_is_the_identifier_or_the_external_id_or_the_id() {
        let mut user = user();
        assert_eq!(user.username(), user.id.to_string());
        user.external_id = Some(ExternalId::parse("u-1").unwrap());
        assert_eq!(user.username(), "u-1");
        user.identifier = Some(Identifier::parse("Jane").unwrap());
        assert_eq!(user.username(), "Jane");
    }

    #[test]
    fn a_change_without_effect_keeps_the_time() {
        let mut user = user();
        let later = user.created_at.plus(Duration::from_secs(9));
        ExternalUserChanges { email: Patch::Null, ..Default::default() }
            .apply_to(&mut user, Actor::Operator, later)
            .unwrap();
        assert_eq!(user.updated_at, user.created_at);
        let email = Patch::Value(EmailAddress::parse("a@example.com").unwrap());
        ExternalUserChanges { email, ..Default::default() }
            .apply_to(&mut user, Actor::Operator, later)
            .unwrap();
        assert_eq!(user.updated_at, later);
    }

    #[test]
    fn blocking_voids_issued_tokens_and_unblocking_allows_new_ones_at_once() {
        let mut user = user();
        let now = user.created_at;
        let accepts = |user: &ExternalUser, generation| user.accepts_token_of(Some(generation), 0, now);
        let mut issued = Vec::new();
        for _ in 0..3 {
            issued.push(user.token_generation());
            assert!(accepts(&user, user.token_generation()));
            user.change_access(AccessChange::Block, Actor::Operator, now);
            assert!(!accepts(&user, user.token_generation()));
            user.change_access(AccessChange::Unblock, Actor::Operator, now);
            assert!(issued.iter().all(|generation| !accepts(&user, *generation)), "{issued:?}");
            assert!(accepts(&user, user.token_generation()));
        }
    }

    #[test]
    fn a_token_without_a_generation_is_valid_from_the_second_after_a_block() {
        let mut user = user();
        let now = user.created_at;
        assert!(user.accepts_token_of(None, now.unix_seconds(), now));
        for block in 0..2 {
            user.change_access(AccessChange::Block, Actor::Operator, now);
            user.change_access(AccessChange::Unblock, Actor::Operator, now);
            assert!(!user.accepts_token_of(None, now.unix_seconds() + block, now));
        }
        assert!(user.accepts_token_of(None, now.unix_seconds() + 2, now));
    }

    #[test]
    fn a_block_expires_and_its_tokens_stay_void() {
        let mut user = user();
        let now = user.created_at;
        let issued_before = user.token_generation();
        let until = now.plus(Duration::from_mins(1));
        let reason = Some(BlockReason::parse("Too many returns").unwrap());
        let change = AccessChange::BlockWith { reason, until: Some(until) };
        user.change_access(change, Actor::Operator, now);
        assert!(user.require_unblocked(now).is_err());
        assert!(user.require_unblocked(until).is_ok());
        assert!(!user.accepts_token_of(Some(issued_before), now.unix_seconds(), until));
        assert!(user.accepts_token_of(Some(user.token_generation()), until.unix_seconds(), until));

        // The next block takes nothing over from an expired one.
        let issued_between = user.token_generation();
        user.change_access(AccessChange::Block, Actor::Server, until);
        let expected = Block { reason: None, since: Some(until), until: None, by: Some(Actor::Server) };
        assert_eq!(user.block, Some(expected));
        user.change_access(AccessChange::Unblock, Actor::Server, until);
        assert!(!user.accepts_token_of(Some(issued_between), until.unix_seconds(), until));
    }

    #[test]
    fn blocking_again_keeps_the_block_unless_reason_or_end_differ() {
        let mut user = user();
        let now = user.created_at;
        let later = now.plus(Duration::from_mins(1));
        let reason = Some(BlockReason::parse("Too many returns").unwrap());
        let change = AccessChange::BlockWith { reason, until: None };
        user.change_access(change.clone(), Actor::Operator, now);
        let told = user.clone();
        user.change_access(AccessChange::Block, Actor::Server, later);
        user.change_access(change, Actor::Server, later);
        assert_eq!(user, told);
        user.change_access(AccessChange::BlockWith { reason: None, until: None }, Actor::Server, later);
        let expected = Block { reason: None, since: Some(now), until: None, by: Some(Actor::Server) };
        assert_eq!(user.block, Some(expected));
    }
}
