//! The rows of endpoints and deliveries.

use denizen_domain::{
    DeliveryAttempt, Error, EventPosition, Result, WebhookDelivery, WebhookEndpoint, WebhookFilter,
};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connection::broken_row;
use crate::schema::{webhook_deliveries, webhook_endpoints};
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = webhook_endpoints, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(primary_key(workspace_id, id))]
pub(super) struct EndpointRow {
    workspace_id: StoredUuid,
    id: StoredUuid,
    url: String,
    description: String,
    types: String,
    channel_ids: String,
    group_ids: String,
    tier_ids: String,
    disabled: bool,
    disabled_reason: Option<String>,
    generation: i64,
    previous_secret_until: Option<StoredTime>,
    position: i64,
    failures: i64,
    failing_since: Option<StoredTime>,
    paused_until: Option<StoredTime>,
    created_at: StoredTime,
    updated_at: StoredTime,
}

/// Returns a list as JSON. These always serialize.
fn json<T: Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}

impl From<&WebhookEndpoint> for EndpointRow {
    fn from(endpoint: &WebhookEndpoint) -> Self {
        let WebhookEndpoint {
            id,
            workspace_id,
            url,
            description,
            filter: WebhookFilter { types, channel_ids, group_ids, tier_ids },
            disabled,
            disabled_reason,
            generation,
            previous_secret_until,
            position,
            failures,
            failing_since,
            paused_until,
            created_at,
            updated_at,
        } = endpoint;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            url: url.clone(),
            description: description.clone(),
            types: json(types),
            channel_ids: json(channel_ids),
            group_ids: json(group_ids),
            tier_ids: json(tier_ids),
            disabled: *disabled,
            disabled_reason: disabled_reason.clone(),
            generation: i64::from(*generation),
            previous_secret_until: previous_secret_until.map(Into::into),
            position: position.as_i64(),
            failures: i64::from(*failures),
            failing_since: failing_since.map(Into::into),
            paused_until: paused_until.map(Into::into),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

impl TryFrom<EndpointRow> for WebhookEndpoint {
    type Error = Error;

    fn try_from(row: EndpointRow) -> Result<Self> {
        let EndpointRow {
            workspace_id,
            id,
            url,
            description,
            types,
            channel_ids,
            group_ids,
            tier_ids,
            disabled,
            disabled_reason,
            generation,
            previous_secret_until,
            position,
            failures,
            failing_since,
            paused_until,
            created_at,
            updated_at,
        } = row;
        let table = "webhook_endpoints";
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            url,
            description,
            filter: WebhookFilter {
                types: list(table, "types", id, &types)?,
                channel_ids: list(table, "channel_ids", id, &channel_ids)?,
                group_ids: list(table, "group_ids", id, &group_ids)?,
                tier_ids: list(table, "tier_ids", id, &tier_ids)?,
            },
            disabled,
            disabled_reason,
            generation: number(generation),
            previous_secret_until: previous_secret_until.map(Into::into),
            position: EventPosition::from_stored(position),
            failures: number(failures),
            failing_since: failing_since.map(Into::into),
            paused_until: paused_until.map(Into::into),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

fn list<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    id: StoredUuid,
    text: &str,
) -> Result<Vec<T>> {
    serde_json::from_str(text).map_err(|problem| broken_row(table, column, id, problem.to_string()))
}

fn number(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = webhook_deliveries, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(primary_key(workspace_id, endpoint_id, event_id))]
pub(super) struct DeliveryRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) endpoint_id: StoredUuid,
    pub(super) event_id: StoredUuid,
    pub(super) position: i64,
    pub(super) kind: String,
    pub(super) object_id: String,
    pub(super) state: String,
    pub(super) attempt_count: i64,
    pub(super) attempts: String,
    pub(super) next_attempt_at: Option<StoredTime>,
    pub(super) created_at: StoredTime,
    pub(super) updated_at: StoredTime,
}

impl From<&WebhookDelivery> for DeliveryRow {
    fn from(delivery: &WebhookDelivery) -> Self {
        let WebhookDelivery {
            workspace_id,
            endpoint_id,
            event_id,
            position,
            kind,
            object_id,
            state,
            attempt_count,
            attempts,
            next_attempt_at,
            created_at,
            updated_at,
        } = delivery;
        Self {
            workspace_id: stored(*workspace_id),
            endpoint_id: stored(*endpoint_id),
            event_id: stored(*event_id),
            position: position.as_i64(),
            kind: kind.to_string(),
            object_id: object_id.clone(),
            state: state.to_string(),
            attempt_count: i64::from(*attempt_count),
            attempts: json(attempts),
            next_attempt_at: next_attempt_at.map(Into::into),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

impl TryFrom<DeliveryRow> for WebhookDelivery {
    type Error = Error;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        let DeliveryRow {
            workspace_id,
            endpoint_id,
            event_id,
            position,
            kind,
            object_id,
            state,
            attempt_count,
            attempts,
            next_attempt_at,
            created_at,
            updated_at,
        } = row;
        let table = "webhook_deliveries";
        let broken = |column, problem: String| broken_row(table, column, event_id, problem);
        Ok(Self {
            workspace_id: workspace_id.into(),
            endpoint_id: endpoint_id.into(),
            event_id: event_id.into(),
            position: EventPosition::from_stored(position),
            kind: kind.parse().map_err(|problem| broken("kind", format!("{problem:?}")))?,
            object_id,
            state: state.parse().map_err(|problem| broken("state", format!("{problem:?}")))?,
            attempt_count: number(attempt_count),
            attempts: list::<DeliveryAttempt>(table, "attempts", event_id, &attempts)?,
            next_attempt_at: next_attempt_at.map(Into::into),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}
