//! Tells the server, once mail is stored here: marks it as read, or moves it away.

use std::collections::BTreeMap;

use civicdesk_contract::{ExternalId, Result};

use super::{
    cursor,
    name::quoted,
    session::{Access, PATIENCE, Reply, Session, refusal},
};
use crate::settings::After;

const OPERATION: &str = "imap after";
/// Numbers named in one command; servers limit the length of a line.
const AT_ONCE: usize = 200;

/// Does what the settings say to these mails. Numbers of an epoch that is over mean other mails now and are left alone.
pub async fn tell(session: &mut Session, after: &After, items: &[ExternalId]) -> Result<()> {
    let mut folders: BTreeMap<(&str, u32), Vec<u32>> = BTreeMap::new();
    for (folder, uidvalidity, uid) in items.iter().filter_map(cursor::parts) {
        folders.entry((folder, uidvalidity)).or_default().push(uid);
    }
    for ((folder, uidvalidity), uids) in folders {
        if session.open(folder, Access::Change).await?.uidvalidity != uidvalidity {
            continue;
        }
        for some in uids.chunks(AT_ONCE) {
            let set = some.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            match after {
                After::Leave => {}
                After::Flag => run(session, &format!("UID STORE {set} +FLAGS.SILENT (\\Seen)")).await?,
                After::Move { folder: target } => move_to(session, &set, target).await?,
            }
        }
    }
    Ok(())
}

async fn move_to(session: &mut Session, set: &str, target: &str) -> Result<()> {
    let target = quoted(target);
    if session.can("MOVE") {
        return run(session, &format!("UID MOVE {set} {target}")).await;
    }
    run(session, &format!("UID COPY {set} {target}")).await?;
    run(session, &format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await?;
    // A plain EXPUNGE would also remove what others have marked.
    if session.can("UIDPLUS") { run(session, &format!("UID EXPUNGE {set}")).await } else { Ok(()) }
}

async fn run(session: &mut Session, command: &str) -> Result<()> {
    match session.command(OPERATION, command, PATIENCE, |_| ()).await? {
        Reply::Ok => Ok(()),
        Reply::Refused { no_such_folder: true, .. } => {
            Err(refusal(OPERATION, "the folder that mail is moved to does not exist; make it in the mailbox"))
        }
        Reply::Refused { words, .. } => Err(refusal(OPERATION, &words)),
    }
}
