//! `denizen serve`: runs the server until it is stopped.

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Parser;
use denizen_domain::Source;
use denizen_persistence::bootstrap::FirstStart;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::first_start::Secrets;
use crate::settings::{DatabaseSettings, ServeSettings};
use crate::{RunningServer, logging};

/// Run the server
///
/// If the folder is empty, it creates the database, a first workspace with a key, and an administrator. Their secrets
/// are shown once, or written to `--first-start-file`.
#[derive(Debug, Clone, Parser)]
#[command(after_help = "Example:\n  denizen serve --listen 0.0.0.0:8080 --data-dir /var/lib/denizen")]
pub struct ServeCommand {
    /// The database to use.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// The settings.
    #[command(flatten)]
    pub serve: ServeSettings,
}

impl ServeCommand {
    /// Returns the settings for these `denizen serve` arguments, for a server within another program.
    pub fn with_arguments<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> anyhow::Result<Self> {
        let arguments = arguments.into_iter().map(Into::into);
        Ok(Self::try_parse_from(std::iter::once(OsString::from("denizen")).chain(arguments))?)
    }

    /// Serves until a signal stops it. A second signal ends it at once.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        logging::start(&self.serve)?;
        let mut signals = StopSignals::new()?;
        let server = tokio::select! {
            started = RunningServer::start(&self.database, &self.serve, Source::system()) => started?,
            name = signals.next() => {
                tracing::info!(signal = name, "stopped while starting");
                return Ok(());
            }
        };
        print(&Banner::of(&self, &server));
        tracing::info!(address = %server.address, version = env!("CARGO_PKG_VERSION"), "listening");

        // Not inside the log macro, which skips its arguments if the filter discards the line.
        let name = signals.next().await;
        tracing::info!(signal = name, "stopping: requests in progress finish");
        tokio::select! {
            () = server.stop() => tracing::info!("stopped"),
            name = signals.next() => bail!("stopped at once by a second signal ({name}); requests in progress were cut"),
        }
        Ok(())
    }
}

/// The signals that stop the server.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The message printed after the start.
struct Banner<'server> {
    base: String,
    data: String,
    first_start: Option<&'server FirstStart>,
    /// Where the secrets are, if not in the message.
    file: Option<&'server Path>,
}

impl<'server> Banner<'server> {
    fn of(command: &'server ServeCommand, server: &'server RunningServer) -> Self {
        Self {
            base: server.base(),
            data: command.database.location(),
            first_start: server.first_start.as_ref(),
            file: command.serve.first_start_file.as_deref(),
        }
    }
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, data, first_start, file } = self;
        writeln!(formatter, "Denizen {} listens on {base}  (docs: {base}/docs)", env!("CARGO_PKG_VERSION"))?;
        writeln!(formatter, "Data: {data}")?;
        let Some(first_start) = first_start else { return Ok(()) };
        let is_first = first_start.workspace.is_some();
        let reason = if is_first { "First start" } else { "There was no account yet" };
        if let Some(file) = file {
            return writeln!(formatter, "\n{reason}. The secrets are in {}", file.display());
        }
        let secrets = Secrets { first_start, base };
        write!(formatter, "\n{reason}. This is shown once:\n{secrets}")
    }
}

/// Prints to standard output. Ignores errors: a closed reader must not stop the server.
fn print(banner: &Banner<'_>) {
    let mut output = std::io::stdout().lock();
    _ = write!(output, "{banner}").and_then(|()| output.flush());
}
