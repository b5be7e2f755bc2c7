//! Request bodies for webhook endpoints.

use std::str::FromStr;

use denizen_domain::{
    EventId, EventType, InvalidId, Reason, Result, Timestamp, Violation, Violations, WebhookEndpoint,
    WebhookEndpointChanges, WebhookFilter,
};
use denizen_persistence::webhooks::ReplayRange;
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::WebhookEndpointWithSecretAnswer;
use crate::contracts::samples;
use crate::outgoing::check_url;
use crate::wire::body::Input;
use crate::wire::fields::Body;
use crate::wire::query::{invalid_id, timestamp};

/// How many events one request sends again by their ids.
const MAXIMUM_EVENTS: usize = 100;

/// A new webhook endpoint.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::create_webhook_endpoint)]
pub(crate) struct CreateWebhookEndpoint {
    /// Where to send events: an `https` URL that leads to a public address.
    #[schema(value_type = String, required, format = "uri", max_length = 2_000)]
    #[serde(default)]
    url: Input<String>,
    #[serde(flatten)]
    rest: Settings,
}

impl Body for CreateWebhookEndpoint {
    type Record = WebhookEndpointWithSecretAnswer;
}

/// Changes to a webhook endpoint. Absent fields stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::update_webhook_endpoint)]
pub(crate) struct UpdateWebhookEndpoint {
    /// Where to send events: an `https` URL that leads to a public address.
    #[schema(value_type = String, format = "uri", max_length = 2_000)]
    #[serde(default)]
    url: Input<String>,
    #[serde(flatten)]
    rest: Settings,
}

impl Body for UpdateWebhookEndpoint {
    type Record = WebhookEndpointWithSecretAnswer;
}

/// What a webhook endpoint may have.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookEndpointSettings)]
struct Settings {
    /// What it is for. Null is none.
    #[schema(value_type = Option<String>, max_length = 250)]
    #[serde(default)]
    description: Input<String>,
    /// Types of events to send, such as `external_user.created`, or all of an object, such as `external_user.*`. Empty or null
    /// is all.
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    #[serde(default)]
    types: Input<Vec<Value>>,
    /// Only events about external users of these channels, and the channels themselves. Empty or null is all.
    #[schema(value_type = Option<Vec<uuid::Uuid>>, max_items = 50)]
    #[serde(default)]
    channel_ids: Input<Vec<Value>>,
    /// Only events about external users who are or were in these groups, and the groups themselves. Empty or null is all.
    #[schema(value_type = Option<Vec<uuid::Uuid>>, max_items = 50)]
    #[serde(default)]
    group_ids: Input<Vec<Value>>,
    /// Only events about external users and groups that are or were on these tiers, and the tiers themselves. Empty or null is
    /// all.
    #[schema(value_type = Option<Vec<uuid::Uuid>>, max_items = 50)]
    #[serde(default)]
    tier_ids: Input<Vec<Value>>,
    /// `true` sends nothing. `false` enables it again: it gets all events since, as long as they are kept.
    #[schema(value_type = bool)]
    #[serde(default)]
    disabled: Input<bool>,
}

impl CreateWebhookEndpoint {
    /// Validates all fields. Returns the URL apart.
    pub(super) fn check(
        self,
        mut violations: Violations,
        opened: &[IpNet],
    ) -> Result<(String, WebhookEndpointChanges)> {
        let Self { url, rest } = self;
        let url = url.required(&mut violations, "url", |text| check_url(text, opened));
        let changes = rest.check(&mut violations);
        Ok((violations.into_value(url)?, changes))
    }
}

impl UpdateWebhookEndpoint {
    /// Validates all fields.
    pub(super) fn check(
        self,
        mut violations: Violations,
        opened: &[IpNet],
    ) -> Result<WebhookEndpointChanges> {
        let Self { url, rest } = self;
        let url = url.not_null(&mut violations, "url", |text| check_url(text, opened));
        let changes = WebhookEndpointChanges { url, ..rest.check(&mut violations) };
        violations.into_result(changes)
    }
}

impl Settings {
    fn check(self, violations: &mut Violations) -> WebhookEndpointChanges {
        let Self { description, types, channel_ids, group_ids, tier_ids, disabled } = self;
        WebhookEndpointChanges {
            url: None,
            description: description.optional(violations, "description", WebhookEndpoint::parse_description),
            types: types.optional(violations, "types", |entries| {
                each(entries, WebhookFilter::MAXIMUM_ENTRIES, event_type)
            }),
            channel_ids: channel_ids.optional(violations, "channelIds", |entries| {
                each(entries, WebhookFilter::MAXIMUM_ENTRIES, id)
            }),
            group_ids: group_ids.optional(violations, "groupIds", |entries| {
                each(entries, WebhookFilter::MAXIMUM_ENTRIES, id)
            }),
            tier_ids: tier_ids
                .optional(violations, "tierIds", |entries| each(entries, WebhookFilter::MAXIMUM_ENTRIES, id)),
            disabled: disabled.not_null(violations, "disabled", |value| Ok(*value)),
        }
    }
}

/// Checks the entries of an array of strings, and drops repeated ones.
fn each<T: PartialEq>(
    entries: &[Value],
    maximum: usize,
    rule: impl Fn(&str) -> Result<T, Violation>,
) -> Result<Vec<T>, Violation> {
    if entries.len() > maximum {
        let message = format!("must have at most {maximum} entries");
        return Err(Violation::new(Reason::TooLong, message));
    }
    let mut checked = Vec::with_capacity(entries.len());
    for entry in entries {
        let text = entry.as_str();
        let text = text.ok_or_else(|| Violation::new(Reason::InvalidType, "must have only strings"))?;
        let value = rule(text)?;
        if !checked.contains(&value) {
            checked.push(value);
        }
    }
    Ok(checked)
}

fn event_type(pattern: &str) -> Result<String, Violation> {
    EventType::matching(pattern).map(|_| pattern.to_owned())
}

fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, Violation> {
    text.parse().map_err(|InvalidId| invalid_id())
}

/// Which events to send again: those of a time, or single ones.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = samples::replay_webhooks)]
pub(crate) struct ReplayWebhooks {
    /// Events from this time on (RFC 3339).
    #[schema(value_type = Option<String>, format = "date-time")]
    #[serde(default)]
    since: Input<String>,
    /// Events up to this time. If absent or null, up to now.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[serde(default)]
    until: Input<String>,
    /// Events with these ids that were sent before, instead of a time.
    #[schema(value_type = Option<Vec<uuid::Uuid>>, min_items = 1, max_items = 100)]
    #[serde(default)]
    event_ids: Input<Vec<Value>>,
}

impl Body for ReplayWebhooks {
    type Record = ();
}

/// What to send again.
#[derive(Debug)]
pub(super) enum Replayed {
    Range(ReplayRange),
    Events(Vec<EventId>),
}

impl ReplayWebhooks {
    pub(super) fn check(self, mut violations: Violations, now: Timestamp) -> Result<Replayed> {
        let Self { since, until, event_ids } = self;
        let since = since.optional(&mut violations, "since", timestamp).value();
        let until = until.optional(&mut violations, "until", timestamp).value();
        let event_ids = event_ids.optional(&mut violations, "eventIds", |entries| {
            match each(entries, MAXIMUM_EVENTS, id)? {
                ids if ids.is_empty() => Err(Violation::new(Reason::TooShort, "must have an id")),
                ids => Ok(ids),
            }
        });
        let replayed = match (since, until, event_ids.value()) {
            (Some(since), until, None) => {
                let until = until.unwrap_or(now);
                if until < since {
                    violations.add("until", Violation::new(Reason::OutOfRange, "must not be before since"));
                }
                Some(Replayed::Range(ReplayRange { since, until }))
            }
            (None, None, Some(ids)) => Some(Replayed::Events(ids)),
            (None, _, None) => {
                if violations.is_empty() {
                    let message = "must be given, unless eventIds are";
                    violations.add("since", Violation::new(Reason::Required, message));
                }
                None
            }
            (_, _, Some(_)) => {
                let message = "must not be given together with since or until";
                violations.add("eventIds", Violation::new(Reason::Mismatch, message));
                None
            }
        };
        violations.into_value(replayed)
    }
}
