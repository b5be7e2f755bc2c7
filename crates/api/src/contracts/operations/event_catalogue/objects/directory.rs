//! Samples of external users and what belongs to them, of keys and of webhook endpoints.

use denizen_domain::{
    Actor, ApiKey, Avatar, Block, BlockReason, Channel, CustomFields, DisplayName, EmailAddress,
    EventPosition, ExternalId, ExternalUser, ExternalUserGroup, Identifier, Locale, PersonName, PhoneNumber,
    PublicKey, Scope, ScopeSet, Tier, TimeZone, Version, WebhookEndpoint, WebhookFilter,
};

use super::{
    CHANNEL, ENDPOINT, GROUP, KEY, PERSON, Sampled, TIER, USER, WORKSPACE, before, later, now, text,
};

fn custom_fields(plan: &str) -> CustomFields {
    CustomFields::from_stored(format!(r#"{{"company":"Acme Inc","plan":"{plan}"}}"#)).unwrap_or_default()
}

impl Sampled for ExternalUser {
    fn full() -> Self {
        let reason = Some(text(BlockReason::from_stored, "Unpaid invoices"));
        let by = Some(Actor::ApiKey(KEY));
        Self {
            block: Some(Block { reason, since: Some(now()), until: Some(later()), by }),
            tokens_valid_from: Some(now()),
            ..Self::usual()
        }
    }

    fn empty() -> Self {
        Self { updated_at: now(), ..Self::blank(USER, WORKSPACE, CHANNEL, PERSON, before()) }
    }

    fn usual() -> Self {
        Self {
            id: USER,
            workspace_id: WORKSPACE,
            channel_id: CHANNEL,
            super_identity_id: PERSON,
            external_id: Some(text(ExternalId::from_stored, "user_12345")),
            identifier: Some(text(Identifier::from_stored, "jane.doe@example.com")),
            display_name: Some(text(DisplayName::from_stored, "Jane D.")),
            first_name: Some(text(PersonName::from_stored, "Jane")),
            last_name: Some(text(PersonName::from_stored, "Doe")),
            email: Some(text(EmailAddress::from_stored, "jane.doe@example.com")),
            phone: Some(text(PhoneNumber::from_stored, "+15551234567")),
            avatar: Some(text(Avatar::from_stored, "https://example.com/avatars/jane.jpg")),
            locale: Some(text(Locale::from_stored, "en-US")),
            timezone: Some(text(TimeZone::from_stored, "America/New_York")),
            custom_fields: custom_fields("free"),
            external_user_group_id: Some(GROUP),
            tier_id: Some(TIER),
            block: None,
            tokens_valid_from: None,
            created_at: before(),
            updated_at: now(),
            version: Version::default(),
        }
    }

    fn earlier() -> Self {
        Self {
            display_name: Some(text(DisplayName::from_stored, "Jane Doe")),
            custom_fields: custom_fields("premium"),
            ..Self::usual()
        }
    }
}

impl Sampled for ExternalUserGroup {
    fn full() -> Self {
        Self {
            id: GROUP,
            workspace_id: WORKSPACE,
            external_id: Some(text(ExternalId::from_stored, "company_678")),
            name: Some("Acme Corporation".to_owned()),
            tier_id: Some(TIER),
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { external_id: None, name: None, tier_id: None, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { name: Some("Acme Inc".to_owned()), ..Self::usual() }
    }
}

impl Sampled for Tier {
    fn full() -> Self {
        Self {
            id: TIER,
            workspace_id: WORKSPACE,
            name: "Premium".to_owned(),
            description: "Customers of the premium plan".to_owned(),
            prompt: Some("Answer in detail.".to_owned()),
            max_assistant_messages: Some(2000),
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { prompt: None, max_assistant_messages: None, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { max_assistant_messages: Some(1000), ..Self::usual() }
    }
}

impl Sampled for WebhookEndpoint {
    fn full() -> Self {
        Self {
            disabled: true,
            disabled_reason: Some("All attempts have failed for 5 days.".to_owned()),
            ..Self::usual()
        }
    }

    fn empty() -> Self {
        Self { description: String::new(), filter: WebhookFilter::default(), ..Self::usual() }
    }

    fn usual() -> Self {
        Self {
            id: ENDPOINT,
            workspace_id: WORKSPACE,
            url: "https://shop.example.com/webhooks/users".to_owned(),
            description: "Keeps the shop's customers up to date".to_owned(),
            filter: WebhookFilter {
                types: vec!["external_user.*".to_owned()],
                channel_ids: vec![CHANNEL],
                group_ids: vec![GROUP],
                tier_ids: vec![TIER],
            },
            disabled: false,
            disabled_reason: None,
            generation: 1,
            previous_secret_until: None,
            position: EventPosition::from_stored(4711),
            failures: 0,
            failing_since: None,
            paused_until: None,
            created_at: before(),
            updated_at: now(),
        }
    }

    fn earlier() -> Self {
        Self { description: String::new(), ..Self::usual() }
    }
}

impl Sampled for Channel {
    fn full() -> Self {
        Self {
            id: CHANNEL,
            workspace_id: WORKSPACE,
            name: "mobile app".to_owned(),
            description: Some("Users of the app for phones".to_owned()),
            prompt: Some("They write on small screens.".to_owned()),
            is_default: false,
            is_removed: false,
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { description: None, prompt: None, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { description: None, ..Self::usual() }
    }
}

impl Sampled for ApiKey {
    fn full() -> Self {
        Self {
            id: KEY,
            workspace_id: WORKSPACE,
            name: "web shop".to_owned(),
            public_key: text(PublicKey::from_stored, "pk_3xT8vKc1LrYh9fQ2mW5Zb6NdPs0GjEaUoIi4RtXqC7M"),
            scopes: ScopeSet::from_iter([Scope::ReadExternalUsers]),
            expires_at: Some(later()),
            last_used_at: Some(now()),
            last_used_address: None,
            revoked_at: Some(now()),
            old_secrets_end_at: None,
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { expires_at: None, revoked_at: None, ..Self::full() }
    }

    fn usual() -> Self {
        Self { revoked_at: None, ..Self::full() }
    }
}
