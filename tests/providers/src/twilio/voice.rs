//! The caller's side of a call: hears what we answer, presses keys, speaks, is put through, and hangs up.
//!
//! From the documentation of the TwiML verbs, of Twilio's requests for calls and of recording status callbacks.

use std::{collections::BTreeMap, sync::PoisonError};

use civicdesk_contract::HookCall;

use super::{
    ACCOUNT, NUMBER, Twilio,
    calls::signed,
    twiml::{self, Said, Verb},
};

/// The network's word that a number is its caller's.
pub const ATTESTED: &str = "TN-Validation-Passed-A";

/// One call to our number.
pub struct Line<'a> {
    twilio: &'a Twilio,
    /// The address that the number is set up with.
    address: String,
    sid: String,
    from: String,
    stir: Option<String>,
    heard: Vec<Said>,
    /// What is still to be done of the last answer; the first is what the call waits at.
    rest: Vec<Verb>,
    over: bool,
}

impl Twilio {
    /// A call from this number to the one whose webhook is `address`. `stir` is what the network says of the number.
    pub fn line(&self, address: &str, from: &str, stir: Option<&str>) -> Line<'_> {
        Line {
            twilio: self,
            address: address.to_owned(),
            sid: format!("CA{:032x}", 0xC000_0000 + self.next()),
            from: from.to_owned(),
            stir: stir.map(str::to_owned),
            heard: Vec::new(),
            rest: Vec::new(),
            over: false,
        }
    }
}

impl Line<'_> {
    /// The call comes in.
    pub fn rings(&self) -> HookCall {
        let stir = self.stir.as_deref().map(|stir| ("StirVerstat", stir));
        self.request(&self.address, "ringing", &stir.into_iter().collect::<Vec<_>>())
    }

    /// Takes our answer, up to where something is waited for. What Twilio would refuse ends the test.
    pub fn takes(&mut self, status: u16, body: &[u8]) -> Option<HookCall> {
        assert_eq!(status, 200, "the caller hears that an application error has occurred");
        self.heard.clear();
        self.rest = twiml::read(body).unwrap_or_else(|wrong| {
            panic!("Twilio refuses this answer: {wrong}\n{}", String::from_utf8_lossy(body));
        });
        self.goes_on()
    }

    /// Goes through what needs nobody. Gives the next request where there is a redirect.
    fn goes_on(&mut self) -> Option<HookCall> {
        while let Some(verb) = self.rest.first().cloned() {
            match verb {
                Verb::Say(said) => self.heard.push(said),
                Verb::Gather { prompt, .. } => {
                    self.heard.extend(prompt);
                    return None;
                }
                Verb::Record { .. } | Verb::Dial { .. } => return None,
                Verb::Redirect(to) => return Some(self.request(&to, "in-progress", &[])),
                Verb::Hangup => break,
            }
            self.rest.remove(0);
        }
        self.over = true;
        None
    }

    /// Everything that the last answer said.
    pub fn heard(&self) -> String {
        self.heard.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// In which languages it was said, each once.
    pub fn languages(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.heard.iter().map(|said| said.language.as_str()).collect();
        all.dedup();
        all
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Presses keys where keys are waited for.
    pub fn presses(&self, keys: &str) -> HookCall {
        let Some(Verb::Gather { action, digits, finish, .. }) = self.rest.first() else {
            panic!("nobody waits for keys here: {:?}", self.rest)
        };
        let digits_of = keys.trim_end_matches(|key| finish.contains(key));
        assert!(digits.is_none_or(|most| digits_of.len() <= most), "{keys} are more keys than are waited for");
        assert!(digits_of.len() < keys.len() || *digits == Some(keys.len()), "Twilio waits on after {keys}");
        self.request(action, "in-progress", &[("Digits", digits_of), ("FinishedOnKey", "")])
    }

    /// Presses nothing.
    pub fn waits(&self) -> HookCall {
        let Some(Verb::Gather { action, reports_silence: true, .. }) = self.rest.first() else {
            panic!("silence would end this call: {:?}", self.rest)
        };
        self.request(action, "in-progress", &[("Digits", "")])
    }

    /// Speaks after the tone. Gives the request for what comes next, and the one that says that the recording lies ready;
    /// they may come in any order, and the first not at all where the caller `hangs_up`.
    pub fn speaks(&self, sound: &[u8], hangs_up: bool) -> (HookCall, HookCall) {
        let Some(Verb::Record { action, ready, longest }) = self.rest.first() else {
            panic!("nothing is recorded here: {:?}", self.rest)
        };
        let sid = self.twilio.keep(sound);
        let address = format!("{}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}", self.twilio.url());
        let seconds = longest.min(&7).to_string();
        let (key, status) = if hangs_up { ("hangup", "completed") } else { ("#", "in-progress") };
        let of = [("RecordingUrl", address.as_str()), ("RecordingSid", &sid), ("RecordingDuration", &seconds)];
        let next = [of.as_slice(), &[("Digits", key)]].concat();
        // The callback says nothing of who called whom.
        let mut told = BTreeMap::from([
            ("AccountSid", ACCOUNT),
            ("CallSid", self.sid.as_str()),
            ("ErrorCode", "0"),
            ("RecordingChannels", "1"),
            ("RecordingSource", "RecordVerb"),
            ("RecordingStartTime", "Sun, 22 Nov 2026 12:00:00 +0000"),
            ("RecordingStatus", "completed"),
        ]);
        told.extend(of);
        let (place, query) = ready.split_once('?').unwrap_or((ready, ""));
        (self.request(action, status, &next), signed(place, query, &told))
    }

    /// Says nothing after the tone.
    pub fn keeps_silent(&mut self) -> Option<HookCall> {
        assert!(matches!(self.rest.first(), Some(Verb::Record { .. })), "nothing is recorded here: {:?}", self.rest);
        self.rest.remove(0);
        self.goes_on()
    }

    /// Whom the call is put through to, and for how many seconds it rings there.
    pub fn is_put_through(&self) -> Option<(&str, u32)> {
        match self.rest.first() {
            Some(Verb::Dial { number, seconds, .. }) => Some((number, *seconds)),
            _ => None,
        }
    }

    /// How that ended: `completed busy no-answer failed canceled`.
    pub fn desk(&self, status: &str, seconds: u32) -> HookCall {
        let Some(Verb::Dial { action, .. }) = self.rest.first() else { panic!("nobody is called: {:?}", self.rest) };
        let (sid, seconds) = (self.sid.replace("CA", "CA0").chars().take(34).collect::<String>(), seconds.to_string());
        let mut fields = vec![("DialCallSid", sid.as_str()), ("DialCallStatus", status)];
        if status == "completed" {
            fields.extend([("DialCallDuration", seconds.as_str()), ("DialBridged", "true")]);
        }
        self.request(action, "in-progress", &fields)
    }

    /// What Twilio tells the number's own address when the call is over.
    pub fn ended(&self) -> HookCall {
        self.request(&self.address, "completed", &[("CallDuration", "42"), ("Duration", "1")])
    }

    fn request(&self, address: &str, status: &str, more: &[(&str, &str)]) -> HookCall {
        let mut fields = BTreeMap::from([
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", self.sid.as_str()),
            ("CallStatus", status),
            ("Called", NUMBER),
            ("Caller", self.from.as_str()),
            ("Direction", "inbound"),
            ("From", self.from.as_str()),
            ("To", NUMBER),
        ]);
        fields.extend(more.iter().copied());
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        signed(place, query, &fields)
    }
}

impl Twilio {
    /// Keeps a recording, and gives its name.
    fn keep(&self, sound: &[u8]) -> String {
        let sid = format!("RE{:032x}", 0xE000_0000 + self.next());
        let mut kept = self.state.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(sid.clone(), sound.to_vec());
        sid
    }
}
