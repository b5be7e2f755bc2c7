//! The job of a workflow: starts and stops it, and follows its schedule.

use std::time::Duration;

use denizen_domain::{
    Error, Job, Json, JsonObject, Origin, Result, Status, Timestamp, Trigger, TriggerKind, Workflow,
    WorkflowId, WorkflowStatus,
};
use denizen_persistence::jobs::Ending;
use denizen_persistence::{DbConnection, events, executions, workflows, workspaces};

use super::{Start, Workflows, compiled};

/// How many executions are cancelled before others have their turn.
const BATCH: u32 = 100;

/// How long a workflow waits whose workspace is not active.
const INACTIVE: Duration = Duration::from_mins(1);

/// How long a schedule waits whose workspace begins too many executions.
const BUSY: Duration = Duration::from_secs(10);

impl Workflows {
    /// Does what the status of a workflow asks for.
    pub(crate) async fn control(&self, job: &Job) -> Result<Ending> {
        let key = (job.workspace_id, WorkflowId::from_uuid(job.lane));
        let origin = Origin::server(self.source.clone());
        let connection = &mut self.database.write().await?;
        let Some(workflow) = workflows::find(connection, key.0, key.1).await? else {
            return Ok(Ending::Succeeded);
        };
        let now = self.source.clock.now();
        match workflow.status {
            WorkflowStatus::Inactive => Ok(Ending::Succeeded),
            WorkflowStatus::Stopping => {
                if executions::cancel_some(connection, &origin, key.0, key.1, BATCH).await? {
                    return Ok(Ending::GoesOn(now));
                }
                workflows::settle(connection, &origin, key, true).await?;
                Ok(Ending::Succeeded)
            }
            WorkflowStatus::Starting => {
                // Changes from before the start get their positions before it begins to count.
                while events::give_positions(connection, key.0, now).await? {}
                workflows::settle(connection, &origin, key, false).await?;
                Ok(Ending::GoesOn(now))
            }
            WorkflowStatus::Active => match workflow.next_run_at {
                None => Ok(Ending::Succeeded),
                Some(next) if next > now => Ok(Ending::GoesOn(next)),
                Some(next) => {
                    let place = workspaces::find(connection, key.0).await?;
                    if place.is_none_or(|place| place.status != Status::Active) {
                        return Ok(Ending::GoesOn(now.plus(INACTIVE)));
                    }
                    self.run_schedule(connection, &origin, &workflow, (next, now)).await
                }
            },
        }
    }

    /// Begins the execution that is due. Times that were missed since, while no server ran, are made up for by this one.
    async fn run_schedule(
        &self,
        connection: &mut DbConnection,
        origin: &Origin,
        workflow: &Workflow,
        (due_at, now): (Timestamp, Timestamp),
    ) -> Result<Ending> {
        let Trigger::Schedule { schedule, .. } = &workflow.definition.trigger else {
            return Ok(Ending::Succeeded);
        };
        if let Err(Error::RateLimited { .. }) = self.count_start(workflow.workspace_id) {
            return Ok(Ending::GoesOn(now.plus(BUSY)));
        }
        let missed = schedule.count_between(due_at, now);
        let told = JsonObject::from_iter([
            ("scheduledAt".to_owned(), Json::String(due_at.to_string())),
            ("missed".to_owned(), Json::of(&missed).unwrap_or_default()),
        ]);
        let start = Start {
            kind: TriggerKind::Schedule,
            trigger: told.clone(),
            data: Json::Object(told),
            user_id: None,
            key: Some(due_at.to_string()),
            caused_by: None,
            refusal: None,
        };
        let new = self.new_execution(start).await?;
        let graph = compiled(workflow)?;
        executions::begin_on_schedule(connection, origin, (workflow, &graph), new, &self.limits).await?;
        Ok(Ending::GoesOn(schedule.next_after(now).unwrap_or(now)))
    }
}
