//! `migrate`: brings the database up to this program.

use serde_json::json;

use super::{Answer, Context, Stop, words};
use crate::installation;

pub fn run(context: &Context) -> Result<Answer, Stop> {
    let steps = installation::migrate(&context.settings).map_err(|e| Stop::Failed(words(&e)))?;
    let text = match steps {
        0 => "the database is up to date".to_owned(),
        1 => "1 step was taken".to_owned(),
        n => format!("{n} steps were taken"),
    };
    Ok(Answer::new(text, json!({ "steps": steps })))
}
