//! Counts requests by method, route and status.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::StatusCode;
use metrics::{Counter, Histogram};

/// The series of one method, route and status.
#[derive(Clone)]
struct Series {
    requests: Counter,
    seconds: Histogram,
}

impl Series {
    fn new(method: &'static str, route: &str, status: StatusCode) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned())];
        let seconds = metrics::histogram!("denizen_http_request_seconds", &labels);
        let [method, route] = labels;
        let labels = [method, route, ("status", status.as_str().to_owned())];
        Self { requests: metrics::counter!("denizen_http_requests_total", &labels), seconds }
    }

    fn record(&self, elapsed: Duration) {
        self.requests.increment(1);
        self.seconds.record(elapsed);
    }
}

/// The series of one route, by method and status.
type OfRoute = HashMap<(&'static str, StatusCode), Series>;

/// All series of the process by route. Looking one up here takes no allocation; in the recorder, it takes several.
static SERIES: LazyLock<RwLock<HashMap<String, OfRoute>>> = LazyLock::new(RwLock::default);

/// Counts a request. Methods and routes must be few: each combination is kept.
pub(super) fn record(method: &'static str, route: &str, status: StatusCode, elapsed: Duration) {
    {
        let known = SERIES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(route).and_then(|series| series.get(&(method, status))) {
            return series.record(elapsed);
        }
    }
    let mut known = SERIES.write().unwrap_or_else(PoisonError::into_inner);
    let series = known.entry(route.to_owned()).or_default();
    series.entry((method, status)).or_insert_with(|| Series::new(method, route, status)).record(elapsed);
}
