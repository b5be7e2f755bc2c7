//! Reports connections above the limit: a count, and rate-limited warnings.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Minimum time between warnings. Many refused clients at once must not fill the log.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// Counts refused connections, and warns of them.
#[derive(Default)]
pub(super) struct RefusalLog(Mutex<Refused>);

/// Refusals since the last warning.
#[derive(Default)]
struct Refused {
    warned: Option<Instant>,
    connections: u64,
}

impl RefusalLog {
    /// Records a refused client.
    pub(super) fn note(&self, peer: SocketAddr) {
        metrics::counter!("denizen_connections_refused_total").increment(1);
        tracing::debug!(%peer, "refused a connection: there are too many");
        if let Some(refused) = self.due() {
            tracing::warn!(refused, "refusing connections: --max-connections are open");
        }
    }

    /// Returns the refusals since the last warning, if the next is due.
    fn due(&self) -> Option<u64> {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.connections += 1;
        if refused.warned.is_some_and(|warned| warned.elapsed() < BETWEEN_WARNINGS) {
            return None;
        }
        refused.warned = Some(Instant::now());
        Some(std::mem::take(&mut refused.connections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_warning_counts_refusals_since_the_last() {
        let log = RefusalLog::default();
        assert_eq!([log.due(), log.due(), log.due()], [Some(1), None, None]);
        tokio::time::advance(BETWEEN_WARNINGS).await;
        assert_eq!([log.due(), log.due()], [Some(3), None]);
    }
}
