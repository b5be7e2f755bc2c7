//! What is recorded of accounts, their rights and their flows.

use super::text;
use crate::account::{Account, AccountToken, Membership, Role};
use crate::audit::{ObjectKind, Recorded};
use crate::flow::{Flow, FlowMembership, Invitation};
use crate::primitives::{JsonObject, RoleId, Timestamp};

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
