//! The log on standard error: text on a terminal, JSON otherwise.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::{LogFormat, ServeSettings};

/// Dependencies that log values below `info`: the PostgreSQL driver logs the parameters of statements, which are
/// secrets and personal data.
const TALKATIVE: [&str; 1] = ["tokio_postgres"];

/// Starts the log of this process, unless one is already running.
pub(crate) fn start(settings: &ServeSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log_filter).context("cannot parse the log filter")?;
    let is_terminal = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_timer(SystemTime).with_writer(std::io::stderr);
    let is_text = match settings.log_format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    _ = if is_text {
        let log = log.with_ansi(is_terminal && std::env::var_os("NO_COLOR").is_none());
        without_values(log.finish()).try_init()
    } else {
        without_values(log.json().flatten_event(true).with_span_list(false).finish()).try_init()
    };
    Ok(())
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
