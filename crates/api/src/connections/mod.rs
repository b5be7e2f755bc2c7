//! Connects external users' accounts with other systems: links, tokens that are fresh, and what a request presents.

mod job;
mod link;
mod presented;
mod provider;
mod secrets;
mod tokens;

use std::sync::Arc;

use denizen_domain::{Error, NotConfigured, Result, Source};
use denizen_persistence::Database;

pub(crate) use self::link::{Comeback, LINK_LIFE, LinkToken, MadeLink};
pub(crate) use self::presented::presented;
pub(crate) use self::tokens::Usable;
use crate::access::encryption::EncryptionKeys;
use crate::options::AppOptions;
use crate::outgoing::OutgoingClient;

/// Connected accounts. Clones share the connections to other systems.
#[derive(Clone)]
pub(crate) struct Connections {
    database: Database,
    source: Source,
    keys: Option<Arc<EncryptionKeys>>,
    client: OutgoingClient,
}

impl Connections {
    /// Creates the connected accounts of a database. Without keys that seal secrets, none can be connected.
    pub(crate) fn new(
        database: Database,
        source: Source,
        keys: Option<Arc<EncryptionKeys>>,
        options: &AppOptions,
    ) -> Result<Self> {
        let client = OutgoingClient::new(&options.webhook_allowed_networks)?;
        Ok(Self { database, source, keys, client })
    }

    fn keys(&self) -> Result<&EncryptionKeys> {
        self.keys.as_deref().ok_or(Error::NotConfigured(NotConfigured::EncryptionKey))
    }
}
