//! Proof that an address is a person's: a letter goes there, and whoever can read it says so.
//!
//! Where the address names another contact already, proving it joins the two, which can be taken back like any merge.

use civicdesk_contract::{IdentityKind, Party};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    addresses, change, joining, proof_letter,
    proven::{self, Held, Proven},
    secrets::{self, LETTER},
};
use crate::{
    acting::{Acting, Actor},
    cases::{
        reach::{self, Kinds},
        record::{self, Opening, Putting},
        reply,
        tokens::ReplyKey,
        written::Written,
    },
    fail::Fail,
    ids,
    store::{
        Json, Time, Tx, Uid,
        cases::{self, Case, Filter, Sort},
        contacts::{self, Contact},
        proofs::{self, Proof},
        tenant,
    },
};

/// How often a code may be typed.
pub const TRIES: i32 = 5;
/// Letters to one address in one hour.
const AN_HOUR: usize = 3;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const BY_MAIL: SignedDuration = SignedDuration::from_hours(24);
const BY_TEXT: SignedDuration = SignedDuration::from_mins(10);

/// What a letter of proof is made with.
#[derive(Clone)]
pub struct Means {
    pub kinds: Kinds,
    pub key: ReplyKey,
    /// Where the program is reached from outside.
    pub public_url: String,
    /// Recorded, never sent: the credential is for testing.
    pub test: bool,
}

/// Asks whoever reads at this address whether it is this person's. An older letter to the address no longer holds.
pub fn ask(tx: &mut Tx, act: &Acting, means: &Means, contact: &Contact, party: &Party) -> Result<Proof, Fail> {
    joining::goes_on(contact)?;
    let party = change::dialled(tx, party)?;
    let kind = party.kind.as_str();
    let lasts = match party.kind {
        IdentityKind::Email => BY_MAIL,
        IdentityKind::Phone => BY_TEXT,
        _ => return Err(Fail::field("/kind", "only an email address or a phone number is proved by a letter")),
    };
    let wrong = || Fail::field("/value", format!("is no {kind} address"));
    let normal = addresses::normal(party.kind, &party.address).ok_or_else(wrong)?;
    let before = proofs::since(tx, kind, &normal, earlier(act.now, HOUR))?;
    if let Some(first) = before.first().filter(|_| before.len() >= AN_HOUR) {
        let wait = later(*first, HOUR).0.as_second() - act.now.0.as_second();
        return Err(Fail::TooMany(u32::try_from(wait).unwrap_or(1).max(1)));
    }
    proofs::replace(tx, kind, &normal)?;
    let (id, tenant_id) = (act.id(), tx.tenant());
    let message_id = letter(tx, act, means, contact, &party, id)?;
    let token = (party.kind == IdentityKind::Email).then(|| secrets::token(&means.key, tenant_id, id));
    let proof = Proof {
        tenant_id,
        id,
        contact_id: contact.id,
        kind: kind.to_owned(),
        value: party.address.trim().to_owned(),
        normal,
        message_id,
        token_hash: token.map(|token| secrets::token_hash(&token)),
        code_hash: secrets::code_hash(&means.key, tenant_id, id, &secrets::code(&means.key, tenant_id, id)),
        state: "open".to_owned(),
        tries: 0,
        created_at: act.now,
        expires_at: later(act.now, lasts),
        confirmed_at: None,
    };
    proofs::insert(tx, &proof)?;
    let mut written = Written::default();
    let mut event = act.event(tx, "contact.proof_asked");
    (event.contact_id, event.message_id) = (Some(contact.id), Some(message_id));
    event.data = Json(json!({ "proof_id": ids::PROOF.show(id.0), "kind": kind }));
    written.events.push(event);
    written.flush(tx)?;
    Ok(proof)
}

/// Writes the letter into the person's newest case, or into one of its own, and has it sent.
fn letter(tx: &mut Tx, act: &Acting, means: &Means, contact: &Contact, party: &Party, proof: Uid) -> Result<Uid, Fail> {
    let Some((channel, can)) = reach::by_kind(tx, &means.kinds, party.kind)? else {
        let why = format!("no channel of yours sends to an address of the kind {}: make one", party.kind.as_str());
        return Err(Fail::conflict("unreachable", why));
    };
    let tenant = tenant::get(tx)?;
    let case = case(tx, act, contact)?;
    let language = contact.language.as_deref().unwrap_or(&tenant.locale);
    let mut letter = record::draft(act, &case, "outbound");
    if party.kind == IdentityKind::Email {
        let pages = format!("{}/t/{}/proofs", means.public_url, tenant.slug);
        let (subject, text) = proof_letter::mail(language, &tenant.name, &pages)?;
        (letter.subject, letter.text) = (Some(subject), text);
    } else {
        letter.text = proof_letter::text(language, &tenant.name)?;
    }
    letter.channel_id = Some(channel.id);
    letter.sender = Json::of(&reach::own_party(&can, channel.address.as_deref()));
    letter.recipients = Json::of(&[party]);
    letter.fresh_text.clone_from(&letter.text);
    letter.network_id = Some(reply::network_id(act, &letter, channel.address.as_deref()));
    letter.letter = Some(LETTER.to_owned());
    letter.automatic = true;
    letter.written_at = Some(act.now);
    letter.filing = Json(json!({ "proof_id": ids::PROOF.show(proof.0) }));
    let mut written = Written::default();
    if means.test {
        letter.state = "sent".to_owned();
        letter.state_detail = Some("written with a test key: recorded, never sent".to_owned());
    } else {
        written.jobs.push(reply::deliver_job(act, &letter));
    }
    let id = letter.id;
    record::put(tx, act, &mut written, Putting { message: letter, files: Vec::new(), tokens: String::new() })?;
    written.flush(tx)?;
    Ok(id)
}

fn case(tx: &mut Tx, act: &Acting, contact: &Contact) -> Result<Case, Fail> {
    let filter = Filter { contact: vec![contact.id], ..Filter::default() };
    let newest = cases::list(tx, &filter, Sort { by_created: false, descending: true }, None, 1)?;
    match newest.into_iter().next() {
        Some(case) => Ok(cases::whole(tx, case)?),
        None => record::open(tx, act, Opening::new("An address to be proved", contact.id)),
    }
}

/// How a letter stands: `open`, `confirmed`, `replaced`, `expired`, or `dead` where too many wrong codes were typed.
pub fn standing(proof: &Proof, now: Time) -> &'static str {
    match proof.state.as_str() {
        "confirmed" => "confirmed",
        "replaced" => "replaced",
        _ if proof.tries >= TRIES => "dead",
        _ if proof.expires_at <= now => "expired",
        _ => "open",
    }
}

/// Confirms with a code that was read out. `tried`: one of its tries was taken for this before.
pub fn by_code(
    tx: &mut Tx,
    act: &Acting,
    key: &ReplyKey,
    proof: &Proof,
    (typed, tried): (&str, bool),
) -> Result<Contact, Fail> {
    if !tried {
        return Err(over(proof, act.now));
    }
    if !secrets::is_code(key, proof, typed) {
        let left = TRIES - proof.tries;
        return Err(Fail::field("/code", format!("is not the code that was sent; tries that are left: {left}")));
    }
    proved(tx, act, proof, "code")
}

/// Confirms with the letter's link.
pub fn by_link(tx: &mut Tx, act: &Acting, proof: &Proof) -> Result<Contact, Fail> {
    if standing(proof, act.now) != "open" {
        return Err(over(proof, act.now));
    }
    let act = Acting { actor: Actor::Contact(proof.contact_id.0), ..act.clone() };
    proved(tx, &act, proof, "link")
}

/// The contact that already has the address of a letter, where it is another one than the letter was asked for.
pub fn other(tx: &mut Tx, proof: &Proof) -> Result<Option<Contact>, Fail> {
    let asked = contacts::get(tx, proof.contact_id)?;
    let asked = contacts::whole(tx, asked)?;
    let found = contacts::find_identity(tx, &proof.kind, &proof.normal)?;
    let found = found.filter(|identity| identity.contact_id != asked.id);
    Ok(found.map(|identity| contacts::get(tx, identity.contact_id)).transpose()?)
}

fn proved(tx: &mut Tx, act: &Acting, proof: &Proof, how: &str) -> Result<Contact, Fail> {
    if !proofs::confirm(tx, proof.id, act.now)? {
        return Err(over(&proofs::get(tx, proof.id)?, act.now));
    }
    let address = Proven { kind: &proof.kind, value: &proof.value, normal: &proof.normal };
    let Held { contact, identity, joined, .. } = proven::hold(tx, act, proof.contact_id, address)?;
    let data = json!({
        "proof_id": ids::PROOF.show(proof.id.0), "identity_id": ids::IDENTITY.show(identity.0), "kind": proof.kind,
        "by": how, "joined": joined.map(|contact| ids::CONTACT.show(contact.id.0)),
    });
    change::saved(tx, act, &contact, "contact.identity_proved", data)
}

/// Why a letter proves nothing any more.
fn over(proof: &Proof, now: Time) -> Fail {
    let why = match standing(proof, now) {
        "confirmed" => "it was confirmed already",
        "replaced" => "a later letter went to this address: use that one",
        "dead" => "too many wrong codes were typed: ask for a new letter",
        _ => "it no longer holds: ask for a new letter",
    };
    Fail::conflict("proof-over", why)
}

fn later(at: Time, by: SignedDuration) -> Time {
    Time(at.0.checked_add(by).unwrap_or(at.0))
}

fn earlier(at: Time, by: SignedDuration) -> Time {
    Time(at.0.checked_sub(by).unwrap_or(at.0))
}
