//! Samples of workspaces, accounts, flows and what belongs to them.

use denizen_domain::{
    AccessMode, Account, AccountNumber, AccountToken, Avatar, Flow, FlowDescription, FlowMembership,
    FlowName, Invitation, InvitationNumber, InvitationState, JoinCode, Membership, Nick, Permission,
    PermissionSet, PersonName, PhoneNumber, Role, RoleDescription, RoleName, Slug, Status, TokenKind,
    TokenLife, Username, Version, Website, Workspace, WorkspaceName, WorkspaceNumber,
};
use denizen_persistence::workspaces::KeyOf;

use super::{ACCOUNT, FLOW, ROLE, Sampled, TOKEN, WORKSPACE, before, later, now, text};

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
