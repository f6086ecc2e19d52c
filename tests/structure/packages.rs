//! Which package may depend on which, read from Cargo's own description of the workspace.

use serde_json::Value;

use super::{Finding, root};

/// What one package of ours depends on among ours.
pub struct Package {
    pub name: String,
    pub folder: String,
    pub ours: Vec<String>,
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
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            let manifest = word(&package["manifest_path"]);
            let folder = std::path::Path::new(&manifest).parent().and_then(|p| p.strip_prefix(root()).ok());
            Package {
                name: word(&package["name"]),
                folder: folder.expect("a package inside the repository").to_str().expect("UTF-8").to_owned(),
                ours: dependencies.map(|d| word(&d["name"])).filter(|name| name.starts_with("civicdesk")).collect(),
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

/// A connector knows the contract alone; the contract and the tests know nobody.
pub fn directions(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let allowed: &[&str] = match package.folder.as_str() {
            "connectors/contract" | "tests" => &[],
            folder if folder.starts_with("connectors/") => &["civicdesk-contract"],
            _ => continue,
        };
        for other in package.ours.iter().filter(|other| **other != package.name && !allowed.contains(&other.as_str())) {
            findings.push(Finding {
                place: format!("{}/Cargo.toml:1", package.folder),
                what: format!("{} must not depend on {other}; of ours it may know {allowed:?}", package.name),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(folder: &str, ours: &[&str]) -> usize {
        let ours = ours.iter().map(|name| (*name).to_owned()).collect();
        directions(&[Package { name: "one".into(), folder: folder.into(), ours }]).len()
    }

    #[test]
    fn a_connector_that_knows_more_than_the_contract_is_named() {
        assert_eq!(findings("connectors/sms", &["civicdesk-contract", "civicdesk-email"]), 1);
        assert_eq!(findings("connectors/sms", &["civicdesk"]), 1);
        assert_eq!(findings("connectors/sms", &["civicdesk-contract"]), 0);
    }

    #[test]
    fn the_contract_and_the_tests_know_nobody() {
        assert_eq!(findings("connectors/contract", &["civicdesk"]), 1);
        assert_eq!(findings("tests", &["civicdesk-contract"]), 1);
        assert_eq!(findings("api", &["civicdesk-contract", "civicdesk-email"]), 0);
    }
}
