//! A log that was tampered with is found, in whatever way it was done; one that was not is believed.

use jiff::Timestamp;
use uuid::Uuid;

use super::{chain, checkpoint::Checkpoint, verdict};
use crate::{
    acting::{Acting, Actor},
    auth::seal::MasterKey,
    clock,
    ids::Ids,
    store::{
        Json, TenantDoor, Time, Tx, audit_seals, events,
        tests::support::{self, on_both, raw},
    },
};

const SEALS: i64 = 3;
const LINES: i64 = 10;

const SEALED_ANEW: &str = "a line is changed, and all is sealed anew";
const CUT_OFF: &str = "the end is cut off, with its seal";
const NEEDS_A_CHECKPOINT: [&str; 2] = [SEALED_ANEW, CUT_OFF];

/// What somebody with a hand in the database may do, who forgets no counter.
const WAYS: [(&str, &str); 8] = [
    ("a line is changed", r#"UPDATE events SET data = '{"to":"closed"}' WHERE seq = 7"#),
    ("a line is taken out", "DELETE FROM events WHERE seq = 12"),
    (
        "a line is put in between",
        "UPDATE events SET seq = seq + 1000 WHERE seq > 14;
         UPDATE events SET seq = seq - 999 WHERE seq > 1000;
         INSERT INTO events (tenant_id, seq, id, kind, actor_kind, actor_id, case_id, contact_id, message_id, data, at)
         SELECT tenant_id, 15, tenant_id, kind, actor_kind, actor_id, case_id, contact_id, message_id, data, at
         FROM events WHERE seq = 14;
         UPDATE tenant SET event_last = event_last + 1",
    ),
    (
        "two lines change places",
        "UPDATE events SET seq = 1000 WHERE seq = 5;
         UPDATE events SET seq = 5 WHERE seq = 6;
         UPDATE events SET seq = 6 WHERE seq = 1000",
    ),
    (
        CUT_OFF,
        "DELETE FROM events WHERE seq > 20; DELETE FROM audit_seals WHERE n > 2; UPDATE tenant SET event_last = 20",
    ),
    (SEALED_ANEW, "DELETE FROM audit_seals; UPDATE events SET actor_kind = 'key' WHERE seq = 7"),
    ("a seal is changed", "UPDATE audit_seals SET hash = (SELECT hash FROM audit_seals WHERE n = 1) WHERE n = 2"),
    ("a seal is taken out", "DELETE FROM audit_seals WHERE n = 2"),
];

fn now() -> Time {
    Time::new("2026-11-22T09:00:00Z".parse::<Timestamp>().unwrap())
}

async fn seal(door: &TenantDoor) {
    while door.read(chain::is_behind).await.unwrap() {
        door.write(|tx| chain::seal(tx, now())).await.unwrap();
    }
}

/// Three seals over ten lines each.
async fn fill(door: &TenantDoor) {
    for _ in 0..SEALS {
        let clock = clock::system();
        let act = Acting::new(Actor::System, &clock, &Ids::new(clock.clone()));
        let write = move |tx: &mut Tx| {
            let line =
                |n: i64| events::Event { data: Json(serde_json::json!({ "n": n })), ..act.event(tx, "case.changed") };
            let lines = (0..LINES).map(line).collect();
            events::append(tx, lines)
        };
        door.write(write).await.unwrap();
        seal(door).await;
    }
}

async fn kept(door: &TenantDoor) -> Checkpoint {
    Checkpoint::of(&door.read(audit_seals::last).await.unwrap().unwrap())
}

on_both!(whatever_is_done_to_a_sealed_log_is_found, 9, 2, |place| {
    for (tenant, (what, sql)) in place.tenants.iter().zip(WAYS) {
        let door = place.store.tenant(*tenant);
        fill(&door).await;
        let checkpoint = kept(&door).await;
        door.write(move |tx| raw(tx, sql)).await.unwrap();
        seal(&door).await;
        let verdict = verdict::judge(&door, vec![checkpoint]).await.unwrap();
        assert!(!verdict.faults.is_empty(), "{what}: {verdict:?}");
        // Who rewrites the seals, too, is betrayed by a checkpoint that was kept elsewhere, and by nothing else.
        let alone = verdict::judge(&door, Vec::new()).await.unwrap();
        assert_eq!(alone.faults.is_empty(), NEEDS_A_CHECKPOINT.contains(&what), "{what}: {alone:?}");
    }
});

on_both!(a_log_that_nobody_touched_is_believed, 1, 2, |place| {
    let door = place.store.tenant(place.tenants[0]);
    fill(&door).await;
    let (first, mut checkpoints) = (kept(&door).await, Vec::new());
    checkpoints.push(first);
    fill(&door).await;
    checkpoints.push(kept(&door).await);
    let verdict = verdict::judge(&door, checkpoints).await.unwrap();
    let found = (verdict.seals, verdict.sealed_lines, verdict.unsealed_lines, verdict.checkpoints);
    assert_eq!((found, verdict.faults), ((2 * SEALS, 2 * SEALS * LINES, 0, 2), Vec::new()));
});

on_both!(a_checkpoint_is_signed_by_the_installation_and_good_for_its_tenant_alone, 2, 2, |place| {
    let door = place.store.tenant(place.tenants[0]);
    fill(&door).await;
    let (checkpoint, master) = (kept(&door).await, MasterKey::new([7; 32]));
    let text = checkpoint.sign(&master).unwrap();
    let read = |text: &str, master: &MasterKey, tenant: Uuid| Checkpoint::read(text, master, tenant).unwrap();
    assert_eq!(read(&text, &master, place.tenants[0]), Ok(checkpoint));
    assert_eq!(read(&text, &master, place.tenants[1]), Err("is of another tenant"));
    let strange = "is not signed by this installation";
    assert_eq!(read(&text, &MasterKey::new([8; 32]), place.tenants[0]), Err(strange));
    assert_eq!(read(&text[1..], &master, place.tenants[0]), Err(strange));
});
