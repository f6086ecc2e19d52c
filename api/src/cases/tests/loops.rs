//! We never loop with another machine.

use civicdesk_contract::Automatic;
use jiff::SignedDuration;

use super::house::{House, Mail, at, mail};
use crate::{
    cases::{change::Change, letters},
    fail::Fail,
    people::addresses,
    store::{
        cases, jobs,
        messages::Message,
        tests::support::{self, on_both},
    },
};

const OURS: &str = "msg_0197a0000000700080000000000000ab.00000000000000ff@other.example";

/// A mail from a person, with one thing changed.
fn with(from: &str, subject: &str, change: impl FnOnce(&mut Mail)) -> Mail {
    let mut mail = mail(from, subject);
    mail.envelope.from = Some(from.to_owned());
    change(&mut mail);
    mail
}

fn automatic(kind: Automatic) -> Mail {
    with("ana@a.example", "Light out", |m| m.inbound.automatic = kind)
}

fn from(address: &str) -> Mail {
    with(address, "Light out", |_| {})
}

fn about(subject: &str) -> Mail {
    with("ana@a.example", subject, |_| {})
}

fn returning_to(path: Option<&str>) -> Mail {
    with("ana@a.example", "Light out", |m| m.envelope.from = path.map(str::to_owned))
}

fn carrying(id: &str) -> Mail {
    from("ana@a.example").id(id)
}

/// What is written, whether it is acknowledged, and whether it reopens a case that is over.
fn table() -> Vec<(&'static str, Mail, bool, bool)> {
    let (yes, no) = (true, false);
    vec![
        ("a person", from("ana@a.example"), yes, yes),
        ("a person whose connector knows no envelope", returning_to(None), yes, yes),
        ("a person with another return path", returning_to(Some("bounces@list.example")), yes, yes),
        ("an absence notice", automatic(Automatic::Reply), no, no),
        ("list or bulk mail", automatic(Automatic::Bulk), no, no),
        ("a report that cannot be read as one", automatic(Automatic::Report), no, no),
        ("Outlook's X-Auto-Response-Suppress on a person's mail", automatic(Automatic::DoNotAnswer), no, yes),
        ("an empty return path", returning_to(Some("")), no, no),
        ("an empty return path in brackets", returning_to(Some("<>")), no, no),
        ("an empty return path with a space", returning_to(Some(" ")), no, no),
        ("MAILER-DAEMON", from("MAILER-DAEMON@mx.example"), no, no),
        ("mailer-daemon", from("mailer-daemon@mx.example"), no, no),
        ("postmaster", from("postmaster@mx.example"), no, no),
        ("Postmaster", from("Postmaster@mx.example"), no, no),
        ("a person called postman", from("postman@mx.example"), yes, yes),
        ("noreply", from("noreply@shop.example"), no, yes),
        ("no-reply", from("no-reply@shop.example"), no, yes),
        ("no_reply", from("no_reply@shop.example"), no, yes),
        ("NoReply", from("NoReply@shop.example"), no, yes),
        ("donotreply", from("donotreply@shop.example"), no, yes),
        ("do-not-reply", from("do-not-reply@shop.example"), no, yes),
        ("a person called noreplyanna", from("noreplyanna@shop.example"), yes, yes),
        ("our own address", from("help@city0.example"), no, no),
        ("our own address in other letters", from("HELP@CITY0.example"), no, no),
        ("our own address with a tag", from("help+x@city0.example"), no, no),
        ("a letter of another CivicDesk", carrying(OURS), no, yes),
        ("an id that only begins like ours", carrying("msg_1.2@other.example"), yes, yes),
        ("a number of another case system", about("Received [SPR-2026-000009]"), yes, yes),
        ("the numbers of two case systems", about("Re: [SPR-2026-000009] [OTH-2026-000011]"), no, yes),
        ("the acknowledgement of another agency", about("We have received your message [SPR-2026-000009]"), no, no),
        (
            "an answer to such an acknowledgement",
            about("Re: We have received your message [SPR-2026-000009]"),
            yes,
            yes,
        ),
        ("one Re:", about("Re: Light out"), yes, yes),
        ("four prefixes", about("Re: Fwd: Re: Fw: Light"), yes, yes),
        ("five prefixes", about("Re: Re: Re: Re: Re: Light"), no, yes),
        ("five prefixes in other languages", about("AW: WG: RV: TR: Re: Light"), no, yes),
        ("colons that are no prefixes", about("a: b: c: d: e: f: g"), yes, yes),
        ("no subject", about(""), yes, yes),
        ("a subject of colons", about(":::::::::"), yes, yes),
        (
            "an absence notice with an empty return path",
            {
                let mut mail = automatic(Automatic::Reply);
                mail.envelope.from = Some(String::new());
                mail
            },
            no,
            no,
        ),
        (
            "an absence notice from postmaster",
            {
                let mut mail = from("postmaster@mx.example");
                mail.inbound.automatic = Automatic::Reply;
                mail
            },
            no,
            no,
        ),
    ]
}

/// Files a mail into a resolved case whose requester its sender is, and answers the case's status then.
async fn answered_into_resolved(house: &House, mail: Mail, n: usize) -> String {
    let sender = mail.inbound.from.clone().unwrap();
    let root = format!("root{n}@a");
    let opened = house.file(0, with(&sender.address, "Opening", |_| {}).id(&root)).await.unwrap();
    let (act, case) = (house.act(), opened.case_id);
    let door = house.deps.store.tenant(house.tenant(0));
    let resolve = door.write(move |tx| {
        let case = cases::get(tx, case)?;
        let resolved = Change { status: Some("resolved".to_owned()), ..Change::default() };
        Ok::<_, Fail>(crate::cases::change::change(tx, &act, &case, resolved)?.id)
    });
    let case = resolve.await.unwrap();
    let filed = house.file(0, mail.answers(&[&root])).await.unwrap();
    assert_eq!(filed.case_id, case);
    house.read(0, move |tx| cases::get(tx, case)).await.status
}

on_both!(forty_kinds_of_mail_are_answered_and_reopen_as_they_should, 1, 2, |place| {
    // IN-10, IN-12: a case is made of every one of them.
    let house = House::new(place).await;
    assert_eq!(table().len(), 40);
    for (n, (what, mail, acknowledged, reopens)) in table().into_iter().enumerate() {
        // Each row stands for itself: the limits on letters are another promise.
        house.clock.forward(SignedDuration::from_hours(25));
        let filed = house.file(0, mail.clone()).await.unwrap();
        let letters = house.letters(0, filed.case_id).await;
        let why = filed.filing.0["no_acknowledgement"].as_str();
        assert_eq!((letters.len() == 1, why.is_none()), (acknowledged, acknowledged), "{what}: {why:?}");
        let status = answered_into_resolved(&house, mail, n).await;
        assert_eq!(status == "open", reopens, "{what}: {status}");
    }
});

on_both!(an_acknowledgement_names_the_case_and_repeats_nothing_of_the_sender, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "BUY THIS").id("1@a")).await.unwrap();
    let letter = house.letters(0, first.case_id).await.remove(0);
    assert_eq!(letter.subject.as_deref(), Some("We have received your message [TST-2026-000001]"));
    assert!(letter.text.contains("TST-2026-000001") && letter.text.contains("Test has received"));
    assert!(!format!("{letter:?}").contains("BUY"));
    assert_eq!((letter.automatic, letter.state.as_str(), letter.in_reply_to.as_deref()), (true, "queued", Some("1@a")));
    assert_eq!(letter.recipients.0[0]["address"], "ana@a.example");
    let jobs = house.read(0, |tx| jobs::due(tx, at("2027-01-01T00:00:00Z"), &jobs::Busy::default(), 10)).await;
    assert!(jobs.iter().any(|job| job.kind == "deliver" && job.subject_id == Some(letter.id)));
});

on_both!(one_address_gets_ten_automatic_letters_a_day_and_three_an_hour_over_all_tenants, 2, 2, |place| {
    let house = House::new(place).await;
    let mut acknowledged = 0;
    for n in 0..15 {
        let filed = house.file(0, mail("ana@a.example", &format!("Mail {n}"))).await.unwrap();
        acknowledged += house.letters(0, filed.case_id).await.len();
    }
    assert_eq!(acknowledged, 10);

    let may = async |address: &'static str| {
        let normal = addresses::normal(civicdesk_contract::IdentityKind::Email, address).unwrap();
        letters::may_send(&house.deps.store, &house.deps.reply_key, &normal, house.act().now.0).await.unwrap()
    };
    for _ in 0..3 {
        assert!(may("bob@b.example").await);
    }
    for _ in 0..5 {
        assert!(!may("Bob@B.example").await);
    }
    assert!(may("carl@c.example").await);
    house.clock.forward(SignedDuration::from_mins(59));
    assert!(!may("bob@b.example").await, "not even where a new hour begins on the clock");
    house.clock.forward(SignedDuration::from_mins(62));
    assert!(may("bob@b.example").await);
});

/// What the other side receives of a letter: without the header that says a machine wrote it, and without the chain.
fn stripped(letter: &Message, from: &str) -> Mail {
    let mut mail = mail(from, letter.subject.as_deref().unwrap());
    mail.inbound.text.clone_from(&letter.text);
    mail
}

on_both!(two_agencies_that_answer_each_other_stop_after_five_letters, 2, 2, |place| {
    let house = House::new(place).await;
    let mut mail = mail(&house.address(1), "Hello");
    let (mut letters, mut side) = (0, 0);
    for _ in 0..30 {
        let Some(filed) = house.file(side, mail).await else { break };
        let Some(letter) = house.letters(side, filed.case_id).await.pop() else { break };
        let to = addresses::normal(civicdesk_contract::IdentityKind::Email, &house.address(1 - side)).unwrap();
        let now = house.act().now.0;
        if !letters::may_send(&house.deps.store, &house.deps.reply_key, &to, now).await.unwrap() {
            break;
        }
        letters += 1;
        mail = stripped(&letter, &house.address(side));
        side = 1 - side;
    }
    assert!((1..=5).contains(&letters), "{letters} letters");
});

on_both!(our_own_mail_coming_back_makes_no_case, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out")).await.unwrap();
    let letter = house.letters(0, first.case_id).await.remove(0);
    let id = letter.network_id.clone().unwrap();
    let back = stripped(&letter, &house.address(0)).id(&id);
    let mut changed = back.clone();
    changed.inbound.text = "Something else altogether".to_owned();
    assert!(house.file(0, back).await.is_none());
    assert_eq!(house.states(0).await, ["filed", "duplicate"]);
    assert_eq!(house.cases(0).await.len(), 1);
    assert!(house.file(0, changed).await.is_some(), "what says something else is kept");
});

on_both!(a_machine_without_headers_that_always_says_the_same_gets_two_letters_a_day, 1, 2, |place| {
    let house = House::new(place).await;
    let (mut letters, mut next) = (0, mail("ana@a.example", "Light out"));
    for _ in 0..30 {
        let filed = house.file(0, next).await.unwrap();
        letters += house.letters(0, filed.case_id).await.len();
        next = mail("ana@a.example", "I am away");
        next.inbound.fresh_text = "I am away until\n Monday.".to_owned();
        house.clock.forward(SignedDuration::from_mins(40));
    }
    assert_eq!(letters, 2);
});
