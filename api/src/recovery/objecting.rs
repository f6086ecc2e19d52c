//! "This was not me": whoever reads a notice of a change takes the password away at once, and staff get a case.

use civicdesk_contract::Secret;
use serde_json::json;
use uuid::Uuid;

use super::{completing::Refusal, keys};
use crate::{
    accounts::history::note,
    acting::{Acting, Actor},
    app::App,
    auth::passwords::NOBODY,
    cases::record::{self, Opening},
    fail::Fail,
    ids, metrics,
    store::{
        self, Tx, Uid,
        accounts::{self, Account},
        objections, recoveries, sign_ins,
    },
};

/// Whether a link still does anything. Looking changes nothing, however often.
pub async fn holds(app: &App, tenant: Uuid, token: &Secret) -> Result<bool, Fail> {
    let (hash, now) = (keys::hash(token), app.time());
    let good: store::Result<bool> = app.store.tenant(tenant).read(move |tx| objections::is_good(tx, &hash, now)).await;
    Ok(good?)
}

/// Takes the password away. Every link that does not work is refused alike.
pub async fn object(app: &App, tenant: Uuid, token: &Secret) -> Result<(), Refusal> {
    let (hash, act) = (keys::hash(token), Acting::new(Actor::System, &app.clock, &app.ids));
    app.store.tenant(tenant).write(move |tx| lock(tx, &act, &hash)).await?;
    metrics::recovery("objected");
    Ok(())
}

fn lock(tx: &mut Tx, act: &Acting, hash: &[u8]) -> Result<(), Refusal> {
    let Some(row) = objections::use_up(tx, hash, act.now)? else { return Err(Refusal::Code) };
    let account = accounts::get(tx, row.account_id)?;
    let act = Acting { actor: Actor::Contact(account.contact_id.0), ..act.clone() };
    // Two notices may both be answered: the first did everything.
    if account.locked_at.is_some() {
        return Ok(());
    }
    accounts::lock(tx, account.id, row.changed_by, NOBODY, act.now)?;
    let ended = sign_ins::end_all(tx, account.id, None, "its holder objected", act.now)?;
    recoveries::end_of_account(tx, account.id, act.now)?;
    let case = case(tx, &act, &account, row.changed_by)?;
    let told = json!({ "sign_ins_ended": ended, "case_id": ids::CASE.show(case.0) });
    Ok(note(tx, &act, &account, "account.objected", told)?)
}

/// What staff need to help: who it is, what has happened, and what not to trust.
fn case(tx: &mut Tx, act: &Acting, account: &Account, way: Option<Uid>) -> Result<Uid, Fail> {
    let act = Acting { actor: Actor::System, ..act.clone() };
    let mut opening = Opening::new("Somebody else may have changed the password of an account", account.contact_id);
    opening.priority = "high".to_owned();
    let case = record::open(tx, &act, opening)?;
    let own = accounts::addresses_of(tx, account.id)?;
    let by = match own.iter().find(|own| Some(own.id) == way) {
        Some(way) => format!("The change came by {}, which opens nothing until another password is set.", way.value),
        None => "Whoever changed it knew the password of before.".to_owned(),
    };
    let mut message = record::draft(&act, &case, "note");
    message.text = format!(
        "The reader of our notice says that they did not change the password. The account is locked: no password opens it, \
         and every sign-in has ended. {by} Check who they are before you start a recovery for them."
    );
    message.fresh_text.clone_from(&message.text);
    record::add_message(tx, &act, &case, message, Vec::new())?;
    Ok(case.id)
}
