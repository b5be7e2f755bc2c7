//! Jobs: who runs them, in which order, and what becomes of those that nobody finishes.

use std::collections::HashMap;
use std::time::Duration;

use denizen_domain::{
    Conflict, Error, EventPosition, Job, JobFilter, JobId, JobState, Slug, Timestamp, WebhookEndpoint,
    WebhookEndpointChanges, Window, WorkspaceId, WorkspaceName,
};
use denizen_persistence::events::{self, Start};
use denizen_persistence::jobs::{self, Ending, LEASE, Taken};
use denizen_persistence::webhooks::{self, ReplayRange};
use denizen_persistence::{Database, workspaces};

use crate::{Fixture, on_both};

/// Creates an endpoint, and so a job in a lane of its own.
async fn create_endpoint(fixture: &Fixture, workspace_id: WorkspaceId) -> WebhookEndpoint {
    let (connection, origin) = (&mut fixture.write().await, &fixture.origin);
    let changes = WebhookEndpointChanges::default();
    webhooks::create(connection, origin, workspace_id, "https://example.com".to_owned(), changes)
        .await
        .unwrap()
}

/// Creates a job that fails for good after its last attempt, alone in its lane.
async fn create_mortal(fixture: &Fixture) {
    let endpoint = create_endpoint(fixture, fixture.workspace_id).await;
    create_replay(fixture, &endpoint).await;
    let delivery = take(fixture).await.unwrap();
    finish(fixture, &delivery, Ending::Succeeded).await;
}

/// Creates another job in the lane of an endpoint.
async fn create_replay(fixture: &Fixture, endpoint: &WebhookEndpoint) -> JobId {
    let now = fixture.origin.source.clock.now();
    let (connection, range) = (&mut fixture.write().await, ReplayRange { since: now, until: now });
    let WebhookEndpoint { workspace_id, id, .. } = *endpoint;
    let job = webhooks::begin_replay(connection, &fixture.origin, workspace_id, id, range).await;
    job.unwrap().unwrap()
}

async fn create_workspace(fixture: &Fixture, slug: &str) -> WorkspaceId {
    let (slug, name) = (Slug::parse(slug).unwrap(), WorkspaceName::parse(slug).unwrap());
    let connection = &mut fixture.write().await;
    workspaces::create(connection, &fixture.origin, &slug, &name).await.unwrap().0.id
}

fn now(fixture: &Fixture) -> Timestamp {
    fixture.origin.source.clock.now()
}

async fn take_on(fixture: &Fixture, database: &Database) -> Option<Taken> {
    let connection = &mut database.write().await.unwrap();
    for lane in jobs::due(connection, now(fixture), &[], 16).await.unwrap() {
        let taken = jobs::take(connection, &fixture.origin.source, &lane).await.unwrap();
        if taken.is_some() {
            return taken;
        }
    }
    None
}

async fn take(fixture: &Fixture) -> Option<Taken> {
    take_on(fixture, &fixture.database).await
}

async fn finish(fixture: &Fixture, taken: &Taken, ending: Ending) {
    jobs::finish(&mut fixture.write().await, taken, &ending, None, now(fixture)).await.unwrap();
}

async fn keep(fixture: &Fixture, taken: &Taken) -> bool {
    jobs::keep(&mut fixture.write().await, taken, now(fixture)).await.unwrap()
}

async fn find(fixture: &Fixture, job: &Job) -> Job {
    let connection = &mut fixture.database.read().await.unwrap();
    jobs::find(connection, job.workspace_id, job.id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_lane_run_one_after_the_other() {
    on_both(async |fixture| {
        let endpoint = create_endpoint(fixture, fixture.workspace_id).await;
        let replay = create_replay(fixture, &endpoint).await;
        let first = take(fixture).await.unwrap();
        assert_eq!(
            (first.job.object_id.clone(), first.job.state),
            (endpoint.id.to_string(), JobState::Running)
        );
        assert!(take(fixture).await.is_none(), "the lane is taken");

        finish(fixture, &first, Ending::GoesOn(now(fixture).plus(Duration::from_secs(1)))).await;
        let second = take(fixture).await.unwrap();
        assert_eq!(second.job.id, replay);
        finish(fixture, &second, Ending::Succeeded).await;
        assert!(take(fixture).await.is_none(), "the first is not due yet");
        fixture.clock.advance(Duration::from_secs(1));
        assert_eq!(take(fixture).await.unwrap().job.id, first.job.id);
        let done = find(fixture, &second.job).await;
        assert_eq!((done.state, done.finished_at.is_some(), done.due_at), (JobState::Succeeded, true, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_with_several_jobs_does_not_hold_up_another() {
    on_both(async |fixture| {
        let busy = create_endpoint(fixture, fixture.workspace_id).await;
        create_replay(fixture, &busy).await;
        fixture.clock.advance(Duration::from_secs(1));
        let other_id = create_workspace(fixture, "other").await;
        let other = create_endpoint(fixture, other_id).await;
        let first = take(fixture).await.unwrap();
        assert_eq!(first.job.workspace_id, fixture.workspace_id);
        fixture.clock.advance(Duration::from_secs(1));
        finish(fixture, &first, Ending::Succeeded).await;
        assert_eq!(take(fixture).await.unwrap().job.object_id, other.id.to_string(), "its turn comes next");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_gives_its_jobs_back() {
    on_both(async |fixture| {
        create_endpoint(fixture, fixture.workspace_id).await;
        let lost = take(fixture).await.unwrap();
        fixture.clock.advance(LEASE.saturating_sub(Duration::from_secs(1)));
        assert!(take(fixture).await.is_none());
        assert!(keep(fixture, &lost).await, "a sign of life extends the lease");
        fixture.clock.advance(LEASE.saturating_sub(Duration::from_secs(1)));
        assert!(take(fixture).await.is_none());

        fixture.clock.advance(Duration::from_secs(1));
        let again = take_on(fixture, &fixture.another().await).await.unwrap();
        assert_eq!((again.job.id, again.job.attempts), (lost.job.id, 2));
        assert!(!keep(fixture, &lost).await, "it belongs to the other server");
        finish(fixture, &lost, Ending::Succeeded).await;
        assert_eq!(find(fixture, &lost.job).await.state, JobState::Running, "and only that one ends it");
        finish(fixture, &again, Ending::Succeeded).await;
        assert_eq!(find(fixture, &lost.job).await.state, JobState::Succeeded);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_fails_after_its_last_attempt_and_can_be_tried_again() {
    on_both(async |fixture| {
        create_mortal(fixture).await;
        let error = "It did not work.".to_owned();
        let mut attempts = 0;
        let failed = loop {
            let taken = take(fixture).await.unwrap();
            attempts += 1;
            let pause = taken.job.pause([0; 32]);
            let retry_at = pause.map(|pause| now(fixture).plus(pause));
            finish(fixture, &taken, Ending::Failed { error: error.clone(), retry_at }).await;
            let Some(pause) = pause else { break taken.job };
            fixture.clock.advance(pause);
        };
        assert_eq!(attempts, Job::MAXIMUM_ATTEMPTS);
        let job = find(fixture, &failed).await;
        assert_eq!((job.state, job.error.as_ref()), (JobState::Failed, Some(&error)));
        let load = jobs::load(&mut fixture.write().await, now(fixture)).await.unwrap();
        assert_eq!((load.failed, load.waiting, load.oldest_due_at), (1, 0, None));

        let connection = &mut fixture.write().await;
        let tried = jobs::retry(connection, job.workspace_id, job.id, now(fixture)).await.unwrap().unwrap();
        assert_eq!((tried.state, tried.attempts), (JobState::Waiting, 0));
        let refused = jobs::retry(connection, job.workspace_id, job.id, now(fixture)).await;
        assert!(matches!(refused, Err(Error::Conflict(Conflict::JobNotFailed))));
        assert_eq!(take(fixture).await.unwrap().job.id, job.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_stops_its_server_each_time_ends() {
    on_both(async |fixture| {
        create_mortal(fixture).await;
        let mut last = None;
        while let Some(taken) = take(fixture).await {
            last = Some(taken.job);
            fixture.clock.advance(LEASE);
        }
        let job = find(fixture, &last.unwrap()).await;
        assert_eq!((job.state, job.attempts), (JobState::Failed, Job::MAXIMUM_ATTEMPTS));
        assert_eq!(job.error.as_deref(), Some("The server stopped during the last attempt."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_stops_and_stays_so() {
    on_both(async |fixture| {
        create_endpoint(fixture, fixture.workspace_id).await;
        let taken = take(fixture).await.unwrap();
        let (workspace_id, id) = (taken.job.workspace_id, taken.job.id);
        let connection = &mut fixture.write().await;
        let cancelled = jobs::cancel(connection, workspace_id, id, now(fixture)).await.unwrap().unwrap();
        assert_eq!((cancelled.state, cancelled.due_at), (JobState::Cancelled, None));
        let refused = jobs::cancel(connection, workspace_id, id, now(fixture)).await;
        assert!(matches!(refused, Err(Error::Conflict(Conflict::JobFinished))));
        assert!(!keep(fixture, &taken).await);
        finish(fixture, &taken, Ending::GoesOn(now(fixture))).await;
        assert_eq!(find(fixture, &taken.job).await.state, JobState::Cancelled);
        assert!(take(fixture).await.is_none());
        let other_id = create_workspace(fixture, "other").await;
        assert!(jobs::cancel(connection, other_id, id, now(fixture)).await.unwrap().is_none());
        assert!(jobs::retry(connection, other_id, id, now(fixture)).await.unwrap().is_none());
    })
    .await;
}

/// Gives positions, and returns the end of the feed.
async fn end(fixture: &Fixture) -> EventPosition {
    let connection = &mut fixture.write().await;
    while events::give_positions(connection, fixture.workspace_id, now(fixture)).await.unwrap() {}
    let filter = denizen_domain::EventFilter::default();
    events::list(connection, fixture.workspace_id, Start::Latest, &filter, 1).await.unwrap().position
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_events_misses_none() {
    on_both(async |fixture| {
        create_endpoint(fixture, fixture.workspace_id).await;
        let taken = take(fixture).await.unwrap();
        let after = end(fixture).await;
        create_workspace(fixture, "elsewhere").await;
        create_endpoint(fixture, fixture.workspace_id).await;
        end(fixture).await;
        // An event came between its look at the feed and its end.
        finish(fixture, &taken, Ending::WaitsForEvents { after, until: None }).await;
        fixture.clock.advance(Duration::from_secs(1));
        let other = take(fixture).await.unwrap();
        let after = end(fixture).await;
        let again = take(fixture).await.unwrap();
        finish(fixture, &other, Ending::WaitsForEvents { after, until: None }).await;
        let ids = [other.job.id, again.job.id];
        assert!(ids.contains(&taken.job.id), "it runs again: {ids:?}");

        finish(fixture, &again, Ending::WaitsForEvents { after, until: None }).await;
        assert_eq!(find(fixture, &again.job).await.due_at, None);
        assert!(take(fixture).await.is_none(), "it sleeps");
        create_endpoint(fixture, fixture.workspace_id).await;
        let mut woken: Vec<_> = Vec::new();
        end(fixture).await;
        while let Some(taken) = take(fixture).await {
            woken.push(taken.job.id);
        }
        assert_eq!(woken.len(), 3, "the new one, and both that slept");
        assert!(woken.contains(&again.job.id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_called_while_it_runs_runs_again() {
    on_both(async |fixture| {
        let endpoint = create_endpoint(fixture, fixture.workspace_id).await;
        let taken = take(fixture).await.unwrap();
        // At the same moment: only the call itself tells.
        let changes = WebhookEndpointChanges { disabled: Some(true), ..WebhookEndpointChanges::default() };
        let (connection, origin) = (&mut fixture.write().await, &fixture.origin);
        let changed = webhooks::update(connection, origin, fixture.workspace_id, endpoint.id, &changes).await;
        assert!(changed.unwrap().unwrap().disabled);
        finish(fixture, &taken, Ending::Succeeded).await;
        assert_eq!(take(fixture).await.unwrap().job.id, taken.job.id, "it has not seen the change");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_share_the_work() {
    on_both(async |fixture| {
        for _ in 0..30 {
            let endpoint = create_endpoint(fixture, fixture.workspace_id).await;
            create_replay(fixture, &endpoint).await;
        }
        let another = fixture.another().await;
        let work = async |database: &Database| {
            let mut done = Vec::new();
            loop {
                let Some(taken) = take_on(fixture, database).await else { break };
                done.push(taken.job.id);
                finish(fixture, &taken, Ending::Succeeded).await;
            }
            done
        };
        let (first, second, third, fourth) =
            tokio::join!(work(&fixture.database), work(&another), work(&fixture.database), work(&another));
        let mut times: HashMap<JobId, u32> = HashMap::new();
        for id in [first, second, third, fourth].concat() {
            *times.entry(id).or_default() += 1;
        }
        // Whoever finds all lanes taken stops early; the others go on.
        assert_eq!(times.len(), 60);
        assert!(times.values().all(|count| *count == 1), "each is run once: {times:?}");
        let connection = &mut fixture.write().await;
        let (filter, window) = (JobFilter::default(), Window::first(100));
        let listed = jobs::list(connection, fixture.workspace_id, &filter, &window).await.unwrap();
        assert!(listed.items.iter().all(|job| job.state == JobState::Succeeded));
        let later = now(fixture).plus(Duration::from_secs(1));
        assert_eq!(jobs::sweep(connection, now(fixture), 100).await.unwrap(), 0);
        assert_eq!(jobs::sweep(connection, later, 50).await.unwrap(), 60, "all of one moment");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_goes_on_for_ever_is_tried_again_for_ever() {
    on_both(async |fixture| {
        create_endpoint(fixture, fixture.workspace_id).await;
        for attempt in 1..=Job::MAXIMUM_ATTEMPTS + 2 {
            let taken = take(fixture).await.unwrap();
            assert_eq!(taken.job.attempts, attempt);
            fixture.clock.advance(LEASE);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_whose_job_cannot_be_read_is_left_alone_for_a_while() {
    on_both(async |fixture| {
        create_endpoint(fixture, fixture.workspace_id).await;
        fixture.execute("UPDATE jobs SET kind = 'of_a_newer_server'").await;
        let connection = &mut fixture.write().await;
        let due = jobs::due(connection, now(fixture), &[], 16).await.unwrap();
        let [lane] = due.as_slice() else { panic!("one lane: {due:?}") };
        let unread = jobs::take(connection, &fixture.origin.source, lane).await;
        assert!(matches!(unread, Err(Error::Internal(_))), "{unread:?}");
        let later = now(fixture).plus(Duration::from_mins(1));
        jobs::postpone(connection, lane, later).await.unwrap();
        assert!(jobs::due(connection, now(fixture), &[], 16).await.unwrap().is_empty());
        fixture.execute("UPDATE jobs SET kind = 'webhook_delivery'").await;
        fixture.clock.advance(Duration::from_mins(1));
        assert!(take(fixture).await.is_some());
    })
    .await;
}
