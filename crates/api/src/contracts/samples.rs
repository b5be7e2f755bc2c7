//! Sample bodies for the OpenAPI document.

mod connections;

use serde_json::{Value, json};

pub(crate) use self::connections::*;

const USER: &str = "0b8f6f9e-3a86-4c39-9d5e-4f6f4a3c2b10";
const WORKSPACE: &str = "5b0f6f3c-7f0e-4a55-8a6c-3f1f2f9f1c11";
const CHANNEL: &str = "c2f1d9a4-6a1f-4e0b-9b3a-2f7d5e8c9a12";
const PERSON: &str = "e4a1c7b2-1d3f-4c5e-8f6a-7b8c9d0e1f13";

pub(crate) fn external_user() -> Value {
    json!({
        "id": USER, "workspaceId": WORKSPACE, "projectId": WORKSPACE, "channelId": CHANNEL,
        "externalId": "user_12345", "identifier": "jane.doe@example.com", "name": "Jane Doe", "displayName": "Jane Doe",
        "firstName": "Jane", "lastName": "Doe", "email": "jane.doe@example.com", "phone": "+15551234567",
        "avatar": "https://example.com/avatars/jane.jpg", "locale": "en-US", "timezone": "America/New_York",
        "customFields": {"company": "Acme Inc", "plan": "premium"}, "externalUserGroupId": null, "tierId": null,
        "superIdentityId": PERSON, "blocked": false,
        "access": {"state": "active", "reason": null, "since": null, "until": null, "by": null},
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn external_user_with_token() -> Value {
    let mut user = external_user();
    user["accessToken"] = json!("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwYjhmNmY5ZSJ9.c2lnbmF0dXJl");
    user
}

pub(crate) fn create_by_username() -> Value {
    json!({"name": "jane.doe@example.com"})
}

pub(crate) fn create_in_channel() -> Value {
    json!({
        "channelId": CHANNEL, "externalId": "user_12345", "externalUserGroupId": null,
        "identifier": "jane.doe@example.com", "name": "Jane Doe", "tierId": null,
    })
}

pub(crate) fn authenticate() -> Value {
    json!({"channelId": CHANNEL, "externalId": "user_12345", "id": null, "identifier": null})
}

pub(crate) fn update() -> Value {
    json!({"name": "Jane D.", "blocked": {"reason": "Unpaid invoices", "until": null}, "customFields": {"plan": "free"}})
}

pub(crate) fn admin_user() -> Value {
    json!({
        "avatar": "https://example.com/avatars/jane.jpg", "created_at": "2024-01-15T10:30:00.000000Z",
        "custom_fields": {"company": "Acme Inc", "plan": "premium"}, "email": "jane.doe@example.com",
        "external_id": "user_12345", "first_name": "Jane", "id": USER, "last_name": "Doe", "locale": "en-US",
        "phone": "+15551234567", "timezone": "America/New_York", "updated_at": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn put_user() -> Value {
    json!({
        "email": "jane.doe@example.com", "first_name": "Jane", "last_name": "Doe", "locale": "en-US",
        "custom_fields": {"company": "Acme Inc", "plan": "premium"},
    })
}

pub(crate) fn bulk_users() -> Value {
    json!({"users": [
        {"external_id": "user_12345", "email": "jane.doe@example.com"},
        {"external_id": "user_67890", "timezone": "Berlin"},
    ]})
}

pub(crate) fn bulk_result() -> Value {
    let field = json!({"field": "timezone", "reason": "invalid_format", "message": "must be an IANA time zone, such as America/New_York"});
    json!({
        "successful": [{"external_id": "user_12345", "status": "created"}],
        "failed": [{"external_id": "user_67890", "reason": "validation_failed", "fields": [field]}],
    })
}

pub(crate) fn lookup() -> Value {
    json!({"externalIds": ["user_12345", "user_67890"]})
}

pub(crate) fn found() -> Value {
    json!({"found": [external_user()], "missing": ["user_67890"]})
}

pub(crate) fn erased_external_user() -> Value {
    json!({"id": USER, "deletedAt": "2024-01-20T14:45:00.000000Z", "erasedAt": "2024-01-20T14:45:00.000000Z"})
}

pub(crate) fn user_page() -> Value {
    let page = json!({"limit": 25, "after": null, "before": null, "has_more_after": false, "has_more_before": false});
    json!({"items": [admin_user()], "page": page})
}

const GROUP: &str = "4e6a8c0b-2d4f-4b6c-8d0e-2f4a6c8e0b14";
const TIER: &str = "7f9b1d3c-5e7a-4c9b-9d1f-3a5c7e9b1d15";

pub(crate) fn external_user_group() -> Value {
    json!({
        "id": GROUP, "workspaceId": WORKSPACE, "externalId": "company_678", "name": "Acme Inc", "tierId": TIER,
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn create_external_user_group() -> Value {
    json!({"externalId": "company_678", "name": "Acme Inc", "tierId": null})
}

pub(crate) fn update_external_user_group() -> Value {
    json!({"name": "Acme Corporation", "tierId": null})
}

pub(crate) fn tier() -> Value {
    json!({
        "id": TIER, "workspaceId": WORKSPACE, "name": "Premium", "description": "Customers of the premium plan",
        "prompt": "Answer in detail.", "maxAssistantMessages": 1000,
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn create_tier() -> Value {
    json!({
        "name": "Premium", "description": "Customers of the premium plan", "prompt": "Answer in detail.",
        "maxAssistantMessages": 1000,
    })
}

pub(crate) fn update_tier() -> Value {
    json!({"prompt": null, "maxAssistantMessages": 2000})
}

pub(crate) fn super_identity() -> Value {
    json!({
        "id": PERSON, "workspaceId": WORKSPACE, "externalUsers": [external_user()],
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn channel() -> Value {
    json!({
        "id": CHANNEL, "workspaceId": WORKSPACE, "name": "api", "description": null, "prompt": null,
        "isDefault": true, "isRemoved": false,
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn create_channel() -> Value {
    json!({"name": "mobile app", "description": "Users of the mobile app", "prompt": null})
}

pub(crate) fn update_channel() -> Value {
    json!({"description": "Users of the app for phones"})
}

const KEY: &str = "4d2b8e6c-5a7f-4c1d-9e3b-6f8a0c2e4d15";

pub(crate) fn api_key() -> Value {
    json!({
        "id": KEY, "workspaceId": WORKSPACE, "name": "web shop",
        "publicKey": "pk_3xT8vKc1LrYh9fQ2mW5Zb6NdPs0GjEaUoIi4RtXqC7M", "scopes": ["external_users:read"],
        "expiresAt": null, "lastUsedAt": "2024-01-20T14:45:00.000000Z", "lastUsedAddress": "203.0.113.7",
        "revokedAt": null, "oldSecretsEndAt": null, "createdAt": "2024-01-15T10:30:00.000000Z",
        "updatedAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn new_api_key() -> Value {
    let mut key = api_key();
    key["lastUsedAt"] = Value::Null;
    key["lastUsedAddress"] = Value::Null;
    key["secretKey"] = json!("sk_9fQ2mW5xT8vKc1LrYh3Zb6NdPs0GjEaUoIi4RtXqC7M");
    key
}

pub(crate) fn create_api_key() -> Value {
    json!({"name": "web shop", "scopes": ["external_users:read"], "expiresAt": null})
}

pub(crate) fn rotate_secret() -> Value {
    json!({"overlapSeconds": 3600})
}

pub(crate) fn audit_event() -> Value {
    json!({
        "id": "018d0c3a-7b5e-7f21-8c4d-2a6b8e0f1c37", "occurredAt": "2024-01-20T14:45:00.000000Z",
        "action": "external_user.update", "objectType": "external_user", "objectId": USER,
        "actor": {"type": "api_key", "id": KEY}, "actingFor": null,
        "changes": {"displayName": {"old": "Jane Doe", "new": "Jane D."}, "customFields.plan": {"old": "premium", "new": "free"}},
        "requestId": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "address": "203.0.113.7", "operator": null,
    })
}

pub(crate) fn event_page() -> Value {
    let event = json!({
        "id": "018d0c3a-7b5e-7f21-8c4d-2a6b8e0f1c37", "position": 4711, "type": "external_user.updated",
        "timestamp": "2024-01-20T14:45:00.000000Z", "workspaceId": WORKSPACE, "objectId": USER,
        "data": {
            "id": USER, "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
            "channelId": CHANNEL, "superIdentityId": PERSON, "externalId": "user_12345",
            "identifier": "jane.doe", "displayName": "Jane D.", "firstName": "Jane", "lastName": "Doe",
            "email": "jane@example.com", "phone": null, "avatar": null, "locale": "en-US", "timezone": null,
            "customFields": {"plan": "free"}, "externalUserGroupId": null, "tierId": null, "blocked": false,
            "blockedReason": null, "blockedUntil": null,
        },
        "previous": {"displayName": "Jane Doe", "customFields": {"plan": "premium"}},
        "actor": {"type": "api_key", "id": KEY}, "actingFor": null, "requestId": "7d444840-9dc0-41d1-b245-5ffdce74fad2",
    });
    json!({ "events": [event], "position": 4711, "hasMore": false })
}

const ACCOUNT: &str = "9a4c7e1d-2b3f-4d5a-8c6e-1f2a3b4c5d6e";
const ROLE: &str = "3d5f7a9b-1c2e-4f6a-9b8d-0e1f2a3b4c5d";
const TOKEN: &str = "6b8d0f2a-4c6e-4a8b-8d0f-2a4c6e8b0d1f";

pub(crate) fn role() -> Value {
    json!({
        "id": ROLE, "_id": ROLE, "name": "Support", "permissions": ["tenant.profile.read", "tenant.account.read"],
        "scope": "tenant", "isGlobal": false, "description": "Answers questions", "tenant": WORKSPACE,
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn create_role() -> Value {
    json!({"name": "Support", "permissions": ["tenant.profile.read", "tenant.account.read"], "description": "Answers questions"})
}

pub(crate) fn update_role() -> Value {
    json!({"permissions": ["tenant.profile.read"]})
}

pub(crate) fn user() -> Value {
    json!({
        "id": ACCOUNT, "_id": ACCOUNT, "username": "jane.doe@example.com", "firstname": "Jane", "lastname": "Doe",
        "status": "ACTIVE", "tenant": WORKSPACE, "roles": [role()], "permissions": [], "confirmed": true,
        "img": "https://example.com/avatars/jane.jpg", "phone": "+15551234567",
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn create_user() -> Value {
    json!({
        "username": "jane.doe@example.com", "firstname": "Jane", "lastname": "Doe", "password": "correct horse battery",
        "status": "ACTIVE", "confirmed": true,
    })
}

pub(crate) fn update_user() -> Value {
    json!({"firstname": "Jane", "phone": "+15551234567"})
}

pub(crate) fn replace_user() -> Value {
    json!({"username": "jane.doe@example.com", "firstname": "Jane", "lastname": "Doe", "confirmed": true})
}

pub(crate) fn log_in() -> Value {
    json!({"username": "jane.doe@example.com", "password": "correct horse battery", "remember-me": true})
}

pub(crate) fn tenant() -> Value {
    json!({
        "id": WORKSPACE, "_id": WORKSPACE, "name": "My Company", "slug": "my-company", "status": "ACTIVE",
        "confirmed": true, "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn create_tenant() -> Value {
    json!({"name": "My Company", "confirmed": true, "status": "ACTIVE"})
}

pub(crate) fn update_tenant() -> Value {
    json!({"name": "Our Company"})
}

pub(crate) fn account_token() -> Value {
    json!({
        "id": TOKEN, "_id": TOKEN, "token": "****x7Kq", "accountId": ACCOUNT, "type": "issued", "description": "nightly import",
        "inquirer": "importer", "permissions": [], "expiresAt": "2024-01-15T12:30:00.000000Z",
        "createdAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn new_token() -> Value {
    json!({"token": "tok_9fQ2mW5xT8vKc1LrYh3Zb6NdPs0GjEaUoIi4RtXqC7M", "id": TOKEN})
}

pub(crate) fn create_token() -> Value {
    json!({"accountId": ACCOUNT, "expiresIn": "2h", "description": "nightly import", "inquirer": "importer"})
}

pub(crate) fn create_personal_token() -> Value {
    json!({"description": "my laptop", "expiresIn": "90d"})
}

pub(crate) fn introspect_token() -> Value {
    json!({"token": "tok_9fQ2mW5xT8vKc1LrYh3Zb6NdPs0GjEaUoIi4RtXqC7M"})
}

pub(crate) fn flowdock_user() -> Value {
    json!({
        "id": 9, "email": "jane.doe@example.com", "name": "Jane Doe", "nick": "Jane",
        "avatar": "https://example.com/avatars/jane.jpg", "website": "https://example.com/",
    })
}

pub(crate) fn update_own_user() -> Value {
    json!({"nick": "Jane", "email": "jane.doe@example.com"})
}

fn member() -> Value {
    let mut user = flowdock_user();
    user["admin"] = json!(false);
    user
}

pub(crate) fn organization() -> Value {
    json!({
        "id": 42, "parameterized_name": "acme", "name": "Acme", "user_limit": 0, "user_count": 1, "active": true,
        "url": "http://127.0.0.1:8080/organizations/acme", "subscription": {"trial": false}, "users": [member()],
    })
}

pub(crate) fn update_organization() -> Value {
    json!({"name": "Acme Inc"})
}

pub(crate) fn update_member() -> Value {
    json!({"admin": true})
}

const FLOW: &str = "c8e0a2b4-6d8f-4b1c-9e3d-5f7a9b1c3d5e";

pub(crate) fn flow() -> Value {
    json!({
        "id": FLOW, "name": "My flow", "parameterized_name": "my-flow",
        "organization": {
            "id": 42, "parameterized_name": "acme", "name": "Acme", "user_limit": 0, "user_count": 10, "active": true,
            "url": "http://127.0.0.1:8080/organizations/acme",
        },
        "unread_mentions": 0, "open": true, "joined": true, "url": "http://127.0.0.1:8080/flows/acme/my-flow",
        "web_url": "http://127.0.0.1:8080/flows/acme/my-flow",
        "join_url": "http://127.0.0.1:8080/flows/acme/my-flow/join/4fQ2mW5xT8vKc1LrYh3Zb6NdPs0GjEaUoIi4RtXqC7M",
        "access_mode": "organization", "description": "Where everybody is", "disabled": false, "email": null,
    })
}

pub(crate) fn flow_user() -> Value {
    let mut user = flowdock_user();
    user["status"] = Value::Null;
    user["disabled"] = json!(false);
    user["in_flow"] = json!(true);
    user["last_activity"] = Value::Null;
    user["last_ping"] = Value::Null;
    user
}

pub(crate) fn flow_with_users() -> Value {
    let mut flow = flow();
    flow["users"] = json!([flow_user()]);
    flow
}

pub(crate) fn create_flow() -> Value {
    json!({"name": "My flow", "description": "Where everybody is", "access_mode": "organization"})
}

pub(crate) fn update_flow() -> Value {
    json!({"name": "My new flow", "disabled": false, "access_mode": "organization"})
}

pub(crate) fn add_flow_user() -> Value {
    json!({"id": 42})
}

pub(crate) fn block_flow_user() -> Value {
    json!({"disabled": true})
}

pub(crate) fn invitation() -> Value {
    json!({
        "id": 14, "state": "pending", "email": "person@example.com", "flow": FLOW,
        "url": "http://127.0.0.1:8080/flows/acme/my-flow/invitations/14",
    })
}

pub(crate) fn create_invitation() -> Value {
    json!({"email": "person@example.com", "message": "Please join our flow."})
}

pub(crate) fn import_invitations() -> Value {
    json!({"list": "someone@example.com, \"Joe Smith\" <person@example.com>", "message": "Please join our flow."})
}

pub(crate) fn imported_invitations() -> Value {
    json!({
        "invitations": [invitation()], "added_users": [flow_user()],
        "erroneous_emails": [{"nobody": "must be an e-mail address"}],
    })
}

pub(crate) fn openid_configuration() -> Value {
    json!({
        "issuer": "https://users.example.com", "jwks_uri": "https://users.example.com/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["EdDSA"], "subject_types_supported": ["public"],
        "response_types_supported": [],
    })
}

pub(crate) fn create_tenant_key() -> Value {
    json!({"value": "d2hhdGV2ZXIgdGhlIHNlY3JldCBzZXJ2aWNlIG5lZWRz"})
}

pub(crate) fn tenant_key() -> Value {
    let value = create_tenant_key()["value"].clone();
    json!({"key": value, "value": value})
}

const ENDPOINT: &str = "4c6e8b0d-1f3a-4b5c-9d7e-2a4c6e8b0d1f";

pub(crate) fn webhook_endpoint() -> Value {
    json!({
        "id": ENDPOINT, "workspaceId": WORKSPACE, "url": "https://shop.example.com/webhooks/users",
        "description": "Keeps the shop's customers up to date", "types": ["external_user.*"], "channelIds": [CHANNEL],
        "groupIds": [], "tierIds": [], "disabled": false, "disabledReason": null, "position": 4711, "failingSince": null,
        "pausedUntil": null, "previousSecretUntil": null, "createdAt": "2024-01-15T10:30:00.000000Z",
        "updatedAt": "2024-01-15T10:30:00.000000Z",
    })
}

pub(crate) fn webhook_endpoint_with_secret() -> Value {
    let mut endpoint = webhook_endpoint();
    endpoint["secret"] = json!("whsec_bG9uZyBlbm91Z2ggdG8gYmUgdGhlIHNhbXBsZSBzZWM=");
    endpoint
}

pub(crate) fn create_webhook_endpoint() -> Value {
    json!({
        "url": "https://shop.example.com/webhooks/users", "description": "Keeps the shop's customers up to date",
        "types": ["external_user.*"], "channelIds": [CHANNEL],
    })
}

pub(crate) fn update_webhook_endpoint() -> Value {
    json!({"types": ["external_user.created", "external_user.deleted"], "disabled": false})
}

pub(crate) fn webhook_attempt() -> Value {
    json!({
        "at": "2024-01-20T14:45:01.000000Z", "durationMilliseconds": 42, "status": 204, "error": null, "answer": "",
    })
}

pub(crate) fn webhook_delivery() -> Value {
    json!({
        "eventId": "018d0c3a-7b5e-7f21-8c4d-2a6b8e0f1c37", "position": 4711, "type": "external_user.updated",
        "objectId": USER, "state": "succeeded", "attempts": [webhook_attempt()], "nextAttemptAt": null,
        "createdAt": "2024-01-20T14:45:01.000000Z", "updatedAt": "2024-01-20T14:45:01.042000Z",
    })
}

pub(crate) fn replay_webhooks() -> Value {
    json!({"since": "2024-01-20T14:00:00Z", "until": "2024-01-20T15:00:00Z"})
}

pub(crate) fn webhook_replay() -> Value {
    json!({"jobId": JOB})
}

const JOB: &str = "018d0c3a-9c1f-7b42-a5d3-6e8f0a1b2c3d";

pub(crate) fn job() -> Value {
    json!({
        "id": JOB, "workspaceId": WORKSPACE, "kind": "webhook_replay", "objectId": ENDPOINT, "state": "succeeded",
        "progress": {"events": 120, "position": 4711}, "error": null, "attempts": 0, "dueAt": null,
        "createdAt": "2024-01-20T16:00:00.000000Z", "updatedAt": "2024-01-20T16:00:01.000000Z",
        "finishedAt": "2024-01-20T16:00:01.000000Z",
    })
}

const WORKFLOW: &str = "3f6a1d52-9c0b-4e87-a1d4-7b2e5c8f9021";
const TEMPLATE: &str = "5f0c2b9e-8d41-4a37-b6e2-0c9d7a1f4e63";
const EXECUTION: &str = "9d2c4b7e-5f13-4a68-b0c9-1e6d8a7f3042";

pub(crate) fn active_status() -> Value {
    json!({ "isActive": true })
}

pub(crate) fn execute_workflow() -> Value {
    json!({ "input": { "plan": "premium" } })
}

fn graph() -> Value {
    json!({
        "nodes": [
            {
                "id": "tell", "componentId": "http", "function": "request", "name": "Tell the CRM",
                "fields": {"method": "POST", "url": "https://crm.example.com/people", "body": "=trigger.event.data"},
            },
            {"id": "note", "componentId": "log", "function": "write", "fields": {"message": "=string(data.status)"}},
        ],
        "edges": [{"source": "tell", "target": "note", "config": {"condition": "data.status == 201"}}],
    })
}

pub(crate) fn workflow() -> Value {
    json!({
        "id": WORKFLOW, "_id": WORKFLOW, "name": "Tell the CRM", "description": "Tells the CRM of new users.",
        "type": "ordinary", "status": "active", "graph": graph(), "cron": null,
        "trigger": {"type": "event", "events": ["external_user.created"]},
        "owners": [{"id": ACCOUNT, "type": "user"}, {"id": WORKSPACE, "type": "tenant"}], "tenant": WORKSPACE,
        "fromTemplate": null,
        "flowSettings": {
            "concurrency": 10, "orderBy": "user",
            "webhooks": {"requireWebhookAuth": false, "hmacHeaderKey": "x-hmac", "hasHmacAuthSecret": false},
        },
        "nextRunAt": null, "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn execution() -> Value {
    json!({
        "id": EXECUTION, "flowExecId": EXECUTION, "flowId": WORKFLOW, "tenant": WORKSPACE, "user": USER,
        "status": "succeeded",
        "trigger": {"type": "event", "at": "2024-01-20T16:00:00.000000Z", "event": {"type": "external_user.created"}},
        "started": 2, "succeeded": 2, "errors": 0, "error": null,
        "stepCounters": {"tell": {"in": 1, "out": 1, "errors": 0}, "note": {"in": 1, "out": 1, "errors": 0}},
        "createdAt": "2024-01-20T16:00:00.000000Z", "updatedAt": "2024-01-20T16:00:01.000000Z",
        "finishedAt": "2024-01-20T16:00:01.000000Z",
    })
}

pub(crate) fn execution_step() -> Value {
    json!({
        "number": 2, "stepId": "note", "status": "succeeded", "attempts": 1, "dueAt": null,
        "data": {"status": 201}, "result": {"status": 201}, "message": "201",
        "createdAt": "2024-01-20T16:00:00.500000Z", "updatedAt": "2024-01-20T16:00:01.000000Z",
    })
}

pub(crate) fn create_workflow() -> Value {
    json!({
        "name": "Tell the CRM", "description": "Tells the CRM of new users.", "graph": graph(),
        "trigger": {"type": "event", "events": ["external_user.created"]}, "flowSettings": {"orderBy": "user"},
    })
}

pub(crate) fn change_workflow() -> Value {
    json!({"description": "Tells the CRM who is new, on Mondays.", "cron": "0 9 * * MON"})
}

pub(crate) fn change_one_workflow() -> Value {
    json!({"id": WORKFLOW, "description": "Tells the CRM who is new."})
}

pub(crate) fn workflow_ids() -> Value {
    json!([WORKFLOW])
}

pub(crate) fn component() -> Value {
    json!({
        "id": "log",
        "functions": [{
            "name": "write", "description": "Writes a line into the log of the execution.",
            "schema": {
                "type": "object", "properties": {"message": {"description": "The line."}}, "required": ["message"],
                "additionalProperties": false,
            },
            "permission": null,
        }],
    })
}

pub(crate) fn template() -> Value {
    json!({
        "id": TEMPLATE, "_id": TEMPLATE, "name": "Tell a CRM", "description": "Tells a CRM of new users.",
        "type": "ordinary", "status": "published", "graph": graph(), "cron": null,
        "trigger": {"type": "event", "events": ["external_user.created"]},
        "flowSettings": {
            "concurrency": 10, "orderBy": null,
            "webhooks": {"requireWebhookAuth": false, "hmacHeaderKey": "x-hmac", "hasHmacAuthSecret": false},
        },
        "tags": ["crm"], "tenant": WORKSPACE,
        "createdAt": "2024-01-15T10:30:00.000000Z", "updatedAt": "2024-01-20T14:45:00.000000Z",
    })
}

pub(crate) fn create_template() -> Value {
    json!({
        "name": "Tell a CRM", "description": "Tells a CRM of new users.", "status": "draft", "graph": graph(),
        "trigger": {"type": "event", "events": ["external_user.created"]}, "tags": ["crm"],
    })
}

pub(crate) fn change_template() -> Value {
    json!({"status": "published", "tags": ["crm", "sales"]})
}
