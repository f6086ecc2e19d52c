//! Sending by the SMS API: a form, and an answer that is 200 whatever it says.

use civicdesk_contract::{ExternalId, Outbound, Result, Secret, Sent};
use sha2::{Digest, Sha256};

use super::{errors, settings::VonageSettings};
use crate::{equal::hex, exchange, segments};

/// Asks for the balance: the cheapest thing that the key and the secret open.
pub async fn check(http: &reqwest::Client, settings: &VonageSettings, key: &str, secret: &Secret) -> Result<()> {
    let request = http.get(format!("{}/account/get-balance", settings.base()));
    let request = request.basic_auth(key, Some(secret.expose()));
    errors::checked("check", exchange::ask("check", request).await?).map(|_| ())
}

pub async fn send(
    http: &reqwest::Client,
    settings: &VonageSettings,
    (key, secret): (&str, &Secret),
    to: &str,
    message: &Outbound,
) -> Result<Sent> {
    let parts = segments::measure(&message.text);
    let name = reference(&message.key);
    let mut form = vec![
        ("api_key", key),
        ("api_secret", secret.expose()),
        ("from", &settings.from),
        ("to", to),
        ("text", &message.text),
        ("type", if parts.encoding == "GSM-7" { "text" } else { "unicode" }),
        ("status-report-req", "1"),
        ("client-ref", &name),
    ];
    form.extend(settings.callback.as_deref().map(|address| ("callback", address)));
    let request = http.post(format!("{}/sms/json", settings.base())).form(&form);
    let answer = errors::checked("send", exchange::ask("send", request).await?)?;
    let told = answer.json();
    let statuses: Option<Vec<&str>> =
        told["messages"].as_array().map(|all| all.iter().filter_map(|part| part["status"].as_str()).collect());
    match statuses.unwrap_or_default().as_slice() {
        [] => Err(exchange::unsure("send", "Vonage answered in a form that is not known")),
        all if all.iter().all(|status| *status == "0") => {
            Ok(Sent { id: ExternalId(name), detail: format!("Vonage: taken, {} segments", parts.parts) })
        }
        [first, ..] if *first != "0" => Err(errors::status(&answer, first)),
        _ => Err(exchange::unsure("send", "Vonage took some parts of the text and refused others")),
    }
}

/// Our own name for a text, which comes back in the report of each of its parts.
fn reference(key: &str) -> String {
    let hash = hex(&Sha256::digest(key));
    format!("cd-{}", hash.get(..32).unwrap_or(&hash))
}
