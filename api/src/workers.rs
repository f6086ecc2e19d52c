//! A bounded pool of threads for blocking work, so that databases, parsers and password hashing never starve each other.

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
};

/// At most `size` pieces of work at once; the rest wait their turn.
#[derive(Clone, Debug)]
pub struct Workers {
    runtime: Handle,
    free: Arc<Semaphore>,
}

/// The pool is shutting down, or the work panicked.
#[derive(Debug, thiserror::Error)]
#[error("the work was not finished")]
pub struct Unfinished;

impl Workers {
    pub fn new(runtime: Handle, size: usize) -> Self {
        Self { runtime, free: Arc::new(Semaphore::new(size)) }
    }

    /// Runs the work on a thread of this pool.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
        let (done, result) = oneshot::channel();
        self.start(move || {
            let _ = done.send(work());
        });
        result.await.map_err(|_| Unfinished)
    }

    /// Starts the work and does not wait for it.
    pub fn start(&self, work: impl FnOnce() + Send + 'static) {
        let (free, runtime) = (self.free.clone(), self.runtime.clone());
        self.runtime.spawn(async move {
            if let Ok(permit) = free.acquire_owned().await {
                runtime.spawn_blocking(move || {
                    work();
                    drop(permit);
                });
            }
        });
    }
}
