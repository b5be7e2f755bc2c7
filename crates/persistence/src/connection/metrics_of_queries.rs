//! Measures how long the server waits for statements.

use std::time::Instant;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// Makes every connection opened from now on record `denizen_database_statement_seconds`.
pub(crate) fn record() {
    if set_default_instrumentation(|| Some(Box::new(StatementTimer(Instant::now())))).is_err() {
        tracing::warn!("the time that database statements take is not measured");
    }
}

/// When the statement that is answered next was sent, or when the one before it was answered: of statements sent at once,
/// each begins when the one before it ends.
struct StatementTimer(Instant);

impl Instrumentation for StatementTimer {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.0 = Instant::now(),
            InstrumentationEvent::FinishQuery { error, .. } => {
                let result = if error.is_some() { "error" } else { "ok" };
                let started = std::mem::replace(&mut self.0, Instant::now());
                metrics::histogram!("denizen_database_statement_seconds", "result" => result)
                    .record(started.elapsed());
            }
            _ => {}
        }
    }
}
