//! Seals: each is the hash of the log's lines since the one before, and of that one.

use sha2::{Digest, Sha256};

use crate::store::{
    Result, Time, Tx,
    audit_seals::{self, Seal},
    events::{self, Event, Filter},
    tenant,
};

/// Lines under one seal at most.
pub const TOGETHER: i64 = 1000;
/// What the first seal stands on.
const NOTHING: [u8; 32] = [0; 32];

/// Whether there are lines that no seal covers yet.
pub fn is_behind(tx: &mut Tx) -> Result<bool> {
    let sealed = audit_seals::last(tx)?.map_or(0, |seal| seal.last_seq);
    Ok(tenant::get(tx)?.event_last > sealed)
}

/// Seals the next lines. Says whether there may be more.
pub fn seal(tx: &mut Tx, now: Time) -> Result<bool> {
    let before = audit_seals::last(tx)?;
    let after = before.as_ref().map_or(0, |seal| seal.last_seq);
    let lines = events::list(tx, &Filter { after, ..Filter::default() }, TOGETHER)?;
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(false) };
    let mut row = Seal {
        tenant_id: tx.tenant(),
        n: before.as_ref().map_or(0, |seal| seal.n) + 1,
        first_seq: first.seq,
        last_seq: last.seq,
        hash: Vec::new(),
        sealed_at: now,
    };
    row.hash = hash(before.as_ref(), &row, &lines);
    audit_seals::insert(tx, &row)?;
    Ok(i64::try_from(lines.len()).is_ok_and(|many| many == TOGETHER))
}

/// What the hash of a seal over these lines must be.
pub fn hash(before: Option<&Seal>, seal: &Seal, lines: &[Event]) -> Vec<u8> {
    let mut sum = Sum(Sha256::new());
    sum.part(before.map_or(NOTHING.as_slice(), |seal| &seal.hash));
    sum.part(seal.tenant_id.0.as_bytes());
    for number in [seal.n, seal.first_seq, seal.last_seq, seal.sealed_at.0.as_microsecond()] {
        sum.part(&number.to_be_bytes());
    }
    for line in lines {
        sum.part(&line.seq.to_be_bytes());
        sum.part(line.id.0.as_bytes());
        sum.part(line.kind.as_bytes());
        sum.part(line.actor_kind.as_bytes());
        for about in [line.actor_id, line.case_id, line.contact_id, line.message_id] {
            sum.part(about.as_ref().map_or(&[], |id| id.0.as_bytes()));
        }
        sum.part(line.data.0.to_string().as_bytes());
        sum.part(&line.at.0.as_microsecond().to_be_bytes());
    }
    sum.0.finalize().to_vec()
}

/// A hash over parts, each with its length before it, so that no two lists of parts run together.
struct Sum(Sha256);

impl Sum {
    fn part(&mut self, bytes: &[u8]) {
        self.0.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }
}
