//! What bodies with workflows may hold, for the OpenAPI document. `input` reads them as JSON: a graph has no fixed form.

use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WorkflowAnswer;
use crate::contracts::samples;
use crate::wire::fields::Body;

/// A new flow. Keys that only responses have, such as `id`, are ignored. FlowMate also ignores unknown keys, and names them in
/// `x-ignored-fields`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_workflow)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct NewFlow {
    /// Its name.
    #[schema(min_length = 1, max_length = 250)]
    name: String,
    #[schema(value_type = HashMap<String, Value>)]
    /// Its steps: `{"nodes": […], "edges": […]}`. A node has an `id` of up to 30 characters, the `componentId` and `function`
    /// of `GET /components`, and the `fields` that the function takes. An edge leads from its `source` to its `target`; its
    /// `config` may have a `condition` and a `mapper`. One node is the first, and no edges form a loop. At most 50 nodes and
    /// 64 KiB, unless the server sets others.
    graph: Value,
    /// Who may see and change it; the caller and its tenant if absent.
    #[schema(required = false, max_items = 100)]
    owners: Vec<NewOwner>,
    /// The tenant in which it works; that of the caller if absent.
    #[schema(required = false)]
    tenant: Uuid,
    #[serde(flatten)]
    others: FlowFields,
}

impl Body for NewFlow {
    type Record = WorkflowAnswer;
}

/// Changes to a flow. Absent keys stay unchanged.
#[derive(ToSchema)]
#[schema(example = samples::change_workflow)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct FlowChanges {
    /// Its name.
    #[schema(required = false, min_length = 1, max_length = 250)]
    name: String,
    /// All its steps, as in a new flow.
    #[schema(required = false, value_type = HashMap<String, Value>)]
    graph: Value,
    /// All its owners.
    #[schema(required = false, min_items = 1, max_items = 100)]
    owners: Vec<NewOwner>,
    #[serde(flatten)]
    others: FlowFields,
}

impl Body for FlowChanges {
    type Record = WorkflowAnswer;
}

/// Changes to one flow of many.
#[derive(ToSchema)]
#[schema(example = samples::change_one_workflow)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct OneFlowChanges {
    /// The flow's id.
    id: Uuid,
    #[serde(flatten)]
    changes: FlowChanges,
}

impl Body for Vec<OneFlowChanges> {
    type Record = WorkflowAnswer;
}

/// What a flow has beside its name and its steps. Null resets a key to what a new flow has.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct FlowFields {
    /// What it is for.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// How long it is meant to be at work: `ordinary`, also if absent, or `long_running`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The pattern of a schedule: minute, hour, day of month, month, day of week. Short for a `trigger` of the type
    /// `schedule`.
    #[schema(example = "0 9 * * MON")]
    cron: Option<String>,
    /// What starts it: `{"type": "webhook"}`, which is the default, `{"type": "schedule", "cron", "timezone"}`,
    /// `{"type": "event", "events": ["external_user.created"], "filter"}` or `{"type": "manual"}`.
    #[schema(value_type = Option<HashMap<String, Value>>)]
    trigger: Option<Value>,
    /// How it runs: `concurrency` (1 to 100, by default 10), `orderBy` (`user` or absent), and for webhooks
    /// `webhooks.requireWebhookAuth`, `webhooks.hmacAuthSecret` and `webhooks.hmacHeaderKey`.
    #[schema(value_type = Option<HashMap<String, Value>>)]
    flow_settings: Option<Value>,
}

/// An owner of a flow.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read as JSON")]
pub(crate) struct NewOwner {
    /// Id of a user of the tenant, or of the tenant.
    id: Uuid,
    /// `user` or `tenant`.
    #[serde(rename = "type")]
    #[schema(example = "user")]
    kind: String,
}
