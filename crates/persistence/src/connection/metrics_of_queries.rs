//! How long the database takes for its statements, as seen from here.

use std::time::Instant;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// Has every connection that is opened from now on measure its statements, as `denizen_database_statement_seconds`.
pub(crate) fn record() {
    if set_default_instrumentation(|| Some(Box::new(StatementTimer(None)))).is_err() {
        tracing::warn!("the time that database statements take is not measured");
    }
}

/// Statements of one connection follow each other, so that one moment is enough.
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
