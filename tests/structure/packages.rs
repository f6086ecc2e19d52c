//! Which package may depend on which, read from Cargo's own description of the workspace.

use serde_json::Value;

use super::{Finding, root};

/// What one package of ours depends on among ours.
pub struct Package {
    pub name: String,
    pub folder: String,
    pub ours: Vec<String>,
    /// What only its tests depend on.
    pub in_tests: Vec<String>,
}

/// Our packages, as Cargo describes them.
pub fn workspace() -> Vec<Package> {
    let described: Value = serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"]))
        .expect("JSON from cargo metadata");
    let packages = described["packages"].as_array().expect("packages");
    let word = |value: &Value| value.as_str().expect("a string from cargo metadata").to_owned();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let named = |in_tests: bool| {
                let of_kind = dependencies.iter().filter(move |d| (d["kind"] == "dev") == in_tests);
                of_kind.map(|d| word(&d["name"])).filter(|name| name.starts_with("civicdesk")).collect()
            };
            let manifest = word(&package["manifest_path"]);
            let folder = std::path::Path::new(&manifest).parent().and_then(|p| p.strip_prefix(root()).ok());
            Package {
                name: word(&package["name"]),
                folder: folder.expect("a package inside the repository").to_str().expect("UTF-8").to_owned(),
                ours: named(false),
                in_tests: named(true),
            }
        })
        .collect()
}

/// Runs the cargo that runs the tests.
pub fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(program).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8 from cargo")
}

/// A connector knows the contract alone, its tests the fake providers too; the contract and the tests know nobody of the
/// service.
pub fn directions(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let (allowed, in_tests): (&[&str], &[&str]) = match package.folder.as_str() {
            "connectors/contract" => (&[], &[]),
            "tests" => (&["civicdesk-providers"], &["civicdesk-providers"]),
            "tests/providers" => (&["civicdesk-contract"], &["civicdesk-contract"]),
            folder if folder.starts_with("connectors/") => {
                (&["civicdesk-contract"], &["civicdesk-contract", "civicdesk-providers"])
            }
            _ => continue,
        };
        for (named, allowed) in [(&package.ours, allowed), (&package.in_tests, in_tests)] {
            let others = named.iter().filter(|other| **other != package.name);
            findings.extend(others.filter(|other| !allowed.contains(&other.as_str())).map(|other| Finding {
                place: format!("{}/Cargo.toml:1", package.folder),
                what: format!("{} must not depend on {other}; of ours it may know {allowed:?}", package.name),
            }));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(folder: &str, ours: &[&str]) -> usize {
        directions(&[package(folder, ours, &[])]).len()
    }

    fn package(folder: &str, ours: &[&str], in_tests: &[&str]) -> Package {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Package { name: "one".into(), folder: folder.into(), ours: owned(ours), in_tests: owned(in_tests) }
    }

    #[test]
    fn a_connector_that_knows_more_than_the_contract_is_named() {
        assert_eq!(findings("connectors/sms", &["civicdesk-contract", "civicdesk-email"]), 1);
        assert_eq!(findings("connectors/sms", &["civicdesk"]), 1);
        assert_eq!(findings("connectors/sms", &["civicdesk-contract"]), 0);
    }

    #[test]
    fn fake_providers_are_for_tests_alone() {
        let fakes: &[&str] = &["civicdesk-providers"];
        assert_eq!(directions(&[package("connectors/sms", &["civicdesk-contract"], fakes)]), []);
        assert_eq!(findings("connectors/sms", fakes), 1);
        assert_eq!(findings("tests/providers", &["civicdesk-sms"]), 1);
    }

    #[test]
    fn the_contract_and_the_tests_know_nobody() {
        assert_eq!(findings("connectors/contract", &["civicdesk"]), 1);
        assert_eq!(findings("tests", &["civicdesk-contract"]), 1);
        assert_eq!(findings("api", &["civicdesk-contract", "civicdesk-email"]), 0);
    }
}
