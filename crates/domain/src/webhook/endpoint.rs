//! Where events are sent.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::DeliveryAttempt;
use crate::audit::ObjectKind;
use crate::event::{Event, EventType, EventVerb};
use crate::job::jittered;
use crate::primitives::{
    ChannelId, EventPosition, ExternalUserGroupId, Patch, TierId, Timestamp, Violation, WebhookEndpointId,
    WorkspaceId, text,
};

/// An address to which the events of a workspace are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The workspace whose events it gets.
    pub workspace_id: WorkspaceId,
    /// Its URL.
    pub url: String,
    /// What it is for, in up to 250 characters. Empty if nobody said.
    pub description: String,
    /// Which events it gets.
    pub filter: WebhookFilter,
    /// Whether it gets none.
    pub disabled: bool,
    /// Why the server disabled it; `None` if it did not.
    pub disabled_reason: Option<String>,
    /// The generation of its secret, from 1.
    pub generation: u32,
    /// Until when the generation before signs, too.
    pub previous_secret_until: Option<Timestamp>,
    /// The position in the feed up to which events were sent at least once.
    pub position: EventPosition,
    /// How many rounds in a row have failed altogether.
    pub failures: u32,
    /// Since when all attempts have failed.
    pub failing_since: Option<Timestamp>,
    /// Until when nothing is sent.
    pub paused_until: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed, but for its state of delivery.
    pub updated_at: Timestamp,
}

/// Which events an endpoint gets. All conditions must hold; an empty list is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookFilter {
    /// Of these types: `external_user.created`, or all of an object, `external_user.*`.
    pub types: Vec<String>,
    /// About external users of these channels, and the channels themselves.
    pub channel_ids: Vec<ChannelId>,
    /// About external users in these groups, before or after the change, and the groups themselves.
    pub group_ids: Vec<ExternalUserGroupId>,
    /// About external users or groups on these tiers, before or after the change, and the tiers themselves.
    pub tier_ids: Vec<TierId>,
}

/// What filters compare of an event's object.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Belongings {
    #[serde(rename = "channelId")]
    channel: Option<ChannelId>,
    #[serde(rename = "externalUserGroupId")]
    group: Option<ExternalUserGroupId>,
    #[serde(rename = "tierId")]
    tier: Option<TierId>,
}

impl WebhookFilter {
    /// The most entries of each list.
    pub const MAXIMUM_ENTRIES: usize = 50;

    /// Returns the types of events; empty for all.
    pub fn event_types(&self) -> Vec<EventType> {
        let matching = |pattern: &String| EventType::matching(pattern).unwrap_or_default();
        self.types.iter().flat_map(matching).collect()
    }

    /// Returns whether an event is one of these. A type that this version of the server does not know is none. That an object was erased is told to all: nobody
    /// knows any more what it belonged to, and whoever keeps data of it must hear of it.
    pub fn admits(&self, event: &Event) -> bool {
        let Self { types, channel_ids, group_ids, tier_ids } = self;
        if !types.is_empty() && !self.event_types().contains(&event.kind) {
            return false;
        }
        let has_conditions = !(channel_ids.is_empty() && group_ids.is_empty() && tier_ids.is_empty());
        if !has_conditions || event.kind.verb() == EventVerb::Erased {
            return true;
        }
        let read = |object: &RawValue| serde_json::from_str::<Belongings>(object.get()).unwrap_or_default();
        let (now, before) = (read(&event.data), read(&event.previous));
        is_about(event, channel_ids, ObjectKind::Channel, &[now.channel, before.channel])
            && is_about(event, group_ids, ObjectKind::ExternalUserGroup, &[now.group, before.group])
            && is_about(event, tier_ids, ObjectKind::Tier, &[now.tier, before.tier])
    }
}

/// Returns whether an event is about one of some objects, or about something that belongs to one of them now or did before.
fn is_about<I: PartialEq + ToString>(event: &Event, ids: &[I], kind: ObjectKind, of: &[Option<I>]) -> bool {
    ids.is_empty()
        || of.iter().flatten().any(|id| ids.contains(id))
        || event.kind.object() == kind && ids.iter().any(|id| id.to_string() == event.object_id)
}

impl WebhookEndpoint {
    /// The most endpoints of a workspace.
    pub const MAXIMUM: usize = 50;

    /// How long an endpoint may fail before it is disabled: 5 days.
    pub const PATIENCE: Duration = Duration::from_hours(5 * 24);

    /// How long after a pause an endpoint that had nothing to do counts as one that has not failed yet: longer than the longest
    /// pause between two attempts.
    pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(30);

    /// The longest pause of an endpoint that fails, unless it asks for a longer one.
    pub const LONGEST_PAUSE: Duration = Duration::from_mins(5);

    /// The longest pause that an endpoint may ask for.
    pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

    /// Checks a description: up to 250 characters.
    pub fn parse_description(text: &str) -> Result<String, Violation> {
        if text.is_empty() { Ok(String::new()) } else { text::lines(text, &(1..=250)) }
    }

    /// Returns the generations of the secrets that sign at this moment, newest first.
    pub fn signing_generations(&self, now: Timestamp) -> Vec<u32> {
        let overlaps = self.previous_secret_until.is_some_and(|end| end > now) && self.generation > 1;
        let previous = overlaps.then(|| self.generation.saturating_sub(1));
        std::iter::once(self.generation).chain(previous).collect()
    }

    /// Returns how many events to send before looking at the endpoint again.
    pub fn round_size(&self, usual: u32) -> u32 {
        if self.failures > 0 { 1 } else { usual }
    }

    /// Notes the outcome of a round of attempts, which ended at this moment, and how long the endpoint asked to wait.
    ///
    /// A success ends all troubles. A round without any pauses the endpoint: for seconds that double up to
    /// [`LONGEST_PAUSE`](Self::LONGEST_PAUSE), less up to a half at random. The statuses 429, 502 and 504, and an endpoint
    /// that names a time, pause it even after a success. The status 410 disables it, and so do failures for longer than
    /// [`PATIENCE`](Self::PATIENCE) without a day on which there was nothing to send.
    pub fn note(
        &mut self,
        attempts: &[DeliveryAttempt],
        retry_after: Option<Duration>,
        now: Timestamp,
        random: [u8; 32],
    ) {
        if attempts.is_empty() {
            return;
        }
        let has_status = |codes: &[u16]| {
            attempts.iter().any(|attempt| attempt.status.is_some_and(|code| codes.contains(&code)))
        };
        let is_slowing = has_status(&[429, 502, 504]) || retry_after.is_some();
        let has_success = attempts.iter().any(DeliveryAttempt::is_success);
        let was_left_alone = self.paused_until.is_some_and(|end| now.since(end) > Self::FORGOTTEN_AFTER);
        if has_success || was_left_alone {
            (self.failures, self.failing_since) = (0, None);
        }
        if !has_success {
            self.failures = self.failures.saturating_add(1);
        }
        self.paused_until = None;
        if is_slowing || !has_success {
            let doublings = self.failures.min(10);
            let pause = jittered(Duration::from_secs(1 << doublings).min(Self::LONGEST_PAUSE), random);
            let asked_for = retry_after.unwrap_or_default().min(Self::LONGEST_RETRY_AFTER);
            self.paused_until = Some(now.plus(pause.max(asked_for)));
        }
        if has_status(&[410]) {
            self.disable("The endpoint answered 410 (gone).", now);
        }
        if has_success {
            return;
        }
        let since = *self.failing_since.get_or_insert(now);
        if !self.disabled && now.since(since) >= Self::PATIENCE {
            self.disable("All attempts have failed for 5 days.", now);
        }
    }

    fn disable(&mut self, reason: &str, now: Timestamp) {
        self.disabled = true;
        self.disabled_reason = Some(reason.to_owned());
        self.updated_at = now;
    }
}

/// A request's changes to an endpoint, already checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookEndpointChanges {
    /// The URL. It cannot be cleared.
    pub url: Option<String>,
    /// The description.
    pub description: Patch<String>,
    /// The types of events.
    pub types: Patch<Vec<String>>,
    /// The channels.
    pub channel_ids: Patch<Vec<ChannelId>>,
    /// The groups.
    pub group_ids: Patch<Vec<ExternalUserGroupId>>,
    /// The tiers.
    pub tier_ids: Patch<Vec<TierId>>,
    /// `true` disables it, `false` enables it.
    pub disabled: Option<bool>,
}

impl WebhookEndpointChanges {
    /// Applies the changes. Enabling it and another URL forget earlier failures: the next event is sent at once.
    pub fn apply_to(self, endpoint: &mut WebhookEndpoint) {
        let Self { url, description, types, channel_ids, group_ids, tier_ids, disabled } = self;
        let begins_anew = disabled.is_some() || url.as_ref().is_some_and(|url| *url != endpoint.url);
        if let Some(url) = url {
            endpoint.url = url;
        }
        set(description, &mut endpoint.description);
        set(types, &mut endpoint.filter.types);
        set(channel_ids, &mut endpoint.filter.channel_ids);
        set(group_ids, &mut endpoint.filter.group_ids);
        set(tier_ids, &mut endpoint.filter.tier_ids);
        if let Some(disabled) = disabled.filter(|disabled| *disabled != endpoint.disabled) {
            endpoint.disabled = disabled;
            endpoint.disabled_reason = None;
        }
        if begins_anew {
            (endpoint.failures, endpoint.failing_since, endpoint.paused_until) = (0, None, None);
        }
    }
}

/// Sets a value; null empties it.
fn set<T: Default>(change: Patch<T>, value: &mut T) {
    match change {
        Patch::Absent => {}
        Patch::Null => *value = T::default(),
        Patch::Value(new) => *value = new,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_unix_microseconds(seconds * 1_000_000).unwrap()
    }

    fn endpoint() -> WebhookEndpoint {
        WebhookEndpoint {
            id: WebhookEndpointId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            url: "https://example.com".to_owned(),
            description: String::new(),
            filter: WebhookFilter::default(),
            disabled: false,
            disabled_reason: None,
            generation: 1,
            previous_secret_until: None,
            position: EventPosition::from_stored(0),
            failures: 0,
            failing_since: None,
            paused_until: None,
            created_at: moment(0),
            updated_at: moment(0),
        }
    }

    fn attempt(status: impl Into<Option<u16>>) -> DeliveryAttempt {
        DeliveryAttempt {
            at: moment(0),
            duration_milliseconds: 1,
            status: status.into(),
            error: None,
            answer: String::new(),
        }
    }

    #[test]
    fn an_endpoint_that_fails_is_left_alone_for_longer_and_longer() {
        let mut endpoint = endpoint();
        let mut now = moment(0);
        for seconds in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
            endpoint.note(&[attempt(500), attempt(None)], None, now, [0; 32]);
            assert_eq!(endpoint.paused_until.map(|end| end.since(now)), Some(Duration::from_secs(seconds)));
            now = now.plus(Duration::from_secs(seconds));
        }
        assert_eq!((endpoint.failing_since, endpoint.round_size(64)), (Some(moment(0)), 1));
        endpoint.note(&[attempt(500), attempt(204)], None, now, [0; 32]);
        assert_eq!((endpoint.failures, endpoint.failing_since, endpoint.paused_until), (0, None, None));
        assert_eq!(endpoint.round_size(64), 64);
    }

    #[test]
    fn an_endpoint_that_asks_for_time_gets_it() {
        let now = moment(0);
        for (statuses, retry_after, seconds) in [
            (vec![429, 200], None, Some(1)),
            (vec![502], None, Some(2)),
            (vec![504], Some(60), Some(60)),
            (vec![503], Some(120), Some(120)),
            (vec![200], Some(10), Some(10)),
            (vec![429], Some(1_000_000), Some(86_400)),
            (vec![200, 500], None, None),
        ] {
            let mut endpoint = endpoint();
            let attempts: Vec<_> = statuses.iter().map(|status| attempt(*status)).collect();
            endpoint.note(&attempts, retry_after.map(Duration::from_secs), now, [0; 32]);
            let paused = endpoint.paused_until.map(|end| end.since(now).as_secs());
            assert_eq!(paused, seconds, "{statuses:?} {retry_after:?}");
        }
    }

    #[test]
    fn an_endpoint_is_disabled_when_it_is_gone_or_fails_for_days() {
        let mut gone = endpoint();
        gone.note(&[attempt(410)], None, moment(7), [0; 32]);
        assert!(gone.disabled && gone.disabled_reason.is_some());

        let mut failing = endpoint();
        for day in 0..5 {
            failing.note(&[attempt(500)], None, moment(day * 86_400), [0; 32]);
        }
        assert!(!failing.disabled);
        failing.note(&[attempt(500)], None, moment(5 * 86_400), [0; 32]);
        assert!(failing.disabled);

        let mut quiet = endpoint();
        quiet.note(&[attempt(500)], None, moment(0), [0; 32]);
        quiet.note(&[attempt(500)], None, moment(10 * 86_400), [0; 32]);
        assert_eq!((quiet.disabled, quiet.failing_since), (false, Some(moment(10 * 86_400))));

        let mut mixed = endpoint();
        mixed.note(&[attempt(200), attempt(410)], None, moment(0), [0; 32]);
        assert!(mixed.disabled);

        WebhookEndpointChanges { disabled: Some(false), ..WebhookEndpointChanges::default() }
            .apply_to(&mut failing);
        assert_eq!((failing.disabled, failing.disabled_reason, failing.failures), (false, None, 0));
    }

    #[test]
    fn both_secrets_sign_until_the_overlap_ends() {
        let mut endpoint = endpoint();
        assert_eq!(endpoint.signing_generations(moment(0)), [1]);
        (endpoint.generation, endpoint.previous_secret_until) = (2, Some(moment(10)));
        assert_eq!(endpoint.signing_generations(moment(9)), [2, 1]);
        assert_eq!(endpoint.signing_generations(moment(10)), [2]);
    }
}
