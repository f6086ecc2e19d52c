//! Both databases go through the same migrations, by name, forwards and back.

use std::collections::BTreeSet;

use super::{Finding, Source};

const SIDES: [&str; 2] = ["migrations/sqlite/", "migrations/postgres/"];

/// What one side has, the other has too; what goes up can come down.
pub fn twins(sources: &[Source]) -> Vec<Finding> {
    let [lite, pg] = SIDES.map(|side| {
        sources
            .iter()
            .filter_map(|s| s.path.strip_prefix(side))
            .filter(|path| path.ends_with(".sql"))
            .collect::<BTreeSet<_>>()
    });
    let missing = |have: &BTreeSet<&str>, lack: &BTreeSet<&str>, side: &str| {
        have.difference(lack)
            .map(|path| Finding {
                place: format!("{side}{path}:1"),
                what: "missing: the other database has it; write its twin, even if it holds only a comment".into(),
            })
            .collect::<Vec<_>>()
    };
    let mut findings = missing(&lite, &pg, SIDES[1]);
    findings.extend(missing(&pg, &lite, SIDES[0]));
    for (have, side) in [(&lite, SIDES[0]), (&pg, SIDES[1])] {
        for path in have.iter() {
            for (this, other) in [("up.sql", "down.sql"), ("down.sql", "up.sql")] {
                if let Some(directory) = path.strip_suffix(this)
                    && !have.contains(format!("{directory}{other}").as_str())
                {
                    findings.push(Finding {
                        place: format!("{side}{path}:1"),
                        what: format!("{other} is missing beside it"),
                    });
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(paths: &[&str]) -> Vec<String> {
        let sources: Vec<Source> = paths.iter().map(|path| Source::new(*path, "")).collect();
        twins(&sources).iter().map(|f| f.place.clone()).collect()
    }

    #[test]
    fn a_missing_twin_is_named_on_the_side_that_lacks_it() {
        assert_eq!(
            findings(&[
                "migrations/sqlite/tenant/01_cases/up.sql",
                "migrations/sqlite/tenant/01_cases/down.sql",
                "migrations/postgres/tenant/01_cases/up.sql",
                "migrations/postgres/tenant/01_cases/down.sql",
                "migrations/postgres/tenant/02_more/up.sql",
                "migrations/postgres/tenant/02_more/down.sql",
            ]),
            ["migrations/sqlite/tenant/02_more/down.sql:1", "migrations/sqlite/tenant/02_more/up.sql:1"]
        );
    }

    #[test]
    fn what_cannot_come_down_is_named() {
        assert_eq!(
            findings(&["migrations/sqlite/control/01_a/up.sql", "migrations/postgres/control/01_a/up.sql"]),
            ["migrations/sqlite/control/01_a/up.sql:1", "migrations/postgres/control/01_a/up.sql:1"]
        );
    }
}
