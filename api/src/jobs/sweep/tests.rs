//! What the daily sweep promises: on both databases, whatever happens between its steps.

use std::path::PathBuf;

use civicdesk_contract::{Envelope, ExternalId, RawItem};
use jiff::Timestamp;

use super::*;
use crate::{
    blobs::{self as bytes, Hash},
    cases::{accept, words},
    jobs::bench::Bench,
    store::{
        Json, Uid,
        attachments::Attachment,
        auto_letters::AutoLetter,
        idempotency::Answered,
        search, tenant,
        tests::support::{self, on_both},
    },
};

const HOUR: i64 = 3600;

struct Town {
    bench: Bench,
    id: Uuid,
    stop: CancellationToken,
}

impl Town {
    async fn of(place: support::Place) -> (Self, impl Sized) {
        let bench = Bench::on(place.store, place.dir);
        let id = bench.tenant("town").await;
        let town = Self { bench, id, stop: CancellationToken::new() };
        #[cfg(feature = "postgres")]
        return (town, place.database);
        #[cfg(not(feature = "postgres"))]
        (town, ())
    }

    fn deps(&self) -> &Deps {
        &self.bench.deps.intake
    }

    /// Sweeps a day later.
    async fn next_day(&self) {
        self.bench.pass(25 * HOUR);
        assert!(sweep_next(self.deps(), &self.stop).await.unwrap(), "a day has passed");
        assert!(!sweep_next(self.deps(), &self.stop).await.unwrap(), "once a day");
    }

    /// Puts bytes, as long ago as that by the blob store's clock.
    async fn put(&self, text: &[u8], hours_ago: u64) -> Hash {
        let hash = bytes::of(text);
        self.deps().blobs.put(self.id, &hash, text.to_vec()).await.unwrap();
        self.age(&hash, hours_ago);
        hash
    }

    fn age(&self, hash: &Hash, hours: u64) {
        let file = std::fs::File::open(self.file(hash)).unwrap();
        let then = file.metadata().unwrap().modified().unwrap() - Duration::from_secs(hours * 3600);
        file.set_modified(then).unwrap();
    }

    fn file(&self, hash: &Hash) -> PathBuf {
        let name = bytes::to_hex(hash);
        self.bench.blobs_dir().join(format!("{}/{}/{name}", self.id, &name[..2]))
    }

    async fn is_there(&self, hash: &Hash) -> bool {
        self.deps().blobs.get(self.id, hash).await.is_ok()
    }

    /// An upload's row.
    async fn name(&self, hash: Hash, uploaded_at: Time) -> Uid {
        let (tenant_id, id) = (Uid(self.id), Uid(self.deps().ids.next()));
        let row = Attachment {
            tenant_id,
            id,
            message_id: None,
            uploaded_by: Some("key_1".into()),
            name: "permit.pdf".into(),
            content_type: "application/pdf".into(),
            size: 1,
            sha256: hash.to_vec(),
            content_id: None,
            inline: false,
            scan: "off".to_owned(),
            scan_detail: None,
            created_at: uploaded_at,
        };
        self.write(move |tx| attachments::insert(tx, std::slice::from_ref(&row))).await;
        id
    }

    async fn write<T: Send + 'static>(&self, f: impl Fn(&mut Tx) -> store::Result<T> + Send + 'static) -> T {
        self.deps().store.tenant(self.id).write(f).await.unwrap()
    }
}

on_both!(bytes_that_no_row_names_are_put_aside_after_a_day_and_taken_away_the_day_after, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let stray = town.put(b"stray", 25).await;
    town.next_day().await;
    assert!(!town.file(&stray).exists());
    assert!(town.is_there(&stray).await, "whoever asks still finds it");
    town.next_day().await;
    assert!(!town.is_there(&stray).await);
});

on_both!(a_blob_that_a_row_names_is_never_taken_away, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let (channel, _) = town.bench.channel(town.id, "memory", "help").await;
    let raw = vec![b'x'; 100_000];
    let large = RawItem { id: ExternalId("1".into()), place: None, envelope: Envelope::default(), raw: raw.clone() };
    accept::take_in(town.deps(), town.id, channel.0, vec![large], None).await.unwrap();
    let (in_ledger, in_message) = (bytes::of(&raw), town.put(b"file", 0).await);
    let file = town.name(in_message, town.bench.now()).await;
    let act = town.bench.act();
    let message = town
        .write(move |tx| {
            let contact = crate::people::contacts::of_sender(
                tx,
                &act,
                &mut crate::cases::written::Written::default(),
                &mut crate::people::contacts::Met::new(),
                None,
            )
            .unwrap();
            let opening = crate::cases::record::Opening::new("Lamp", contact.id);
            let case = crate::cases::record::open(tx, &act, opening).unwrap();
            let case = crate::cases::record::told(tx, &act, &case, "It is dark.").unwrap();
            let message = store::messages::of_case(tx, case.id, None, 1)?.remove(0).id;
            attachments::claim(tx, file, message, "key_1")?;
            Ok(message)
        })
        .await;
    for hash in [in_ledger, in_message] {
        town.age(&hash, 48);
    }
    for _ in 0..3 {
        town.next_day().await;
        assert!(town.file(&in_ledger).exists() && town.file(&in_message).exists(), "{message}");
    }
});

on_both!(an_upload_under_way_keeps_its_bytes_however_old_the_same_bytes_are, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let young = town.put(b"young", 23).await;
    let again = town.put(b"again", 48).await;
    let listed = town.deps().blobs.list(town.id).await.unwrap();
    assert_eq!(listed.len(), 2);
    // Put again between the listing and the moving: the sweep must look once more.
    town.put(b"again", 0).await;
    let before = town.deps().blobs.now(town.id).await.unwrap() - super::DAY;
    town.deps().blobs.put_aside(town.id, &again, before).await.unwrap();
    assert!(town.file(&again).exists());
    town.next_day().await;
    assert!(town.file(&young).exists() && town.file(&again).exists());
});

on_both!(a_row_that_is_written_while_the_sweep_moves_its_bytes_gets_them_back, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let hash = town.put(b"permit", 25).await;
    // The sweep has asked the rows; the same file is uploaded, moved by the sweep, and its row commits.
    town.deps().blobs.put(town.id, &hash, b"permit".to_vec()).await.unwrap();
    town.deps().blobs.put_aside(town.id, &hash, Timestamp::MAX).await.unwrap();
    town.name(hash, Time(town.bench.now().0 + SignedDuration::from_hours(24))).await;
    assert!(town.is_there(&hash).await);
    town.next_day().await;
    assert!(town.file(&hash).exists(), "it is back in its place");
});

on_both!(a_sweep_that_broke_off_anywhere_is_finished_by_the_next, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let (wanted, stray) = (town.put(b"wanted", 25).await, town.put(b"stray", 25).await);
    town.name(wanted, Time(town.bench.now().0 + SignedDuration::from_hours(48))).await;
    // As killed after putting both aside, and after putting the same bytes back but not yet away from there.
    for hash in [wanted, stray] {
        town.deps().blobs.put_aside(town.id, &hash, Timestamp::MAX).await.unwrap();
    }
    town.put(b"wanted", 25).await;
    town.next_day().await;
    assert!(town.file(&wanted).exists());
    assert!(!town.is_there(&stray).await);
    let listed = town.deps().blobs.list(town.id).await.unwrap();
    assert!(listed.iter().all(|blob| !blob.aside) && listed.len() == 1, "{listed:?}");
});

on_both!(what_nobody_needs_any_more_is_forgotten_and_the_rest_stays, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let (tenant_id, first) = (Uid(town.id), town.bench.now());
    let answered = move |key: &str, created_at: Time| Answered {
        tenant_id,
        credential: "key_1".into(),
        key: key.into(),
        operation: "POST /v1/cases".into(),
        fingerprint: vec![1],
        status: 201,
        headers: Json(serde_json::json!({})),
        body: "{}".into(),
        created_at,
    };
    let later = Time(first.0 + SignedDuration::from_hours(24));
    let ids: Vec<Uid> = (0..2).map(|_| Uid(town.deps().ids.next())).collect();
    town.write(move |tx| {
        for n in 0..1200 {
            idempotency::insert(tx, &answered(&format!("old-{n}"), first))?;
        }
        idempotency::insert(tx, &answered("young", later))?;
        for (id, at) in ids.iter().zip([Time(first.0 - SignedDuration::from_hours(7 * 24)), first]) {
            let (id, address) = (*id, "ann@x.example".into());
            let kind = "acknowledgement".into();
            auto_letters::insert(
                tx,
                &AutoLetter { tenant_id, id, address, case_id: None, kind, answered: vec![1], at },
            )?;
        }
        Ok(())
    })
    .await;
    let hash = town.put(b"file", 0).await;
    let unused = town.name(hash, first).await;
    let kept = town.name(hash, Time(first.0 + SignedDuration::from_hours(49))).await;
    town.next_day().await;
    town.next_day().await;
    let letter = AutoLetter {
        tenant_id,
        id: unused,
        address: "ann@x.example".into(),
        case_id: None,
        kind: "acknowledgement".into(),
        answered: vec![1],
        at: first,
    };
    town.write(move |tx| {
        assert!(
            idempotency::find(tx, "key_1", "old-0")?.is_none() && idempotency::find(tx, "key_1", "old-1199")?.is_none()
        );
        assert!(idempotency::find(tx, "key_1", "young")?.is_some());
        assert!(attachments::get(tx, unused).is_err() && attachments::get(tx, kept).is_ok());
        let since = Time(Timestamp::UNIX_EPOCH);
        assert_eq!(auto_letters::before(tx, &letter, since)?.lately, 1);
        Ok(())
    })
    .await;
    assert!(town.is_there(&hash).await);
});

on_both!(an_index_that_an_older_program_cut_is_written_anew, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let (channel, _) = town.bench.channel(town.id, "memory", "help").await;
    let message = town.bench.answer(town.id, channel, "The luminaire is mended.").await;
    let find = move |tx: &mut Tx| -> store::Result<Vec<Uid>> {
        let hits = ["luminaire", "lamp", "ann"].map(|word| search::find(tx, &[word.to_owned()]));
        let mut found = Vec::new();
        for hits in hits {
            found.extend(hits?.into_iter().map(|hit| hit.ref_id));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    };
    let whole = town.write(find).await;
    assert!(whole.len() == 3 && whole.contains(&message), "{whole:?}");
    town.write(move |tx| {
        let case = store::messages::get(tx, message)?.case_id;
        let contact = store::cases::get(tx, case)?.contact_id;
        let empty = [case, message, contact].map(|id| search::Doc {
            tenant_id: tx.tenant(),
            docid: search::docid(id),
            kind: "message".into(),
            ref_id: id,
            case_id: Some(case),
            at: Time(Timestamp::UNIX_EPOCH),
            tokens: "stale".into(),
        });
        search::put(tx, &empty)?;
        tenant::outdate_search(tx)
    })
    .await;
    assert!(town.write(find).await.is_empty());
    town.next_day().await;
    assert_eq!(town.write(find).await, whole);
    assert_eq!(town.write(tenant::get).await.search_version, words::VERSION);
});

on_both!(of_two_processes_one_sweeps_a_tenant_and_a_suspended_one_is_left_alone, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let city = town.bench.tenant("city").await;
    town.deps().store.control_write(move |c| tenants::set_status(c, city, tenants::SUSPENDED)).await.unwrap();
    town.bench.pass(25 * HOUR);
    let (one, two) = tokio::join!(sweep_next(town.deps(), &town.stop), sweep_next(town.deps(), &town.stop));
    assert!(one.unwrap() ^ two.unwrap(), "one of them");
});

on_both!(what_a_network_said_of_strange_messages_is_forgotten_after_thirty_days_and_the_rest_stays, 0, 4, |place| {
    let (town, _database) = Town::of(place).await;
    let (channel, _) = town.bench.channel(town.id, "memory", "help").await;
    let first = town.bench.now();
    let row = move |sent_id: &str, at: Time, settled_at: Option<Time>| store::receipts::Receipt {
        tenant_id: Uid(town.id),
        channel_id: channel,
        sent_id: sent_id.to_owned(),
        state: "delivered".to_owned(),
        detail: None,
        at,
        settled_at,
    };
    let rows = [
        row("strange", first, None),
        row("ours", first, Some(first)),
        row("young", Time(first.0 + SignedDuration::from_hours(20 * 24)), None),
    ];
    town.write(move |tx| rows.iter().try_for_each(|row| store::receipts::accept(tx, row).map(drop))).await;
    town.next_day().await;
    let again = row("strange", first, None);
    let kept = {
        let again = again.clone();
        town.write(move |tx| store::receipts::accept(tx, &again)).await
    };
    assert!(!kept, "a day is not thirty");
    town.bench.pass(30 * 24 * HOUR);
    assert!(sweep_next(town.deps(), &town.stop).await.unwrap());
    let waiting = |id: &'static str| town.write(move |tx| Ok(store::receipts::waiting(tx, channel, id)?.len()));
    assert_eq!((waiting("strange").await, waiting("young").await), (0, 1));
    let ours = row("ours", first, None);
    assert!(!town.write(move |tx| store::receipts::accept(tx, &ours)).await, "what is known stays known");
});
