//! How little an installation needs: time to start, memory at rest, and both with a thousand agencies.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Campaign, ENGINE, Figure, Finding, Given, Known,
    load::{load, quantile},
};
use crate::harness::{Engine, Options, Program};

pub const CAMPAIGN: Campaign = Campaign {
    name: "footprint",
    about: "start to ready, and memory at rest, with one agency and with many",
    options: &[
        ENGINE,
        Known { name: "starts", usual: "15", about: "starts, of which the middle one counts" },
        Known { name: "tenants", usual: "1000", about: "agencies, where they are many" },
    ],
    run: |given: &Given| {
        let (starts, tenants) = (given.number("starts") as usize, given.number("tenants") as usize);
        given.engines().into_iter().map(|engine| run(engine, starts, tenants)).collect()
    },
};

const READY_AIM: f64 = 300.0;
const MEMORY_AIM: f64 = 60.0;
/// The program at rest: what it does at its start and for its last request is over by then.
const REST: Duration = Duration::from_secs(10);

fn run(engine: Engine, starts: usize, tenants: usize) -> Finding {
    let mut finding = Finding::new(engine);
    finding.figure(load());
    let mut program = Program::start_with(engine, Options::default().set("limits", "requests_per_minute", 1_000_000));
    program.tenant("riverton");
    let (ready, memory) = (ready(&mut program, starts), at_rest(&program));
    finding.figure(Figure::new("start to ready, 1 agency", ready, "ms"));
    finding.figure(Figure::new("memory at rest, 1 agency", memory, "MiB"));
    finding.holds(ready < READY_AIM, || format!("{ready:.0} ms to ready, {READY_AIM} ms are the aim"));
    finding.holds(memory < MEMORY_AIM, || format!("{memory:.0} MiB at rest, {MEMORY_AIM} MiB are the aim"));

    let key = program.cli(&["key", "create", "--operator"]);
    let operator = program.client(Some(key["operator_key"].as_str().expect("a key")));
    let begin = Instant::now();
    for n in 1..tenants {
        operator
            .post("/v1/tenants", json!({ "slug": format!("town-{n}"), "name": format!("Town {n}") }))
            .expecting(201);
    }
    let made = tenants.saturating_sub(1) as f64 / begin.elapsed().as_secs_f64();
    finding.figure(Figure::new("agencies made, one after the other", made, "agencies/s"));
    finding.figure(Figure::new(&format!("memory after making {tenants} agencies"), at_rest(&program), "MiB"));
    let many = self::ready(&mut program, starts);
    finding.figure(Figure::new(&format!("start to ready, {tenants} agencies"), many, "ms"));
    finding.figure(Figure::new(&format!("memory at rest, {tenants} agencies"), at_rest(&program), "MiB"));
    let listed = program.cli(&["tenant", "list"]);
    let listed = listed.as_array().or_else(|| listed["data"].as_array()).map_or(0, Vec::len);
    finding.count("agencies", listed);
    finding.holds(listed == tenants, || format!("{listed} agencies are listed of {tenants}"));
    finding.done()
}

/// Milliseconds from the start of the process to `/readyz` with 200: the middle one of several starts.
fn ready(program: &mut Program, starts: usize) -> f64 {
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..starts {
        program.stop();
        let begin = Instant::now();
        program.restart();
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    quantile(&mut times, 0.5)
}

/// MiB that the process keeps in memory once it rests.
fn at_rest(program: &Program) -> f64 {
    thread::sleep(REST);
    let run_file = fs::read(program.directory().join("serve.json")).expect("the run file");
    let pid = serde_json::from_slice::<Value>(&run_file).expect("JSON in the run file")["pid"].clone();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("resident memory");
    resident.trim_end_matches("kB").trim().parse::<f64>().expect("a number") / 1024.0
}
