//! Executions: how they begin, go on step by step, end, and are stored once only.

use std::time::Duration;

use denizen_domain::{
    AccessChange, Account, AccountChanges, Actor, Conclusion, Conflict, Error, Execution, ExecutionId,
    ExecutionProgress, ExecutionState, ExternalId, ExternalUserChanges, Forbidden, Function, IdSource as _,
    Json, NewAccount, NewStep, Origin, Patch, Permission, PersonName, RandomIds, Reach, Status, Step,
    StepState, Timestamp, Trigger, TriggerKind, UserAction, UserReference, Username, Workflow,
    WorkflowChanges, WorkflowDefinition, WorkflowKind, WorkflowLimits, WorkflowOwner, WorkflowSettings,
    WorkflowStatus, WorkflowViewer,
};
use denizen_persistence::executions::{
    self, DirectoryChange, Effect, NewExecution, begin, begin_on_schedule,
};
use denizen_persistence::workflows::{self, Control, NewWorkflow};
use denizen_persistence::{Asker, accounts, external_users, jobs};
use serde_json::json;

use crate::{Fixture, on_both};

fn definition(trigger: Trigger, settings: WorkflowSettings) -> WorkflowDefinition {
    let graph = json!({ "nodes": [
        { "id": "one", "componentId": "data", "function": "map", "fields": {} },
    ] });
    WorkflowDefinition {
        name: "Test".to_owned(),
        description: String::new(),
        kind: WorkflowKind::Ordinary,
        graph: Json::from(graph),
        trigger,
        settings,
    }
}

fn viewer(fixture: &Fixture) -> WorkflowViewer {
    WorkflowViewer { reach: Reach::Workspace(fixture.workspace_id), account_id: None }
}

fn control(fixture: &Fixture) -> Control {
    Control { asker: None, viewer: viewer(fixture) }
}

fn now(fixture: &Fixture) -> Timestamp {
    fixture.origin.source.clock.now()
}

/// Creates an active workflow.
async fn create_with(fixture: &Fixture, origin: &Origin, definition: WorkflowDefinition) -> Workflow {
    let connection = &mut fixture.write().await;
    let new = NewWorkflow { workspace_id: fixture.workspace_id, definition, owners: None, template_id: None };
    let workflow = workflows::create(connection, origin, None, viewer(fixture), &new).await.unwrap();
    let (key, limits) = ((workflow.workspace_id, workflow.id), WorkflowLimits::default());
    workflows::start(connection, origin, control(fixture), key, &limits).await.unwrap().unwrap();
    workflows::settle(connection, origin, key, false).await.unwrap().unwrap()
}

async fn create(fixture: &Fixture) -> Workflow {
    create_with(fixture, &fixture.origin, definition(Trigger::Manual, WorkflowSettings::default())).await
}

fn new_execution() -> NewExecution {
    NewExecution {
        id: ExecutionId::from_uuid(RandomIds.uuid()),
        user_id: None,
        trigger_kind: TriggerKind::Manual,
        trigger: Json::from(json!({ "type": "manual" })),
        data: Json::from(json!({ "n": 1 })),
        key: None,
        depth: Ok(0),
    }
}

async fn begin_with(fixture: &Fixture, workflow: &Workflow, new: &NewExecution) -> Option<Execution> {
    let connection = &mut fixture.write().await;
    let new = NewExecution { id: ExecutionId::from_uuid(RandomIds.uuid()), ..new.clone() };
    let (graph, limits) = (workflow.definition.compiled().unwrap(), WorkflowLimits::default());
    begin(connection, &fixture.origin, (workflow, &graph), new, &limits).await.unwrap()
}

async fn begun(fixture: &Fixture, workflow: &Workflow) -> Execution {
    begin_with(fixture, workflow, &new_execution()).await.unwrap()
}

async fn find(fixture: &Fixture, execution: &Execution) -> Execution {
    let connection = &mut fixture.database.read().await.unwrap();
    executions::find(connection, execution.workspace_id, execution.id).await.unwrap().unwrap()
}

async fn due_steps(fixture: &Fixture, execution: &Execution) -> Vec<Step> {
    let connection = &mut fixture.database.read().await.unwrap();
    executions::due_steps(connection, execution, now(fixture), 100).await.unwrap()
}

async fn only_step(fixture: &Fixture, execution: &Execution) -> Step {
    let [step] = <[Step; 1]>::try_from(due_steps(fixture, execution).await).unwrap();
    step
}

async fn all_steps(fixture: &Fixture, execution: &Execution) -> Vec<Step> {
    let connection = &mut fixture.database.read().await.unwrap();
    executions::list_steps(connection, execution, 0, 100).await.unwrap().items
}

fn next(node_id: &str, step: &Step, data: serde_json::Value) -> NewStep {
    let lineage = step.lineage.iter().copied().chain([step.number]).collect();
    NewStep { node_id: node_id.to_owned(), is_gathered: false, lineage, data: data.into() }
}

fn done(step: &Step, next: Vec<NewStep>) -> Conclusion {
    let step = Step {
        state: StepState::Succeeded,
        attempts: 1,
        due_at: None,
        result: Some(step.data.clone()),
        ..step.clone()
    };
    Conclusion { step, gathered: Vec::new(), next }
}

fn failed(step: &Step, message: &str) -> Conclusion {
    let mut conclusion = done(step, Vec::new());
    (conclusion.step.state, conclusion.step.result) = (StepState::Failed, None);
    conclusion.step.message = Some(message.to_owned());
    conclusion
}

async fn advance(
    fixture: &Fixture,
    execution: &Execution,
    effect: Option<&Effect>,
    conclusion: Conclusion,
) -> Result<Execution, Error> {
    let connection = &mut fixture.write().await;
    let origin = Origin::workflow(
        fixture.origin.source.clone(),
        execution.workflow_id,
        execution.id,
        execution.user_id,
    );
    let mut progress = ExecutionProgress::of(execution.clone());
    if let Some(effect) = effect {
        let changed = executions::change(connection, &origin, &progress, effect, |_| conclusion.clone());
        return changed.await.map(|stored| stored.execution);
    }
    progress.conclude(conclusion, now(fixture));
    let stored = executions::store(connection, &origin, &[progress]).await?;
    stored.into_iter().flatten().next().ok_or(Error::Conflict(Conflict::ConcurrentChange))
}

async fn advanced(fixture: &Fixture, execution: &Execution, conclusion: Conclusion) -> Execution {
    advance(fixture, execution, None, conclusion).await.unwrap()
}

fn upsert(maker: Actor, external_id: &str) -> Effect {
    let changes = Box::new(ExternalUserChanges::default());
    let action = UserAction::Upsert(ExternalId::parse(external_id).unwrap(), changes);
    let restorable_from = Timestamp::from_unix_microseconds(0).unwrap();
    let change = DirectoryChange::User { action, restorable_from };
    Effect { maker, function: Function::UpsertUser, change }
}

async fn has_user(fixture: &Fixture, external_id: &str) -> bool {
    let connection = &mut fixture.database.read().await.unwrap();
    external_users::find_by_external_id(connection, fixture.workspace_id, external_id)
        .await
        .unwrap()
        .is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_goes_on_step_by_step_and_ends() {
    on_both(async |fixture| {
        let workflow = create(fixture).await;
        let begun = begun(fixture, &workflow).await;
        let first = only_step(fixture, &begun).await;
        assert_eq!(
            (first.number, first.node_id.as_str(), first.data.to_string()),
            (1, "one", r#"{"n":1}"#.to_owned())
        );
        let conclusion = done(&first, vec![next("two", &first, json!(2)), next("three", &first, json!(3))]);
        let execution = advanced(fixture, &begun, conclusion).await;
        let [second, third] = <[Step; 2]>::try_from(due_steps(fixture, &execution).await).unwrap();
        assert_eq!((second.lineage.clone(), third.number), (vec![1], 3));
        let execution = advanced(fixture, &execution, done(&second, vec![])).await;
        assert_eq!(execution.state, ExecutionState::Running);
        let execution = advanced(fixture, &execution, done(&third, vec![])).await;
        assert_eq!(execution, find(fixture, &execution).await);
        assert_eq!((execution.state, execution.due_at), (ExecutionState::Succeeded, None));
        assert!(execution.finished_at.is_some());
        let total = execution.total();
        assert_eq!((total.incoming, total.outgoing, total.errors), (3, 3, 0));
        let connection = &mut fixture.database.read().await.unwrap();
        let results = executions::results_of(connection, &execution, &[1, 3]).await.unwrap();
        assert_eq!(results.to_string(), r#"{"one":{"n":1},"three":3}"#);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_failed_ends_its_branch_and_the_execution_has_failed() {
    on_both(async |fixture| {
        let begun = begun(fixture, &create(fixture).await).await;
        let first = only_step(fixture, &begun).await;
        let conclusion = done(&first, vec![next("two", &first, json!(2)), next("two", &first, json!(3))]);
        let execution = advanced(fixture, &begun, conclusion).await;
        let steps = due_steps(fixture, &execution).await;
        let execution = advanced(fixture, &execution, failed(&steps[0], "no such user")).await;
        assert_eq!(execution.state, ExecutionState::Running, "the other branch goes on");
        let execution = advanced(fixture, &execution, done(&steps[1], vec![])).await;
        assert_eq!(execution.state, ExecutionState::Failed);
        assert_eq!(execution.error.as_deref(), Some("two: no such user"));

        let connection = &mut fixture.write().await;
        let (workspace_id, id) = (execution.workspace_id, execution.id);
        let limits = WorkflowLimits::default();
        let again =
            executions::retry(connection, &fixture.origin, control(fixture), workspace_id, id, &limits)
                .await
                .unwrap()
                .unwrap();
        assert_eq!(
            (again.state, again.error.clone(), again.total().errors),
            (ExecutionState::Running, None, 0)
        );
        let step = only_step(fixture, &again).await;
        assert_eq!((step.number, step.attempts), (steps[0].number, 0), "only what failed is done again");
        let execution = advanced(fixture, &again, done(&step, vec![])).await;
        assert_eq!(execution.state, ExecutionState::Succeeded);
        let refused =
            executions::retry(connection, &fixture.origin, control(fixture), workspace_id, id, &limits).await;
        assert!(matches!(refused, Err(Error::Conflict(Conflict::ExecutionNotFailed))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_stored_together_but_for_those_that_others_have_stored() {
    on_both(async |fixture| {
        let workflow = create(fixture).await;
        let mut progresses = Vec::new();
        for _ in 0..3 {
            let execution = begun(fixture, &workflow).await;
            let step = only_step(fixture, &execution).await;
            let mut progress = ExecutionProgress::of(execution);
            progress.conclude(done(&step, vec![next("two", &step, json!(2))]), now(fixture));
            let two = progress.new[0].clone();
            progress.conclude(done(&two, vec![]), now(fixture));
            progresses.push(progress);
        }
        let [first, second, third] = [0, 1, 2].map(|index: usize| progresses[index].execution.clone());
        let connection = &mut fixture.write().await;
        let place = workflow.workspace_id;
        executions::cancel(connection, &fixture.origin, None, place, second.id, None).await.unwrap().unwrap();
        let stored = executions::store(connection, &fixture.origin, &progresses).await.unwrap();
        let states: Vec<_> = stored.iter().map(|stored| stored.as_ref().map(|one| one.state)).collect();
        assert_eq!(states, [Some(ExecutionState::Succeeded), None, Some(ExecutionState::Succeeded)]);
        for execution in [&first, &third] {
            assert_eq!(find(fixture, execution).await.state, ExecutionState::Succeeded);
            let steps: Vec<_> =
                all_steps(fixture, execution).await.iter().map(|step| (step.number, step.state)).collect();
            assert_eq!(steps, [(1, StepState::Succeeded), (2, StepState::Succeeded)]);
        }
        assert_eq!(find(fixture, &second).await.state, ExecutionState::Cancelled);
        let steps: Vec<_> = all_steps(fixture, &second).await.iter().map(|step| step.state).collect();
        assert_eq!(steps, [StepState::Cancelled], "nothing of it is stored");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_has_its_effect_once_however_many_servers_begin_it() {
    on_both(async |fixture| {
        let begun = begun(fixture, &create(fixture).await).await;
        let step = only_step(fixture, &begun).await;
        let conclusion = done(&step, vec![next("two", &step, json!(2))]);
        let effect = upsert(Actor::Operator, "first");
        advance(fixture, &begun, Some(&effect), conclusion.clone()).await.unwrap();
        assert!(has_user(fixture, "first").await);

        let late = upsert(Actor::Operator, "second");
        let refused = advance(fixture, &begun, Some(&late), conclusion).await;
        assert!(matches!(refused, Err(Error::Conflict(Conflict::ConcurrentChange))), "{refused:?}");
        assert!(!has_user(fixture, "second").await, "the effect is undone with the step");
        assert_eq!(all_steps(fixture, &begun).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_changes_of_a_step_name_the_workflow_and_the_user() {
    on_both(async |fixture| {
        let connection = &mut fixture.write().await;
        let (channel, workspace_id) = (
            denizen_persistence::channels::find_default(connection, fixture.workspace_id).await.unwrap(),
            fixture.workspace_id,
        );
        let changes = ExternalUserChanges::default();
        let user =
            external_users::create(connection, &fixture.origin, workspace_id, channel.id, &changes).await;
        let user = user.unwrap();
        let workflow = create(fixture).await;
        let new = NewExecution { user_id: Some(user.id), ..new_execution() };
        let begun = begin_with(fixture, &workflow, &new).await.unwrap();
        let step = only_step(fixture, &begun).await;
        let changes = ExternalUserChanges { access: Some(AccessChange::Block), ..Default::default() };
        let action = UserAction::Change(UserReference::InContext, Box::new(changes));
        let change = DirectoryChange::User { action, restorable_from: now(fixture) };
        let effect = Effect { maker: Actor::Operator, function: Function::BlockUser, change };
        advance(fixture, &begun, Some(&effect), done(&step, vec![])).await.unwrap();
        let filter =
            denizen_domain::AuditEventFilter { object_id: Some(user.id.to_string()), ..Default::default() };
        let window = denizen_domain::Window {
            page: denizen_domain::Page::Number(denizen_domain::PageNumber::FIRST),
            limit: 1,
            direction: denizen_domain::Direction::Descending,
        };
        let log =
            denizen_persistence::audit_events::list(connection, Some(workspace_id), &filter, &window).await;
        let entry = &log.unwrap().items[0];
        assert_eq!((entry.actor, entry.acting_for), (Actor::Workflow(workflow.id), Some(user.id)));
        assert_eq!(entry.actor.execution(entry.request_id.as_deref()), Some(begun.id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_has_the_rights_that_its_maker_has_at_this_moment() {
    on_both(async |fixture| {
        let account = create_account(fixture, &[Permission::FlowsWrite]).await;
        let maker = Actor::Account(account.id);
        let origin = Origin { actor: maker, ..fixture.origin.clone() };
        let definition = definition(Trigger::Manual, WorkflowSettings::default());
        let workflow = create_with(fixture, &origin, definition).await;
        let begun = begun(fixture, &workflow).await;
        let step = only_step(fixture, &begun).await;
        let again = done(&step, vec![next("one", &step, json!(1))]);
        let execution = advance(fixture, &begun, Some(&upsert(maker, "allowed")), again).await.unwrap();
        assert!(has_user(fixture, "allowed").await);

        let step = only_step(fixture, &execution).await;
        let attempt = async |changes: AccountChanges| {
            change_account(fixture, &account, changes).await;
            advance(fixture, &execution, Some(&upsert(maker, "refused")), done(&step, vec![])).await
        };
        let none = AccountChanges { permissions: Some([].into_iter().collect()), ..Default::default() };
        let refused = attempt(none).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden(Forbidden::MissingPermission(Permission::FlowsWrite))));
        let disabled = AccountChanges {
            permissions: Some([Permission::FlowsWrite].into_iter().collect()),
            status: Some(Status::Disabled),
            ..Default::default()
        };
        let refused = attempt(disabled).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden(Forbidden::MakerGone)));
        assert!(!has_user(fixture, "refused").await);
    })
    .await;
}

async fn create_account(fixture: &Fixture, permissions: &[Permission]) -> Account {
    let new = NewAccount {
        username: Username::parse("maker@example.com").unwrap(),
        first_name: PersonName::parse("Mae").unwrap(),
        last_name: PersonName::parse("Maker").unwrap(),
        is_admin: false,
        rest: AccountChanges {
            home: Patch::Value(fixture.workspace_id),
            permissions: Some(permissions.iter().copied().collect()),
            ..AccountChanges::default()
        },
    };
    accounts::create(&mut fixture.write().await, &fixture.origin, Asker::Operator, &new).await.unwrap()
}

async fn change_account(fixture: &Fixture, account: &Account, changes: AccountChanges) {
    let connection = &mut fixture.write().await;
    accounts::change(connection, &fixture.origin, Asker::Operator, account.id, &changes, None, |_| Ok(()))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_starts_a_workflow_starts_it_once() {
    on_both(async |fixture| {
        let workflow = create(fixture).await;
        let new = NewExecution { key: Some("event-7".to_owned()), ..new_execution() };
        assert!(begin_with(fixture, &workflow, &new).await.is_some());
        assert!(begin_with(fixture, &workflow, &new).await.is_none());
        let other = create(fixture).await;
        assert!(begin_with(fixture, &other, &new).await.is_some(), "another workflow has keys of its own");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_must_not_run_has_failed_with_the_reason() {
    on_both(async |fixture| {
        let workflow = create(fixture).await;
        let new = NewExecution { depth: Err("The chain ends here.".to_owned()), ..new_execution() };
        let refused = begin_with(fixture, &workflow, &new).await.unwrap();
        assert_eq!(refused, find(fixture, &refused).await);
        assert_eq!(
            (refused.state, refused.error.as_deref()),
            (ExecutionState::Failed, Some("The chain ends here."))
        );
        assert!(due_steps(fixture, &refused).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_wait_for_others_are_gathered_when_nothing_else_is_to_be_done() {
    on_both(async |fixture| {
        let begun = begun(fixture, &create(fixture).await).await;
        let first = only_step(fixture, &begun).await;
        let arrives = |data| NewStep { is_gathered: true, ..next("all", &first, data) };
        let conclusion =
            done(&first, vec![arrives(json!("a")), arrives(json!("b")), next("two", &first, json!(2))]);
        let execution = advanced(fixture, &begun, conclusion).await;
        let second = only_step(fixture, &execution).await;
        assert_eq!(second.node_id, "two");
        let execution = advanced(fixture, &execution, done(&second, vec![])).await;
        assert_eq!((execution.state, execution.due_at), (ExecutionState::Running, Some(now(fixture))));
        assert!(due_steps(fixture, &execution).await.is_empty());
        let arrived = {
            let connection = &mut fixture.database.read().await.unwrap();
            let arrivals = executions::arrivals(connection, &execution, 100).await.unwrap();
            let numbers: Vec<_> = arrivals.iter().map(|arrival| arrival.number).collect();
            assert_eq!(arrivals.iter().map(|arrival| arrival.size).sum::<i64>(), 6);
            executions::steps_with(connection, &execution, &numbers).await.unwrap()
        };
        let (data, lineage) = denizen_domain::gathered(&arrived);
        assert_eq!((data.to_string(), lineage.clone()), (r#"["a","b"]"#.to_owned(), vec![1]));
        let merge = Step { number: 0, node_id: "all".to_owned(), data, lineage, ..arrived[0].clone() };
        let gathered = arrived.iter().map(|step| step.number).collect();
        let conclusion = Conclusion { gathered, ..done(&merge, vec![next("end", &merge, json!("end"))]) };
        let execution = advanced(fixture, &execution, conclusion).await;
        let end = only_step(fixture, &execution).await;
        assert_eq!((end.node_id.as_str(), end.lineage), ("end", vec![1, end.number - 1]));
        let end = only_step(fixture, &execution).await;
        let execution = advanced(fixture, &execution, done(&end, vec![])).await;
        assert_eq!(execution.state, ExecutionState::Succeeded);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_waits_makes_its_execution_due_at_that_time_or_when_its_time_is_up() {
    on_both(async |fixture| {
        let begun = begun(fixture, &create(fixture).await).await;
        let step = only_step(fixture, &begun).await;
        let until = now(fixture).plus(Duration::from_hours(2));
        let mut conclusion = done(&step, vec![]);
        (conclusion.step.state, conclusion.step.due_at) = (StepState::Waiting, Some(until));
        let execution = advanced(fixture, &begun, conclusion.clone()).await;
        assert_eq!(execution.due_at, Some(until));
        assert!(due_steps(fixture, &execution).await.is_empty());
        fixture.clock.advance(Duration::from_hours(2));
        let step = only_step(fixture, &execution).await;
        assert_eq!(step.state, StepState::Waiting);
        conclusion.step.due_at = Some(now(fixture).plus(Duration::from_hours(48)));
        let execution = advanced(fixture, &execution, conclusion).await;
        assert_eq!(execution.due_at, Some(execution.expires_at), "it is over before the step is due");
        let connection = &mut fixture.write().await;
        let ended = executions::fail(connection, &fixture.origin, &execution, "too late").await.unwrap();
        assert_eq!((ended.state, ended.error.as_deref()), (ExecutionState::Failed, Some("too late")));
        assert_eq!(all_steps(fixture, &ended).await[0].state, StepState::Cancelled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_of_a_user_run_in_order_if_the_workflow_says_so() {
    on_both(async |fixture| {
        let settings = WorkflowSettings { is_ordered_by_user: true, ..WorkflowSettings::default() };
        let workflow = create_with(fixture, &fixture.origin, definition(Trigger::Manual, settings)).await;
        let user_id = Some(denizen_domain::ExternalUserId::from_uuid(fixture.origin.source.ids.uuid()));
        let new = NewExecution { user_id, ..new_execution() };
        let first = begin_with(fixture, &workflow, &new).await.unwrap();
        fixture.clock.advance(Duration::from_secs(1));
        let second = begin_with(fixture, &workflow, &new).await.unwrap();
        let connection = &mut fixture.write().await;
        assert!(!executions::take_turn(connection, &second).await.unwrap());
        assert_eq!(find(fixture, &second).await.due_at, None, "it waits");
        assert!(executions::take_turn(connection, &first).await.unwrap());
        let step = only_step(fixture, &first).await;
        advanced(fixture, &first, done(&step, vec![])).await;
        let called = find(fixture, &second).await;
        assert_eq!(called.due_at, Some(now(fixture)), "it is called");
        assert!(executions::take_turn(connection, &called).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_is_stopped_cancels_its_executions_and_can_be_changed_again() {
    on_both(async |fixture| {
        let workflow = create(fixture).await;
        let key = (workflow.workspace_id, workflow.id);
        let execution = begun(fixture, &workflow).await;
        let connection = &mut fixture.write().await;
        let origin = &fixture.origin;
        let changes = WorkflowChanges { name: Some("Other".to_owned()), ..WorkflowChanges::default() };
        let changed = workflows::change(connection, origin, None, viewer(fixture), key, &changes).await;
        assert!(matches!(
            changed,
            Err(Error::Conflict(Conflict::WorkflowNotInactive(WorkflowStatus::Active)))
        ));
        let limits = WorkflowLimits::default();
        let twice = workflows::start(connection, origin, control(fixture), key, &limits).await;
        assert!(matches!(twice, Err(Error::Conflict(Conflict::WorkflowAlready(WorkflowStatus::Active)))));
        let stopped = workflows::stop(connection, origin, control(fixture), key).await.unwrap().unwrap();
        assert_eq!(stopped.status, WorkflowStatus::Stopping);
        assert!(executions::cancel_some(connection, origin, key.0, key.1, 10).await.unwrap());
        assert!(!executions::cancel_some(connection, origin, key.0, key.1, 10).await.unwrap());
        let settled = workflows::settle(connection, origin, key, true).await.unwrap().unwrap();
        assert_eq!(settled.status, WorkflowStatus::Inactive);
        let cancelled = find(fixture, &execution).await;
        assert_eq!(cancelled.state, ExecutionState::Cancelled);
        let step = &all_steps(fixture, &execution).await[0];
        assert_eq!(step.state, StepState::Cancelled);
        let late =
            advance(fixture, &execution, Some(&upsert(Actor::Operator, "late")), done(step, vec![])).await;
        assert!(matches!(late, Err(Error::Conflict(Conflict::ConcurrentChange))));
        assert!(!has_user(fixture, "late").await, "a step under way has no effect any more");
        let changed = workflows::change(connection, origin, None, viewer(fixture), key, &changes).await;
        assert_eq!(changed.unwrap().unwrap().definition.name, "Other");
        assert!(workflows::delete(connection, origin, None, viewer(fixture), key).await.unwrap());
        assert!(workflows::find(connection, key.0, key.1).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_begins_one_execution_for_each_time() {
    on_both(async |fixture| {
        let trigger = Trigger::parse(None, Some(&Json::String("0 * * * *".to_owned()))).unwrap();
        let workflow =
            create_with(fixture, &fixture.origin, definition(trigger, WorkflowSettings::default())).await;
        let due_at = workflow.next_run_at.unwrap();
        fixture.clock.advance(due_at.since(now(fixture)));
        let new = NewExecution { key: Some(due_at.to_string()), ..new_execution() };
        let limits = WorkflowLimits::default();
        let connection = &mut fixture.write().await;
        let graph = workflow.definition.compiled().unwrap();
        let first = (&workflow, &graph);
        let begun =
            begin_on_schedule(connection, &fixture.origin, first, new.clone(), &limits).await.unwrap();
        assert!(begun.is_some());
        let twice = begin_on_schedule(connection, &fixture.origin, first, new, &limits).await.unwrap();
        assert!(twice.is_none(), "another server has begun it");
        let found = workflows::find(connection, workflow.workspace_id, workflow.id).await.unwrap().unwrap();
        assert_eq!(found.next_run_at, Some(due_at.plus(Duration::from_hours(1))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_whose_last_owner_is_deleted_is_stopped() {
    on_both(async |fixture| {
        let account = create_account(fixture, &[]).await;
        let (shared, own) = (create(fixture).await, create(fixture).await);
        let connection = &mut fixture.write().await;
        for (workflow, with_workspace) in [(&shared, true), (&own, false)] {
            let key = (workflow.workspace_id, workflow.id);
            workflows::stop(connection, &fixture.origin, control(fixture), key).await.unwrap().unwrap();
            workflows::settle(connection, &fixture.origin, key, true).await.unwrap().unwrap();
            let of_workspace = with_workspace.then_some(WorkflowOwner::Workspace(fixture.workspace_id));
            let owners = [WorkflowOwner::Account(account.id)].into_iter().chain(of_workspace).collect();
            let changes = WorkflowChanges { owners: Some(owners), ..WorkflowChanges::default() };
            let everywhere = WorkflowViewer { reach: Reach::Everywhere, account_id: None };
            workflows::change(connection, &fixture.origin, None, everywhere, key, &changes).await.unwrap();
            let control = Control { asker: None, viewer: everywhere };
            let limits = WorkflowLimits::default();
            workflows::start(connection, &fixture.origin, control, key, &limits).await.unwrap().unwrap();
            workflows::settle(connection, &fixture.origin, key, false).await.unwrap();
        }
        accounts::delete(connection, &fixture.origin, Asker::Operator, account.id, |_| Ok(())).await.unwrap();
        let status = async |workflow: &Workflow| {
            let connection = &mut fixture.database.read().await.unwrap();
            let found =
                workflows::find(connection, workflow.workspace_id, workflow.id).await.unwrap().unwrap();
            (found.status, found.owners.len())
        };
        assert_eq!(status(&shared).await, (WorkflowStatus::Active, 1));
        assert_eq!(status(&own).await, (WorkflowStatus::Stopping, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_executions_are_removed_with_their_steps() {
    on_both(async |fixture| {
        let workflow = create(fixture).await;
        let (old, unfinished) = (begun(fixture, &workflow).await, begun(fixture, &workflow).await);
        let step = only_step(fixture, &old).await;
        advanced(fixture, &old, done(&step, vec![])).await;
        fixture.clock.advance(Duration::from_hours(1));
        let connection = &mut fixture.write().await;
        // First its steps, then itself.
        assert_eq!(executions::sweep(connection, now(fixture), 10).await.unwrap(), 1);
        assert_eq!(executions::sweep(connection, now(fixture), 10).await.unwrap(), 1);
        assert_eq!(executions::sweep(connection, now(fixture), 10).await.unwrap(), 0);
        assert!(executions::find(connection, old.workspace_id, old.id).await.unwrap().is_none());
        assert!(executions::find(connection, old.workspace_id, unfinished.id).await.unwrap().is_some());
        assert!(all_steps(fixture, &old).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_has_one_job_however_many_executions_it_has() {
    on_both(async |fixture| {
        let settings = WorkflowSettings { concurrency: 1, ..WorkflowSettings::default() };
        let workflow = create_with(fixture, &fixture.origin, definition(Trigger::Manual, settings)).await;
        let first = begun(fixture, &workflow).await;
        fixture.clock.advance(Duration::from_secs(1));
        begun(fixture, &workflow).await;
        let connection = &mut fixture.write().await;
        let lanes = jobs::due(connection, now(fixture), &[], 16).await.unwrap();
        // That of the workflow itself, which has started it, and that of the lane.
        assert_eq!(lanes.len(), 2);
        let mut taken = Vec::new();
        for lane in &lanes {
            taken.extend(jobs::take(connection, &fixture.origin.source, lane).await.unwrap());
        }
        let run = taken.iter().find(|taken| taken.job.kind == denizen_domain::JobKind::WorkflowRun).unwrap();
        let (place, lane) = (fixture.workspace_id, run.job.lane);
        let due = executions::find_due(connection, place, lane, now(fixture), 1).await.unwrap();
        assert_eq!(due[0].id, first.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_user_leaves_nothing_of_it_in_its_executions() {
    on_both(async |fixture| {
        let connection = &mut fixture.write().await;
        let workspace_id = fixture.workspace_id;
        let channel = denizen_persistence::channels::find_default(connection, workspace_id).await.unwrap();
        let changes = ExternalUserChanges::default();
        let user =
            external_users::create(connection, &fixture.origin, workspace_id, channel.id, &changes).await;
        let user = user.unwrap();
        let workflow = create(fixture).await;
        let new = NewExecution { user_id: Some(user.id), ..new_execution() };
        let (running, done_before) = (
            begin_with(fixture, &workflow, &new).await.unwrap(),
            begin_with(fixture, &workflow, &new).await.unwrap(),
        );
        let other = begun(fixture, &workflow).await;
        let step = only_step(fixture, &done_before).await;
        advanced(fixture, &done_before, done(&step, vec![])).await;
        external_users::erase(connection, &fixture.origin, workspace_id, user.id, |_| Ok(())).await.unwrap();
        for (execution, state) in
            [(&running, ExecutionState::Cancelled), (&done_before, ExecutionState::Succeeded)]
        {
            let found = find(fixture, execution).await;
            assert_eq!(
                (found.state, found.trigger.to_string(), found.due_at),
                (state, "{}".to_owned(), None)
            );
            let step = &all_steps(fixture, execution).await[0];
            assert_eq!((&step.data, &step.result, step.state.is_open()), (&Json::Null, &None, false));
        }
        assert!(due_steps(fixture, &running).await.is_empty());
        assert_eq!(only_step(fixture, &other).await.data.to_string(), r#"{"n":1}"#);
    })
    .await;
}
