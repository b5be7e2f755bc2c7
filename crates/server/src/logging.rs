//! The log on standard error: text on a terminal, JSON otherwise.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::{Dispatch, Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::log_filter::{UnknownTarget, unknown_targets};
use crate::settings::{LogFormat, ServeSettings};

/// Dependencies that log values below `info`: the PostgreSQL driver logs the parameters of statements, which are
/// secrets and personal data.
const TALKATIVE: [&str; 1] = ["tokio_postgres"];

/// Starts the log of this process, unless one is already running.
pub(crate) fn start(settings: &ServeSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log_filter).context("cannot parse the log filter")?;
    warn_of_unknown_targets(settings);
    _ = log(settings.log_format, filter).try_init();
    Ok(())
}

/// Warns of targets under which nothing is logged, even where the filter lets no warning through.
fn warn_of_unknown_targets(settings: &ServeSettings) {
    for UnknownTarget { name, nearest } in unknown_targets(&settings.log_filter) {
        tracing::dispatcher::with_default(&log(settings.log_format, EnvFilter::new("warn")), || {
            tracing::warn!(unknown = name, nearest, "the log filter names a target that does not exist");
        });
    }
}

/// Creates a log on standard error.
fn log(format: LogFormat, filter: EnvFilter) -> Dispatch {
    let is_terminal = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_timer(SystemTime).with_writer(std::io::stderr);
    let is_text = match format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    if is_text {
        let log = log.with_ansi(is_terminal && std::env::var_os("NO_COLOR").is_none());
        Dispatch::new(without_values(log.finish()))
    } else {
        Dispatch::new(without_values(log.json().flatten_event(true).with_span_list(false).finish()))
    }
}

/// Keeps values out of the log, regardless of the operator's filter.
fn without_values<S>(log: S) -> impl Subscriber + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    log.with(filter_fn(is_free_of_values))
}

fn is_free_of_values(metadata: &Metadata<'_>) -> bool {
    let krate = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || !TALKATIVE.contains(&krate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_logs_statement_parameters() {
        for filter in ["trace", "tokio_postgres=trace", "info,tokio_postgres::query=debug"] {
            let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).finish();
            tracing::subscriber::with_default(without_values(log), || {
                assert!(!tracing::enabled!(target: "tokio_postgres::query", Level::DEBUG), "{filter}");
                assert!(!tracing::enabled!(target: "tokio_postgres", Level::TRACE), "{filter}");
                assert!(tracing::enabled!(target: "tokio_postgres::connection", Level::INFO), "{filter}");
            });
        }
        let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("trace")).finish();
        tracing::subscriber::with_default(without_values(log), || {
            assert!(tracing::enabled!(target: "denizen_server", Level::TRACE));
        });
    }
}
