//! A check in a real browser: a script of `tests/browser`, which asks for what only the test knows and tells what it saw.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::server;

/// Runs the script, answers what it asks, and gives all that it told.
pub fn browse(script: &str, arguments: &[&str], mut answer: impl FnMut(&Value) -> Value) -> Vec<Value> {
    let mut node = Command::new("node");
    let node = node.arg(script).args(arguments).current_dir(server("BROWSER_DIR"));
    let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node runs");
    let mut stdin = node.stdin.take().expect("a pipe");
    let mut told = Vec::new();
    for line in BufReader::new(node.stdout.take().expect("a pipe")).lines() {
        let line = line.expect("a line of text");
        let mut said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{script} says {line:?}: {e}"));
        if said["ask"].is_null() {
            told.push(said["seen"].take());
        } else {
            writeln!(stdin, "{}", answer(&said["ask"])).expect("a script that waits for the answer");
        }
    }
    let ended = node.wait().expect("a process to reap");
    assert!(ended.success(), "{script} ended with {ended} after {:?}", told.last());
    told
}
