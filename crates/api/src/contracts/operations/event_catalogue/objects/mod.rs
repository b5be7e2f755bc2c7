//! Sample objects of every kind. A kind without samples does not compile, nor does a field that a sample lacks.

mod connections;
mod directory;
mod people;
mod workflows;

use std::time::Duration;

use chrono::DateTime;
use denizen_domain::{
    Account, AccountId, AccountToken, AccountTokenId, ApiKey, ApiKeyId, AuthConfig, AuthConfigId, Channel,
    ChannelId, ConnectedAccount, ConnectedAccountId, ExternalUser, ExternalUserGroup, ExternalUserGroupId,
    ExternalUserId, Flow, FlowId, FlowMembership, Invitation, JsonObject, Membership, ObjectKind, Recorded,
    Role, RoleId, SuperIdentityId, Tier, TierId, Timestamp, WebhookEndpoint, WebhookEndpointId, Workflow,
    WorkflowId, WorkflowTemplate, WorkflowTemplateId, Workspace, WorkspaceId,
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
const WORKFLOW: WorkflowId = WorkflowId::from_uuid(uuid!("3d7a1f5c-9b2e-4c6d-8f0a-5e4b7c9d1a21"));
const TEMPLATE: WorkflowTemplateId =
    WorkflowTemplateId::from_uuid(uuid!("6e8b2a4d-0c3f-4d7e-9a1b-6f5c8d0e2b32"));
const AUTH_CONFIG: AuthConfigId = AuthConfigId::from_uuid(uuid!("2f4b6d8a-1c3e-4a5b-8d7f-9e0c2a4b6d41"));
const CONNECTED_ACCOUNT: ConnectedAccountId =
    ConnectedAccountId::from_uuid(uuid!("5a7c9e1b-3d5f-4b6a-9c8e-0f1d3b5a7c42"));
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
            ObjectKind::Workflow => Self::made_of::<Workflow>(),
            ObjectKind::WorkflowTemplate => Self::made_of::<WorkflowTemplate>(),
            ObjectKind::AuthConfig => Self::made_of::<AuthConfig>(),
            ObjectKind::ConnectedAccount => Self::made_of::<ConnectedAccount>(),
            ObjectKind::Execution | ObjectKind::ServerSecret => return None,
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
