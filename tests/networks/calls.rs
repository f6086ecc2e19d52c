//! What the providers of the networks tell us: texts of citizens, challenges, and what nobody knows yet.

use std::collections::BTreeMap;

use civicdesk_providers::{HookCall, meta, notify, twilio, x};
use serde_json::{Value, json};

use super::{Fake, Network};

impl Network {
    /// A text of the citizen of this number, rightly signed. No two networks have a citizen in common.
    pub fn text(&self, hook: &str, citizen: usize, words: &str) -> HookCall {
        let citizen = 1000 * self.number() + citizen;
        let phone = format!("+1500555{citizen:04}");
        let account = format!("4711{citizen:04}");
        match &self.fake {
            Fake::Twilio(fake) => fake.text(hook, &phone, words, &[]),
            Fake::Vonage(fake) => fake.text(hook, &phone, words),
            Fake::VonageSms(fake) => fake.sms(hook, &phone, words, &[]),
            Fake::Notify(fake) => fake.text(hook, &phone, words),
            Fake::Meta(fake, meta::Kind::Whatsapp) => {
                let text = json!({ "type": "text", "text": { "body": words } });
                fake.call(hook, &[fake.number_message(phone.trim_start_matches('+'), text)])
            }
            Fake::Meta(fake, _) => fake.call(hook, &[fake.page_event(&account, json!({ "text": words }))]),
            Fake::X(fake) => fake.call(hook, "direct_message_events", &fake.direct_message(&account, words, json!({}))),
            Fake::Telegram(fake) => {
                fake.call(hook, &fake.update(account.parse().expect("a number"), json!({ "text": words })))
            }
            Fake::Bridge(fake) => fake.text(hook, &account, words),
        }
    }

    /// A text of somebody of whom the network says as little as it ever does.
    pub fn nameless(&self, hook: &str, words: &str) -> HookCall {
        match &self.fake {
            Fake::Twilio(fake) => fake.text(hook, "", words, &[]),
            Fake::Vonage(fake) => fake.text(hook, "", words),
            Fake::VonageSms(fake) => fake.sms(hook, "", words, &[]),
            Fake::Notify(fake) => fake.text(hook, "", words),
            Fake::Meta(fake, kind @ meta::Kind::Whatsapp) => {
                let text = json!({ "type": "text", "text": { "body": words } });
                let value = json!({
                    "messaging_product": "whatsapp", "metadata": { "phone_number_id": kind.account() },
                    "messages": [fake.number_message("15005557777", text)],
                });
                let entry = json!({ "id": "1", "changes": [{ "field": "messages", "value": value }] });
                meta::calls::signed(hook, &json!({ "object": "whatsapp_business_account", "entry": [entry] }))
            }
            // Of people on Messenger and Instagram nothing but a number is told.
            Fake::Meta(..) => self.text(hook, 7777, words),
            Fake::X(fake) => {
                let told = json!({
                    "for_user_id": x::ME, "direct_message_events": [fake.direct_message("47117777", words, json!({}))],
                });
                x::activity::signed(hook, &told.to_string())
            }
            Fake::Telegram(fake) => {
                let of_nobody =
                    json!({ "text": words, "from": { "id": 47_117_777, "is_bot": false, "first_name": "" } });
                fake.call(hook, &fake.update(47_117_777, of_nobody))
            }
            Fake::Bridge(fake) => fake.text(hook, "", words),
        }
    }

    /// A rightly signed call of a kind that nobody knows.
    pub fn unknown(&self, hook: &str) -> HookCall {
        match &self.fake {
            Fake::Twilio(_) => {
                let fields = BTreeMap::from([("EventType", "onSomethingNew"), ("AccountSid", twilio::ACCOUNT)]);
                twilio::calls::signed(hook, "", &fields)
            }
            Fake::Vonage(fake) => fake.signed(hook, &json!({ "something": "new" })),
            Fake::VonageSms(fake) => fake.sms_status(hook, "0C1", "nothing of ours", "pondered", "0"),
            Fake::Notify(_) => notify::calls::call(hook, &json!({ "id": "1", "something": "new" })),
            Fake::Meta(fake, meta::Kind::Whatsapp) => {
                let pondered = fake.number_status("wamid.1", "pondered", Value::Null);
                fake.number_call(hook, meta::Kind::Whatsapp.account(), &[], &[pondered])
            }
            Fake::Meta(fake, _) => fake.call(hook, &[fake.page_other("47110001", json!({ "teleported": true }))]),
            Fake::X(_) => {
                x::activity::signed(hook, &json!({ "for_user_id": x::ME, "teleport_events": [{}] }).to_string())
            }
            Fake::Telegram(fake) => fake.call(hook, &json!({ "update_id": 1, "chat_boost": {} })),
            Fake::Bridge(fake) => fake.call(hook, &json!({ "type": "weather" })),
        }
    }

    /// Twilio's report that each text it has taken arrived; none of the other networks.
    pub fn delivered(&self, hook: &str) -> Vec<HookCall> {
        let Fake::Twilio(fake) = &self.fake else { return Vec::new() };
        fake.taken().iter().map(|taken| fake.status(hook, &taken.sid, "delivered", None)).collect()
    }

    /// The question whether the address is ours, and what must be in the answer; none where the provider asks nothing.
    pub fn challenge(&self, hook: &str) -> Option<(HookCall, String)> {
        match &self.fake {
            Fake::Meta(fake, _) => Some((fake.challenge(hook, "1158201444"), "1158201444".to_owned())),
            Fake::X(fake) => Some((fake.challenge(hook, "crc-4711"), "sha256=".to_owned())),
            _ => None,
        }
    }

    /// A text that was rightly signed so long ago that nobody may believe it any more; none where no time is signed.
    pub fn stale(&self, hook: &str) -> Option<HookCall> {
        let clock = match &self.fake {
            Fake::Vonage(fake) | Fake::VonageSms(fake) => fake.clock(),
            Fake::Bridge(fake) => fake.clock(),
            _ => return None,
        };
        clock.ahead(-400);
        let call = self.text(hook, 1, "An old story.");
        clock.ahead(0);
        Some(call)
    }
}

/// Calls that anybody could have written who has seen a right one and knows no secret.
pub fn forgeries(network: &Network, right: &HookCall) -> Vec<HookCall> {
    let proof = |name: &str| !matches!(name, "content-type" | "user-agent" | "i-twilio-idempotency-token");
    let changed = |change: &dyn Fn(&str) -> Option<String>| {
        let headers = right.headers.iter().filter_map(|(name, value)| match proof(name) {
            true => Some((name.clone(), change(value)?)),
            false => Some((name.clone(), value.clone())),
        });
        HookCall { headers: headers.collect(), ..right.clone() }
    };
    let last = |value: &str| {
        let cut = value.char_indices().next_back().map_or(0, |(at, _)| at);
        // Of base64's padding, and of the last bits before it, nothing may be said.
        Some(format!("{}{}", &value[..cut.saturating_sub(4)], "AAAAA"))
    };
    let mut forged = Vec::new();
    if network.name != "vonage-sms" {
        forged.extend([changed(&|_| None), changed(&|_| Some(String::new())), changed(&last)]);
    }
    if network.signs() {
        for at in [0, right.body.len() / 2, right.body.len() - 1] {
            let mut body = right.body.clone();
            body[at] ^= 1;
            forged.push(HookCall { body, ..right.clone() });
        }
        for part in [0, right.body.len() / 2, right.body.len() - 1] {
            forged.push(HookCall { body: right.body[..part].to_vec(), ..right.clone() });
        }
    }
    forged
}
