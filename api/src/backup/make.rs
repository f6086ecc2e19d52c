//! Makes a backup while the program works on: databases first, blobs after, so that every blob that a row names is there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{BLOBS, CONTROL, Error, FORMAT, Held, KEY, MANIFEST, Manifest, Print, Result, files, postgres};
use crate::{
    settings::Settings,
    store::{Store, Url, copy_lite, tenants},
};

/// Backs everything up into a folder that is new or empty. The master key is left out unless it is asked for.
pub async fn make(store: &Store, settings: &Settings, now: Timestamp, folder: PathBuf, keys: bool) -> Result<Manifest> {
    files::empty_folder(&folder)?;
    let tenants = every_tenant(store).await?;
    let (store, settings) = (store.clone(), settings.clone());
    let work = move || write(&store, &settings, now, &folder, keys, tenants);
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Error::refused("the backup broke off; see the log"))
}

async fn every_tenant(store: &Store) -> Result<Vec<Held>> {
    let mut all = Vec::new();
    let mut after: Option<Uuid> = None;
    loop {
        let page = store.control_read(move |c| tenants::page(c, after, 500)).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.id.0);
        all.extend(page.into_iter().map(|t| Held { id: t.id.0, slug: t.slug }));
    }
}

fn write(
    store: &Store,
    settings: &Settings,
    now: Timestamp,
    folder: &Path,
    keys: bool,
    tenants: Vec<Held>,
) -> Result<Manifest> {
    let mut held = BTreeMap::new();
    let engine = match settings.store_url().map_err(|e| Error::Refused(e.to_string()))? {
        Url::Sqlite(_) => {
            databases(store, folder, &tenants, &mut held)?;
            "sqlite"
        }
        Url::Postgres(_) => {
            held.insert(super::DUMP.to_owned(), postgres::dump(settings, &folder.join(super::DUMP))?);
            "postgres"
        }
    };
    if let Some(blobs) = settings.blobs_dir() {
        for inner in files::below(&blobs)? {
            let (from, name) = (blobs.join(&inner), format!("{BLOBS}/{}", inner.display()));
            match files::copy(&from, &folder.join(&name)) {
                Ok(print) => held.insert(name, print),
                // Half-written or swept away meanwhile: no row of the copied databases names it.
                Err(_) if !from.exists() => None,
                Err(e) => return Err(e),
            };
        }
    }
    if keys && let Some(file) = settings.master_key_file() {
        let key = files::at(&file, fs::read(&file))?;
        files::write_private(&folder.join(KEY), &key)?;
        held.insert(KEY.to_owned(), files::print(&folder.join(KEY))?);
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now,
        engine: engine.to_owned(),
        with_keys: keys,
        tenants,
        files: held,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::Refused(e.to_string()))?;
    files::write_private(&folder.join(MANIFEST), &text)?;
    files::sync(folder)?;
    Ok(manifest)
}

/// Each file is copied as of one moment. A tenant made meanwhile is in the next backup.
fn databases(store: &Store, folder: &Path, tenants: &[Held], held: &mut BTreeMap<String, Print>) -> Result<()> {
    let dir = store.lite_dir().ok_or_else(|| Error::Refused("the data are not in SQLite files".to_owned()))?;
    let inside = folder.join("tenants");
    files::at(&inside, fs::create_dir_all(&inside))?;
    let names = tenants.iter().map(|t| Manifest::tenant_file(t.id));
    for name in std::iter::once(CONTROL.to_owned()).chain(names) {
        let to = folder.join(&name);
        copy_lite(&dir.join(&name), &to)?;
        files::sync(&to)?;
        held.insert(name, files::print(&to)?);
    }
    Ok(())
}
