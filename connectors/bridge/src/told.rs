//! The bridge's calls to us: messages that came in, and what became of answers.

use civicdesk_contract::{Error, ExternalId, HookCall, RawItem, Receipt, ReceiptState, Received, Result};
use serde_json::Value;

use crate::{Ability, BridgeChannel, wire};

/// A call with its files; larger ones are for `poll`.
const LARGEST: usize = 32 << 20;

impl BridgeChannel {
    pub fn told(&self, call: &HookCall) -> Result<Received> {
        self.key.verify(call, self.tools.clock.now())?;
        if call.body.len() > LARGEST {
            return Err(Error::malformed("receive", format!("the call has {} bytes", call.body.len())));
        }
        let told: Value =
            serde_json::from_slice(&call.body).map_err(|_| Error::malformed("receive", "the call is not JSON"))?;
        let mut received = Received::default();
        let all = |field: &str| told[field].as_array().into_iter().flatten();
        if told["type"] == "messages" && self.can(Ability::Push) {
            let items: Option<Vec<RawItem>> = all("items").map(|one| wire::item(&self.settings.network, one)).collect();
            received.items = items.ok_or_else(|| Error::malformed("receive", "an item without an id"))?;
        }
        if told["type"] == "receipts" && self.can(Ability::Receipts) {
            received.receipts = all("receipts").filter_map(|one| self.receipt(one)).collect();
        }
        Ok(received)
    }

    fn receipt(&self, told: &Value) -> Option<Receipt> {
        let state: ReceiptState = serde_json::from_value(told["state"].clone()).ok()?;
        let id = ExternalId(wire::name(&self.settings.network, told["id"].as_str()?));
        Some(Receipt { id, state, detail: told["detail"].as_str().map(str::to_owned) })
    }
}
