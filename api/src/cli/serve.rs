//! `serve`: the program at work.

use super::{Answer, Context, Stop};
use crate::server;

pub fn run(context: Context) -> Result<Answer, Stop> {
    server::serve(context)?;
    Ok(Answer::default())
}
