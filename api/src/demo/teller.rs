//! Tells the story: hands its mails over as a mail server does, and lets staff act by the rules that the API uses.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use civicdesk_contract::{IdentityKind, Party};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    agencies::Agencies,
    clock::StoryClock,
    conversation::{Moment, Step, To, ToAndCopy, When, moments},
    fill::{Facts, Told},
    lmtp,
    sink::Sink,
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    cases::{change, reply},
    fail::Fail,
    store::{
        self, Tx, Uid,
        cases::{self, Case},
        inbound, messages,
    },
};

/// How long what one step sets going may take.
const LONGEST_STEP: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);

/// Who tells the story, and what there is of it so far.
pub struct Teller {
    app: Arc<App>,
    clock: Arc<StoryClock>,
    sink: Arc<Sink>,
    lmtp: SocketAddr,
    agencies: Agencies,
    facts: Facts,
    filed: HashMap<&'static str, Filed>,
}

/// A mail as it was handed over, and the case in which it ended.
struct Filed {
    from: &'static str,
    to: Vec<String>,
    raw: Vec<u8>,
    case: Option<Uid>,
}

impl Teller {
    /// `lmtp` is the address of the program's listener; `facts` know the time.
    pub fn new(
        app: Arc<App>,
        clock: Arc<StoryClock>,
        sink: Arc<Sink>,
        lmtp: SocketAddr,
        agencies: Agencies,
        facts: Facts,
    ) -> Self {
        Self { app, clock, sink, lmtp, agencies, facts, filed: HashMap::new() }
    }

    pub async fn tell(mut self) -> Result<(), Fail> {
        for (agency, moment) in moments() {
            self.clock.set(self.facts.at(moment.when));
            self.step(self.agencies.tenant(agency), moment).await?;
            self.quiet().await?;
        }
        self.clock.release();
        Ok(())
    }

    async fn step(&mut self, tenant: Uuid, Moment { when, step }: Moment) -> Result<(), Fail> {
        match step {
            Step::Mail { name, from, to, raw } => {
                let to =
                    to.iter().map(|to| self.facts.text(to, when)).collect::<Result<_, _>>().map_err(Fail::Broken)?;
                let raw = self.facts.mail(raw, when).map_err(Fail::Broken)?;
                let mut mail = Filed { from, to, raw, case: None };
                self.hand_over(&mail).await?;
                self.quiet().await?;
                let case = self.newest_case(tenant).await?;
                mail.case = case.as_ref().map(|case| case.id);
                self.facts.add(name, Told { when, reference: case.map(|case| case.reference), ..Told::default() });
                self.filed.insert(name, mail);
                Ok(())
            }
            Step::Again { of } => {
                let mail = self.filed.get(of).ok_or_else(|| unknown(of))?;
                self.hand_over(mail).await
            }
            Step::Reply { name, on, by, to, text } => {
                let id = self.reply(tenant, (on, by, when), to, text).await?;
                self.quiet().await?;
                let ways = id.as_ref().and_then(|id| self.sink.ways(id));
                let (return_path, reply_to) = ways.map(|ways| (ways.return_path, ways.reply_to)).unzip();
                let reply_to = reply_to.flatten();
                self.facts.add(name, Told { when, id, reply_to, return_path, ..Told::default() });
                Ok(())
            }
            Step::Note { on, by, text } => {
                let text = self.facts.text(text, when).map_err(Fail::Broken)?;
                let (case, act) = (self.case(on)?, self.acting(by)?);
                let note = move |tx: &mut Tx| {
                    let case = cases::get(tx, case)?;
                    reply::note(tx, &act, &case, text.trim_end()).map(|_| ())
                };
                self.app.store.tenant(tenant).write(note).await
            }
            Step::Change { on, by, to } => {
                let (case, act, wanted) = (self.case(on)?, self.acting(by)?, self.wanted(to)?);
                let change = move |tx: &mut Tx| {
                    let case = cases::get(tx, case)?;
                    change::change(tx, &act, &case, wanted.clone()).map(|_| ())
                };
                self.app.store.tenant(tenant).write(change).await
            }
        }
    }

    async fn hand_over(&self, mail: &Filed) -> Result<(), Fail> {
        let delivered = lmtp::deliver(self.lmtp, mail.from, &mail.to, &mail.raw).await;
        delivered.map_err(|e| Fail::Broken(format!("a mail of the demo was not taken: {e}")))
    }

    /// Answers, and gives the answer's Message-ID.
    async fn reply(
        &self,
        tenant: Uuid,
        (on, by, when): (&str, &str, When),
        to: Option<ToAndCopy>,
        text: &str,
    ) -> Result<Option<String>, Fail> {
        let (case, act) = (self.case(on)?, self.acting(by)?);
        let text = self.facts.text(text, when).map_err(Fail::Broken)?.trim_end().to_owned();
        let party = |address: &str| Party { kind: IdentityKind::Email, address: address.to_owned(), name: None };
        let (to, cc) = to.map_or_else(Default::default, |(to, copy)| (vec![party(to)], vec![party(copy)]));
        let kinds = self.app.opener.kinds();
        let answer = reply::Reply { text, to, cc, ..reply::Reply::default() };
        let write = move |tx: &mut Tx| {
            let case = cases::get(tx, case)?;
            reply::reply(tx, &act, &kinds, &case, answer.clone()).map(|posted| posted.message.network_id)
        };
        self.app.store.tenant(tenant).write(write).await
    }

    fn wanted(&self, to: To) -> Result<change::Change, Fail> {
        let assignee = to.assignee.map(|key| self.agencies.member(key).ok_or_else(|| unknown(key))).transpose()?;
        Ok(change::Change {
            status: to.status.map(str::to_owned),
            outcome: to.outcome.map(|outcome| Some(outcome.to_owned())),
            priority: to.priority.map(str::to_owned),
            assignee_id: assignee.map(|id| Some(Uid(id))),
            tags: (!to.tags.is_empty()).then(|| to.tags.iter().map(|tag| (*tag).to_owned()).collect()),
            ..change::Change::default()
        })
    }

    fn case(&self, mail: &str) -> Result<Uid, Fail> {
        self.filed.get(mail).and_then(|mail| mail.case).ok_or_else(|| unknown(mail))
    }

    fn acting(&self, key: &str) -> Result<Acting, Fail> {
        let member = self.agencies.member(key).ok_or_else(|| unknown(key))?;
        let clock: Arc<dyn civicdesk_contract::Clock> = self.clock.clone();
        Ok(Acting::new(Actor::Staff(member), &clock, &self.app.ids))
    }

    /// The case of what came in last.
    async fn newest_case(&self, tenant: Uuid) -> Result<Option<Case>, Fail> {
        let newest = |tx: &mut Tx| {
            let item = inbound::list(tx, None, None, None, 1)?.pop();
            item.and_then(|item| item.case_id).map(|id| cases::get(tx, id)).transpose()
        };
        Ok(self.app.store.tenant(tenant).read(newest).await?)
    }

    /// Waits until everything that came in is filed and everything that goes out has gone.
    async fn quiet(&self) -> Result<(), Fail> {
        let quiet = async {
            for tenant in self.agencies.tenants() {
                while self.is_busy(tenant).await? {
                    sleep(LOOK).await;
                }
            }
            Ok(())
        };
        let late = || Fail::Broken(format!("the demo's mail was not done with in {} s", LONGEST_STEP.as_secs()));
        timeout(LONGEST_STEP, quiet).await.map_err(|_| late())?
    }

    async fn is_busy(&self, tenant: Uuid) -> Result<bool, Fail> {
        let busy = |tx: &mut Tx| -> store::Result<bool> {
            let waiting = !inbound::list(tx, None, Some("received"), None, 1)?.is_empty();
            Ok(waiting || !messages::in_state(tx, &["queued", "sending"], 1)?.is_empty())
        };
        Ok(self.app.store.tenant(tenant).read(busy).await?)
    }
}

fn unknown(name: &str) -> Fail {
    Fail::Broken(format!("the demo's story knows no `{name}`"))
}
