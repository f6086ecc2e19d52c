//! The built program itself. That this test exists makes cargo build it before the black-box tests in `tests/` look for it.

use std::{fs, process::Command};

#[test]
fn asking_the_program_what_it_is_leaves_nothing_behind() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut program = Command::new(env!("CARGO_BIN_EXE_civicdesk"));
    let asked =
        program.arg("--version").current_dir(directory.path()).env_clear().output().expect("the program starts");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    assert_eq!(fs::read_dir(directory.path()).expect("the directory").count(), 0);
}
