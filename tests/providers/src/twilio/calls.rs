//! Twilio's calls to us: a text that came in, and what became of one of ours, signed with the account's token.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::HookCall;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{ACCOUNT, NUMBER, TOKEN, Twilio};
use crate::form;

impl Twilio {
    /// A text from `from`. `more` adds or replaces fields, such as `("OptOutType", "STOP")` or `("NumMedia", "1")`.
    pub fn text(&self, address: &str, from: &str, body: &str, more: &[(&str, &str)]) -> HookCall {
        let sid = format!("SM{:032x}", 0xF000_0000 + self.next());
        let mut fields = BTreeMap::from([
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
            ("Body", body),
            ("From", from),
            ("MessageSid", sid.as_str()),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsMessageSid", sid.as_str()),
            ("SmsSid", sid.as_str()),
            ("SmsStatus", "received"),
            ("To", NUMBER),
            ("ToCountry", "US"),
            ("FromCity", ""),
        ]);
        fields.extend(more.iter().copied());
        signed(address, "", &fields)
    }

    /// What became of a message of ours: `queued sending sent delivered undelivered failed read`, with an error's code.
    pub fn status(&self, address: &str, sid: &str, status: &str, error: Option<&str>) -> HookCall {
        let taken = self.taken();
        let to = taken.iter().find(|taken| taken.sid == sid).map_or("", |taken| taken.to.as_str());
        let mut fields = BTreeMap::from([
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
            ("From", NUMBER),
            ("MessageSid", sid),
            ("MessageStatus", status),
            ("SmsSid", sid),
            ("SmsStatus", status),
            ("To", to),
        ]);
        fields.extend(error.map(|code| ("ErrorCode", code)));
        signed(address, "", &fields)
    }

    pub(super) fn next(&self) -> u64 {
        let mut calls = self.state.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls += 1;
        *calls
    }
}

/// Any form as Twilio sends it: to `address`, with `query` behind it, signed.
pub fn signed(address: &str, query: &str, fields: &BTreeMap<&str, &str>) -> HookCall {
    let body = form::write(fields.iter().map(|(name, value)| (*name, *value))).into_bytes();
    let url = if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") };
    let pairs: BTreeSet<(&str, &str)> = fields.iter().map(|(name, value)| (*name, *value)).collect();
    let covered: String = [url.as_str()].into_iter().chain(pairs.into_iter().flat_map(|(n, v)| [n, v])).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).expect("HMAC takes any key");
    mac.update(covered.as_bytes());
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
        ("x-twilio-signature", BASE64_STANDARD.encode(mac.finalize().into_bytes())),
        ("i-twilio-idempotency-token", format!("token-of-{}", fields.get("MessageSid").unwrap_or(&"nothing"))),
        ("user-agent", "TwilioProxy/1.1".to_owned()),
    ];
    HookCall {
        method: "POST".to_owned(),
        public_url: address.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body,
    }
}
