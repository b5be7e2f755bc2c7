//! Where SQLite's statements run.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;

use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::{Handle, RuntimeFlavor};

/// A SQLite connection.
pub(crate) type AsyncSqliteConnection = SyncConnectionWrapper<SqliteConnection, InPlace>;

/// Runs statements on the thread that asks for them: handing a short one to another thread takes longer than the
/// statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InPlace;

impl SpawnBlocking for InPlace {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        std::future::ready(()).map(move |()| Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// How long the statements of a connection take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// They find or store single rows by their keys: less time than handing the thread's other tasks to another thread,
    /// about 16 µs of processor time.
    Short,
    /// They may take long. Other tasks move to another thread meanwhile.
    Long,
}

impl Pace {
    /// Runs a statement in place.
    pub(crate) async fn run<F: Future>(self, statement: F) -> F::Output {
        let mut statement = pin!(statement);
        poll_fn(|context| match self {
            Self::Short => statement.as_mut().poll(context),
            Self::Long => letting_others_run(|| statement.as_mut().poll(context)),
        })
        .await
    }
}

/// Runs what takes long or waits on this thread. Other tasks move to another thread meanwhile, if the runtime has
/// several.
pub(crate) fn letting_others_run<R>(task: impl FnOnce() -> R) -> R {
    let has_several_threads =
        Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if has_several_threads { tokio::task::block_in_place(task) } else { task() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn other_tasks_run_during_a_long_statement() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (sender, receiver) = mpsc::channel();
        let statement = Pace::Long.run(async move {
            tokio::spawn(async move { sender.send("another task ran") });
            receiver.recv_timeout(Duration::from_mins(1))
        });
        assert_eq!(runtime.block_on(runtime.spawn(statement)).unwrap(), Ok("another task ran"));
    }
}
