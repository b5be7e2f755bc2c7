//! When keys were last used, and from where, kept in memory and written now and then: no request waits for a write.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use denizen_domain::{ApiKeyId, KeyHolder, Result, Timestamp, WorkspaceId};
use denizen_persistence::{Database, api_keys};

/// The uses since the last time they were written: at most one entry a key.
#[derive(Debug, Default)]
pub(crate) struct KeyUsage(Mutex<HashMap<(WorkspaceId, ApiKeyId), (Timestamp, IpAddr)>>);

impl KeyUsage {
    /// Notes a use.
    pub(crate) fn note(&self, holder: &KeyHolder, now: Timestamp, address: IpAddr) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.insert((holder.workspace_id, holder.key_id), (now, address));
    }

    /// Writes what came together. What cannot be written is kept for the next time.
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
