//! Measures how long the server waits for statements.

use std::time::Instant;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// Makes every connection opened from now on record `denizen_database_statement_seconds`.
pub(crate) fn record() {
    if set_default_instrumentation(|| Some(Box::new(StatementTimer(None)))).is_err() {
        tracing::warn!("the time that database statements take is not measured");
    }
}

/// A connection runs one statement at a time, so one start time suffices.
struct StatementTimer(Option<Instant>);

impl Instrumentation for StatementTimer {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.0 = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { error, .. } => {
                if let Some(started) = self.0.take() {
                    let result = if error.is_some() { "error" } else { "ok" };
                    metrics::histogram!("denizen_database_statement_seconds", "result" => result)
                        .record(started.elapsed());
                }
            }
            _ => {}
        }
    }
}
