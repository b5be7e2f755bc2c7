//! How many executions of a workspace begin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use denizen_domain::{Error, Result, Timestamp, WorkspaceId};

/// The window in which executions are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// The executions that have begun in this minute, by workspace. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Starts(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    minute: i64,
    of: HashMap<WorkspaceId, u32>,
}

impl Starts {
    /// Counts an execution. Fails if the workspace has begun as many as it may in this minute.
    pub(super) fn count(&self, workspace_id: WorkspaceId, limit: u32, now: Timestamp) -> Result<()> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (minute, second) = (now.unix_seconds().div_euclid(60), now.unix_seconds().rem_euclid(60));
        if counts.minute != minute {
            (counts.minute, counts.of) = (minute, HashMap::new());
        }
        let count = counts.of.entry(workspace_id).or_default();
        if *count >= limit {
            let passed = Duration::from_secs(u64::try_from(second).unwrap_or(0));
            let retry_after = MINUTE.saturating_sub(passed);
            return Err(Error::RateLimited { limit, window: MINUTE, retry_after });
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_workspace_begins_so_many_in_a_minute() {
        let starts = Starts::default();
        let [first, second] = [1, 2].map(|number| WorkspaceId::from_uuid(Uuid::from_u128(number)));
        let at = |seconds: i64| Timestamp::from_unix_microseconds(seconds * 1_000_000).unwrap();
        assert!(starts.count(first, 2, at(60)).is_ok() && starts.count(first, 2, at(70)).is_ok());
        let refused = starts.count(first, 2, at(75)).unwrap_err();
        assert!(
            matches!(refused, Error::RateLimited { retry_after, .. } if retry_after == Duration::from_secs(45))
        );
        assert!(starts.count(second, 2, at(75)).is_ok() && starts.count(first, 2, at(120)).is_ok());
    }
}
