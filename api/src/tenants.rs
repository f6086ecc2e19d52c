//! Agencies of the installation: how one is made, suspended and resumed.

use civicdesk_contract::{IdentityKind, Secret};
use jiff::{civil::Date, tz::TimeZone};
use uuid::Uuid;

use crate::{
    acting::{Acting, Actor},
    app::App,
    auth::staff::{self, NewStaff},
    cases::words,
    fail::Fail,
    people::{addresses, phones},
    store::{
        self, Json, Time, Uid,
        staff::Staff,
        tenant::Tenant,
        tenants::{Change, ContactDetails, Entry, Gate},
    },
};

/// What a new agency is to be.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its name in addresses: small letters, digits and hyphens.
    pub slug: String,
    pub name: String,
    /// What case references begin with; `None` takes it from the slug.
    pub reference_prefix: Option<String>,
    pub locale: String,
    /// An IANA name, such as `Europe/Lisbon`.
    pub time_zone: String,
    /// The country whose telephone numbers are meant; the region of `locale` where none is named.
    pub phone_country: Option<String>,
}

impl NewTenant {
    /// An agency with the usual settings.
    pub fn new(slug: impl Into<String>, name: impl Into<String>) -> Self {
        let (locale, time_zone) = ("en".to_owned(), "UTC".to_owned());
        Self { slug: slug.into(), name: name.into(), reference_prefix: None, locale, time_zone, phone_country: None }
    }
}

/// Makes an agency.
pub async fn create(app: &App, new: NewTenant) -> Result<Entry, Fail> {
    make(app, new, None).await.map(|made| made.0)
}

/// Makes an agency with its first owner, and says the owner's password where it was made here.
pub async fn create_with_owner(
    app: &App,
    new: NewTenant,
    owner: NewStaff,
) -> Result<(Entry, Staff, Option<Secret>), Fail> {
    match make(app, new, Some(owner)).await? {
        (entry, Some((owner, password))) => Ok((entry, owner, password)),
        (_, None) => Err(Fail::Broken("an agency was made without its owner".into())),
    }
}

type Owner = (Staff, Option<Secret>);

/// Its room and its own rows first, its line in the installation's list last, so that nobody meets a half-made one.
async fn make(app: &App, new: NewTenant, owner: Option<NewStaff>) -> Result<(Entry, Option<Owner>), Fail> {
    let prefix = check(&new)?;
    let country = new.phone_country.as_deref().map(checked_country).transpose()?;
    let mut settings = Json::of(&Gate::default());
    if let Some(country) = country {
        settings.0[phones::SETTING] = country.into();
    }
    let wanted = new.slug.clone();
    if app.store.control_read(move |c| store::tenants::by_slug(c, &wanted)).await?.is_some() {
        return Err(taken(&new.slug));
    }
    let (id, now) = (app.ids.next(), app.time());
    let owner = match owner {
        Some(owner) => Some(staff::prepare(app, id, owner).await.map_err(|e| e.under("/owner"))?),
        None => None,
    };
    app.store.create_room(id).await?;
    let zone = TimeZone::get(&new.time_zone).unwrap_or(TimeZone::UTC);
    let today: Date = now.0.to_zoned(zone).date();
    let row = Tenant {
        tenant_id: Uid(id),
        slug: new.slug.clone(),
        name: new.name.trim().to_owned(),
        reference_prefix: prefix,
        locale: new.locale,
        time_zone: new.time_zone,
        case_year: i32::from(today.year()),
        case_last: 0,
        event_last: 0,
        search_version: words::VERSION,
        settings,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let status = store::tenants::ACTIVE.to_owned();
    let entry = Entry { id: Uid(id), slug: row.slug.clone(), name: row.name.clone(), status, created_at: now };
    let (first, acting) = (owner.as_ref().map(|o| o.0.clone()), Acting::new(Actor::System, &app.clock, &app.ids));
    let door = app.store.tenant(id);
    let write = door.write(move |tx| -> Result<(), Fail> {
        store::tenant::insert(tx, &row)?;
        first.iter().try_for_each(|first| staff::add(tx, &acting, first))
    });
    write.await?;
    let listed = entry.clone();
    match app.store.control_write(move |c| store::tenants::list_new(c, &listed)).await {
        Err(store::Error::Taken(_)) => Err(taken(&new.slug)),
        ended => Ok(ended.map(|()| (entry, owner))?),
    }
}

fn taken(slug: &str) -> Fail {
    Fail::conflict("slug-taken", format!("there is an agency `{slug}`: choose another slug"))
}

/// Says every wrong field, or the prefix of case references.
fn check(new: &NewTenant) -> Result<String, Fail> {
    let mut wrong = Vec::new();
    let slug = new.slug.as_str();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=40).contains(&slug.len())
        || !slug.starts_with(|c: char| c.is_ascii_lowercase())
        || slug.ends_with('-')
        || slug.contains("--")
        || !slug.chars().all(fits)
    {
        wrong.push(("/slug", "must have 2 to 40 small letters, digits and single hyphens, and begin with a letter"));
    }
    let own: String = slug.chars().filter(char::is_ascii_alphanumeric).take(3).collect();
    let prefix = new.reference_prefix.clone().unwrap_or_else(|| own.to_ascii_uppercase());
    if !(2..=6).contains(&prefix.len()) || !prefix.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        wrong.push(("/reference_prefix", "must have 2 to 6 capital letters and digits"));
    }
    wrong.extend(wrong_settings(Some(&new.name), Some(&new.locale), Some(&new.time_zone)));
    Fail::fields(wrong).map(|()| prefix)
}

/// A country whose numbers can be read, in capital letters.
pub fn checked_country(code: &str) -> Result<String, Fail> {
    let code = code.trim().to_ascii_uppercase();
    let wrong =
        || Fail::field("/phone_country", "must be an ISO 3166 code of a country whose numbers are known, such as `PT`");
    if phones::is_known(&code) { Ok(code) } else { Err(wrong()) }
}

/// Every wrong field of a change that an agency makes to itself.
pub fn wrong_change(change: &Change, contact: Option<&ContactDetails>) -> Vec<(String, &'static str)> {
    let Change { name, locale, time_zone } = change;
    let mut wrong = wrong_settings(name.as_deref(), locale.as_deref(), time_zone.as_deref());
    wrong.extend(contact.into_iter().flat_map(wrong_contact));
    wrong.into_iter().map(|(field, why)| (field.to_owned(), why)).collect()
}

fn wrong_contact(contact: &ContactDetails) -> Vec<(&'static str, &'static str)> {
    let ContactDetails { phone, email, hours, address, emergency } = contact;
    let all = [
        ("/contact/phone", phone),
        ("/contact/email", email),
        ("/contact/hours", hours),
        ("/contact/address", address),
        ("/contact/emergency", emergency),
    ];
    let long = all.into_iter().filter(|(_, text)| text.as_ref().is_some_and(|text| text.chars().count() > 500));
    let mut wrong: Vec<_> = long.map(|(pointer, _)| (pointer, "must have at most 500 characters")).collect();
    if email.as_ref().is_some_and(|email| addresses::normal(IdentityKind::Email, email).is_none()) {
        wrong.push(("/contact/email", "is no email address"));
    }
    wrong
}

fn wrong_settings(
    name: Option<&str>,
    locale: Option<&str>,
    time_zone: Option<&str>,
) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    if name.is_some_and(|n| n.trim().is_empty() || n.chars().count() > 200) {
        wrong.push(("/name", "must have 1 to 200 characters"));
    }
    let tag = |l: &str| (2..=35).contains(&l.len()) && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if locale.is_some_and(|l| !tag(l)) {
        wrong.push(("/locale", "must be a language tag such as `en` or `pt-BR`"));
    }
    if time_zone.is_some_and(|z| TimeZone::get(z).is_err()) {
        wrong.push(("/time_zone", "must be an IANA name such as `Europe/Lisbon`"));
    }
    wrong
}

/// Suspends an agency: every credential of it is refused from this moment on.
pub async fn suspend(app: &App, id: Uuid) -> Result<Entry, Fail> {
    set(app, id, true).await
}

/// Lets a suspended agency work again.
pub async fn resume(app: &App, id: Uuid) -> Result<Entry, Fail> {
    set(app, id, false).await
}

/// The tenant's own row decides for its credentials; the list, for the work of the installation.
async fn set(app: &App, id: Uuid, suspended: bool) -> Result<Entry, Fail> {
    let now = app.time();
    app.store.control_read(move |c| store::tenants::entry(c, id)).await?;
    app.store.tenant(id).write(move |tx| shut(tx, suspended, now)).await.map_err(Fail::from)?;
    let status = if suspended { store::tenants::SUSPENDED } else { store::tenants::ACTIVE };
    let changed = app.store.control_write(move |c| {
        store::tenants::set_status(c, id, status)?;
        store::tenants::entry(c, id)
    });
    Ok(changed.await?)
}

fn shut(tx: &mut store::Tx, suspended: bool, now: Time) -> store::Result<()> {
    let gate = store::tenants::gate(tx)?.ok_or(store::Error::NotFound)?;
    store::tenants::set_gate(tx, &Gate { suspended, ..gate }, now)
}
