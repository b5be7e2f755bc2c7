//! Where SQLite's statements run.

use std::error::Error;

use diesel_async::sync_connection_wrapper::SpawnBlocking;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs statements on the thread that asks for them: handing a short one to another thread takes longer than the
/// statement.
#[derive(Debug, Clone, Copy)]
pub enum InPlace {
    /// Reads, which find most of what they need in memory.
    Reads,
    /// Writes, which wait until they are on disk, and for other processes that write. Other tasks move to another thread
    /// meanwhile, if the runtime has several.
    Writes,
}

impl SpawnBlocking for InPlace {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        let kind = *self;
        let run = move || match kind {
            Self::Writes if has_several_threads() => tokio::task::block_in_place(task),
            Self::Reads | Self::Writes => task(),
        };
        std::future::ready(()).map(move |()| Ok(run())).boxed()
    }

    fn get_runtime() -> Self {
        Self::Writes
    }
}

fn has_several_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}
