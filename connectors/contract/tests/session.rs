//! A connector that holds a session keeps the contract, and one that acknowledges too early is caught.

mod common;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Cursor, Error, HookCall, Identity, Inbound, Inbox, RawItem, Received,
    Result, Settings, Tools, memory, testkit,
};
use common::MemoryFixture;

/// The memory network as a stream: the network remembers what was acknowledged.
struct Stream {
    inner: Arc<dyn Connector>,
    acknowledged: Arc<Mutex<Option<Cursor>>>,
    too_early: bool,
}

impl Connector for Stream {
    fn about(&self) -> About {
        let all = memory::capabilities();
        let capabilities = Capabilities {
            session: true,
            html: true,
            attachments: true,
            threads: true,
            identities: all.identities,
            ..Capabilities::none()
        };
        About { capabilities, ..self.inner.about() }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let inner = self.inner.open(settings, tools)?;
        let acknowledged = Arc::clone(&self.acknowledged);
        Ok(Arc::new(StreamChannel { inner, acknowledged, too_early: self.too_early }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        self.inner.read(item)
    }
}

struct StreamChannel {
    inner: Arc<dyn Channel>,
    acknowledged: Arc<Mutex<Option<Cursor>>>,
    too_early: bool,
}

impl StreamChannel {
    fn acknowledged(&self) -> Option<Cursor> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn acknowledge(&self, cursor: Cursor) {
        *self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }
}

#[async_trait]
impl Channel for StreamChannel {
    async fn check(&self) -> Result<Identity> {
        self.inner.check().await
    }

    async fn receive(&self, _call: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn run(&self, inbox: Arc<dyn Inbox>) -> Result<()> {
        loop {
            let batch = self.inner.poll(self.acknowledged().as_ref(), 1).await?;
            for item in batch.items {
                if self.too_early {
                    self.acknowledge(batch.cursor.clone());
                }
                inbox.accept(item).await?;
                self.acknowledge(batch.cursor.clone());
            }
            self.inner.wait(self.acknowledged().as_ref()).await?;
        }
    }
}

fn stream(too_early: bool) -> MemoryFixture {
    let mut fixture = MemoryFixture::new();
    fixture.connector = Arc::new(Stream { inner: fixture.connector, acknowledged: Arc::default(), too_early });
    fixture
}

#[tokio::test]
async fn a_connector_that_holds_a_session_keeps_the_contract() {
    testkit::run(&stream(false)).await;
}

#[tokio::test]
async fn acknowledging_before_the_host_has_accepted_is_caught() {
    let ran = tokio::spawn(async { testkit::run(&stream(true)).await }).await;
    let words = ran.unwrap_err().into_panic();
    let said = words.downcast_ref::<String>().unwrap();
    assert!(said.contains("must be left with the network and offered again"), "{said}");
}
