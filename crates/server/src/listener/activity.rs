//! Activity of a connection: its requests in progress and the time of the last event.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// The activity of one connection.
pub(super) struct Activity {
    opened: Instant,
    last_milliseconds: AtomicU64,
    in_progress: AtomicUsize,
}

impl Activity {
    /// The activity of a new connection.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            last_milliseconds: AtomicU64::new(0),
            in_progress: AtomicUsize::new(0),
        })
    }

    /// Counts a request as in progress until the result is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> RequestInProgress {
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        self.touch();
        RequestInProgress(Arc::clone(self))
    }

    /// Waits until nothing has happened for `idle` without a request, or `busy` with one.
    pub(super) async fn quiet(&self, idle: Duration, busy: Duration) {
        loop {
            let patience = if self.in_progress.load(Ordering::Relaxed) == 0 { idle } else { busy };
            let deadline = self.last() + patience;
            if deadline <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }

    /// Records an event.
    pub(super) fn touch(&self) {
        let milliseconds = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_milliseconds.store(milliseconds, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.opened + Duration::from_millis(self.last_milliseconds.load(Ordering::Relaxed))
    }
}

/// A request whose response is not fully sent.
pub(super) struct RequestInProgress(Arc<Activity>);

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
        self.0.touch();
    }
}

/// A response body that keeps its request in progress until sent.
pub(super) struct TrackedBody {
    body: Body,
    request: RequestInProgress,
}

impl TrackedBody {
    /// Binds a body to its request.
    pub(super) fn new(body: Body, request: RequestInProgress) -> Self {
        Self { body, request }
    }
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.request.0.touch();
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(30);
    const BUSY: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn without_requests_the_idle_timeout_applies() {
        let started = Instant::now();
        Activity::new().quiet(IDLE, BUSY).await;
        assert_eq!(started.elapsed(), IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_extends_the_timeout_until_it_ends() {
        let activity = Activity::new();
        let request = activity.begin();
        let started = Instant::now();
        activity.quiet(IDLE, BUSY).await;
        assert_eq!(started.elapsed(), BUSY);

        drop(request);
        activity.quiet(IDLE, BUSY).await;
        assert_eq!(started.elapsed(), BUSY + IDLE);
    }
}
