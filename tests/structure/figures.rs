//! The figures that the README quotes are those that the campaigns measured, to the letter.

use serde_json::Value;

use super::{Finding, Source};

const RESULTS: &str = "tests/campaigns/results/";
const HEADING: &str = "## Figures";
const HEAD: &str = "| campaign | what | SQLite | PostgreSQL |";

/// Every row of the README's table is a row of a result, and every result has one.
pub fn quoted(sources: &[Source]) -> Vec<Finding> {
    let results: Vec<&Source> = sources.iter().filter(|s| s.path.starts_with(RESULTS)).collect();
    let results: Vec<&&Source> = results.iter().filter(|s| s.path.ends_with(".json")).collect();
    let rows: Vec<String> = results.iter().flat_map(|result| rows(&result.text)).collect();
    let Some(readme) = sources.iter().find(|s| s.path == "README.md") else { return Vec::new() };
    let section = readme.text.find(HEADING).map_or("", |at| &readme.text[at + HEADING.len()..]);
    let section = section.split("\n## ").next().unwrap_or_default();
    let quoted = section.lines().filter(|line| line.starts_with('|') && *line != HEAD && !line.starts_with("|---"));
    let mut findings = Vec::new();
    for row in quoted.filter(|row| !rows.iter().any(|known| known == row)) {
        let at = readme.text.find(row).unwrap_or_default();
        let same = what(row).and_then(|it| rows.iter().find(|known| what(known) == Some(it)));
        let now = same.map_or_else(|| rows.join("\n"), Clone::clone);
        findings.push(readme.finding(at, format!("no result says this; what was measured is\n{now}")));
    }
    for result in results {
        let own = self::rows(&result.text);
        if !own.iter().any(|row| section.lines().any(|line| line == row)) {
            let what = format!("the README quotes nothing of it; its rows are\n{}", own.join("\n"));
            findings.push(result.finding(0, what));
        }
    }
    findings
}

/// Campaign and figure of a row, without the numbers.
fn what(row: &str) -> Option<(&str, &str)> {
    let mut cells = row.split('|').skip(1);
    Some((cells.next()?, cells.next()?))
}

/// The rows that a result can give to a table: its figures with their controls, and its counts.
fn rows(result: &str) -> Vec<String> {
    let result: Value = serde_json::from_str(result).unwrap_or_default();
    let campaign = result["campaign"].as_str().unwrap_or_default();
    let on = |engine: &str| result["findings"].as_array().into_iter().flatten().find(|f| f["engine"] == engine);
    let engines = [on("sqlite"), on("postgres")];
    let mut rows: Vec<(String, [String; 2])> = Vec::new();
    for (column, finding) in engines.into_iter().enumerate() {
        for (name, cell) in finding.into_iter().flat_map(cells) {
            match rows.iter_mut().find(|(known, _)| *known == name) {
                Some((_, cells)) => cells[column] = cell,
                None => {
                    let mut cells = [const { String::new() }; 2];
                    cells[column] = cell;
                    rows.push((name, cells));
                }
            }
        }
    }
    rows.iter().map(|(name, [lite, pg])| format!("| {campaign} | {name} | {lite} | {pg} |")).collect()
}

fn cells(finding: &Value) -> Vec<(String, String)> {
    let figures = finding["figures"].as_array().into_iter().flatten().map(|figure| {
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let unit = figure["unit"].as_str().unwrap_or_default();
        let control = &figure["control"];
        let beside = control["name"].as_str().map(|name| {
            format!(" ({} × the {name}, {})", short(number(&control["ratio"])), short(number(&control["value"])))
        });
        let cell = format!("{} {unit}{}", short(number(&figure["value"])), beside.unwrap_or_default());
        (figure["name"].as_str().unwrap_or_default().to_owned(), cell)
    });
    let counts = finding["counts"].as_object().into_iter().flatten();
    figures.chain(counts.map(|(name, number)| (name.clone(), number.to_string()))).collect()
}

/// Three digits tell enough.
fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str = r#"{"campaign": "intake", "findings": [{"engine": "postgres", "counts": {"mails": 9}, "figures": [
        {"name": "filed", "value": 512.4, "unit": "mails/s", "control": {"name": "bare insert", "value": 800.0, "ratio": 0.6405}}
    ]}]}"#;

    fn findings(table: &str) -> usize {
        let readme =
            format!("# A\n\n## Figures\n\n{HEAD}\n|---|---|---|---|\n{table}\n## Further\n| other | table |\n");
        quoted(&[Source::new("README.md", readme), Source::new("tests/campaigns/results/intake.json", RESULT)]).len()
    }

    #[test]
    fn a_figure_that_was_not_measured_is_named() {
        let filed = "| intake | filed |  | 512 mails/s (0.64 × the bare insert, 800) |\n";
        assert_eq!(findings(filed), 0);
        assert_eq!(findings(&format!("{filed}| intake | mails |  | 9 |\n")), 0);
        assert_eq!(findings(&format!("{filed}{}", filed.replace("512", "612"))), 1);
    }

    #[test]
    fn a_result_that_is_not_quoted_is_named() {
        assert_eq!(findings(""), 1);
    }
}
