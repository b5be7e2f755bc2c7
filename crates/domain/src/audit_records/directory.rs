//! What is recorded of a workspace, its keys, its external users, and what is around them.

use super::text;
use crate::api_key::ApiKey;
use crate::audit::{ObjectKind, Recorded};
use crate::directory::{Block, Channel, ExternalUser, ExternalUserGroup, Tier};
use crate::primitives::{JsonObject, Timestamp};
use crate::webhook::{WebhookEndpoint, WebhookFilter};
use crate::workspace::Workspace;

impl Recorded for ExternalUser {
    const KIND: ObjectKind = ObjectKind::ExternalUser;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, now: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
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
            tokens_valid_from: _,
            created_at: _,
            updated_at: _,
            version: _,
        } = self;
        let block = block.as_ref().filter(|block| block.holds_at(now));
        let (reason, until) = match block {
            Some(Block { reason, until, since: _, by: _ }) => (text(reason.as_ref()), *until),
            None => (None, None),
        };
        record! {
            "channelId": channel_id,
            "superIdentityId": super_identity_id,
            "externalId": text(external_id.as_ref()),
            "identifier": text(identifier.as_ref()),
            "displayName": text(display_name.as_ref()),
            "firstName": text(first_name.as_ref()),
            "lastName": text(last_name.as_ref()),
            "email": text(email.as_ref()),
            "phone": text(phone.as_ref()),
            "avatar": text(avatar.as_ref()),
            "locale": text(locale.as_ref()),
            "timezone": text(timezone.as_ref()),
            "customFields": custom_fields,
            "externalUserGroupId": external_user_group_id,
            "tierId": tier_id,
            "blocked": block.is_some(),
            "blockedReason": reason,
            "blockedUntil": until,
        }
    }
}

impl Recorded for ExternalUserGroup {
    const KIND: ObjectKind = ObjectKind::ExternalUserGroup;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self { id: _, workspace_id: _, external_id, name, tier_id, created_at: _, updated_at: _ } = self;
        record! { "externalId": text(external_id.as_ref()), "name": name, "tierId": tier_id }
    }
}

impl Recorded for Tier {
    const KIND: ObjectKind = ObjectKind::Tier;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            name,
            description,
            prompt,
            max_assistant_messages,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "name": name,
            "description": description,
            "prompt": prompt,
            "maxAssistantMessages": max_assistant_messages,
        }
    }
}

impl Recorded for Channel {
    const KIND: ObjectKind = ObjectKind::Channel;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            name,
            description,
            prompt,
            is_default,
            is_removed,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "name": name,
            "description": description,
            "prompt": prompt,
            "isDefault": is_default,
            "isRemoved": is_removed,
        }
    }
}

impl Recorded for ApiKey {
    const KIND: ObjectKind = ObjectKind::ApiKey;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            name,
            public_key,
            scopes,
            expires_at,
            last_used_at: _,
            last_used_address: _,
            revoked_at,
            old_secrets_end_at: _,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "name": name,
            "publicKey": public_key,
            "scopes": scopes,
            "expiresAt": expires_at,
            "revokedAt": revoked_at,
        }
    }
}

impl Recorded for Workspace {
    const KIND: ObjectKind = ObjectKind::Workspace;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! {
            "id": self.id,
            "number": self.number,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            number: _,
            slug,
            name,
            status,
            confirmed,
            requests_per_second,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "slug": slug,
            "name": name,
            "status": status,
            "confirmed": confirmed,
            "requestsPerSecond": requests_per_second,
        }
    }
}

impl Recorded for WebhookEndpoint {
    const KIND: ObjectKind = ObjectKind::WebhookEndpoint;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            workspace_id: _,
            url,
            description,
            filter: WebhookFilter { types, channel_ids, group_ids, tier_ids },
            disabled,
            disabled_reason,
            generation: _,
            previous_secret_until: _,
            position: _,
            failures: _,
            failing_since: _,
            paused_until: _,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "url": url,
            "description": description,
            "types": types,
            "channelIds": channel_ids,
            "groupIds": group_ids,
            "tierIds": tier_ids,
            "disabled": disabled,
            "disabledReason": disabled_reason,
        }
    }
}
