//! The words of the letters that CivicDesk writes by itself: templates in the program, by letter, language and length.

use std::sync::OnceLock;

use minijinja::{Environment, Error, UndefinedBehavior, Value};

use crate::fail::Fail;

/// The templates of one room, each named `letter/language/length.txt`.
#[derive(Debug)]
pub struct Texts {
    files: &'static [(&'static str, &'static str)],
    templates: OnceLock<Result<Environment<'static>, Error>>,
}

/// The files of a folder beside the calling file, read when the program is built.
macro_rules! texts {
    ($folder:literal, $($name:literal),+ $(,)?) => {
        $crate::texts::Texts::new(&[$(($name, include_str!(concat!($folder, "/", $name)))),+])
    };
}
pub(crate) use texts;

impl Texts {
    pub const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files, templates: OnceLock::new() }
    }

    /// Fills in one letter, in the language of ours that is nearest.
    pub fn fill(&self, letter: &str, language: &str, length: &str, about: &Value) -> Result<String, Fail> {
        let broken = |e: &Error| Fail::Broken(format!("letters: {e}"));
        let templates = self.templates.get_or_init(|| self.read()).as_ref().map_err(broken)?;
        let template = templates.get_template(&format!("{letter}/{}/{length}.txt", nearest(language)));
        let text = template.and_then(|template| template.render(about)).map_err(|e| broken(&e))?;
        Ok(text.trim().to_owned())
    }

    fn read(&self) -> Result<Environment<'static>, Error> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in self.files {
            templates.add_template(name, text)?;
        }
        Ok(templates)
    }
}

fn nearest(language: &str) -> &'static str {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if primary == "es" { "es" } else { "en" }
}
