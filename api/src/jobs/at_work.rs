//! A process at work on a bench: what it sends and files, or what it fetches, until it is stopped or killed.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{bench::Bench, runner::Runner};
use crate::channels::poller::Poller;

/// Background work that goes on beside the test.
pub struct Running {
    runner: Option<Runner>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// The jobs: filing, delivery and the rest.
    pub fn jobs(bench: &Bench) -> Self {
        let stop = CancellationToken::new();
        let runner = Runner::new(bench.store.clone(), bench.deps.intake.clock.clone(), super::all(bench.deps.clone()));
        Self { task: tokio::spawn(runner.clone().run(stop.clone())), runner: Some(runner), stop }
    }

    /// Reception: channels that are asked, and sessions.
    pub fn reception(bench: &Bench) -> Self {
        let stop = CancellationToken::new();
        let poller = Poller::new(bench.deps.intake.clone(), bench.deps.opener.clone(), stop.clone());
        Self { task: tokio::spawn(poller.run()), runner: None, stop }
    }

    /// Moves the clock on, and lets the jobs see it.
    pub fn pass(&self, bench: &Bench, seconds: i64) {
        bench.pass(seconds);
        if let Some(runner) = &self.runner {
            runner.nudge();
        }
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&self) {
        self.task.abort();
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}
