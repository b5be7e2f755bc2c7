//! The job that begins executions on the events of a workspace.

use std::time::Duration;

use denizen_domain::{
    Actor, Budget, Conflict, Error, Event, EventFilter, EventPosition, EventType, ExternalUserId, Job, Json,
    JsonObject, MakerStanding, ObjectKind, Origin, Result, Scope, Trigger, TriggerKind, Variables, Workflow,
    WorkflowId,
};
use denizen_persistence::events::{self, Start as From};
use denizen_persistence::jobs::Ending;
use denizen_persistence::{executions, workflows};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Start, Workflows, compiled};
use crate::feeds::EventAnswer;

/// How long the job goes on before it lets others have a turn.
const TURN: Duration = Duration::from_secs(5);

/// How many events are read at a time.
const PAGE: u32 = 64;

/// How long the job waits whose workspace begins too many executions.
const BUSY: Duration = Duration::from_secs(5);

/// The name under which the job keeps its position.
const POSITION: &str = "position";

impl Workflows {
    /// Begins the executions of the workflows that start on the next events of a workspace.
    pub(crate) async fn follow(
        &self,
        job: &Job,
        is_open: watch::Receiver<bool>,
    ) -> Result<(Ending, Option<Json>)> {
        let end = Instant::now() + TURN;
        let mut position = position_of(job);
        loop {
            let now = self.source.clock.now();
            let followers = workflows::on_events(&mut self.database.read().await?, job.workspace_id).await?;
            let Some(earliest) = followers.iter().map(|workflow| workflow.events_after).min() else {
                return Ok((Ending::Succeeded, None));
            };
            let start = position.map_or(earliest, |position: EventPosition| position.max(earliest));
            let types = EventType::all()
                .filter(|kind| followers.iter().any(|workflow| workflow.definition.trigger.is_for(*kind)));
            let filter = EventFilter { types: types.collect(), object_id: None };
            let page = {
                let connection = &mut self.database.read().await?;
                match events::list(connection, job.workspace_id, From::After(start), &filter, PAGE).await {
                    Err(Error::PositionGone { .. }) => {
                        let workspace = job.workspace_id;
                        tracing::warn!(%workspace, "workflows have missed events that are no longer kept");
                        events::list(connection, job.workspace_id, From::Oldest, &filter, PAGE).await?
                    }
                    page => page?,
                }
            };
            // A workflow that was started meanwhile may be for events that this page leaves out.
            let now_there = workflows::on_events(&mut self.database.read().await?, job.workspace_id).await?;
            if versions(&now_there) != versions(&followers) {
                continue;
            }
            for event in &page.events {
                if !self.begin_on(event, &followers).await? {
                    // The event is looked at again. Executions that it has begun already are not begun twice.
                    return Ok((Ending::GoesOn(now.plus(BUSY)), kept(position)));
                }
                position = Some(event.position);
            }
            position = Some(page.position);
            if !page.has_more {
                let ending = Ending::WaitsForEvents { after: page.position, until: None };
                return Ok((ending, kept(position)));
            }
            if Instant::now() >= end || !*is_open.borrow() {
                return Ok((Ending::GoesOn(self.source.clock.now()), kept(position)));
            }
        }
    }

    /// Returns why a workflow may not learn of events: its maker is a key that may not follow them. Events tell accounts nothing
    /// that they could not see in their workspace.
    async fn refusal_of(&self, workflow: &Workflow) -> Result<Option<String>> {
        let Actor::ApiKey(_) = workflow.maker else { return Ok(None) };
        let connection = &mut self.database.read_by_key().await?;
        let now = self.source.clock.now();
        let standing =
            executions::standing_of(connection, workflow.maker, workflow.workspace_id, now).await?;
        Ok(match standing {
            MakerStanding::Key(scopes) => {
                scopes.require(Scope::ReadEvents).err().map(|error| error.to_string())
            }
            _ => None,
        })
    }

    /// Begins the executions that an event starts. `false` if the workspace begins too many.
    async fn begin_on(&self, event: &Event, followers: &[Workflow]) -> Result<bool> {
        let mut shown = None;
        for workflow in followers {
            if event.position <= workflow.events_after || !workflow.definition.trigger.is_for(event.kind) {
                continue;
            }
            let shown = shown.get_or_insert_with(|| as_json(event));
            if !admits(workflow, shown) {
                continue;
            }
            let refusal = self.refusal_of(workflow).await?;
            // Whoever may not see events does not see them in an execution, either.
            let told = if refusal.is_some() { Json::Null } else { shown.clone() };
            let start = Start {
                kind: TriggerKind::Event,
                trigger: JsonObject::from_iter([("event".to_owned(), told.clone())]),
                data: told,
                user_id: user_of(event),
                key: Some(event.id.to_string()),
                caused_by: event.actor.execution(event.request_id.as_deref()),
                refusal,
            };
            let origin = Origin::server(self.source.clone());
            let begun = match compiled(workflow) {
                Ok(graph) => self.begin(&origin, (workflow, &graph), start).await,
                Err(error) => Err(error),
            };
            match begun {
                Ok(_) | Err(Error::Conflict(Conflict::WorkflowNotActive(_))) => {}
                Err(Error::RateLimited { .. }) => return Ok(false),
                // One workflow that cannot run does not hold up the others.
                Err(Error::Internal(cause)) => {
                    tracing::error!(workflow = %workflow.id, cause, "a workflow cannot start on an event");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Returns which workflows these are, and how often each was changed.
fn versions(followers: &[Workflow]) -> Vec<(WorkflowId, i64)> {
    followers.iter().map(|workflow| (workflow.id, workflow.version)).collect()
}

/// Returns the event as the feed and webhooks show it.
fn as_json(event: &Event) -> Json {
    Json::of(&EventAnswer::from(event.clone())).unwrap_or_default()
}

/// Returns whether the filter of a workflow holds. One that fails, because the event lacks what it asks for, does not.
fn admits(workflow: &Workflow, event: &Json) -> bool {
    match &workflow.definition.trigger {
        Trigger::Event { filter: Some(filter), .. } => {
            let variables = Variables::new().with("event", event).with("data", event);
            filter.holds(&variables, &mut Budget::default()).unwrap_or(false)
        }
        _ => true,
    }
}

/// Returns the external user in whose name an execution runs: the one that the event is about.
fn user_of(event: &Event) -> Option<ExternalUserId> {
    match event.kind.object() {
        ObjectKind::ExternalUser => event.object_id.parse().ok(),
        _ => event.acting_for,
    }
}

fn position_of(job: &Job) -> Option<EventPosition> {
    let Some(Json::Object(progress)) = &job.progress else { return None };
    match progress.get(POSITION) {
        Some(Json::Number(number)) => number.as_str().parse().ok().map(EventPosition::from_stored),
        _ => None,
    }
}

fn kept(position: Option<EventPosition>) -> Option<Json> {
    let position = Json::of(&position?.as_i64()).ok()?;
    Some(Json::Object(JsonObject::from_iter([(POSITION.to_owned(), position)])))
}
