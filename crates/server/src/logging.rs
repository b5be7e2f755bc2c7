//! The log: lines for people on a terminal, JSON for programs, on standard error.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

use crate::settings::{LogFormat, ServeSettings};

/// Starts the log of this process. A log that runs already stays as it is.
pub(crate) fn start(settings: &ServeSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log_filter).context("the log filter cannot be read")?;
    let is_terminal = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_timer(SystemTime).with_writer(std::io::stderr);
    let is_text = match settings.log_format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    _ = if is_text {
        log.with_ansi(is_terminal && std::env::var_os("NO_COLOR").is_none()).try_init()
    } else {
        log.json().flatten_event(true).with_span_list(false).try_init()
    };
    Ok(())
}
