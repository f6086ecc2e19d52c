//! A backup is whole or refused, comes back to the same answers, and starts with the brake on.

use std::fs;

use crate::site::{Site, create};

#[test]
fn a_backup_taken_while_serving_restores_to_the_same_answers_with_the_brake_on() {
    let site = Site::new();
    let serving = site.serve();
    create(&site, "riverton");
    create(&site, "lakeside");
    let made = site.json(&["backup", "kept"]);
    assert_eq!(made["tenants"], serde_json::json!(["riverton", "lakeside"]));
    assert!(!site.path("kept/keys").exists(), "the key is kept apart");
    let before = site.json(&["tenant", "list"]);
    assert!(site.refused(1, &["backup", "kept"]).contains("not empty"));
    assert!(serving.stop().success());
    assert!(site.refused(1, &["restore", "kept"]).contains("not empty"), "nothing is overwritten");

    let key = fs::read(site.path("civicdesk-data/master.key")).unwrap();
    fs::remove_dir_all(site.path("civicdesk-data")).unwrap();
    let restored = site.json(&["restore", "kept"]);
    assert_eq!(restored["outgoing"], "paused");
    fs::write(site.path("civicdesk-data/master.key"), key).unwrap();
    assert_eq!(site.json(&["tenant", "list"]), before);
    assert_eq!(site.json(&["outgoing", "status"])["outgoing"], "paused");
    assert_eq!(site.json(&["outgoing", "resume"])["outgoing"], "flowing");
}

#[test]
fn a_backup_with_its_keys_needs_nothing_else() {
    let site = Site::new();
    create(&site, "riverton");
    site.json(&["backup", "kept", "--with-keys"]);
    fs::remove_dir_all(site.path("civicdesk-data")).unwrap();
    site.json(&["restore", "kept"]);
    assert_eq!(site.json(&["tenant", "list"])["data"][0]["slug"], "riverton");
}

#[test]
fn one_tenant_comes_back_into_a_running_installation_and_waits_for_its_brake() {
    let (site, other) = (Site::new(), Site::new());
    create(&site, "riverton");
    create(&site, "lakeside");
    let kept = other.path("kept");
    site.json(&["backup", kept.to_str().unwrap()]);
    create(&other, "hillview");
    let serving = other.serve();
    let restored = other.json(&["restore", "kept", "--tenant", "riverton"]);
    assert_eq!(restored["tenants"], serde_json::json!(["riverton"]));
    assert!(other.refused(1, &["restore", "kept", "--tenant", "riverton"]).contains("there already"));
    assert!(other.refused(1, &["restore", "kept", "--tenant", "nowhere"]).contains("riverton, lakeside"));
    assert_eq!(other.json(&["tenant", "list"])["data"].as_array().unwrap().len(), 2);
    assert_eq!(other.json(&["outgoing", "status", "--tenant", "riverton"])["outgoing"], "paused");
    assert_eq!(other.json(&["outgoing", "status", "--tenant", "hillview"])["outgoing"], "flowing");
    assert!(serving.stop().success());
}

#[test]
fn a_damaged_or_unfinished_backup_is_refused() {
    let site = Site::new();
    create(&site, "riverton");
    site.json(&["backup", "kept"]);
    fs::remove_dir_all(site.path("civicdesk-data")).unwrap();
    let control = site.path("kept/control.db");
    let mut bytes = fs::read(&control).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&control, bytes).unwrap();
    assert!(site.refused(1, &["restore", "kept"]).contains("hash"));
    fs::remove_file(site.path("kept/manifest.json")).unwrap();
    assert!(site.refused(1, &["restore", "kept"]).contains("no backup"));
    assert!(!site.path("civicdesk-data").exists(), "nothing was begun");
}
