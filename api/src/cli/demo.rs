//! `demo`: two agencies in a directory, with two weeks of mail, to look at and to try things with.

use std::{path::PathBuf, sync::Arc};

use civicdesk_contract::{Clock, Connector};
use clap::Args;

use super::{Answer, Stop};
use crate::demo;

#[derive(Debug, Args)]
pub struct Demo {
    /// Where everything of the demo lies; a second start goes on with what is there.
    #[arg(long, value_name = "DIR", default_value = "civicdesk-demo")]
    dir: PathBuf,
    /// Where HTTP is served on this machine; the next free port where it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

impl Demo {
    pub fn run(self, clock: Arc<dyn Clock>, connectors: Vec<Arc<dyn Connector>>) -> Result<Answer, Stop> {
        demo::run(&self.dir, self.port, clock, connectors)?;
        Ok(Answer::default())
    }
}
