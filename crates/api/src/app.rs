//! The application: startup, router and background work.

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

/// How often `run_background` does its work.
const UPKEEP: Duration = Duration::from_secs(30);

/// The application. Clones share it.
#[derive(Clone)]
pub struct App(AppState);

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({:?})", self.0.database())
    }
}

impl App {
    /// Starts the application on a migrated database. It is not ready until [`set_ready`](Self::set_ready) is called.
    pub async fn start(database: Database, source: Source, options: AppOptions) -> Result<Self> {
        // Installed first, to count every request.
        operations::metrics_recorder();
        AppState::load(database, source, options).await.map(Self)
    }

    /// Returns all routes with their middleware.
    pub fn router(&self) -> Router {
        router::with_layers(&self.0)
    }

    /// Sets what `/health/ready` returns.
    pub fn set_ready(&self, is_ready: bool) {
        self.0.set_ready(is_ready);
    }

    /// Every 30 seconds, writes when keys were last used, then reads signing keys that another server created, then
    /// removes expired data. Returns when `stop` completes, even during a removal, which the next start resumes.
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

    /// Writes the last uses of keys. Call it once after the last response.
    pub async fn flush(&self) {
        let access = self.0.access();
        if let Err(error) = access.key_usage.flush(&access.database).await {
            tracing::warn!(cause = error.context(), "the last use of keys cannot be written");
        }
    }
}
