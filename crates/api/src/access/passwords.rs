//! Hashes passwords on separate threads, with limited concurrency: hashing is slow by design and must not slow down
//! other requests.

use std::sync::Arc;
use std::time::Duration;

use denizen_domain::{Error, Password, PasswordHash, PasswordMatch, Result, Source};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits for its turn before the server reports that it is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns for hashing passwords.
pub(crate) struct Passwords(Arc<Semaphore>);

impl Passwords {
    /// Allows this many at a time.
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once.max(1))))
    }

    /// Waits for a turn, in order of arrival. Fails with [`Error::Unavailable`] if that takes too long.
    pub(crate) async fn turn(&self) -> Result<Turn> {
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned());
        match waiting.await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable("too many passwords wait to be hashed".to_owned())),
        }
    }

    /// Hashes a new password.
    pub(crate) async fn hash(&self, source: &Source, password: Password) -> Result<PasswordHash> {
        self.turn().await?.hash(source, password).await
    }
}

/// A turn, which occupies one hashing slot until it is dropped.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// Returns whether the password matches the hash; takes equally long without a hash. Keeps the turn.
    pub(crate) async fn check(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordMatch> {
        let hash = hash.unwrap_or_else(PasswordHash::of_nothing);
        on_thread(move || hash.check(&password)).await
    }

    /// Hashes a password. Keeps the turn.
    pub(crate) async fn hash(&self, source: &Source, password: Password) -> Result<PasswordHash> {
        let ids = Arc::clone(&source.ids);
        on_thread(move || password.hash(&*ids)).await?
    }
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(format!("hash a password: {error}")))
}
