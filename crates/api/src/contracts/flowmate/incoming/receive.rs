//! Receiving requests that start flows.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Conflict, Error, Execution, Origin, Resource, Result, TriggerKind, Workflow};
use denizen_persistence::{CalledWorkflow, executions};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::authorize::authorize;
use super::message::{Message, Target};
use super::user::user_of;
use crate::guards::idempotency;
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::workflows::{Start, caused_by};

/// What a request that starts a flow gets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceivedWebhook {
    data: ReceivedWebhookData,
}

/// What a request that starts a flow gets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceivedWebhookData {
    /// The id of the execution that has begun.
    request_id: Uuid,
    /// Thanks.
    #[schema(example = "thank you")]
    message: &'static str,
}

/// Starts a flow with a body
///
/// Answers once the execution is stored. What follows the id in the path, as in `/webhooks/{flowId}/a/b`, is `trigger.suffix`, and
/// `/hook/{flowId}` is the same as `/webhooks/{flowId}`. The body comes to the first step: JSON, a form, XML or text, up to 1 MiB
/// and 64 levels. Expressions see it as `trigger.body`, too, beside `trigger.method`, `trigger.query`, `trigger.headers` (without
/// credentials) and `trigger.requestId`.
///
/// If `user` of the body names an external user of the workspace, the flow runs in its name: a username, or an object with `id`,
/// `externalId` or `username`. A flow with `flowSettings.webhooks.requireWebhookAuth` takes only requests that are signed, or come
/// with the credential of an account that owns it and has the permission `webhooks.execute`. The signature is the HMAC-SHA256 of
/// the body with the secret of the flow, in hexadecimal digits, in the header `hmacHeaderKey`; `sha256=` may stand before it. It
/// covers neither the query nor the path.
#[utoipa::path(post, path = "/webhooks/{flowId}", operation_id = "incomingWebhooks.post", tag = "Incoming webhooks",
    params(
        ("flowId" = Uuid, Path, description = "The flow's id"),
        ("idempotency-key" = Option<String>, Header, description = "A text of 1 to 255 visible ASCII characters. Of requests with the \
            same one, only the first starts the flow, and all get its answer, as long as the execution is kept.")),
    request_body(description = "What comes to the first step", content(
        (serde_json::Value = "application/json"))),
    responses(
        (status = 200, description = "The execution is stored", body = ReceivedWebhook),
        (status = 401, description = "The flow is protected, and the request proves no owner", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "The flow does not exist, is not active, or does not start by requests", body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn post(
    State(state): State<AppState>,
    Context(context): Context,
    request: Request,
) -> ApiResult<Response> {
    receive(&state, &context, request).await
}

/// Starts a flow with a query
///
/// Like POST. The query comes to the first step, as an object of texts; the values of a repeated name are a list. A signature is
/// that of the query as it stands in the URL. HEAD starts nothing, and answers 200 if GET would start the flow, or ask for a
/// signature or a credential.
#[utoipa::path(get, path = "/webhooks/{flowId}", operation_id = "incomingWebhooks.get", tag = "Incoming webhooks",
    params(
        ("flowId" = Uuid, Path, description = "The flow's id"),
        ("idempotency-key" = Option<String>, Header, description = "As for POST.")),
    responses(
        (status = 200, description = "The execution is stored", body = ReceivedWebhook),
        (status = 400, description = "The query is not UTF-8", body = crate::wire::envelope::ErrorEnvelope),
        (status = 401, description = "The flow is protected, and the request proves no owner", body = crate::wire::envelope::ErrorEnvelope),
        (status = 404, description = "The flow does not exist, is not active, or does not start by requests", body = crate::wire::envelope::ErrorEnvelope)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    Context(context): Context,
    request: Request,
) -> ApiResult<Response> {
    receive(&state, &context, request).await
}

async fn receive(state: &AppState, context: &RequestContext, request: Request) -> ApiResult<Response> {
    let target = Target::of(request.uri());
    // The body is read first: whoever sends one too many bytes does not learn whether there is a flow.
    let message = Message::receive(state, request).await?;
    let called = state.cache().called_workflow(target.flow_id()).await?;
    let called = called.ok_or_else(|| Error::not_found(Resource::IncomingWebhook, &target.spelt))?;
    let workflow = &called.workflow;
    if message.parts.method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let actor = authorize(state, context, &message, workflow).await?;
    let key = key_of(&message.parts.headers)?;
    let caused_by = caused_by(&message.parts.headers);
    let (data, trigger) = message.understand(target, &workflow.definition.settings.webhook.header)?;
    let user_id = user_of(state, workflow.workspace_id, &data).await?;
    let start = Start { kind: TriggerKind::Webhook, trigger, data, user_id, key, caused_by, refusal: None };
    let execution = begin(state, &context.origin(state.source(), actor), &called, start).await?;
    let data = ReceivedWebhookData { request_id: execution.id.as_uuid(), message: "thank you" };
    Ok(Json(ReceivedWebhook { data }).into_response())
}

/// Returns what starts an execution once only.
fn key_of(headers: &HeaderMap) -> Result<Option<String>> {
    if !headers.contains_key(idempotency::KEY) {
        return Ok(None);
    }
    idempotency::key_of(headers).map(|key| Some(format!("webhook:{key}")))
}

/// Begins an execution, or returns the one that has begun with the same key.
async fn begin(
    state: &AppState,
    origin: &Origin,
    called: &CalledWorkflow,
    start: Start,
) -> Result<Execution> {
    let CalledWorkflow { workflow, graph } = called;
    let key = start.key.clone();
    if let Some(earlier) = earlier(state, workflow, key.as_deref()).await? {
        return Ok(earlier);
    }
    if let Some(execution) = state.workflows().begin(origin, (workflow, graph), start).await? {
        return Ok(execution);
    }
    // Another request with the key has been faster.
    let found = earlier(state, workflow, key.as_deref()).await?;
    found.ok_or(Error::Conflict(Conflict::ConcurrentChange))
}

async fn earlier(state: &AppState, workflow: &Workflow, key: Option<&str>) -> Result<Option<Execution>> {
    let Some(key) = key else { return Ok(None) };
    let connection = &mut state.database().read_by_key().await?;
    executions::find_by_key(connection, workflow, key).await
}
