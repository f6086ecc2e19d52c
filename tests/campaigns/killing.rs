//! SIGKILL again and again: at any time, in the middle of what is going on, and while the program starts.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Finding, chance::Chance};
use crate::harness::{Client, Program};

/// When a kill comes.
pub struct Moment {
    pub name: &'static str,
    pub when: When,
}

pub enum When {
    AnyTime,
    /// After the program has counted some of these, and a little later.
    Counted(&'static str),
    /// At any time, and once more so soon after the program was started again.
    Starting,
}

const LONGEST_START: Duration = Duration::from_millis(600);
/// So long a kill waits for the work that it is to interrupt.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(2);

/// Kills the program so often and starts it again after each; counts the kills by their moments.
pub fn kill(program: &mut Program, moments: &[Moment], kills: u64, chance: &mut Chance, finding: &mut Finding) {
    let (mut done, mut hits) = (0, vec![0_u64; moments.len()]);
    while done < kills {
        let chosen = chance.below(moments.len());
        hits[chosen] += u64::from(wait_for(&moments[chosen].when, program, chance));
        program.kill9();
        done += 1;
        if matches!(moments[chosen].when, When::Starting) {
            program.start_and_kill9(chance.up_to(LONGEST_START));
            done += 1;
        }
        program.restart();
    }
    finding.count("kills", done);
    for (moment, number) in moments.iter().zip(hits) {
        finding.count(&format!("kills {}", moment.name), number);
    }
}

/// Waits for the moment of the next kill; whether the work that was to be interrupted had begun.
fn wait_for(when: &When, program: &Program, chance: &mut Chance) -> bool {
    let When::Counted(counter) = when else {
        thread::sleep(chance.up_to(Duration::from_millis(1500)));
        return true;
    };
    let client = program.client(None);
    let wanted = 1 + chance.below(20);
    let end = Instant::now() + PATIENCE;
    let mut reached = false;
    while !reached && Instant::now() < end {
        thread::sleep(PAUSE);
        reached = counted(&client, counter) >= wanted as f64;
    }
    thread::sleep(chance.up_to(Duration::from_millis(20)));
    reached
}

/// The sum over all labels of a counter, which begins with the process.
fn counted(client: &Client, counter: &str) -> f64 {
    let Ok(answer) = client.request("GET", "/metrics").send_unjudged() else { return 0.0 };
    let text = answer.text();
    let lines = text.lines().filter(|line| line.starts_with(counter));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
