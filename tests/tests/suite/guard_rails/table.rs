//! One row for every operation that needs a credential: a valid request, its scope, and what a key of another workspace
//! gets.

use std::collections::HashMap;

use denizen_tests::{Client, Key, TestServer};

use crate::support::ALL_SCOPES;

/// A row.
pub(super) struct Guard {
    /// The operation, as the document names it.
    pub(super) operation: &'static str,
    /// The scope that it needs.
    pub(super) scope: &'static str,
    /// The contract of the request.
    pub(super) caller: Caller,
    /// The path of the request. `<user>` with its `<person>`, `<external id>` and `<username>`, `<channel>`, `<group>` and
    /// `<tier>` are of the workspace `default`; so are the inactive workflow `<idle>`, the workflow `<active>` and its
    /// `<execution>`.
    pub(super) path: &'static str,
    /// The body of the request, as JSON, with the same names.
    pub(super) body: Option<&'static str>,
    /// `x-username`.
    pub(super) username: Option<&'static str>,
    /// What a key of another workspace gets.
    pub(super) stranger: Stranger,
}

/// How a key is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caller {
    Flowra,
    Zaia,
    Notiflows,
}

impl Caller {
    /// Such a client, with the first key of the workspace `default`.
    pub(super) fn of(self, server: &TestServer) -> Client {
        match self {
            Self::Flowra => server.flowra(),
            Self::Zaia => server.zaia(),
            Self::Notiflows => server.notiflows(),
        }
    }
}

/// What a key of another workspace gets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stranger {
    /// 404, with this resource.
    NotFound(&'static str),
    /// A list without the other workspace's objects, which the right key gets with them.
    List,
    /// `null`.
    Null,
    /// An object of its own workspace, with this status: the request names no object.
    Own(u16),
}

const READ: &str = "external_users:read";
const WRITE: &str = "external_users:write";
const AUTHENTICATE: &str = "external_users:authenticate";
const READ_SETTINGS: &str = "settings:read";
const WRITE_SETTINGS: &str = "settings:write";
const MANAGE_KEYS: &str = "api_keys:manage";
const READ_AUDIT: &str = "audit:read";
const READ_EVENTS: &str = "events:read";
const MANAGE_WEBHOOKS: &str = "webhooks:manage";
const READ_JOBS: &str = "jobs:read";
const WRITE_JOBS: &str = "jobs:write";
const READ_WORKFLOWS: &str = "workflows:read";
const WRITE_WORKFLOWS: &str = "workflows:write";
const RUN_WORKFLOWS: &str = "workflows:run";

/// Creates a key for every scope that has all scopes but this one.
pub(super) async fn keys_that_lack_one_scope(server: &TestServer) -> HashMap<&'static str, Key> {
    let mut keys = HashMap::new();
    for missing in ALL_SCOPES {
        let scopes: Vec<_> = ALL_SCOPES.into_iter().filter(|scope| *scope != missing).collect();
        keys.insert(missing, server.new_key(&scopes).await);
    }
    keys
}

/// The operations that need no credential.
pub(super) const OPEN: [&str; 12] = [
    "GET /",
    "GET /.well-known/jwks.json",
    "GET /.well-known/openid-configuration",
    "GET /errors/{code}",
    "GET /health/live",
    "GET /health/ready",
    "GET /healthcheck",
    "GET /metrics",
    "GET /version",
    "GET /webhooks/{flowId}",
    "POST /login",
    "POST /webhooks/{flowId}",
];

/// The default of a row.
pub(super) const ROW: Guard = Guard {
    operation: "",
    scope: READ,
    caller: Caller::Zaia,
    path: "",
    body: None,
    username: None,
    stranger: Stranger::NotFound("external_user"),
};

/// The default of a row about keys.
const KEY_ROW: Guard = Guard { scope: MANAGE_KEYS, stranger: Stranger::NotFound("api_key"), ..ROW };

/// The default of a row about webhook endpoints.
const WEBHOOK_ROW: Guard =
    Guard { scope: MANAGE_WEBHOOKS, stranger: Stranger::NotFound("webhook_endpoint"), ..ROW };

/// The default of a row about jobs.
const JOB_ROW: Guard = Guard { scope: WRITE_JOBS, stranger: Stranger::NotFound("job"), ..ROW };

/// The default of a row about workflows.
const WORKFLOW_ROW: Guard =
    Guard { scope: READ_WORKFLOWS, caller: Caller::Flowra, stranger: Stranger::NotFound("workflow"), ..ROW };

const IN_CHANNEL: &str = r#"{ "channelId": "<channel>", "externalId": "from <user>", "externalUserGroupId": null,
    "identifier": null, "name": null, "tierId": null }"#;
const CLAIM: &str =
    r#"{ "channelId": "<channel>", "externalId": "from <user>", "id": null, "identifier": null }"#;

const NEW_WORKFLOW: &str = r#"{ "name": "New", "graph": { "nodes": [{ "id": "a", "componentId": "log", "function": "write",
    "fields": { "message": "hello" } }] } }"#;

/// The rows.
pub(super) const GUARDS: &[Guard] = &[
    Guard {
        operation: "GET /api/v1/external-users",
        path: "/api/v1/external-users?search=<username>",
        stranger: Stranger::List,
        ..ROW
    },
    Guard {
        operation: "POST /api/v1/external-users",
        scope: WRITE,
        path: "/api/v1/external-users",
        body: Some(IN_CHANNEL),
        stranger: Stranger::NotFound("channel"),
        ..ROW
    },
    Guard {
        operation: "POST /api/v1/external-users/authenticate",
        scope: AUTHENTICATE,
        path: "/api/v1/external-users/authenticate",
        body: Some(CLAIM),
        stranger: Stranger::NotFound("channel"),
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/external-users/me",
        caller: Caller::Flowra,
        path: "/api/v1/external-users/me",
        username: Some("<username>"),
        stranger: Stranger::Own(200),
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/external-users/username/{username}",
        caller: Caller::Flowra,
        path: "/api/v1/external-users/username/<username>",
        stranger: Stranger::Null,
        ..ROW
    },
    Guard { operation: "GET /api/v1/external-users/{id}", path: "/api/v1/external-users/<user>", ..ROW },
    Guard {
        operation: "PATCH /api/v1/external-users/{id}",
        scope: WRITE,
        path: "/api/v1/external-users/<user>",
        body: Some(r#"{ "name": "somebody else", "blocked": true }"#),
        ..ROW
    },
    Guard {
        operation: "DELETE /api/v1/external-users/{id}",
        scope: WRITE,
        path: "/api/v1/external-users/<user>",
        ..ROW
    },
    Guard {
        operation: "PUT /api/v1/external-users/{id}/toggle-active",
        scope: WRITE,
        caller: Caller::Flowra,
        path: "/api/v1/external-users/<user>/toggle-active",
        ..ROW
    },
    Guard {
        operation: "POST /api/v1/external-users/{id}/restore",
        scope: WRITE,
        path: "/api/v1/external-users/<user>/restore",
        ..ROW
    },
    Guard {
        operation: "POST /api/v1/external-users/{id}/erase",
        scope: WRITE,
        path: "/api/v1/external-users/<user>/erase",
        ..ROW
    },
    Guard {
        operation: "POST /api/v1/external-users/lookup",
        path: "/api/v1/external-users/lookup",
        body: Some(r#"{ "ids": ["<user>"] }"#),
        stranger: Stranger::Own(200),
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/channels",
        scope: READ_SETTINGS,
        path: "/api/v1/channels?ids=<channel>",
        stranger: Stranger::List,
        ..ROW
    },
    Guard {
        operation: "POST /api/v1/channels",
        scope: WRITE_SETTINGS,
        path: "/api/v1/channels",
        body: Some(r#"{ "name": "api", "description": null, "prompt": null }"#),
        stranger: Stranger::Own(200),
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/channels/{id}",
        scope: READ_SETTINGS,
        path: "/api/v1/channels/<channel>",
        stranger: Stranger::NotFound("channel"),
        ..ROW
    },
    Guard {
        operation: "PATCH /api/v1/channels/{id}",
        scope: WRITE_SETTINGS,
        path: "/api/v1/channels/<channel>",
        body: Some(r#"{ "name": "another name", "isRemoved": true }"#),
        stranger: Stranger::NotFound("channel"),
        ..ROW
    },
    Guard {
        operation: "DELETE /api/v1/channels/{id}",
        scope: WRITE_SETTINGS,
        path: "/api/v1/channels/<channel>",
        stranger: Stranger::NotFound("channel"),
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/api-keys",
        path: "/api/v1/api-keys?pageSize=100",
        stranger: Stranger::List,
        ..KEY_ROW
    },
    Guard {
        operation: "POST /api/v1/api-keys",
        path: "/api/v1/api-keys",
        body: Some(r#"{ "name": "another key" }"#),
        stranger: Stranger::Own(200),
        ..KEY_ROW
    },
    Guard { operation: "GET /api/v1/api-keys/{id}", path: "/api/v1/api-keys/<key>", ..KEY_ROW },
    Guard { operation: "DELETE /api/v1/api-keys/{id}", path: "/api/v1/api-keys/<key>", ..KEY_ROW },
    Guard {
        operation: "POST /api/v1/api-keys/{id}/rotate",
        path: "/api/v1/api-keys/<key>/rotate",
        body: Some(r#"{ "overlapSeconds": 0 }"#),
        ..KEY_ROW
    },
    Guard {
        operation: "GET /api/v1/audit-events",
        scope: READ_AUDIT,
        path: "/api/v1/audit-events?objectId=<user>",
        stranger: Stranger::List,
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/events",
        scope: READ_EVENTS,
        path: "/api/v1/events?objectId=<user>",
        stranger: Stranger::List,
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/webhook-endpoints",
        path: "/api/v1/webhook-endpoints",
        stranger: Stranger::List,
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "POST /api/v1/webhook-endpoints",
        path: "/api/v1/webhook-endpoints",
        body: Some(r#"{ "url": "http://127.0.0.1:1/hooks" }"#),
        stranger: Stranger::Own(200),
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "GET /api/v1/webhook-endpoints/{id}",
        path: "/api/v1/webhook-endpoints/<endpoint>",
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "PATCH /api/v1/webhook-endpoints/{id}",
        path: "/api/v1/webhook-endpoints/<endpoint>",
        body: Some(r#"{ "description": "another" }"#),
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "GET /api/v1/webhook-endpoints/{id}/deliveries",
        path: "/api/v1/webhook-endpoints/<endpoint>/deliveries",
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "POST /api/v1/webhook-endpoints/{id}/rotate-secret",
        path: "/api/v1/webhook-endpoints/<endpoint>/rotate-secret",
        body: Some("{}"),
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "POST /api/v1/webhook-endpoints/{id}/replay",
        path: "/api/v1/webhook-endpoints/<endpoint>/replay",
        body: Some(r#"{ "since": "2024-01-15T00:00:00Z" }"#),
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "POST /api/v1/webhook-endpoints/{id}/test",
        path: "/api/v1/webhook-endpoints/<endpoint>/test",
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "GET /api/v1/jobs",
        path: "/api/v1/jobs",
        scope: READ_JOBS,
        stranger: Stranger::List,
        ..JOB_ROW
    },
    Guard {
        operation: "GET /api/v1/jobs/{id}",
        path: "/api/v1/jobs/<endpoint>",
        scope: READ_JOBS,
        ..JOB_ROW
    },
    Guard { operation: "POST /api/v1/jobs/{id}/cancel", path: "/api/v1/jobs/<endpoint>/cancel", ..JOB_ROW },
    Guard { operation: "POST /api/v1/jobs/{id}/retry", path: "/api/v1/jobs/<cancelled>/retry", ..JOB_ROW },
    Guard {
        operation: "DELETE /api/v1/webhook-endpoints/{id}",
        path: "/api/v1/webhook-endpoints/<endpoint>",
        ..WEBHOOK_ROW
    },
    Guard {
        operation: "GET /api/v1/super-identities/{id}",
        path: "/api/v1/super-identities/<person>",
        stranger: Stranger::NotFound("super_identity"),
        ..ROW
    },
    settings(
        "GET /api/v1/external-user-groups",
        READ_SETTINGS,
        "/api/v1/external-user-groups?ids=<group>",
        None,
        Stranger::List,
    ),
    settings(
        "POST /api/v1/external-user-groups",
        WRITE_SETTINGS,
        "/api/v1/external-user-groups",
        Some(GROUP),
        Stranger::NotFound("tier"),
    ),
    settings(
        "GET /api/v1/external-user-groups/{id}",
        READ_SETTINGS,
        "/api/v1/external-user-groups/<group>",
        None,
        Stranger::NotFound("external_user_group"),
    ),
    settings(
        "PATCH /api/v1/external-user-groups/{id}",
        WRITE_SETTINGS,
        "/api/v1/external-user-groups/<group>",
        Some(RENAMED),
        Stranger::NotFound("external_user_group"),
    ),
    settings(
        "DELETE /api/v1/external-user-groups/{id}",
        WRITE_SETTINGS,
        "/api/v1/external-user-groups/<group>",
        None,
        Stranger::NotFound("external_user_group"),
    ),
    settings("GET /api/v1/tiers", READ_SETTINGS, "/api/v1/tiers?ids=<tier>", None, Stranger::List),
    settings("POST /api/v1/tiers", WRITE_SETTINGS, "/api/v1/tiers", Some(TIER), Stranger::Own(200)),
    settings(
        "GET /api/v1/tiers/{id}",
        READ_SETTINGS,
        "/api/v1/tiers/<tier>",
        None,
        Stranger::NotFound("tier"),
    ),
    settings(
        "PATCH /api/v1/tiers/{id}",
        WRITE_SETTINGS,
        "/api/v1/tiers/<tier>",
        Some(RENAMED),
        Stranger::NotFound("tier"),
    ),
    settings(
        "DELETE /api/v1/tiers/{id}",
        WRITE_SETTINGS,
        "/api/v1/tiers/<tier>",
        None,
        Stranger::NotFound("tier"),
    ),
    admin("GET /admin/users", READ, "/admin/users", None, Stranger::List),
    admin("POST /admin/users/bulk", WRITE, "/admin/users/bulk", Some(BULK), Stranger::Own(200)),
    admin("POST /admin/v1/users/bulk", WRITE, "/admin/v1/users/bulk", Some(BULK), Stranger::Own(200)),
    admin("GET /admin/users/{id}", READ, "/admin/users/<external id>", None, Stranger::NotFound("user")),
    admin("PUT /admin/users/{id}", WRITE, "/admin/users/<external id>", Some(PROFILE), Stranger::Own(201)),
    admin("DELETE /admin/users/{id}", WRITE, "/admin/users/<external id>", None, Stranger::NotFound("user")),
    admin("GET /admin/v1/users", READ, "/admin/v1/users", None, Stranger::List),
    admin(
        "GET /admin/v1/users/{id}",
        READ,
        "/admin/v1/users/<external id>",
        None,
        Stranger::NotFound("user"),
    ),
    admin(
        "PUT /admin/v1/users/{id}",
        WRITE,
        "/admin/v1/users/<external id>",
        Some(PROFILE),
        Stranger::Own(201),
    ),
    admin(
        "DELETE /admin/v1/users/{id}",
        WRITE,
        "/admin/v1/users/<external id>",
        None,
        Stranger::NotFound("user"),
    ),
    Guard {
        operation: "GET /api/v1/users/profile",
        caller: Caller::Flowra,
        path: "/api/v1/users/profile",
        stranger: Stranger::Own(200),
        ..ROW
    },
    Guard {
        operation: "GET /api/v1/workflow/manager/list",
        path: "/api/v1/workflow/manager/list?limit=100",
        stranger: Stranger::List,
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "GET /api/v1/workflow/manager/detail/{id}",
        path: "/api/v1/workflow/manager/detail/<idle>",
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "POST /api/v1/workflow/manager/create",
        scope: WRITE_WORKFLOWS,
        path: "/api/v1/workflow/manager/create",
        body: Some(NEW_WORKFLOW),
        stranger: Stranger::Own(200),
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "PUT /api/v1/workflow/manager/update/{id}",
        scope: WRITE_WORKFLOWS,
        path: "/api/v1/workflow/manager/update/<idle>",
        body: Some(r#"{ "name": "Changed" }"#),
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "PUT /api/v1/workflow/manager/activeStatus/{id}",
        scope: WRITE_WORKFLOWS,
        path: "/api/v1/workflow/manager/activeStatus/<idle>",
        body: Some(r#"{ "isActive": true }"#),
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "DELETE /api/v1/workflow/manager/delete/{id}",
        scope: WRITE_WORKFLOWS,
        path: "/api/v1/workflow/manager/delete/<idle>",
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "POST /api/v1/workflow/manager/execute/{id}",
        scope: RUN_WORKFLOWS,
        path: "/api/v1/workflow/manager/execute/<active>",
        body: Some("{}"),
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "GET /api/v1/workflow/manager/executions",
        path: "/api/v1/workflow/manager/executions?limit=100",
        stranger: Stranger::List,
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "GET /api/v1/workflow/manager/executions/{id}",
        path: "/api/v1/workflow/manager/executions/<execution>",
        stranger: Stranger::NotFound("execution"),
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "GET /api/v1/workflow/manager/{id}/executions",
        path: "/api/v1/workflow/manager/<active>/executions",
        ..WORKFLOW_ROW
    },
    Guard {
        operation: "GET /api/v1/workflow/manager/{id}/statistics",
        path: "/api/v1/workflow/manager/<active>/statistics",
        ..WORKFLOW_ROW
    },
];

const GROUP: &str = r#"{ "externalId": "of <user>", "name": null, "tierId": "<tier>" }"#;

const TIER: &str =
    r#"{ "name": "a tier", "description": "a plan", "prompt": null, "maxAssistantMessages": null }"#;

const RENAMED: &str = r#"{ "name": "another name" }"#;

const fn settings(
    operation: &'static str,
    scope: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    stranger: Stranger,
) -> Guard {
    Guard { operation, scope, path, body, stranger, ..ROW }
}

const PROFILE: &str = r#"{ "first_name": "Somebody", "last_name": "Else" }"#;

const BULK: &str = r#"{ "users": [{ "external_id": "external victim", "last_name": "Else" }] }"#;

const fn admin(
    operation: &'static str,
    scope: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    stranger: Stranger,
) -> Guard {
    Guard { operation, scope, caller: Caller::Notiflows, path, body, stranger, ..ROW }
}
