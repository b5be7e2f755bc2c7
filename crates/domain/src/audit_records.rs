//! The fields that the audit log records of each object, and that events show. Each implementation destructures its object
//! whole: a new field does not compile until it is recorded or left out on purpose.

use crate::account::{Account, AccountToken, Membership, Role};
use crate::api_key::ApiKey;
use crate::audit::{ObjectKind, Recorded};
use crate::directory::{Block, Channel, ExternalUser, ExternalUserGroup, Tier};
use crate::flow::{Flow, FlowMembership, Invitation};
use crate::primitives::{Json, JsonObject, RoleId, Timestamp};
use crate::webhook::{WebhookEndpoint, WebhookFilter};
use crate::workflow::{Execution, Workflow, WorkflowDefinition, WorkflowOwner, WorkflowTemplate};
use crate::workspace::Workspace;

/// Creates a JSON object of fields. These values always serialize.
macro_rules! record {
    ($($name:literal: $value:expr),+ $(,)?) => {
        JsonObject::from_iter([$(($name.to_owned(), Json::of(&$value).unwrap_or_default())),+])
    };
}

/// Returns the text of an optional field.
fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

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

impl Recorded for Account {
    const KIND: ObjectKind = ObjectKind::Account;

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
            username,
            first_name,
            last_name,
            status,
            home,
            roles,
            permissions,
            confirmed,
            avatar,
            phone,
            nick,
            website,
            created_at: _,
            updated_at: _,
            version: _,
        } = self;
        let roles: Vec<RoleId> = roles.iter().map(|role| role.id).collect();
        record! {
            "username": username.as_str(),
            "firstName": first_name.as_str(),
            "lastName": last_name.as_str(),
            "status": status,
            "homeWorkspaceId": home,
            "roleIds": roles,
            "permissions": permissions,
            "confirmed": confirmed,
            "avatar": text(avatar.as_ref()),
            "phone": text(phone.as_ref()),
            "nick": text(nick.as_ref()),
            "website": text(website.as_ref()),
        }
    }
}

impl Recorded for AccountToken {
    const KIND: ObjectKind = ObjectKind::AccountToken;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self {
            id: _,
            account_id,
            kind,
            ending: _,
            description,
            inquirer,
            permissions,
            life: _,
            expires_at,
            created_at: _,
        } = self;
        record! {
            "accountId": account_id,
            "kind": kind,
            "description": description,
            "inquirer": inquirer,
            "permissions": permissions,
            "expiresAt": expires_at,
        }
    }
}

impl Recorded for Role {
    const KIND: ObjectKind = ObjectKind::Role;

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
            permissions,
            created_at: _,
            updated_at: _,
            version: _,
        } = self;
        record! { "name": name.as_str(), "description": description.as_str(), "permissions": permissions }
    }
}

impl Recorded for Membership {
    const KIND: ObjectKind = ObjectKind::Membership;

    fn object_id(&self) -> String {
        self.account_id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "accountId": self.account_id, "createdAt": self.created_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self { workspace_id, account_id: _, is_admin, is_vouched_for: _, created_at: _ } = self;
        record! { "workspaceId": workspace_id, "isAdmin": is_admin }
    }
}

impl Recorded for Flow {
    const KIND: ObjectKind = ObjectKind::Flow;

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
            slug,
            name,
            description,
            access_mode,
            is_archived,
            join_code: _,
            created_at: _,
            updated_at: _,
        } = self;
        record! {
            "slug": slug,
            "name": name.as_str(),
            "description": description.as_str(),
            "accessMode": access_mode,
            "isArchived": is_archived,
        }
    }
}

impl Recorded for FlowMembership {
    const KIND: ObjectKind = ObjectKind::FlowMembership;

    fn object_id(&self) -> String {
        self.flow_id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "flowId": self.flow_id, "createdAt": self.created_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self { workspace_id: _, flow_id: _, account_id, is_blocked, is_open, created_at: _ } = self;
        record! { "accountId": account_id, "isBlocked": is_blocked, "isOpen": is_open }
    }
}

impl Recorded for Invitation {
    const KIND: ObjectKind = ObjectKind::Invitation;

    fn object_id(&self) -> String {
        self.number.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "number": self.number, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self { number: _, workspace_id: _, flow_id, email, state, created_at: _, updated_at: _ } = self;
        record! { "flowId": flow_id, "email": email.as_str(), "state": state }
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
impl Recorded for Workflow {
    const KIND: ObjectKind = ObjectKind::Workflow;

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
            definition,
            status,
            maker,
            owners,
            template_id,
            events_after: _,
            next_run_at: _,
            created_at: _,
            updated_at: _,
            version,
        } = self;
        let owners: Vec<_> = owners
            .iter()
            .map(|owner| match owner {
                WorkflowOwner::Account(id) => format!("user:{id}"),
                WorkflowOwner::Workspace(id) => format!("tenant:{id}"),
            })
            .collect();
        let mut record = definition_record(definition);
        record.extend(record! {
            "status": status,
            "maker": maker.to_string(),
            "owners": owners,
            "fromTemplate": template_id,
            "version": version,
        });
        record
    }
}

impl Recorded for WorkflowTemplate {
    const KIND: ObjectKind = ObjectKind::WorkflowTemplate;

    fn object_id(&self) -> String {
        self.id.to_string()
    }

    fn identity(&self) -> JsonObject {
        record! { "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at }
    }

    fn record(&self, _: Timestamp) -> JsonObject {
        let Self { id: _, workspace_id: _, definition, status, tags, created_at: _, updated_at: _, version } =
            self;
        let mut record = definition_record(definition);
        record.extend(record! { "status": status, "tags": tags, "version": version });
        record
    }
}

/// The fields that workflows and templates share. The fields of steps may hold credentials for other systems, and so only
/// their functions are recorded; the version tells of every change.
fn definition_record(definition: &WorkflowDefinition) -> JsonObject {
    let WorkflowDefinition { name, description, kind, graph, trigger, settings } = definition;
    let steps = match graph {
        Json::Object(graph) => match graph.get("nodes") {
            Some(Json::Array(nodes)) => nodes.iter().map(step_record).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    record! {
        "name": name,
        "description": description,
        "type": kind,
        "steps": Json::Array(steps),
        "trigger": trigger.to_json(),
        "flowSettings": settings.to_json(),
    }
}

fn step_record(node: &Json) -> Json {
    let Json::Object(node) = node else { return Json::Null };
    let shown = |key: &str| (key.to_owned(), node.get(key).cloned().unwrap_or_default());
    Json::Object(JsonObject::from_iter(["id", "componentId", "function"].map(shown)))
}

impl Recorded for Execution {
    const KIND: ObjectKind = ObjectKind::Execution;

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
            workflow_id,
            user_id,
            ordered_by: _,
            state,
            trigger_kind,
            trigger: _,
            depth: _,
            counters: _,
            error: _,
            due_at: _,
            last_step: _,
            revision: _,
            created_at: _,
            updated_at: _,
            expires_at: _,
            finished_at: _,
        } = self;
        record! {
            "workflowId": workflow_id,
            "externalUserId": user_id,
            "status": state,
            "trigger": trigger_kind,
        }
    }
}
