//! A letter of proof on its way: the code goes out, and lies nowhere here.

use civicdesk_contract::{IdentityKind, Party};

use super::{at_work::Running, bench::Bench};
use crate::{
    fail::Fail,
    people::{
        contacts,
        proofs::{self, Means},
        secrets,
    },
    store::{Tx, Uid},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_holds_the_code_and_the_link_and_what_is_kept_does_not() {
    let bench = Bench::start();
    let tenant = bench.tenant("riverton").await;
    let (_, mailbox) = bench.channel(tenant, "mail", "help").await;
    let running = Running::jobs(&bench);
    let (act, kinds, key) = (bench.act(), bench.deps.opener.kinds(), bench.deps.intake.reply_key.clone());
    let means = Means { kinds, key: key.clone(), public_url: "https://desk.example".into(), test: false };
    let ask = move |tx: &mut Tx| -> Result<_, Fail> {
        let ann = Party { kind: IdentityKind::Email, address: "ann@x.example".into(), name: None };
        let contact = contacts::find_or_make(tx, &act, &ann)?;
        proofs::ask(tx, &act, &means, &contact, &ann)
    };
    let proof = bench.store.tenant(tenant).write(ask).await.unwrap();
    let kept = bench.until_state(tenant, proof.message_id, "sent").await;
    running.stop().await;

    let (code, token) = (secrets::code(&key, Uid(tenant), proof.id), secrets::token(&key, Uid(tenant), proof.id));
    let sent = mailbox.sent().remove(0);
    assert!(sent.text.contains(&code), "{}", sent.text);
    assert!(sent.text.contains(&format!("https://desk.example/t/riverton/proofs/{token}\n")), "{}", sent.text);
    let row = format!("{kept:?} {proof:?}");
    assert!(!row.contains(&code) && !row.contains(&token), "{row}");
    assert_ne!(code, secrets::code(&key, Uid(tenant), kept.id), "another letter has another code");
}
