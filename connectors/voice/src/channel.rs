//! One number at work: calls verified, led from turn to turn, and what stays of them handed over.

use async_trait::async_trait;
use civicdesk_contract::{
    Answer, Ask, Channel, Envelope, Error, ExternalId, HookCall, Identity, InboundAttachment, Kind, Media, RawItem,
    Received, Result, Retry, Told, exchange, form::Form, twilio,
};
use reqwest::RequestBuilder;

use crate::{
    read,
    settings::VoiceSettings,
    talk::Talk,
    turn::{Step, Turn},
    who,
};

/// How Twilio says that a call is over.
const OVER: [&str; 5] = ["completed", "busy", "failed", "no-answer", "canceled"];

pub struct VoiceChannel {
    pub settings: VoiceSettings,
    pub http: reqwest::Client,
}

#[async_trait]
impl Channel for VoiceChannel {
    async fn check(&self) -> Result<Identity> {
        let path = format!("/2010-04-01/Accounts/{}.json", self.settings.account_sid);
        let answer = exchange::ask("check", self.signed_in(self.http.get(self.at(&path)))).await?;
        if !answer.is_success() {
            return Err(exchange::refusal("check", &answer, format!("Twilio answered {}", answer.status)));
        }
        if let Some(status @ ("suspended" | "closed")) = answer.json()["status"].as_str() {
            return Err(Error::new(Kind::Credentials, Retry::Never, "check", format!("the account is {status}")));
        }
        Ok(Identity { address: self.settings.number.clone(), detail: "the token was accepted".to_owned() })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        twilio::verify(&self.settings.auth_token, call)?;
        // Signed, but not of a call: it is answered, or Twilio would report an error to the account.
        let Some(form) = form(call).filter(|form| form.has("CallSid")) else { return Ok(Received::default()) };
        let turn = turn(call, &form);
        let items = match turn.step {
            Step::Begin if form.get("CallStatus").is_some_and(|status| OVER.contains(&status)) => {
                return Ok(Received::default());
            }
            Step::Recorded if form.get("RecordingStatus") != Some("completed") => return Ok(Received::default()),
            Step::Recorded | Step::Message => form.get("RecordingSid").map(|sid| item(call, &form, sid)),
            Step::Desk => form.get("DialCallStatus").and(read::conversation(&form)).map(|id| item(call, &form, id)),
            _ => None,
        };
        let asks = turn.step != Step::Recorded;
        let reference = form.get("Digits").filter(|_| turn.step == Step::Reference).map(str::to_owned);
        let ask = asks.then(|| Ask {
            who: form.get("From").and_then(who::party),
            attested: turn.attested,
            language: turn.language.map(|language| language.tag.to_owned()),
            reference,
            wants_code: turn.step == Step::Code && self.settings.code,
        });
        Ok(Received { items: items.into_iter().collect(), ask, ..Received::default() })
    }

    fn reply(&self, call: &HookCall, told: &Told) -> Result<Answer> {
        let form = form(call).ok_or_else(|| Error::malformed("reply", "not a form in UTF-8"))?;
        let turn = turn(call, &form);
        Ok(Talk { settings: &self.settings, hook: &call.public_url, turn, form: &form, told }.answer())
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        // Only the account's own recordings: the handle came in a call, and our token goes with the question.
        let mine = format!("/2010-04-01/Accounts/{}/Recordings/", self.settings.account_sid);
        let path = reqwest::Url::parse(&media.handle).ok().map(|url| url.path().to_owned());
        let Some(path) = path.filter(|path| path.starts_with(&mine)) else {
            return Err(Error::malformed("fetch", "the recording's address is not one of this account"));
        };
        let request = self.signed_in(self.http.get(self.at(&format!("{path}.mp3"))));
        exchange::file(&self.http, request, media, most).await.map_err(|e| match e.detail.as_str() {
            // Twilio names a recording before it lies ready.
            exchange::GONE => Error::unreachable("fetch", e.detail),
            _ => e,
        })
    }
}

impl VoiceChannel {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    fn signed_in(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.settings.account_sid, Some(self.settings.auth_token.expose()))
    }
}

/// What Twilio says of a call: in the body, or in the address where the number is set up to be asked by GET.
fn form(call: &HookCall) -> Option<Form> {
    Form::read(if call.body.is_empty() { call.query.as_bytes() } else { &call.body })
}

/// Where the call is. Only its first request says whether the network vouches for the number.
fn turn(call: &HookCall, form: &Form) -> Turn {
    let turn = Turn::read(&call.query);
    let attested = if turn.step == Step::Begin { who::is_attested(form) } else { turn.attested };
    Turn { attested, ..turn }
}

/// What stays of a call: everything that Twilio signed, our part of it first, in one form.
fn item(call: &HookCall, form: &Form, id: &str) -> RawItem {
    let to = form.get("To").map(str::to_owned).into_iter().collect();
    RawItem {
        id: ExternalId(id.to_owned()),
        place: None,
        envelope: Envelope { from: form.get("From").map(str::to_owned), to, received_at: None },
        raw: [call.query.as_bytes(), b"&", &call.body].concat(),
    }
}
