//! Bytes that no row names: put aside when they are a day old, and taken away by the sweep a day later.
//!
//! Bytes are put before the row that names them commits, so that a blob which no row names may be wanted in a moment. A
//! young one is therefore left alone, and an old one is first put aside, where whoever asks still finds it: should the
//! same bytes have been put again just then, the next sweep sees their row and puts them back. Rows are asked as the
//! tenant's writer, so that no commit under way is missed. A sweep that breaks off anywhere leaves nothing unfinished.

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    blobs::{Error, Hash, Listed},
    cases::intake::Deps,
    fail::Fail,
    store::{self, Tx, attachments, inbound},
};

/// A blob this old waits for no commit any more.
const OLD: SignedDuration = SignedDuration::from_hours(24);
/// Blobs that one transaction asks about.
const TOGETHER: usize = 200;

pub async fn sweep(deps: &Deps, tenant: Uuid, stop: &CancellationToken) -> Result<(), Fail> {
    let listed = deps.blobs.list(tenant).await.map_err(broken)?;
    if listed.is_empty() {
        return Ok(());
    }
    let now = deps.blobs.now(tenant).await.map_err(broken)?;
    let before = now.checked_sub(OLD).map_err(|e| Fail::Broken(e.to_string()))?;
    let (aside, here): (Vec<Listed>, Vec<Listed>) = listed.into_iter().partition(|blob| blob.aside);
    let old: Vec<Listed> = here.into_iter().filter(|blob| blob.put_at < before).collect();
    for chunk in aside.chunks(TOGETHER).take_while(|_| !stop.is_cancelled()) {
        for (hash, named) in ask(deps, tenant, chunk).await? {
            let moved = match named {
                true => deps.blobs.put_back(tenant, &hash).await,
                false => deps.blobs.forget(tenant, &hash).await,
            };
            moved.map_err(broken)?;
        }
    }
    for chunk in old.chunks(TOGETHER).take_while(|_| !stop.is_cancelled()) {
        for (hash, named) in ask(deps, tenant, chunk).await? {
            if !named {
                deps.blobs.put_aside(tenant, &hash, before).await.map_err(broken)?;
            }
        }
    }
    Ok(())
}

/// Which of these blobs a row names.
async fn ask(deps: &Deps, tenant: Uuid, blobs: &[Listed]) -> Result<Vec<(Hash, bool)>, Fail> {
    let hashes: Vec<Vec<u8>> = blobs.iter().map(|blob| blob.hash.to_vec()).collect();
    let named = move |tx: &mut Tx| -> store::Result<Vec<Vec<u8>>> {
        Ok([attachments::named(tx, &hashes)?, inbound::named(tx, &hashes)?].concat())
    };
    let named = deps.store.tenant(tenant).write(named).await?;
    Ok(blobs.iter().map(|blob| (blob.hash, named.iter().any(|n| n.as_slice() == blob.hash.as_slice()))).collect())
}

fn broken(e: Error) -> Fail {
    Fail::Broken(e.to_string())
}
