//! Reads a log and its seals from the first line to the last, and says whether all is as it was written.

use serde::Serialize;

use super::{chain, checkpoint::Checkpoint};
use crate::{
    fail::Fail,
    store::{
        TenantDoor, Tx,
        audit_seals::{self, Seal},
        events::{self, Event, Filter},
        tenant,
    },
};

/// Faults that are listed; one alone is enough to doubt everything after it.
const LISTED: usize = 20;
/// Seals that are read together.
const PAGE: i64 = 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub seals: i64,
    pub sealed_lines: i64,
    /// Lines that came within the last second or so, and are not sealed yet.
    pub unsealed_lines: i64,
    pub checkpoints: usize,
    pub faults: Vec<String>,
}

impl Verdict {
    fn fault(&mut self, what: String) {
        if self.faults.len() < LISTED {
            self.faults.push(what);
        }
    }
}

/// Judges a tenant's log, and whether it is the one that these checkpoints were taken of.
pub async fn judge(door: &TenantDoor, kept: Vec<Checkpoint>) -> Result<Verdict, Fail> {
    let mut verdict = Verdict { checkpoints: kept.len(), ..Verdict::default() };
    let mut before: Option<Seal> = None;
    loop {
        let n = before.as_ref().map_or(0, |seal| seal.n);
        let read = move |tx: &mut Tx| {
            let seals = audit_seals::after(tx, n, PAGE)?;
            let lines = |tx: &mut Tx, seal: &Seal| {
                let after = Filter { after: seal.first_seq - 1, ..Filter::default() };
                // A seal that claims to cover more than it may is found by its hash.
                events::list(tx, &after, (seal.last_seq - seal.first_seq + 1).clamp(0, chain::TOGETHER))
            };
            seals.into_iter().map(|seal| Ok((lines(tx, &seal)?, seal))).collect::<Result<Vec<_>, Fail>>()
        };
        let page = door.read(read).await?;
        if page.is_empty() {
            break;
        }
        for (lines, seal) in page {
            one(&mut verdict, before.as_ref(), &seal, &lines);
            for checkpoint in kept.iter().filter(|checkpoint| checkpoint.seal == seal.n) {
                if *checkpoint != Checkpoint::of(&seal) {
                    verdict.fault(format!("seal {} is not the one that a kept checkpoint was taken of", seal.n));
                }
            }
            before = Some(seal);
        }
    }
    let sealed = before.as_ref().map_or((0, 0), |seal| (seal.n, seal.last_seq));
    for checkpoint in kept.iter().filter(|checkpoint| checkpoint.seal > sealed.0) {
        verdict.fault(format!("seal {} of a kept checkpoint is missing: the end was cut off", checkpoint.seal));
    }
    let rest = move |tx: &mut Tx| {
        let last = tenant::get(tx)?.event_last;
        let (mut after, mut lines) = (sealed.1, 0);
        loop {
            let next = events::list(tx, &Filter { after, ..Filter::default() }, chain::TOGETHER)?;
            let Some(end) = next.last() else { break };
            lines += next.len() as i64;
            after = end.seq;
        }
        Ok::<_, Fail>((last, after, lines))
    };
    let (last, end, lines) = door.read(rest).await?;
    verdict.unsealed_lines = lines;
    if end != last || end - sealed.1 != lines {
        verdict
            .fault(format!("the log counts {last} lines, and what is there ends at {end}, {lines} of them unsealed"));
    }
    Ok(verdict)
}

fn one(verdict: &mut Verdict, before: Option<&Seal>, seal: &Seal, lines: &[Event]) {
    verdict.seals += 1;
    verdict.sealed_lines += lines.len() as i64;
    let (n, first) = before.map_or((1, 1), |seal| (seal.n + 1, seal.last_seq + 1));
    if (seal.n, seal.first_seq) != (n, first) {
        let found = (seal.n, seal.first_seq);
        verdict.fault(format!(
            "seal {n} should begin at line {first}; the next is seal {} from line {}",
            found.0, found.1
        ));
    }
    if chain::hash(before, seal, lines) != seal.hash {
        let (first, last) = (seal.first_seq, seal.last_seq);
        verdict
            .fault(format!("seal {}: its lines {first} to {last}, or the seal itself, are not as they were", seal.n));
    }
}
