//! How many test messages a workspace sends at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use denizen_domain::{Error, Result, WorkspaceId};

/// How many test messages of one workspace may be under way on this server: each may take as long as its endpoint likes.
const MAXIMUM: u32 = 4;

/// How long a caller should wait who is one too many.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The test messages that are under way. Clones share them.
#[derive(Clone, Default)]
pub(super) struct TestsUnderWay(Arc<Mutex<HashMap<WorkspaceId, u32>>>);

impl TestsUnderWay {
    /// Counts a test until it is dropped. Fails if there are too many.
    pub(super) fn begin(&self, workspace_id: WorkspaceId) -> Result<TestUnderWay> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(workspace_id).or_default();
        if *count >= MAXIMUM {
            return Err(Error::RateLimited { limit: MAXIMUM, window: RETRY_AFTER, retry_after: RETRY_AFTER });
        }
        *count += 1;
        Ok(TestUnderWay { tests: self.clone(), workspace_id })
    }
}

/// A test message that is under way.
pub(super) struct TestUnderWay {
    tests: TestsUnderWay,
    workspace_id: WorkspaceId,
}

impl Drop for TestUnderWay {
    fn drop(&mut self) {
        let mut counts = self.tests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.workspace_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.workspace_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_workspace_has_few_at_a_time() {
        let tests = TestsUnderWay::default();
        let [first, second] = [1, 2].map(|number| WorkspaceId::from_uuid(Uuid::from_u128(number)));
        let under_way: Vec<_> = (0..MAXIMUM).map(|_| tests.begin(first).unwrap()).collect();
        assert!(matches!(tests.begin(first), Err(Error::RateLimited { .. })));
        drop(tests.begin(second).unwrap());
        drop(under_way);
        drop(tests.begin(first).unwrap());
        assert!(tests.0.lock().unwrap().is_empty());
    }
}
