//! Last use of keys, time and address, buffered in memory and written periodically: no request waits for a write.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use denizen_domain::{ApiKeyId, KeyHolder, Result, Timestamp, WorkspaceId};
use denizen_persistence::{Database, api_keys};

/// The uses since the last flush: at most one entry per key.
#[derive(Debug, Default)]
pub(crate) struct KeyUsage(Mutex<HashMap<(WorkspaceId, ApiKeyId), (Timestamp, IpAddr)>>);

impl KeyUsage {
    /// Records a use.
    pub(crate) fn note(&self, holder: &KeyHolder, now: Timestamp, address: IpAddr) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.insert((holder.workspace_id, holder.key_id), (now, address));
    }

    /// Writes the recorded uses. On failure, keeps them for the next flush.
    pub(crate) async fn flush(&self, database: &Database) -> Result<()> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.is_empty() {
            return Ok(());
        }
        let flat = |(&(workspace_id, key_id), &(moment, address))| (workspace_id, key_id, moment, address);
        let mut uses: Vec<_> = taken.iter().map(flat).collect();
        uses.sort_unstable();
        let written = write(database, &uses).await;
        if written.is_err() {
            let mut later = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, usage) in taken {
                later.entry(key).or_insert(usage);
            }
        }
        written
    }
}

async fn write(database: &Database, uses: &[(WorkspaceId, ApiKeyId, Timestamp, IpAddr)]) -> Result<()> {
    api_keys::record_use(&mut database.write().await?, uses).await
}
