//! What a process opens before it serves or obeys: the data, the master key and the running parts made of them.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path, sync::Arc};

use civicdesk_contract::{Clock, Connector};
use tokio::runtime::Handle;

use crate::{
    app::{App, Setup},
    auth::seal::MasterKey,
    blobs::Blobs,
    cases::intake,
    channels::{
        net::{self, Reach},
        open::Opener,
        registry::Registry,
    },
    fail::Fail,
    ids::Ids,
    settings::Settings,
    store::{Store, Url, migrate_lite, tenants},
};

/// Threads that hash passwords: each holds 19 MB while it works.
const HASHING: usize = 2;
/// Threads that parse mail.
const PARSING: usize = 2;

/// One opened installation.
pub struct Installation {
    pub settings: Settings,
    pub app: Arc<App>,
    pub opener: Opener,
    /// What filing works with, wherever an item comes from.
    pub intake: intake::Deps,
}

impl Installation {
    /// Opens the data that the settings name. `public_url` is where the program is reached unless a setting says so.
    pub async fn open(
        settings: Settings,
        clock: Arc<dyn Clock>,
        connectors: Vec<Arc<dyn Connector>>,
        public_url: String,
    ) -> Result<Self, Fail> {
        let url = settings.store_url().map_err(|e| Fail::Broken(e.to_string()))?;
        make_private(&settings)?;
        let runtime = Handle::current();
        let store = Store::open(&url, usize::from(settings.database.threads), runtime.clone())?;
        let ids = Ids::new(clock.clone());
        let file =
            settings.master_key_file().ok_or_else(|| Fail::Broken("keys.master_key_file is not set".to_owned()))?;
        let master = master_key(&store, &file, &ids).await?;
        let public_url = settings.server.public_url.clone().unwrap_or(public_url);
        let blobs = settings.blobs_dir().ok_or_else(|| Fail::Broken("blobs.url is not set".to_owned()))?;
        let blobs = Blobs::local(&blobs).map_err(|e| Fail::Broken(e.to_string()))?;
        let allowed = settings.network.allow_private.clone();
        let reach = Reach::new(move |address| allowed.iter().any(|network| network.contains(address)));
        let tools = net::tools(clock.clone(), &reach)?;
        let setup = Setup {
            store,
            clock,
            ids,
            blobs,
            master,
            registry: Registry::new(connectors),
            tools,
            public_url,
            trusted_proxies: settings.server.trusted_proxies.clone(),
            bounds: settings.limits.clone(),
            scanning: settings.scan.scanning(),
            hashing: HASHING,
            parsing: PARSING,
        };
        let app = Arc::new(App::start(setup, runtime).await?);
        let opener = app.opener.clone();
        let intake = app.intake.clone();
        Ok(Self { settings, app, opener, intake })
    }
}

/// Reads the master key. It is made only where nothing is sealed yet: a new key would lock out every secret.
async fn master_key(store: &Store, file: &Path, ids: &Ids) -> Result<MasterKey, Fail> {
    let tenants = store.control_read(|c| tenants::page(c, None, 1)).await?;
    if tenants.is_empty() {
        return MasterKey::read_or_make(file, ids);
    }
    if !file.exists() {
        return Err(Fail::Broken(format!(
            "the master key {} is missing, yet there are tenants whose secrets it seals: put the file back",
            file.display()
        )));
    }
    MasterKey::read(file)
}

/// Makes the directories of citizens' data, for their owner's eyes only. Those that are there stay as they are.
fn make_private(settings: &Settings) -> Result<(), Fail> {
    for dir in [settings.data_dir(), settings.blobs_dir()].into_iter().flatten() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(|e| Fail::Broken(format!("{}: {e}", dir.display())))?;
    }
    Ok(())
}

/// Brings the database up to this program, and says how many steps that took.
pub fn migrate(settings: &Settings) -> Result<usize, Fail> {
    make_private(settings)?;
    match settings.store_url().map_err(|e| Fail::Broken(e.to_string()))? {
        Url::Sqlite(dir) => Ok(migrate_lite(&dir)?),
        Url::Postgres(url) => migrate_postgres(settings, &url),
    }
}

#[cfg(feature = "postgres")]
fn migrate_postgres(settings: &Settings, url: &str) -> Result<usize, Fail> {
    let Some(owner) = &settings.database.owner_url else {
        return Err(Fail::Broken(
            "database.owner_url is not set: migrating PostgreSQL takes the role that owns the tables".to_owned(),
        ));
    };
    let role = role_of(url)
        .ok_or_else(|| Fail::Broken("database.url must name its role: postgres://ROLE:PASSWORD@HOST/…".to_owned()))?;
    Ok(crate::store::migrate::postgres(owner.expose(), role)?)
}

#[cfg(not(feature = "postgres"))]
fn migrate_postgres(_: &Settings, _: &str) -> Result<usize, Fail> {
    Err(Fail::Broken(crate::store::NO_POSTGRES.to_owned()))
}

/// The role in `postgres://ROLE:PASSWORD@HOST/…`.
#[cfg(feature = "postgres")]
fn role_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    let role = user.split(':').next()?;
    (!role.is_empty()).then_some(role)
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::role_of;

    #[test]
    fn the_role_is_read_from_the_url() {
        assert_eq!(role_of("postgres://app:p%40ss@db:5432/x"), Some("app"));
        assert_eq!(role_of("postgresql://app@db/x?sslmode=require"), Some("app"));
        assert_eq!(role_of("postgres://db/x"), None);
        assert_eq!(role_of("postgres://:secret@db/x"), None);
    }
}
