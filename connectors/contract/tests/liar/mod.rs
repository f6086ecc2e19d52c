//! A connector that tells one lie and is honest otherwise, and what the kit says to it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use civicdesk_contract::{
    About, Answer, Batch, Capabilities, Channel, Connector, Cursor, ExternalId, HookCall, Identity, Inbound,
    InboundAttachment, Inbox, Kind, Measure, Media, Outbound, RawItem, Received, Result, Retry, Sent, Settings, Told,
    Tools, testkit,
};
use serde_json::{Value, json};

use crate::common::MemoryFixture;

#[derive(Clone, Copy)]
pub enum Lie {
    Declares(fn(&mut Capabilities)),
    BelievesForgeries,
    ChecksHeaderOnly,
    NewIdsForOldCalls,
    SkipsAnItem,
    CursorStays,
    Remembers,
    IgnoresTheLimit,
    WaitDoesNotWait,
    Doubles,
    LostReplyIsHarmless,
    CutsLongTexts,
    CostsNothing,
    GivesUp,
    HidesWrongPasswords,
    LeaksTheSecret,
    SchemaShowsTheSecret,
    IgnoresUnknownSettings,
    ReadPanics,
    ReadHasMoods,
    AsciiOnly,
    HtmlAsItCame,
    DropsFiles,
    NoThreads,
    OneThreadForAll,
    LosesTheRecording,
    OneAnswerForAll,
}

/// Runs the kit on the fixture's connector with this lie, and gives the words it panicked with.
pub async fn complaint(mut fixture: MemoryFixture, lie: Lie) -> String {
    fixture.connector = Arc::new(Liar { inner: fixture.connector, lie, count: AtomicU64::new(0) });
    let ran = tokio::spawn(async move { testkit::run(&fixture).await }).await;
    let Err(error) = ran else { return "nothing at all".to_owned() };
    assert!(error.is_panic());
    let words = error.into_panic();
    let text = words.downcast_ref::<String>().cloned();
    text.or_else(|| words.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

struct Liar {
    inner: Arc<dyn Connector>,
    lie: Lie,
    count: AtomicU64,
}

impl Connector for Liar {
    fn about(&self) -> About {
        let mut about = self.inner.about();
        match self.lie {
            Lie::Declares(change) => change(&mut about.capabilities),
            Lie::SchemaShowsTheSecret => about.settings_schema["properties"]["secret"] = json!({ "type": "string" }),
            _ => {}
        }
        about
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let mut settings = settings.0;
        let secret = settings["secret"].as_str().unwrap_or_default().to_owned();
        if let (Lie::IgnoresUnknownSettings, Value::Object(fields)) = (self.lie, &mut settings) {
            fields.remove("no_such_setting");
        }
        let inner = self.inner.open(Settings(settings), tools)?;
        Ok(Arc::new(LyingChannel { inner, lie: self.lie, secret, seen: Mutex::default(), count: AtomicU64::new(0) }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        assert!(!(matches!(self.lie, Lie::ReadPanics) && item.raw.is_empty()), "the liar cannot read nothing");
        let mut message = self.inner.read(item)?;
        match self.lie {
            Lie::ReadHasMoods => message.oddities.push(self.count.fetch_add(1, Ordering::Relaxed).to_string()),
            Lie::AsciiOnly => message.text.retain(|c| c.is_ascii()),
            Lie::HtmlAsItCame => message.html = unsafe_html(&item.raw),
            Lie::DropsFiles => message.attachments.clear(),
            Lie::NoThreads => message.thread.in_reply_to.clear(),
            Lie::LosesTheRecording => message.media.clear(),
            Lie::OneThreadForAll => message.thread.key = Some("all".to_owned()),
            _ => {}
        }
        Ok(message)
    }
}

fn unsafe_html(raw: &[u8]) -> Option<String> {
    serde_json::from_slice::<Value>(raw).ok()?["html"].as_str().map(str::to_owned)
}

struct LyingChannel {
    inner: Arc<dyn Channel>,
    lie: Lie,
    secret: String,
    seen: Mutex<Option<Cursor>>,
    count: AtomicU64,
}

impl LyingChannel {
    /// Errors as the liar tells them.
    fn tell<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|mut error| {
            match (self.lie, error.kind) {
                (Lie::HidesWrongPasswords, Kind::Credentials) => error.kind = Kind::Unreachable,
                (Lie::LeaksTheSecret, Kind::Unreachable) => error.detail = format!("tried with {}", self.secret),
                (Lie::GivesUp, Kind::Unreachable) if error.retry == Retry::Later => error.retry = Retry::Never,
                (Lie::LostReplyIsHarmless, _) if error.retry == Retry::Unsure => error.retry = Retry::Later,
                _ => {}
            }
            error
        })
    }
}

#[async_trait]
impl Channel for LyingChannel {
    async fn check(&self) -> Result<Identity> {
        self.tell(self.inner.check().await)
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        let received = self.inner.receive(call).await;
        let forged = received.as_ref().is_err_and(|error| error.kind == Kind::Forged);
        match self.lie {
            Lie::BelievesForgeries if forged => Ok(Received::default()),
            Lie::ChecksHeaderOnly if forged && call.body.starts_with(b"{\"letter\"") && is_whole(call) => {
                Ok(Received::default())
            }
            Lie::NewIdsForOldCalls => received.map(|mut received| {
                for item in &mut received.items {
                    item.id = ExternalId(format!("{}-{:p}", item.id.0, std::ptr::from_ref(self)));
                    item.id.0.push_str(&self.count.fetch_add(1, Ordering::Relaxed).to_string());
                }
                received
            }),
            _ => received,
        }
    }

    fn reply(&self, call: &HookCall, told: &Told) -> Result<Answer> {
        let one = Told { standing: None, ..told.clone() };
        self.inner.reply(call, if matches!(self.lie, Lie::OneAnswerForAll) { &one } else { told })
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        self.inner.fetch(media, most).await
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (cursor, limit) = match self.lie {
            Lie::Remembers => (seen.as_ref().or(cursor), limit),
            Lie::IgnoresTheLimit => (cursor, limit + 1),
            _ => (cursor, limit),
        };
        let mut batch = self.tell(self.inner.poll(cursor, limit).await)?;
        match self.lie {
            Lie::SkipsAnItem => batch.items.retain(|item| !item.id.0.ends_with(":3")),
            Lie::CursorStays if batch.more => {
                let shorter = self.inner.poll(cursor, limit - 1).await?;
                batch.cursor = shorter.cursor;
            }
            _ => {}
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch.cursor.clone());
        Ok(batch)
    }

    async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        if matches!(self.lie, Lie::WaitDoesNotWait) { Ok(()) } else { self.inner.wait(cursor).await }
    }

    async fn committed(&self, items: &[ExternalId]) -> Result<()> {
        self.inner.committed(items).await
    }

    async fn run(&self, inbox: Arc<dyn Inbox>) -> Result<()> {
        self.inner.run(inbox).await
    }

    fn measure(&self, _text: &str) -> Option<Measure> {
        let nothing = Measure { encoding: "GSM-7", units: 0, parts: 0, left: 160 };
        matches!(self.lie, Lie::CostsNothing).then_some(nothing)
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        let mut message = message.clone();
        match self.lie {
            Lie::Doubles => message.key.push_str(&self.count.fetch_add(1, Ordering::Relaxed).to_string()),
            Lie::CutsLongTexts => message.text = message.text.chars().take(1000).collect(),
            _ => {}
        }
        self.tell(self.inner.send(&message).await)
    }
}

/// Whether nothing was cut from the call or added to it: only a flipped byte is left to be noticed.
fn is_whole(call: &HookCall) -> bool {
    call.header(civicdesk_contract::memory::SIGNATURE).is_some_and(|signature| signature.len() == 64)
        && call.body.ends_with(b"}")
}
