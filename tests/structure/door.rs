//! The door of the store: a tenant's table is reached through the scope, which adds the tenant's predicate, or not at all.

use super::{Finding, Source, words};

const STORE: &str = "api/src/store/";
/// Here the tables are declared, and here they get their predicate.
const INSIDE: [&str; 2] = ["api/src/store/schema.rs", "api/src/store/scope.rs"];
/// The scope's methods that take a whole table.
const DOORS: [&str; 2] = [".of(", ".insert("];

/// Every mention of a tenant's table in the store is the argument of a door.
pub fn tables(sources: &[Source]) -> Vec<Finding> {
    let schema: Vec<&Source> = sources.iter().filter(|s| s.path == INSIDE[0]).collect();
    let tables: Vec<&str> = schema.iter().flat_map(|s| tenant_tables(&s.code)).collect();
    let mut findings = Vec::new();
    if let Some(schema) = schema.first().filter(|_| tables.is_empty()) {
        findings.push(schema.finding(0, "no tenant_tables! list is found here, so nothing can be held to it"));
    }
    for source in sources.iter().filter(|s| s.path.starts_with(STORE) && !INSIDE.contains(&s.path.as_str())) {
        for at in words(&source.code, "table") {
            let Some((start, name)) = path_before(&source.code, at) else { continue };
            let before = source.code[..start].trim_end();
            if tables.contains(&name) && !DOORS.iter().any(|door| before.ends_with(door)) {
                findings.push(source.finding(
                    start,
                    format!(
                        "`{name}::table` without its tenant: write `tx.of({name}::table)` or `tx.insert({name}::table)`"
                    ),
                ));
            }
        }
        for at in words(&source.code, "dsl") {
            let Some((start, name)) = path_before(&source.code, at) else { continue };
            if tables.contains(&name) {
                findings.push(source.finding(
                    start,
                    format!("`{name}::dsl` brings the bare table into scope: name columns as `{name}::column`"),
                ));
            }
        }
    }
    findings
}

/// Files of the store that speak SQL by hand: how a connection opens and migrates, where the databases differ, the functions
/// that look over all tenants, and the tests of the walls themselves.
const RAW_SQL: [&str; 9] = ["connection", "dialect", "door", "jobs", "lite", "migrate", "pg", "search", "tests"];

/// Text of SQL stands in few files, because no door adds the tenant's predicate to it.
pub fn raw_sql(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let Some(file) = source.path.strip_prefix(STORE) else { continue };
        let name = file.split('/').next().unwrap_or(file);
        if RAW_SQL.contains(&name.strip_suffix(".rs").unwrap_or(name)) {
            continue;
        }
        for form in ["sql_query", "batch_execute", "sql"] {
            let calls = words(&source.code, form).filter(|at| {
                let rest = &source.code[at + form.len()..];
                rest.starts_with('(') || (form == "sql" && rest.starts_with("::<"))
            });
            findings.extend(calls.map(|at| {
                source.finding(at, "SQL by hand passes no door: use the query builder, or give dialect.rs a helper that takes the tenant")
            }));
        }
    }
    findings
}

/// The names in the `tenant_tables! { … }` list of the schema.
fn tenant_tables(code: &str) -> Vec<&str> {
    let Some(start) = code.match_indices("tenant_tables! {").map(|(at, found)| at + found.len()).last() else {
        return Vec::new();
    };
    let (mut depth, mut names) = (0, Vec::new());
    for (at, c) in code[start..].char_indices() {
        match c {
            '{' | '(' => {
                if depth == 0 && c == '(' {
                    names.extend(code[start..start + at].split_whitespace().last());
                }
                depth += 1;
            }
            '}' if depth == 0 => break,
            '}' | ')' => depth -= 1,
            _ => {}
        }
    }
    names
}

/// For `schema::cases::table` with `at` on `table`: where the path starts, and the name before the last `::`.
fn path_before(code: &str, at: usize) -> Option<(usize, &str)> {
    let before = code[..at].strip_suffix("::")?;
    let name_start = start_of_word(before);
    let mut start = name_start;
    while let Some(outer) = code[..start].strip_suffix("::") {
        start = start_of_word(outer);
    }
    Some((start, &before[name_start..]))
}

fn start_of_word(text: &str) -> usize {
    text.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "table! { tenants (id) { id -> Id, } }
macro_rules! tenant_tables { ($( $name:ident )+) => {} }
tenant_tables! {
    cases (tenant_id, id) { tenant_id: Id, topic_id: Nullable<Id>, }
    events (tenant_id, seq) { tenant_id: Id, }
}";

    fn findings(path: &str, text: &str) -> usize {
        tables(&[Source::new("api/src/store/schema.rs", SCHEMA), Source::new(path, text)]).len()
    }

    #[test]
    fn a_table_beside_the_door_is_named() {
        for text in [
            "cases::table.find(id).first(conn)",
            "diesel::update(schema::cases::table).set(x)",
            "diesel::insert_into(events::table).values(x)",
            "tx.of(cases::table).inner_join(events::table)",
            "use super::schema::cases::dsl::*;",
        ] {
            assert_eq!(findings("api/src/store/cases.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn the_door_and_installation_data_are_left_in_peace() {
        for text in [
            "tx.of(cases::table).find(id)",
            "tx\n    .of(\n        schema::cases::table)",
            "tx.insert(events::table).values(row)",
            "tenants::table.find(id)",
            "// cases::table",
            "a_table(), the_table::x",
        ] {
            assert_eq!(findings("api/src/store/cases.rs", text), 0, "{text}");
        }
        assert_eq!(findings("api/src/store/scope.rs", "cases::table"), 0);
    }

    #[test]
    fn sql_by_hand_stays_in_its_files() {
        let text = "diesel::sql_query(\"SELECT 1\").execute(c)";
        assert_eq!(raw_sql(&[Source::new("api/src/store/cases.rs", text)]).len(), 1);
        assert_eq!(raw_sql(&[Source::new("api/src/store/dialect.rs", text)]).len(), 0);
        assert_eq!(raw_sql(&[Source::new("api/src/store/migrate/lite.rs", text)]).len(), 0);
        assert_eq!(raw_sql(&[Source::new("api/src/store/cases.rs", "value.from_sql::<Id>()")]).len(), 0);
    }

    #[test]
    fn a_schema_without_the_list_is_itself_a_finding() {
        assert_eq!(tables(&[Source::new("api/src/store/schema.rs", "table! {}")]).len(), 1);
    }
}
