//! Sample objects of every kind. A kind without samples does not compile, nor does a field that a sample lacks.

use std::time::Duration;

use chrono::DateTime;
use denizen_domain::{
    AccessMode, Account, AccountId, AccountNumber, AccountToken, AccountTokenId, Actor, ApiKey, ApiKeyId,
    Avatar, Block, BlockReason, Channel, ChannelId, CustomFields, DisplayName, EmailAddress, EventPosition,
    ExternalId, ExternalUser, ExternalUserGroup, ExternalUserGroupId, ExternalUserId, Flow, FlowDescription,
    FlowId, FlowMembership, FlowName, Identifier, Invitation, InvitationNumber, InvitationState, JoinCode,
    JsonObject, Locale, Membership, Nick, ObjectKind, Permission, PermissionSet, PersonName, PhoneNumber,
    PublicKey, Recorded, Role, RoleDescription, RoleId, RoleName, Scope, ScopeSet, Slug, Status,
    SuperIdentityId, Tier, TierId, TimeZone, Timestamp, TokenKind, TokenLife, Username, Version,
    WebhookEndpoint, WebhookEndpointId, WebhookFilter, Website, Workspace, WorkspaceId, WorkspaceName,
    WorkspaceNumber,
};
use denizen_persistence::workspaces::KeyOf;
use uuid::uuid;

pub(super) const WORKSPACE: WorkspaceId =
    WorkspaceId::from_uuid(uuid!("5b0f6f3c-7f0e-4a55-8a6c-3f1f2f9f1c11"));
pub(super) const USER: ExternalUserId =
    ExternalUserId::from_uuid(uuid!("0b8f6f9e-3a86-4c39-9d5e-4f6f4a3c2b10"));
pub(super) const KEY: ApiKeyId = ApiKeyId::from_uuid(uuid!("4d2b8e6c-5a7f-4c1d-9e3b-6f8a0c2e4d15"));
pub(super) const ACCOUNT: AccountId = AccountId::from_uuid(uuid!("9a4c7e1d-2b3f-4d5a-8c6e-1f2a3b4c5d6e"));
const CHANNEL: ChannelId = ChannelId::from_uuid(uuid!("c2f1d9a4-6a1f-4e0b-9b3a-2f7d5e8c9a12"));
const PERSON: SuperIdentityId = SuperIdentityId::from_uuid(uuid!("e4a1c7b2-1d3f-4c5e-8f6a-7b8c9d0e1f13"));
const GROUP: ExternalUserGroupId =
    ExternalUserGroupId::from_uuid(uuid!("4e6a8c0b-2d4f-4b6c-8d0e-2f4a6c8e0b14"));
const TIER: TierId = TierId::from_uuid(uuid!("7f9b1d3c-5e7a-4c9b-9d1f-3a5c7e9b1d15"));
const ROLE: RoleId = RoleId::from_uuid(uuid!("3d5f7a9b-1c2e-4f6a-9b8d-0e1f2a3b4c5d"));
const TOKEN: AccountTokenId = AccountTokenId::from_uuid(uuid!("6b8d0f2a-4c6e-4a8b-8d0f-2a4c6e8b0d1f"));
const ENDPOINT: WebhookEndpointId =
    WebhookEndpointId::from_uuid(uuid!("4c6e8b0d-1f3a-4b5c-9d7e-2a4c6e8b0d1f"));
const FLOW: FlowId = FlowId::from_uuid(uuid!("8c0e2a4b-6d8f-4a1c-9e3b-5d7f9a1c3e5b"));

/// An object at one moment, as events tell of it.
pub(super) struct State {
    /// Its id.
    pub(super) object_id: String,
    /// What identifies it.
    identity: JsonObject,
    /// The fields that can change.
    pub(super) record: JsonObject,
}

impl State {
    fn of(object: &impl Recorded) -> Self {
        Self { object_id: object.object_id(), identity: object.identity(), record: object.record(now()) }
    }

    /// Returns the object as events show it.
    pub(super) fn data(&self) -> JsonObject {
        let mut data = self.identity.clone();
        data.extend(self.record.clone());
        data
    }
}

/// The samples of a kind of object.
pub(super) struct Samples {
    /// With every optional field. Blocked or revoked, if it can be.
    pub(super) full: State,
    /// Without any optional field.
    pub(super) empty: State,
    /// As most of them are.
    pub(super) usual: State,
    /// The usual one before a change.
    pub(super) earlier: State,
}

impl Samples {
    /// Returns the samples of a kind; `None` if no event tells of it.
    pub(super) fn of(kind: ObjectKind) -> Option<Self> {
        Some(match kind {
            ObjectKind::ExternalUser => Self::made_of::<ExternalUser>(),
            ObjectKind::ExternalUserGroup => Self::made_of::<ExternalUserGroup>(),
            ObjectKind::Tier => Self::made_of::<Tier>(),
            ObjectKind::Channel => Self::made_of::<Channel>(),
            ObjectKind::ApiKey => Self::made_of::<ApiKey>(),
            ObjectKind::Workspace => Self::made_of::<Workspace>(),
            ObjectKind::Account => Self::made_of::<Account>(),
            ObjectKind::AccountToken => Self::made_of::<AccountToken>(),
            ObjectKind::Role => Self::made_of::<Role>(),
            ObjectKind::Membership => Self::made_of::<Membership>(),
            ObjectKind::Flow => Self::made_of::<Flow>(),
            ObjectKind::FlowMembership => Self::made_of::<FlowMembership>(),
            ObjectKind::Invitation => Self::made_of::<Invitation>(),
            ObjectKind::WorkspaceKey => Self::made_of::<KeyOf>(),
            ObjectKind::WebhookEndpoint => Self::made_of::<WebhookEndpoint>(),
            ObjectKind::ServerSecret => return None,
        })
    }

    fn made_of<T: Sampled>() -> Self {
        Self {
            full: State::of(&T::full()),
            empty: State::of(&T::empty()),
            usual: State::of(&T::usual()),
            earlier: State::of(&T::earlier()),
        }
    }
}

/// An object with samples.
trait Sampled: Recorded + Sized {
    /// Returns one with every optional field. It is blocked or revoked, if it can be.
    fn full() -> Self;

    /// Returns one without any optional field.
    fn empty() -> Self;

    /// Returns one as most of them are.
    fn usual() -> Self {
        Self::full()
    }

    /// Returns the usual one before a change.
    fn earlier() -> Self {
        Self::usual()
    }
}

fn moment(unix_seconds: i64) -> Timestamp {
    Timestamp::from(DateTime::from_timestamp_nanos(unix_seconds * 1_000_000_000))
}

/// When all samples were created.
fn before() -> Timestamp {
    moment(1_705_314_600)
}

/// When all samples were changed.
pub(super) fn now() -> Timestamp {
    moment(1_705_761_900)
}

/// A month later.
fn later() -> Timestamp {
    now().plus(Duration::from_hours(30 * 24))
}

/// Creates a field from a text that keeps its rules.
fn text<T>(wrapped: fn(String) -> T, text: &str) -> T {
    wrapped(text.to_owned())
}

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

impl Sampled for Workspace {
    fn full() -> Self {
        Self {
            id: WORKSPACE,
            number: WorkspaceNumber::from_stored(12),
            slug: text(Slug::from_stored, "my-company"),
            name: text(WorkspaceName::from_stored, "Our Company"),
            status: Status::Active,
            confirmed: true,
            requests_per_second: Some(500),
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self { requests_per_second: None, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { name: text(WorkspaceName::from_stored, "My Company"), ..Self::usual() }
    }
}

impl Sampled for Account {
    fn full() -> Self {
        Self {
            id: ACCOUNT,
            number: AccountNumber::from_stored(345),
            username: text(Username::from_stored, "jane.doe@example.com"),
            first_name: text(PersonName::from_stored, "Jane"),
            last_name: text(PersonName::from_stored, "Doe"),
            status: Status::Active,
            home: Some(WORKSPACE),
            roles: vec![Role::full()],
            permissions: PermissionSet::from_iter([Permission::TenantProfileRead]),
            confirmed: true,
            avatar: Some(text(Avatar::from_stored, "https://example.com/avatars/jane.jpg")),
            phone: Some(text(PhoneNumber::from_stored, "+15551234567")),
            nick: Some(text(Nick::from_stored, "jane")),
            website: Some(text(Website::from_stored, "https://jane.example.com")),
            created_at: before(),
            updated_at: now(),
            version: Version::default(),
        }
    }

    fn empty() -> Self {
        Self {
            home: None,
            roles: Vec::new(),
            permissions: PermissionSet::empty(),
            avatar: None,
            phone: None,
            nick: None,
            website: None,
            ..Self::full()
        }
    }

    fn earlier() -> Self {
        Self { phone: None, ..Self::usual() }
    }
}

impl Sampled for AccountToken {
    fn full() -> Self {
        Self {
            id: TOKEN,
            account_id: ACCOUNT,
            kind: TokenKind::Issued,
            ending: "x7Kq".to_owned(),
            description: "nightly import".to_owned(),
            inquirer: "importer".to_owned(),
            permissions: PermissionSet::from_iter([Permission::TenantAccountRead]),
            life: TokenLife::Endless,
            expires_at: Some(later()),
            created_at: before(),
        }
    }

    fn empty() -> Self {
        Self { permissions: PermissionSet::empty(), expires_at: None, ..Self::full() }
    }
}

impl Sampled for Role {
    fn full() -> Self {
        Self {
            id: ROLE,
            workspace_id: Some(WORKSPACE),
            name: text(RoleName::from_stored, "Support"),
            description: text(RoleDescription::from_stored, "Answers questions"),
            permissions: PermissionSet::from_iter([
                Permission::TenantProfileRead,
                Permission::TenantAccountRead,
            ]),
            created_at: before(),
            updated_at: now(),
            version: Version::default(),
        }
    }

    fn empty() -> Self {
        Self { workspace_id: None, permissions: PermissionSet::empty(), ..Self::full() }
    }

    fn earlier() -> Self {
        Self { permissions: PermissionSet::from_iter([Permission::TenantProfileRead]), ..Self::usual() }
    }
}

impl Sampled for Membership {
    fn full() -> Self {
        Self {
            workspace_id: WORKSPACE,
            account_id: ACCOUNT,
            is_admin: true,
            is_vouched_for: true,
            created_at: before(),
        }
    }

    fn empty() -> Self {
        Self { is_admin: false, ..Self::full() }
    }

    fn earlier() -> Self {
        Self { is_admin: false, ..Self::usual() }
    }
}

impl Sampled for Flow {
    fn full() -> Self {
        Self {
            id: FLOW,
            workspace_id: WORKSPACE,
            slug: text(Slug::from_stored, "support"),
            name: text(FlowName::from_stored, "Support"),
            description: text(FlowDescription::from_stored, "Questions of customers"),
            access_mode: AccessMode::Organization,
            is_archived: false,
            join_code: JoinCode::from_stored(String::new()),
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self::full()
    }

    fn earlier() -> Self {
        Self { access_mode: AccessMode::Invitation, ..Self::usual() }
    }
}

impl Sampled for FlowMembership {
    fn full() -> Self {
        Self {
            workspace_id: WORKSPACE,
            flow_id: FLOW,
            account_id: ACCOUNT,
            is_blocked: false,
            is_open: true,
            created_at: before(),
        }
    }

    fn empty() -> Self {
        Self::full()
    }

    fn earlier() -> Self {
        Self { is_open: false, ..Self::usual() }
    }
}

impl Sampled for Invitation {
    fn full() -> Self {
        Self {
            number: InvitationNumber::from_stored(678),
            workspace_id: WORKSPACE,
            flow_id: FLOW,
            email: text(Username::from_stored, "john.doe@example.com"),
            state: InvitationState::Accepted,
            created_at: before(),
            updated_at: now(),
        }
    }

    fn empty() -> Self {
        Self::earlier()
    }

    fn earlier() -> Self {
        Self { state: InvitationState::Pending, ..Self::usual() }
    }
}

impl Sampled for KeyOf {
    fn full() -> Self {
        Self(WORKSPACE)
    }

    fn empty() -> Self {
        Self::full()
    }
}

#[cfg(test)]
mod tests {
    use denizen_domain::{Coded as _, EventType, Json};

    use super::*;

    #[test]
    fn every_kind_with_events_has_samples_of_its_own() {
        for &kind in ObjectKind::ALL {
            let has_events = EventType::all().any(|event| event.object() == kind);
            assert_eq!(Samples::of(kind).is_some(), has_events, "{kind}");
        }
    }

    #[test]
    fn a_full_sample_lacks_nothing() {
        for samples in ObjectKind::ALL.iter().filter_map(|&kind| Samples::of(kind)) {
            for (field, value) in samples.full.data() {
                let is_empty = match &value {
                    Json::Null => true,
                    Json::Array(items) => items.is_empty(),
                    Json::Object(fields) => fields.is_empty(),
                    Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
                };
                assert!(!is_empty, "{field} of {}", samples.full.object_id);
            }
        }
    }
}
