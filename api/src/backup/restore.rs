//! Brings a backup back. Outgoing work starts paused, and what may have been sent since the backup is listed.

use std::{os::unix::fs::DirBuilderExt, path::Path};

use serde::Serialize;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{BLOBS, CONTROL, Error, Held, KEY, Manifest, Result, files, postgres};
use crate::{
    ids, installation, outgoing,
    settings::Settings,
    store::{Error as StoreError, Store, Time, Url, messages, routes, tenants},
};

/// Messages to list for one tenant at most; beyond that, the tenant's own list serves better.
const LISTED: i64 = 10_000;

/// A message that the backup does not know as sent, though it may have gone out after the backup was made.
#[derive(Clone, Debug, Serialize)]
pub struct MaybeSent {
    pub tenant: String,
    pub message: String,
    pub state: String,
    pub since: jiff::Timestamp,
}

/// Restores a whole installation into the place that the settings name, which must hold none yet.
pub async fn everything(folder: &Path, settings: &Settings, now: Time) -> Result<(Manifest, Vec<MaybeSent>)> {
    let manifest = Manifest::verified(folder)?;
    let url = settings.store_url().map_err(|e| Error::Refused(e.to_string()))?;
    match (&url, manifest.engine.as_str()) {
        (Url::Sqlite(dir), "sqlite") => {
            empty_data(dir)?;
            for name in manifest.tenants.iter().map(|t| Manifest::tenant_file(t.id)) {
                files::copy(&folder.join(&name), &dir.join(&name))?;
            }
        }
        (Url::Postgres(_), "postgres") => {
            postgres::load(settings, &folder.join(super::DUMP))?;
            // The program may be newer than the backup, and the application's role may be another.
            installation::migrate(settings).map_err(|e| Error::Refused(e.to_string()))?;
        }
        (_, engine) => {
            return Error::refused(format!("this backup was made on {engine}: set database.url to such a one"));
        }
    }
    copy_blobs(folder, &manifest, settings, None)?;
    if let Some(key) = settings.master_key_file().filter(|file| manifest.with_keys && !file.exists()) {
        let bytes = files::at(&folder.join(KEY), std::fs::read(folder.join(KEY)))?;
        files::write_private(&key, &bytes)?;
    }
    if let Url::Sqlite(dir) = &url {
        // Last: without it there is no installation, so a restore that broke off is not taken for one.
        files::copy(&folder.join(CONTROL), &dir.join(CONTROL))?;
    }
    let store = Store::open(&url, usize::from(settings.database.threads), Handle::current())?;
    outgoing::pause(&store, None, now).await?;
    let mut maybe = Vec::new();
    for tenant in &manifest.tenants {
        maybe.extend(maybe_sent(&store, tenant).await?);
    }
    Ok((manifest, maybe))
}

/// Restores one tenant of a backup into an installation that does not have it.
pub async fn one_tenant(
    store: &Store,
    settings: &Settings,
    folder: &Path,
    slug: &str,
    now: Time,
) -> Result<Vec<MaybeSent>> {
    let manifest = Manifest::verified(folder)?;
    let (Some(dir), "sqlite") = (store.lite_dir(), manifest.engine.as_str()) else {
        return Error::refused("one tenant alone can be restored on SQLite only");
    };
    let Some(tenant) = manifest.tenants.iter().find(|t| t.slug == slug).cloned() else {
        let slugs: Vec<&str> = manifest.tenants.iter().map(|t| t.slug.as_str()).collect();
        return Error::refused(format!("this backup holds no tenant `{slug}`; it holds {}", slugs.join(", ")));
    };
    let name = Manifest::tenant_file(tenant.id);
    let wanted = slug.to_owned();
    let there = store.control_read(move |c| tenants::by_slug(c, &wanted)).await?.is_some();
    if there || dir.join(&name).exists() {
        return Error::refused(format!("the tenant `{slug}` is there already; restore into another installation"));
    }
    let (entry, leads) = listed(folder, &dir, tenant.id).await?;
    copy_blobs(folder, &manifest, settings, Some(tenant.id))?;
    outgoing::pause(store, Some(tenant.id), now).await?;
    files::copy(&folder.join(&name), &dir.join(&name))?;
    let entered = store.control_write(move |c| {
        tenants::list_new(c, &entry)?;
        leads.iter().try_for_each(|route| routes::add(c, route))
    });
    if let Err(e) = entered.await {
        files::at(&dir, std::fs::remove_file(dir.join(&name)))?;
        return match e {
            StoreError::Taken(_) => Error::refused("an address of this tenant leads to another tenant here"),
            e => Err(e.into()),
        };
    }
    maybe_sent(store, &tenant).await
}

/// What the backup's own list says of a tenant. Opening it would write to it, so a copy is opened.
async fn listed(folder: &Path, dir: &Path, tenant: Uuid) -> Result<(tenants::Entry, Vec<routes::Route>)> {
    let aside = dir.join(format!("restore-{tenant}"));
    files::copy(&folder.join(CONTROL), &aside.join(CONTROL))?;
    let read = match Store::open(&Url::Sqlite(aside.clone()), 1, Handle::current()) {
        Ok(store) => store.control_read(move |c| Ok((tenants::entry(c, tenant)?, routes::of_tenant(c, tenant)?))).await,
        Err(e) => Err(e),
    };
    files::at(&aside, std::fs::remove_dir_all(&aside))?;
    Ok(read?)
}

/// The data's directory must hold nothing but, perhaps, the master key that the operator has put back.
fn empty_data(dir: &Path) -> Result<()> {
    files::at(dir, std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir))?;
    for entry in files::at(dir, std::fs::read_dir(dir))? {
        if files::at(dir, entry)?.file_name() != "master.key" {
            return Error::refused(format!("{} is not empty: restore into a new directory", dir.display()));
        }
    }
    Ok(())
}

fn copy_blobs(folder: &Path, manifest: &Manifest, settings: &Settings, tenant: Option<Uuid>) -> Result<()> {
    let Some(blobs) = settings.blobs_dir() else { return Ok(()) };
    let start = tenant.map_or(format!("{BLOBS}/"), |id| format!("{BLOBS}/{id}/"));
    for name in manifest.files.keys().filter(|name| name.starts_with(&start)) {
        let to = blobs.join(&name[BLOBS.len() + 1..]);
        if !to.exists() {
            files::copy(&folder.join(name), &to)?;
        }
    }
    Ok(())
}

async fn maybe_sent(store: &Store, tenant: &Held) -> Result<Vec<MaybeSent>> {
    let states = ["queued", "sending", "unknown"];
    let rows = store.tenant(tenant.id).read(move |tx| messages::in_state(tx, &states, LISTED)).await?;
    let shown = |m: messages::Message| MaybeSent {
        tenant: tenant.slug.clone(),
        message: ids::MESSAGE.show(m.id.0),
        state: m.state,
        since: m.state_at.0,
    };
    Ok(rows.into_iter().map(shown).collect())
}
