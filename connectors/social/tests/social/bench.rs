//! What the tests of all networks share.

use std::sync::Arc;

use civicdesk_contract::{Channel, Clock, Connector, Outbound, Party, Settings, SystemClock, testkit::tools};
use serde_json::Value;

pub fn open(connector: &Arc<dyn Connector>, settings: Value) -> Arc<dyn Channel> {
    connector.open(Settings(settings), tools()).unwrap()
}

/// A message of ours to one person.
pub fn message(to: Party, text: &str) -> Outbound {
    Outbound {
        key: "key-1".to_owned(),
        message_id: "key-1@civicdesk.invalid".to_owned(),
        from_name: None,
        to: vec![to],
        cc: Vec::new(),
        reply_to: None,
        return_path: None,
        subject: None,
        text: text.to_owned(),
        html: None,
        attachments: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        automatic: false,
        public: false,
        written_at: SystemClock.now(),
        heard_at: None,
    }
}
