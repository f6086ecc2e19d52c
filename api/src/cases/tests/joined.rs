//! Contacts that are joined and parted at random, while their people go on writing: nobody's mail, address or case is lost.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::house::{House, json, mail, party};
use crate::{
    acting::Acting,
    cases::written::Written,
    fail::Fail,
    people::joining::{self, Both},
    store::{
        Tx, Uid, cases,
        contacts::{self, Contact},
        tests::support::{self, on_both},
    },
};

const PEOPLE: usize = 5;
const STEPS: usize = 30;

fn address(person: usize) -> String {
    format!("p{person}@people.example")
}

async fn act<T: Send + 'static>(
    house: &House,
    f: impl Fn(&mut Tx, &Acting) -> Result<T, Fail> + Send + 'static,
) -> Result<T, Fail> {
    let act = house.act();
    house.deps.store.tenant(house.tenant(0)).write(move |tx| f(tx, &act)).await
}

async fn contact(house: &House, id: Uid) -> Contact {
    house.read(0, move |tx| contacts::get(tx, id)).await
}

async fn merge(house: &House, from: Uid, into: Uid) -> Result<Both, Fail> {
    let both = Both { from: contact(house, from).await, into: contact(house, into).await };
    act(house, move |tx, act| {
        let mut written = Written::default();
        let both = joining::merge(tx, act, &mut written, &both, "a test")?;
        written.flush(tx)?;
        Ok(both)
    })
    .await
}

async fn unmerge(house: &House, from: Uid) -> Result<Both, Fail> {
    let from = contact(house, from).await;
    act(house, move |tx, act| {
        let mut written = Written::default();
        let both = joining::unmerge(tx, act, &mut written, &from)?;
        written.flush(tx)?;
        Ok(both)
    })
    .await
}

/// One mail as it was filed.
struct Mailed {
    id: String,
    from: usize,
    copied: Option<usize>,
    message: Uid,
}

/// A town of a few people, and what they wrote.
struct Town {
    house: House,
    people: Vec<Uid>,
    mails: Vec<Mailed>,
}

impl Town {
    async fn new(place: support::Place) -> Self {
        let house = House::new(place).await;
        let mut town = Self { house, people: Vec::new(), mails: Vec::new() };
        for person in 0..PEOPLE {
            town.writes(person, None, None).await;
            let normal = address(person);
            let found = town.house.read(0, move |tx| contacts::find_identity(tx, "email", &normal)).await;
            town.people.push(found.unwrap().contact_id);
        }
        town
    }

    async fn writes(&mut self, from: usize, copied: Option<usize>, answers: Option<usize>) {
        let id = format!("{}@m", self.mails.len());
        let mut mail = mail(&address(from), &format!("Matter {id}")).id(&id);
        mail.inbound.from.as_mut().unwrap().name = Some(format!("Person {from}"));
        mail.inbound.cc = copied.map(|c| party(&address(c))).into_iter().collect();
        if let Some(answered) = answers {
            mail = mail.answers(&[&self.mails[answered].id.clone()]);
        }
        let message = self.house.file(0, mail).await.unwrap().id;
        self.mails.push(Mailed { id, from, copied, message });
    }

    async fn step(&mut self, rng: &mut StdRng) {
        let any = |rng: &mut StdRng| rng.random_range(0..PEOPLE);
        match rng.random_range(0..10) {
            0..3 => {
                let (from, into) = (self.people[any(rng)], self.people[any(rng)]);
                refusable(merge(&self.house, from, into).await, &["merged", "same-contact"]);
            }
            3..5 => {
                let from = self.people[any(rng)];
                refusable(unmerge(&self.house, from).await, &["not-merged", "merged-further"]);
            }
            _ => {
                let copied = Some(any(rng)).filter(|_| rng.random_bool(0.3));
                let answers = Some(rng.random_range(0..self.mails.len())).filter(|_| rng.random_bool(0.5));
                self.writes(any(rng), copied, answers).await;
            }
        }
    }

    /// Every mail lies in a case of somebody who is there, and whoever wrote it or got a copy takes part in that case.
    async fn is_whole(&self, seed: u64) {
        for mailed in &self.mails {
            let id = mailed.message;
            let message = self.house.read(0, move |tx| crate::store::messages::get(tx, id)).await;
            let case = self.house.read(0, move |tx| cases::get(tx, message.case_id)).await;
            assert_eq!(contact(&self.house, case.contact_id).await.merged_into, None, "seed {seed}");
            for person in [Some(mailed.from), mailed.copied].into_iter().flatten() {
                let normal = address(person);
                let (named, party) = self
                    .house
                    .read(0, move |tx| {
                        let named = contacts::find_identity(tx, "email", &normal)?.unwrap().contact_id;
                        Ok((named, cases::is_party(tx, case.id, named)?))
                    })
                    .await;
                assert!(party, "seed {seed}: {person} ({named:?}) takes part in what they wrote");
            }
        }
    }

    /// Whom each case belongs to and who takes part in it, by the people's numbers.
    async fn record(&self) -> BTreeMap<Uid, (usize, BTreeSet<usize>)> {
        let number = |id: Uid| self.people.iter().position(|person| *person == id).unwrap();
        let mut record = BTreeMap::new();
        for case in self.house.cases(0).await {
            let parties = self.house.read(0, move |tx| cases::parties_of(tx, case.id)).await;
            let parties = parties.into_iter().map(|row| number(row.contact_id)).collect();
            record.insert(case.id, (number(case.contact_id), parties));
        }
        record
    }

    /// What it should be once everybody stands alone: the opener of a case owns it, and those take part whom its mails name.
    async fn expected(&self) -> BTreeMap<Uid, (usize, BTreeSet<usize>)> {
        let mut record: BTreeMap<Uid, (usize, BTreeSet<usize>)> = BTreeMap::new();
        for mailed in &self.mails {
            let id = mailed.message;
            let message = self.house.read(0, move |tx| crate::store::messages::get(tx, id)).await;
            let (_, parties) = record.entry(message.case_id).or_insert((mailed.from, BTreeSet::new()));
            parties.extend([Some(mailed.from), mailed.copied].into_iter().flatten());
        }
        record
    }
}

fn refusable(done: Result<Both, Fail>, codes: &[&str]) {
    match done {
        Ok(_) => {}
        Err(Fail::Conflict { code, .. }) if codes.contains(&code) => {}
        Err(e) => panic!("{e}"),
    }
}

async fn lives(place: support::Place, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut town = Town::new(place).await;
    for _ in 0..STEPS {
        town.step(&mut rng).await;
    }
    town.is_whole(seed).await;
    loop {
        let merged: Vec<Uid> = {
            let people = town.people.clone();
            let all = town.house.read(0, move |tx| contacts::get_all(tx, &people)).await;
            all.into_iter().filter(|contact| contact.merged_into.is_some()).map(|contact| contact.id).collect()
        };
        let Some(next) = merged.choose(&mut rng) else { break };
        refusable(unmerge(&town.house, *next).await, &["merged-further"]);
        town.is_whole(seed).await;
    }
    for (person, id) in town.people.clone().into_iter().enumerate() {
        let own = town.house.read(0, move |tx| contacts::identities_of(tx, &[id])).await;
        let own: Vec<String> = own.into_iter().map(|i| i.normal).collect();
        assert_eq!(own, [address(person)], "seed {seed}: everybody has their own address again");
        assert_eq!(contact(&town.house, id).await.name, Some(format!("Person {person}")), "seed {seed}");
    }
    for mailed in &town.mails {
        let id = mailed.message;
        let message = town.house.read(0, move |tx| crate::store::messages::get(tx, id)).await;
        assert_eq!(message.author_id, Some(town.people[mailed.from]), "seed {seed}: everybody wrote what they wrote");
    }
    assert_eq!(town.record().await, town.expected().await, "seed {seed}");
}

on_both!(whatever_is_joined_and_parted_while_people_write_everybody_has_what_is_theirs_again, 1, 2, |place| {
    lives(place, 1).await;
    for seed in 2..=12 {
        lives(support::sqlite(1, 2).await, seed).await;
    }
});

on_both!(who_was_joined_is_one_person_to_what_comes_in, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@work.example", "Light out").id("1@a")).await.unwrap();
    let other = house.file(0, mail("ana@home.example", "Tree down").id("2@b")).await.unwrap();
    let stranger = house.file(0, mail("ana@home.example", "Re: Light out").answers(&["1@a"])).await.unwrap();
    assert_ne!(stranger.case_id, first.case_id, "nobody knows yet that she is the same");
    let (work, home) = (first.author_id.unwrap(), other.author_id.unwrap());
    merge(&house, home, work).await.unwrap();
    let joins = house.file(0, mail("ana@home.example", "Re: Light out").id("4@b").answers(&["1@a"])).await.unwrap();
    assert_eq!((joins.case_id, joins.author_id), (first.case_id, Some(work)));
    let code = house.deps.reply_key.reply_address(
        "help@city0.example",
        Uid(house.tenant(0)),
        (other.case_id, "TST-2026-000002"),
        home,
    );
    let by_token = mail("ana@work.example", "And the branch?").delivered_to(&code.unwrap());
    let by_token = house.file(0, by_token).await.unwrap();
    assert_eq!(
        by_token.case_id,
        other.case_id,
        "a reply address given before still leads there: {:?}",
        json(&by_token.filing)
    );

    let refused = merge(&house, home, work).await;
    assert!(matches!(refused, Err(Fail::Conflict { code: "merged", .. })), "{refused:?}");
    unmerge(&house, home).await.unwrap();
    let again = house.file(0, mail("ana@home.example", "Re: Tree down").id("5@b").answers(&["2@b"])).await.unwrap();
    assert_eq!((again.case_id, again.author_id), (other.case_id, Some(home)));
    let (theirs, spoke) = house
        .read(0, move |tx| Ok((cases::is_party(tx, first.case_id, work)?, cases::is_party(tx, first.case_id, home)?)))
        .await;
    assert!(theirs && spoke, "she wrote there, so what she writes there still gets in");
});
