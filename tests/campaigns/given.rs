//! The options of a campaign, as they were given on the command line or as they usually are.

use std::collections::BTreeMap;

use crate::harness::Engine;

/// An option that a campaign takes.
pub struct Known {
    pub name: &'static str,
    /// What it is where nobody gives it.
    pub usual: &'static str,
    pub about: &'static str,
}

/// Which databases a campaign runs on.
pub const ENGINE: Known = Known { name: "engine", usual: "both", about: "`sqlite`, `postgres` or `both`" };

/// The options of one run, each with its value.
#[derive(Clone, Debug)]
pub struct Given(BTreeMap<String, String>);

impl Given {
    /// Reads `--name value` pairs. What the campaign does not know is an error.
    pub fn read(known: &[Known], arguments: &[String]) -> Result<Self, String> {
        let mut values: BTreeMap<String, String> =
            known.iter().map(|option| (option.name.to_owned(), option.usual.to_owned())).collect();
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(format!("{} has no value", pair[0])) };
            let name = name.strip_prefix("--").ok_or_else(|| format!("`{name}` is no option"))?;
            let place = values.get_mut(name).ok_or_else(|| format!("this campaign takes no --{name}"))?;
            value.clone_into(place);
        }
        Ok(Self(values))
    }

    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("the campaign does not list --{name}"))
    }

    pub fn number(&self, name: &str) -> u64 {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| panic!("--{name} must be a whole number, not `{text}`"))
    }

    /// The databases that `--engine` names.
    pub fn engines(&self) -> Vec<Engine> {
        match self.text(ENGINE.name) {
            "sqlite" => vec![Engine::Sqlite],
            "postgres" => vec![Engine::Postgres],
            "both" => vec![Engine::Sqlite, Engine::Postgres],
            other => panic!("--engine must be sqlite, postgres or both, not `{other}`"),
        }
    }

    pub(super) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILLS: Known = Known { name: "kills", usual: "50", about: "how often" };

    fn read(arguments: &[&str]) -> Result<Given, String> {
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        Given::read(&[KILLS, ENGINE], &arguments)
    }

    #[test]
    fn what_is_not_given_is_as_usual() {
        let given = read(&["--engine", "sqlite"]).expect("known options");
        assert_eq!((given.number("kills"), given.engines()), (50, vec![Engine::Sqlite]));
    }

    #[test]
    fn an_option_that_nobody_knows_is_refused() {
        for wrong in [&["--kill", "3"][..], &["kills", "3"], &["--kills"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
