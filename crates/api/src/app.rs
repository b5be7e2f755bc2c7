//! The application: how it starts, its router, and what it does in the background.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use denizen_domain::{Result, Source};
use denizen_persistence::Database;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::contracts::operations;
use crate::options::AppOptions;
use crate::router;
use crate::state::AppState;

/// How often last uses are written and signing keys read again.
const UPKEEP: Duration = Duration::from_secs(30);

/// The application. Cloning shares it.
#[derive(Clone)]
pub struct App(AppState);

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({:?})", self.0.database())
    }
}

impl App {
    /// Starts the application on a migrated database. It is not ready until [`set_ready`](Self::set_ready) says so.
    pub async fn start(database: Database, source: Source, options: AppOptions) -> Result<Self> {
        // Requests are counted from the first one on.
        operations::metrics_recorder();
        AppState::load(database, source, options).await.map(Self)
    }

    /// All routes, with everything around them.
    pub fn router(&self) -> Router {
        router::with_layers(&self.0)
    }

    /// Sets what `/health/ready` answers.
    pub fn set_ready(&self, is_ready: bool) {
        self.0.set_ready(is_ready);
    }

    /// Keeps things up every half minute: writes when keys were last used, notices signing keys that another server made,
    /// and removes what has ended. Ends when `stop` does, even in the middle of removing, which the next start resumes;
    /// pending last uses are written first.
    pub async fn run_background(self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let mut upkeep = interval_at(Instant::now() + UPKEEP, UPKEEP);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = upkeep.tick() => {}
            }
            self.flush().await;
            let access = self.0.access();
            if let Err(error) = access.tokens.reload(&access.database).await {
                tracing::warn!(cause = error.context(), "signing keys cannot be read");
            }
            operations::metrics_recorder().run_upkeep();
            self.0.admission().rate_limits.forget_idle();
            tokio::select! {
                () = &mut stop => return,
                () = self.0.sweep().run() => {}
            }
        }
    }

    /// Writes what is kept in memory. To be called once when the last request is answered.
    pub async fn flush(&self) {
        let access = self.0.access();
        if let Err(error) = access.key_usage.flush(&access.database).await {
            tracing::warn!(cause = error.context(), "the last use of keys cannot be written");
        }
    }
}
