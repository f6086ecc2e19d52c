//! Which of a tenant's jobs are taken in hand together: what belongs to one lane is done in its order, by one hand.

use std::collections::HashMap;

use crate::store::{
    Result, Time, Tx, Uid,
    jobs::{self, Busy, Job},
    messages, webhooks,
};

/// The kind of job that sends a message.
pub const DELIVER: &str = "deliver";

/// Jobs that a lane takes at once. More would make others of the tenant wait for the lane's lease after a crash.
const TOGETHER: usize = 10;
/// Rows that are looked at in one turn.
const MOST: i64 = 200;

/// A line in which jobs wait for each other: a channel's deliveries, an endpoint's, or a kind of work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Channel(Uid),
    Webhook(Uid),
    Kind(String),
}

/// Jobs of one lane, in their order.
#[derive(Clone, Debug)]
pub struct Taken {
    pub lane: Lane,
    pub jobs: Vec<Job>,
}

/// Takes due jobs in hand until `until`, but none of a lane that somebody is at work on, and none of a braked kind.
pub fn claim(tx: &mut Tx, now: Time, until: Time, running: &[Lane], braked: &[String]) -> Result<Vec<Taken>> {
    let held = jobs::held(tx, now)?;
    let held = lanes(tx, held)?.into_iter().map(|(lane, _)| lane);
    let mut busy = Busy { kinds: braked.to_vec(), ..Busy::default() };
    for lane in held.chain(running.iter().cloned()) {
        match lane {
            Lane::Channel(id) => busy.channels.push(id),
            Lane::Webhook(id) => busy.subjects.push(id),
            Lane::Kind(kind) => busy.kinds.push(kind),
        }
    }
    let due = jobs::due(tx, now, &busy, MOST)?;
    let mut taken: Vec<Taken> = Vec::new();
    for (lane, job) in lanes(tx, due)? {
        match taken.iter_mut().find(|t| t.lane == lane) {
            Some(t) if t.jobs.len() < TOGETHER => t.jobs.push(job),
            Some(_) => {}
            None => taken.push(Taken { lane, jobs: vec![job] }),
        }
    }
    let ids: Vec<Uid> = taken.iter().flat_map(|t| t.jobs.iter().map(|job| job.id)).collect();
    if !ids.is_empty() {
        jobs::lease(tx, &ids, until)?;
    }
    Ok(taken)
}

/// Each job with its lane.
fn lanes(tx: &mut Tx, found: Vec<Job>) -> Result<Vec<(Lane, Job)>> {
    let messages: Vec<Uid> = found.iter().filter(|job| job.kind == DELIVER).filter_map(|job| job.subject_id).collect();
    let channels: HashMap<Uid, Option<Uid>> = match messages.is_empty() {
        true => HashMap::new(),
        false => messages::channels_of(tx, &messages)?.into_iter().collect(),
    };
    let lane = |job: &Job| {
        if let Some(webhook) = job.subject_id.filter(|_| job.kind == webhooks::JOB) {
            return Lane::Webhook(webhook);
        }
        let message = job.subject_id.filter(|_| job.kind == DELIVER);
        let channel = message.and_then(|id| channels.get(&id).copied().flatten());
        channel.map_or_else(|| Lane::Kind(job.kind.clone()), Lane::Channel)
    };
    Ok(found.into_iter().map(|job| (lane(&job), job)).collect())
}
