//! A provider's call to us: verified first, over the raw bytes, then read.

use crate::{Ask, RawItem, Receipt, Watermark};

/// One HTTP request of a provider, as it came.
#[derive(Clone, Debug, Default)]
pub struct HookCall {
    pub method: String,
    /// The address the provider was told to call, from settings and never from the request's headers.
    pub public_url: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HookCall {
    /// The first header of this name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What a verified call brought. The host commits items and receipts before it gives the answer.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub items: Vec<RawItem>,
    pub receipts: Vec<Receipt>,
    pub watermarks: Vec<Watermark>,
    pub answer: Answer,
    /// What must be known before the call can be answered: then `answer` is left alone, and
    /// [`reply`](crate::Channel::reply) makes another one. Only where `spoken` is declared.
    pub ask: Option<Ask>,
}

/// What the provider is told once everything is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 204, content_type: "text/plain; charset=utf-8", body: Vec::new() }
    }
}
