//! What starts a workflow.

use serde_json::json;

use super::expression::Expression;
use super::schedule::Schedule;
use crate::event::EventType;
use crate::primitives::{Coded, Json, JsonObject, Reason, Violation, Violations, coded_texts};

/// The kinds of triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriggerKind {
    /// A request to the address of the workflow.
    Webhook,
    /// The clock.
    Schedule,
    /// An event of the workspace.
    Event,
    /// A person or a program that asks for it.
    Manual,
}

impl Coded for TriggerKind {
    const ALL: &'static [Self] = &[Self::Webhook, Self::Schedule, Self::Event, Self::Manual];

    fn code(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Schedule => "schedule",
            Self::Event => "event",
            Self::Manual => "manual",
        }
    }
}

coded_texts!(TriggerKind);

/// What starts a workflow. A caller with the right can start any active workflow besides.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// A request to its address.
    Webhook,
    /// The clock, in a time zone.
    Schedule {
        /// When.
        schedule: Schedule,
        /// The pattern: minute, hour, day of month, month, day of week.
        cron: String,
        /// The IANA time zone.
        timezone: String,
    },
    /// An event of the workspace.
    Event {
        /// Patterns of types: `external_user.created`, or all of an object, `external_user.*`.
        events: Vec<String>,
        /// It starts only if this holds; `None` for always.
        filter: Option<Expression>,
    },
    /// Only a caller with the right.
    Manual,
}

impl Trigger {
    /// The most patterns of types.
    pub const MAXIMUM_EVENTS: usize = 50;

    /// Reads `trigger` and `cron`, which stands for a schedule, and reports everything that is wrong with them.
    pub fn parse(trigger: Option<&Json>, cron: Option<&Json>) -> Result<Self, Violations> {
        let cron = cron.filter(|cron| **cron != Json::Null && **cron != Json::String(String::new()));
        let empty = JsonObject::new();
        let object = match trigger {
            None | Some(Json::Null) => &empty,
            Some(Json::Object(object)) => object,
            Some(_) => return Err(Violations::of("trigger", wrong_type("an object"))),
        };
        let kind = match object.get("type") {
            None | Some(Json::Null) if cron.is_some() => TriggerKind::Schedule,
            None | Some(Json::Null) => TriggerKind::Webhook,
            Some(Json::String(text)) => {
                text.parse().map_err(|broken| Violations::of("trigger.type", broken))?
            }
            Some(_) => return Err(Violations::of("trigger.type", wrong_type("a text"))),
        };
        if cron.is_some() && kind != TriggerKind::Schedule {
            let message = "must be absent, or the trigger must be a schedule";
            return Err(Violations::of("cron", Violation::new(Reason::Mismatch, message)));
        }
        let mut violations = Violations::new();
        let read = match kind {
            TriggerKind::Webhook => Some(Self::Webhook),
            TriggerKind::Manual => Some(Self::Manual),
            TriggerKind::Schedule => read_schedule(&mut violations, object, cron),
            TriggerKind::Event => read_event(&mut violations, object),
        };
        refuse_others(&mut violations, kind, object);
        match read {
            Some(read) if violations.is_empty() => Ok(read),
            _ => Err(violations),
        }
    }

    /// Returns its kind.
    pub const fn kind(&self) -> TriggerKind {
        match self {
            Self::Webhook => TriggerKind::Webhook,
            Self::Schedule { .. } => TriggerKind::Schedule,
            Self::Event { .. } => TriggerKind::Event,
            Self::Manual => TriggerKind::Manual,
        }
    }

    /// Returns the pattern of a schedule.
    pub fn cron(&self) -> Option<&str> {
        match self {
            Self::Schedule { cron, .. } => Some(cron),
            _ => None,
        }
    }

    /// Returns it as JSON, as [`parse`](Self::parse) reads it.
    pub fn to_json(&self) -> Json {
        let kind = self.kind().code();
        Json::from(match self {
            Self::Webhook | Self::Manual => json!({ "type": kind }),
            Self::Schedule { schedule: _, cron, timezone } => {
                json!({ "type": kind, "cron": cron, "timezone": timezone })
            }
            Self::Event { events, filter: None } => json!({ "type": kind, "events": events }),
            Self::Event { events, filter: Some(filter) } => {
                json!({ "type": kind, "events": events, "filter": filter.source() })
            }
        })
    }

    /// Returns whether it starts on events of a type.
    pub fn is_for(&self, kind: EventType) -> bool {
        match self {
            Self::Event { events, .. } => events
                .iter()
                .any(|pattern| EventType::matching(pattern).is_ok_and(|types| types.contains(&kind))),
            _ => false,
        }
    }
}

fn wrong_type(expected: &str) -> Violation {
    Violation::new(Reason::InvalidType, format!("must be {expected}"))
}

/// Reports the keys that a kind of trigger does not have, which a caller would expect to count.
fn refuse_others(violations: &mut Violations, kind: TriggerKind, object: &JsonObject) {
    let known: &[&str] = match kind {
        TriggerKind::Webhook | TriggerKind::Manual => &["type"],
        TriggerKind::Schedule => &["type", "cron", "timezone"],
        TriggerKind::Event => &["type", "events", "filter"],
    };
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        let message = format!("is not known: a trigger of type {kind} has {}", known.join(", "));
        violations.add(&format!("trigger.{key}"), Violation::new(Reason::Unknown, message));
    }
}

fn read_schedule(violations: &mut Violations, object: &JsonObject, cron: Option<&Json>) -> Option<Trigger> {
    let own = object.get("cron").filter(|cron| **cron != Json::Null);
    let name = if own.is_some() { "trigger.cron" } else { "cron" };
    let cron = match own.or(cron) {
        Some(Json::String(text)) => text.clone(),
        Some(_) => {
            violations.add(name, wrong_type("a text"));
            return None;
        }
        None => {
            violations.add("trigger.cron", Violation::new(Reason::Required, "is required"));
            return None;
        }
    };
    let timezone = match object.get("timezone") {
        None | Some(Json::Null) => "UTC".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(_) => {
            violations.add("trigger.timezone", wrong_type("a text"));
            return None;
        }
    };
    match Schedule::parse(&cron, &timezone) {
        Ok(schedule) => Some(Trigger::Schedule { schedule, cron, timezone }),
        Err(broken) => {
            let named = |field: &str| match field {
                "cron" => name.to_owned(),
                other => format!("trigger.{other}"),
            };
            violations.append(broken.renamed(named));
            None
        }
    }
}

fn read_event(violations: &mut Violations, object: &JsonObject) -> Option<Trigger> {
    let events = match object.get("events") {
        Some(Json::Array(items)) if (1..=Trigger::MAXIMUM_EVENTS).contains(&items.len()) => {
            let read = items.iter().enumerate().map(|(index, item)| {
                let pattern = match item {
                    Json::String(text) => EventType::matching(text).map(|_| text.clone()),
                    _ => Err(wrong_type("a text")),
                };
                violations.check(&format!("trigger.events[{index}]"), pattern)
            });
            read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()
        }
        Some(Json::Array(_)) => {
            let message = format!("must have 1 to {} types of events", Trigger::MAXIMUM_EVENTS);
            violations.add("trigger.events", Violation::new(Reason::OutOfRange, message));
            None
        }
        None | Some(Json::Null) => {
            violations.add("trigger.events", Violation::new(Reason::Required, "is required"));
            None
        }
        Some(_) => {
            violations.add("trigger.events", wrong_type("a list of texts"));
            None
        }
    };
    let filter = match object.get("filter") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => {
            let source = text.strip_prefix('=').unwrap_or(text);
            violations.check("trigger.filter", Expression::parse(source))
        }
        Some(_) => {
            violations.add("trigger.filter", wrong_type("an expression"));
            None
        }
    };
    events.map(|events| Trigger::Event { events, filter })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parse(trigger: Value, cron: Option<&str>) -> Result<Trigger, Vec<String>> {
        let cron = cron.map(|cron| Json::String(cron.to_owned()));
        let told =
            |violations: Violations| violations.fields().iter().map(|fault| fault.field.clone()).collect();
        Trigger::parse(Some(&Json::from(trigger)), cron.as_ref()).map_err(told)
    }

    #[test]
    fn a_trigger_is_read_as_it_is_shown() {
        for (trigger, cron, kind) in [
            (json!(null), None, TriggerKind::Webhook),
            (json!({}), None, TriggerKind::Webhook),
            (json!({ "type": "manual" }), None, TriggerKind::Manual),
            (json!(null), Some("0 9 * * MON"), TriggerKind::Schedule),
            (
                json!({ "type": "schedule", "timezone": "Europe/Berlin" }),
                Some("0 9 * * 1"),
                TriggerKind::Schedule,
            ),
            (json!({ "type": "schedule", "cron": "*/5 * * * *" }), None, TriggerKind::Schedule),
            (json!({ "type": "event", "events": ["external_user.*"] }), None, TriggerKind::Event),
            (
                json!({ "type": "event", "events": ["tier.created"], "filter": "event.data.name == 'gold'" }),
                None,
                TriggerKind::Event,
            ),
        ] {
            let read = parse(trigger.clone(), cron).unwrap_or_else(|faults| panic!("{trigger}: {faults:?}"));
            assert_eq!(read.kind(), kind, "{trigger}");
            assert_eq!(Trigger::parse(Some(&read.to_json()), None), Ok(read), "{trigger}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_trigger_is_told_at_once() {
        for (trigger, cron, faults) in [
            (json!([]), None, &["trigger"][..]),
            (json!({ "type": "mail" }), None, &["trigger.type"]),
            (json!({ "type": "manual" }), Some("0 9 * * *"), &["cron"]),
            (json!({ "type": "schedule" }), None, &["trigger.cron"]),
            (
                json!({ "type": "schedule", "timezone": "Mars/Phobos" }),
                Some("soon"),
                &["cron", "trigger.timezone"],
            ),
            (json!({ "type": "event" }), None, &["trigger.events"]),
            (
                json!({ "type": "event", "events": ["external_user.made", 7], "filter": "1 +", "cron": "" }),
                None,
                &["trigger.events[0]", "trigger.events[1]", "trigger.filter", "trigger.cron"],
            ),
            (json!({ "type": "webhook", "filter": "true" }), None, &["trigger.filter"]),
        ] {
            assert_eq!(parse(trigger.clone(), cron).unwrap_err(), faults, "{trigger}");
        }
    }

    #[test]
    fn an_event_trigger_is_for_the_types_of_its_patterns() {
        let trigger =
            parse(json!({ "type": "event", "events": ["external_user.*", "tier.created"] }), None).unwrap();
        for (kind, is_for) in [
            ("external_user.blocked", true),
            ("tier.created", true),
            ("tier.deleted", false),
            ("group.created", false),
        ] {
            assert_eq!(trigger.is_for(kind.parse().unwrap()), is_for, "{kind}");
        }
        assert!(!Trigger::Manual.is_for("tier.created".parse().unwrap()));
    }
}
