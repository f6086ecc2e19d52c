//! `openapi`: writes the documents of the API, or says that the written ones are out of date.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;

use super::{Answer, Stop};
use crate::http::openapi::{document, document_30, print};

#[derive(Clone, Debug, Args)]
pub struct Openapi {
    /// Where openapi.json and openapi-3.0.json lie.
    #[arg(long, value_name = "DIR", default_value = "openapi")]
    dir: PathBuf,
    /// Write nothing; fail where a document is not what this program says of itself.
    #[arg(long)]
    check: bool,
}

impl Openapi {
    pub fn run(self) -> Result<Answer, Stop> {
        let documents = [("openapi.json", document()), ("openapi-3.0.json", document_30())];
        let mut lines = Vec::new();
        let mut stale = Vec::new();
        for (name, document) in documents {
            let (file, text) = (self.dir.join(name), print(document));
            if self.check {
                if fs::read_to_string(&file).is_ok_and(|there| there == text) {
                    lines.push(format!("{} is up to date", file.display()));
                } else {
                    lines.push(format!("{} is out of date: run `civicdesk openapi`", file.display()));
                    stale.push(name);
                }
            } else {
                write(&file, &text)?;
                lines.push(format!("{} is written", file.display()));
            }
        }
        Ok(Answer { failed: !stale.is_empty(), ..Answer::new(lines.join("\n"), json!({ "out_of_date": stale })) })
    }
}

fn write(file: &Path, text: &str) -> Result<(), Stop> {
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(file, text)).map_err(|e| Stop::Failed(format!("{}: {e}", file.display())))
}
