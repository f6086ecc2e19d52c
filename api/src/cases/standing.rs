//! Where a case stands, told without staff to a person who is party to it: by telephone or by text.

use civicdesk_contract::{Ask, Capabilities, IdentityKind, Party, Standing as Spoken, Told};
use serde_json::json;

use super::{
    hold, letters, loops,
    reach::{self, Kinds},
    record::{self, Putting},
    reply,
    written::Written,
};
use crate::{
    acting::Acting,
    blobs,
    fail::Fail,
    ids,
    people::addresses,
    store::{
        Json, Tx, Uid,
        auto_letters::{self, AutoLetter},
        cases::{self, Case},
        channels::Channel,
        contacts::{self, Contact, Identity},
        events,
        jobs::Job,
        tenant::{self, Tenant},
    },
};

/// The kind of letter that says it.
pub const LETTER: &str = "standing";

/// A case, and the address of one of its parties.
#[derive(Clone, Debug)]
pub struct Standing {
    pub case: Case,
    pub contact: Contact,
    pub identity: Identity,
}

impl Standing {
    /// Whether it was proven that the address is the person's.
    pub fn is_proven(&self) -> bool {
        self.identity.verified_at.is_some()
    }

    /// How the case stands, in the language asked for or else the person's own.
    pub fn words(&self, tenant: &Tenant, language: Option<&str>, reference: Option<&str>) -> Result<String, Fail> {
        let language = language.or(self.contact.language.as_deref()).unwrap_or(&tenant.locale);
        letters::standing(language, &tenant.name, &self.case.status, reference)
    }
}

/// The case of this reference, where the person behind the address is party to it. A case of others is as none: nobody
/// learns by asking which references there are.
pub fn of(tx: &mut Tx, asked: &str, who: &Party) -> Result<Option<Standing>, Fail> {
    let Some(normal) = addresses::normal(who.kind, &who.address) else { return Ok(None) };
    let Some(identity) = contacts::find_identity(tx, who.kind.as_str(), &normal)? else { return Ok(None) };
    let Some(reference) = reference(asked, &tenant::get(tx)?.reference_prefix) else { return Ok(None) };
    let Some(case) = cases::by_reference(tx, &reference)? else { return Ok(None) };
    let case = cases::whole(tx, case)?;
    if !cases::is_party(tx, case.id, identity.contact_id)? {
        return Ok(None);
    }
    let contact = contacts::get(tx, identity.contact_id)?;
    Ok(Some(Standing { case, contact, identity }))
}

/// The whole reference of what somebody wrote, or keyed: `RIV-2026-004217`, `2026 4217`, `2026004217`.
pub(super) fn reference(asked: &str, prefix: &str) -> Option<String> {
    if let Some(written) = loops::references(asked).pop() {
        return Some(written);
    }
    let bare = asked.trim().to_ascii_uppercase();
    let bare = bare.strip_prefix(prefix).unwrap_or(&bare);
    let digits: String = bare.chars().filter(|c| !(c.is_whitespace() || *c == '-')).collect();
    let (year, number) = digits.split_at_checked(4)?;
    let right = digits.bytes().all(|b| b.is_ascii_digit()) && (1..=12).contains(&number.len());
    let number: u64 = number.parse().ok().filter(|_| right)?;
    Some(format!("{prefix}-{year}-{number:06}"))
}

/// What is told to somebody who calls and has not asked about a case.
pub fn known(tx: &mut Tx, ask: &Ask) -> Result<Told, Fail> {
    let normal = ask.who.as_ref().and_then(|who| Some((who.kind.as_str(), addresses::normal(who.kind, &who.address)?)));
    let identity = normal.map(|(kind, normal)| contacts::find_identity(tx, kind, &normal)).transpose()?.flatten();
    let language = identity.map(|known| contacts::get(tx, known.contact_id)).transpose()?.and_then(|c| c.language);
    Ok(Told { agency: tenant::get(tx)?.name, language, ..Told::default() })
}

/// What is told to somebody who asks about a case on this channel. Aloud only where the number is proven to be the
/// person's and the network vouches for it: a caller's number is easily forged. A text goes to the number itself.
pub fn told(tx: &mut Tx, act: &Acting, kinds: &Kinds, channel: Uid, ask: &Ask) -> Result<Told, Fail> {
    let told = known(tx, ask)?;
    let found = match (&ask.who, &ask.reference) {
        (Some(who), Some(reference)) => of(tx, reference, who)?,
        _ => None,
    };
    let language = ask.language.as_deref();
    // A number that is not vouched for may be forged: its caller hears the same whether the number has such a case or not.
    let texts = reach::by_kind(tx, kinds, IdentityKind::Phone)?.is_some();
    let unknown = if texts && !ask.attested { Spoken::Texted } else { Spoken::Unknown };
    let standing = match found {
        None => unknown,
        Some(found) if ask.attested && found.is_proven() => {
            let mut event = act.event(tx, "case.standing_told");
            event.case_id = Some(found.case.id);
            event.contact_id = Some(found.contact.id);
            event.data = Json(json!({ "channel_id": ids::CHANNEL.show(channel.0) }));
            events::append(tx, vec![event])?;
            let words = found.words(&tenant::get(tx)?, language, None)?;
            Spoken::Said { reference: found.case.reference, words }
        }
        Some(found) => match texting(tx, kinds, &found)? {
            Some((by, can)) => {
                text(tx, act, &found, (&by, &can), language)?;
                Spoken::Texted
            }
            None => unknown,
        },
    };
    Ok(Told { standing: Some(standing), ..told })
}

/// The channel that texts to this number; none where the agency has none.
pub fn texting(tx: &mut Tx, kinds: &Kinds, standing: &Standing) -> Result<Option<(Channel, Capabilities)>, Fail> {
    let found = reach::texting(tx, kinds, standing.contact.id, true)?;
    let phones = |can: &Capabilities| can.identities.contains(&IdentityKind::Phone);
    Ok(found.filter(|(_, can)| standing.identity.kind == IdentityKind::Phone.as_str() && phones(can)))
}

/// Texts it to the number by which it was asked. A number that has had its letters of the day gets no more of them: they
/// say it.
pub fn text(
    tx: &mut Tx,
    act: &Acting,
    standing: &Standing,
    (channel, can): (&Channel, &Capabilities),
    language: Option<&str>,
) -> Result<(), Fail> {
    let counted = AutoLetter {
        tenant_id: tx.tenant(),
        id: act.id(),
        address: standing.identity.normal.clone(),
        case_id: Some(standing.case.id),
        kind: LETTER.to_owned(),
        // Each question is its own: asked again in the same words, it is answered again.
        answered: blobs::of(act.id().0.as_bytes()).to_vec(),
        at: act.now,
    };
    if letters::refusal(tx, &counted)?.is_some() {
        return Ok(());
    }
    auto_letters::insert(tx, &counted)?;
    let tenant = tenant::get(tx)?;
    let to = Party { kind: IdentityKind::Phone, address: standing.identity.value.clone(), name: None };
    let words = standing.words(&tenant, language, Some(&standing.case.reference))?;
    let message = letters::brief(act, (&tenant, &standing.case), (channel, can), Some(&to), (LETTER, words));
    let mut written = Written::default();
    // Whoever asks is awake.
    written.jobs.push(Job { payload: Json(hold::urgent()), ..reply::deliver_job(act, &message) });
    record::put(tx, act, &mut written, Putting { message, files: Vec::new(), tokens: String::new() })?;
    written.flush(tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_understood_as_it_is_written_and_as_it_is_keyed() {
        for asked in
            ["RIV-2026-004217", "riv-2026-004217", "status RIV-2026-004217", "2026004217", "20264217", "RIV 2026 4217"]
        {
            assert_eq!(reference(asked, "RIV").as_deref(), Some("RIV-2026-004217"), "{asked}");
        }
        for asked in ["", "2026", "*2026004217", "20260042171234567", "hello", "²⁰²⁶4217"] {
            assert_eq!(reference(asked, "RIV"), None, "{asked}");
        }
    }

    #[test]
    fn every_status_has_its_words_in_both_languages() {
        let mut all = std::collections::BTreeSet::new();
        for language in ["en-US", "es"] {
            for status in ["new", "open", "pending", "resolved", "closed"] {
                let words = letters::standing(language, "Riverton", status, Some("RIV-2026-004217")).unwrap();
                assert!(words.starts_with("Riverton, cas") && words.ends_with('.') && !words.contains('\n'), "{words}");
                assert!(words.contains("RIV-2026-004217"), "{words}");
                all.insert(words);
            }
        }
        assert_eq!(all.len(), 10, "{all:?}");
        let said = letters::standing("en", "Riverton", "open", None).unwrap();
        assert_eq!(said, "Riverton: we are working on your case.");
    }
}
