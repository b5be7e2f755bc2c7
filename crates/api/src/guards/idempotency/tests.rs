//! Requests in progress, failing and abandoned, with scripted handlers.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::post;
use denizen_domain::{
    Forbidden, KeyRequest, ManualClock, Origin, RandomIds, ScopeSet, Slug, Source, Timestamp,
    Unauthenticated, WorkspaceName,
};
use denizen_persistence::api_keys::KeyAsker;
use denizen_persistence::{Database, api_keys, migrations, workspaces};
use http_body_util::BodyExt as _;
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt as _;

use super::*;
use crate::AppOptions;
use crate::router::{openapi, surround};
use crate::state::AppState;

const PATH: &str = "/api/v1/external-users";

/// What a handler does on its first call.
#[derive(Clone, Copy, PartialEq)]
enum First {
    Answers,
    Waits,
    Panics,
}

/// A handler that counts its calls and can pause the first one.
struct Handler {
    first: First,
    calls: AtomicUsize,
    started: Notify,
    release: Semaphore,
}

impl Handler {
    async fn answer(&self) -> (StatusCode, String) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.started.notify_one();
        if call == 1 && self.first == First::Waits {
            self.release.acquire().await.unwrap().forget();
        }
        assert!(call > 1 || self.first != First::Panics, "the first call panics");
        (StatusCode::CREATED, format!("answer {call}"))
    }
}

/// Two servers on one database, a key, and a handler.
struct Fixture {
    state: AppState,
    servers: [Router; 2],
    clock: Arc<ManualClock>,
    secret: String,
    handler: Arc<Handler>,
    folder: tempfile::TempDir,
}

impl Fixture {
    async fn new(first: First) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let database = Database::connect(&url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let clock =
            Arc::new(ManualClock::at(Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap()));
        let source = Source { clock: clock.clone(), ids: Arc::new(RandomIds) };
        let origin = Origin::operator(source.clone());
        let secret = {
            let connection = &mut database.write().await.unwrap();
            let (slug, name) = (Slug::parse("acme").unwrap(), WorkspaceName::parse("Acme").unwrap());
            let (workspace, _) = workspaces::create(connection, &origin, &slug, &name).await.unwrap();
            let request = KeyRequest { name: "ci".to_owned(), scopes: ScopeSet::default(), expires_at: None };
            let made = api_keys::create(connection, &origin, workspace.id, KeyAsker::Operator, &request)
                .await
                .unwrap();
            made.secret.expose().to_owned()
        };
        let state = AppState::load(database.clone(), source.clone(), AppOptions::default()).await.unwrap();
        let other = Database::connect(&url).await.unwrap();
        let other = AppState::load(other, source, AppOptions::default()).await.unwrap();
        let handler = Arc::new(Handler {
            first,
            calls: AtomicUsize::new(0),
            started: Notify::new(),
            release: Semaphore::new(0),
        });
        let servers = [server(&state, &handler), server(&other, &handler)];
        Self { state, servers, clock, secret, handler, folder }
    }

    /// Sends a request with a key to one of the servers.
    fn send(&self, server: usize, body: &str) -> impl Future<Output = (u16, bool, String)> + use<> {
        let request = Request::post(PATH)
            .header("authorization", &self.secret)
            .header(KEY, "one")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answer = self.servers[server].clone().oneshot(request);
        async move {
            let response = answer.await.unwrap();
            let (status, replayed) = (response.status().as_u16(), response.headers().contains_key(REPLAYED));
            let body = response.into_body().collect().await.unwrap().to_bytes();
            (status, replayed, String::from_utf8(body.to_vec()).unwrap())
        }
    }

    fn calls(&self) -> usize {
        self.handler.calls.load(Ordering::SeqCst)
    }
}

fn server(state: &AppState, handler: &Arc<Handler>) -> Router {
    let handler = Arc::clone(handler);
    let route = post(move || async move { handler.answer().await });
    let (admission, secured) = (state.admission().clone(), SecuredOperations::of(&openapi()));
    let perform = move |request: Request, next: Next| {
        let (admission, secured) = (admission.clone(), secured.clone());
        async move { once(&admission, &secured, request, next).await }
    };
    Router::new()
        .route(PATH, route)
        .with_state(state.clone())
        .layer(axum::middleware::from_fn(perform))
        .layer(axum::middleware::from_fn_with_state(state.clone(), surround))
}

fn created(answer: &str, replayed: bool) -> (u16, bool, String) {
    (201, replayed, answer.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_progress_conflicts_on_every_server() {
    let fixture = Fixture::new(First::Waits).await;
    let first = tokio::spawn(fixture.send(0, "a"));
    fixture.handler.started.notified().await;
    for server in [0, 1] {
        let (status, _, body) = fixture.send(server, "a").await;
        assert_eq!(status, 409, "{body}");
        assert!(body.contains("\"reason\":\"idempotency_key_in_use\""), "{body}");
        assert!(body.contains("\"idempotency_key\":\"one\""), "{body}");
    }
    assert_eq!(fixture.send(1, "b").await.0, 422, "a different request");
    fixture.handler.release.add_permits(1);
    assert_eq!(first.await.unwrap(), created("answer 1", false));
    assert_eq!(fixture.send(1, "a").await, created("answer 1", true));
    assert_eq!(fixture.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_client_can_fetch_the_response_later() {
    let fixture = Fixture::new(First::Waits).await;
    let first = tokio::spawn(fixture.send(0, "a"));
    fixture.handler.started.notified().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    fixture.handler.release.add_permits(1);
    let answer = loop {
        match fixture.send(1, "a").await {
            (409, ..) => tokio::time::sleep(Duration::from_millis(5)).await,
            answer => break answer,
        }
    };
    assert_eq!((answer, fixture.calls()), (created("answer 1", true), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_can_be_retried() {
    let fixture = Fixture::new(First::Panics).await;
    let (status, _, body) = fixture.send(0, "a").await;
    assert_eq!(status, 500, "{body}");
    assert_eq!(fixture.send(1, "a").await, created("answer 2", false));
    assert_eq!(fixture.send(0, "a").await, created("answer 2", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_request_can_be_retried_after_its_timeout() {
    let fixture = Fixture::new(First::Waits).await;
    let first = tokio::spawn(fixture.send(0, "a"));
    fixture.handler.started.notified().await;
    let time = fixture.state.options().request_timeout + GRACE;
    fixture.clock.advance(time / 2);
    assert_eq!(fixture.send(1, "a").await.0, 409);
    fixture.clock.advance(time / 2);
    assert_eq!(fixture.send(1, "b").await.0, 422, "another request cannot take over the key");
    assert_eq!(fixture.send(1, "a").await, created("answer 2", false));
    // The first request was only slow. Its response comes too late to be stored.
    fixture.handler.release.add_permits(1);
    assert_eq!(first.await.unwrap(), created("answer 1", false));
    assert_eq!(fixture.send(0, "a").await, created("answer 2", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_expired_records() {
    let fixture = Fixture::new(First::Answers).await;
    fixture.send(0, "a").await;
    fixture.clock.advance(LIFETIME / 2);
    fixture.state.sweep().run().await;
    assert_eq!(fixture.send(0, "a").await, created("answer 1", true), "not expired yet");
    fixture.clock.advance(LIFETIME / 2);
    fixture.state.sweep().run().await;
    let now = fixture.state.source().clock.now();
    let connection = &mut fixture.state.database().write().await.unwrap();
    assert_eq!(idempotency_records::sweep(connection, now, 10).await.unwrap(), 0, "the sweep has deleted it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_readable_request_or_response() {
    let fixture = Fixture::new(First::Answers).await;
    assert_eq!(fixture.send(0, "the body").await, created("answer 1", false));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for text in ["answer 1", "the body", "Acme"] {
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(text);
            }
        }
    }
    assert!(!found.is_empty() && found.iter().all(|text| *text == "Acme"), "{found:?}");
}

#[test]
fn does_not_store_temporary_errors() {
    let second = Duration::from_secs(1);
    for (error, is_kept) in [
        (Error::PreconditionFailed, true),
        (Error::Forbidden(Forbidden::Blocked), true),
        (Error::Conflict(Conflict::ExternalIdTaken), true),
        (Error::Conflict(Conflict::ConcurrentChange), false),
        (Error::Unauthenticated(Unauthenticated::UnknownKey), false),
        (Error::RateLimited { limit: 1, window: second, retry_after: second }, false),
        (Error::Unavailable(String::new()), false),
        (Error::ReadOnly(String::new()), false),
        (Error::Internal(String::new()), false),
    ] {
        let error = Arc::new(error);
        assert_eq!(is_lasting_error(&error), is_kept, "{error}");
    }
}

#[test]
fn a_key_is_printable_and_sent_once() {
    let read = |values: &[&[u8]]| {
        let value = |value: &&[u8]| (KEY, HeaderValue::from_bytes(value).unwrap());
        key_of(&values.iter().map(value).collect())
    };
    let longest = "k".repeat(MAXIMUM_KEY);
    for key in ["a", "7d444840-9dc0-41d1-b245-5ffdce74fad2", "~!\"", &longest] {
        assert_eq!(read(&[key.as_bytes()]).unwrap(), key);
    }
    let too_long = "k".repeat(MAXIMUM_KEY + 1);
    for key in ["", "a b", "\t", "\u{e9}", &too_long] {
        assert!(read(&[key.as_bytes()]).is_err(), "{key}");
    }
    let error = read(&[b"a", b"a"]).unwrap_err();
    assert!(matches!(error, Error::BadRequest(BadRequest::InvalidParameters(_))), "{error}");
}
