//! `/v1/contacts`: the people outside, their addresses, and everything that was said with them.

use actix_web::{delete, get, patch, post, web::Path};
use civicdesk_contract::{IdentityKind, Party};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    door::Door,
    page::List,
    show::{absent_or, moment, some, time},
    wire::{Answer, Reply, id},
};
use crate::{
    acting::Acting,
    auth::needs,
    fail::Fail,
    ids,
    people::{addresses, change as people, quiet::Hours},
    store::{
        Error, Tx, Uid,
        contacts::{self, Contact, Identity},
    },
};

/// One way to name a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityView {
    #[schema(example = "idn_0197f2a1c3d47b3e8a1f5c2d9e6b7a83")]
    pub id: String,
    /// `email`, `phone`, `handle` or `account`.
    #[schema(example = "email")]
    pub kind: String,
    #[schema(example = "maria@example.org")]
    pub value: String,
    /// When the person proved that it is theirs.
    #[schema(format = DateTime)]
    pub verified_at: Option<String>,
}

/// One person outside.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    #[schema(example = "con_0197f2a1c3d47b3e8a1f5c2d9e6b7a81")]
    pub id: String,
    #[schema(example = "Maria Lopez")]
    pub name: Option<String>,
    /// BCP 47 language tag.
    #[schema(example = "es")]
    pub language: Option<String>,
    /// Where they would rather be answered: a channel of the agency. Answers go there where staff name no other one and it
    /// reaches them.
    #[schema(example = "chn_0197f2a1c3d47b3e8a1f5c2d9e6b7a84")]
    pub preferred_channel: Option<String>,
    /// When they want no texts; null: the agency's hours.
    pub quiet_hours: Option<QuietHours>,
    pub identities: Vec<IdentityView>,
    /// The contact that stands for this person since the two were joined.
    pub merged_into: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub updated_at: String,
}

impl ContactView {
    pub fn of(c: &Contact, identities: &[Identity]) -> Self {
        let own = identities.iter().filter(|i| i.contact_id == c.id).map(|i| IdentityView {
            id: ids::IDENTITY.show(i.id.0),
            kind: i.kind.clone(),
            value: i.value.clone(),
            verified_at: i.verified_at.map(moment),
        });
        Self {
            id: ids::CONTACT.show(c.id.0),
            name: c.name.clone(),
            language: c.language.clone(),
            preferred_channel: c.preferred_channel.map(|i| ids::CHANNEL.show(i.0)),
            quiet_hours: c.quiet_hours.as_ref().and_then(|own| serde_json::from_value(own.0.clone()).ok()),
            identities: own.collect(),
            merged_into: c.merged_into.map(|into| ids::CONTACT.show(into.0)),
            created_at: moment(c.created_at),
            updated_at: moment(c.updated_at),
        }
    }

    pub fn load(tx: &mut Tx, contact: &Contact) -> Result<Self, Fail> {
        let identities = contacts::identities_of(tx, &[contact.id])?;
        Ok(Self::of(contact, &identities))
    }
}

/// The contact of this path.
pub fn named(tx: &mut Tx, path: &str) -> Result<Contact, Fail> {
    let id = id(ids::CONTACT, path)?;
    contacts::get(tx, Uid(id)).map_err(|e| match e {
        Error::NotFound => Fail::NotFound("contact"),
        e => e.into(),
    })
}

/// A person to find by their address, or to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    #[schema(example = "Maria Lopez", max_length = 200)]
    pub name: Option<String>,
    #[schema(example = "maria@example.org", max_length = 254, format = Email)]
    pub email: Option<String>,
    /// With the country's code, such as `+1 555 0100`.
    #[schema(max_length = 40, pattern = r"^\+?[ ().-]*([0-9][ ().-]*){3,15}$")]
    pub phone: Option<String>,
}

impl NewContact {
    pub fn parties(&self, at: &str) -> Result<Vec<Party>, Fail> {
        let both = [(IdentityKind::Email, "email", &self.email), (IdentityKind::Phone, "phone", &self.phone)];
        let mut parties = Vec::new();
        for (kind, field, address) in both {
            let Some(address) = address.clone() else { continue };
            if addresses::normal(kind, &address).is_none() {
                return Err(Fail::field(format!("{at}/{field}"), format!("is no {field} address")));
            }
            parties.push(Party { kind, address, name: self.name.clone() });
        }
        if parties.is_empty() && self.name.as_deref().is_none_or(|n| n.trim().is_empty()) {
            return Err(Fail::field(at.to_owned() + "/name", "give a name, an email address or a phone number"));
        }
        Ok(parties)
    }
}

/// The contact of a new case: a known one, or found by address, or made.
pub fn contact_of(tx: &mut Tx, act: &Acting, known: Option<&str>, new: Option<&NewContact>) -> Result<Uid, Fail> {
    match (known, new) {
        (Some(id), None) => {
            let nobody = || Fail::field("/contact_id", "there is no such contact");
            let id = Uid(ids::CONTACT.read(id).ok_or_else(nobody)?);
            let contact = contacts::get(tx, id).map_err(|_| nobody())?;
            Ok(contacts::whole(tx, contact)?.id)
        }
        (None, Some(new)) => Ok(people::found_or_made(tx, act, &new.parties("/contact")?, new.name.as_deref())?.id),
        _ => Err(Fail::field("/contact", "give either contact_id or contact")),
    }
}

/// Which contacts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListContacts {
    /// Only who has this email address.
    email: Option<String>,
    /// Only who has this phone number, which may be as it is dialled in the agency's country.
    phone: Option<String>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists contacts, the last changed first.
#[utoipa::path(tag = "contacts", operation_id = "list_contacts", params(ListContacts),
    responses((status = 200, description = "A page of contacts.", body = List<ContactView>)))]
#[get("/contacts")]
pub async fn list(door: Door<needs::ContactsRead>, query: Params<ListContacts>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let asked = [(IdentityKind::Email, &query.email), (IdentityKind::Phone, &query.phone)];
        let asked = asked.into_iter().find_map(|(kind, text)| text.as_deref().map(|t| (kind, t)));
        let rows = match asked {
            Some((kind, text)) => {
                let party = Party { kind, address: text.to_owned(), name: None };
                let normal = addresses::normal(kind, &people::dialled(tx, &party)?.address);
                let found = normal.map(|n| contacts::find_identity(tx, kind.as_str(), &n)).transpose()?.flatten();
                found.map(|i| contacts::get(tx, i.contact_id)).transpose()?.into_iter().collect()
            }
            None => {
                let from = page.after.as_ref().and_then(|(at, id)| Some((time(*at)?, Uid(*id))));
                contacts::list(tx, from, page.fetch())?
            }
        };
        let ids: Vec<Uid> = rows.iter().map(|c| c.id).collect();
        let identities = contacts::identities_of(tx, &ids)?;
        Reply::ok(&page.list(rows, |c| (c.updated_at.0.as_microsecond(), c.id.0), |c| ContactView::of(&c, &identities)))
    })
    .await
}

/// Makes a contact; an address that is known already is a conflict.
#[utoipa::path(tag = "contacts", operation_id = "create_contact", request_body = NewContact,
    responses((status = 201, description = "The new contact.", body = ContactView)))]
#[post("/contacts")]
pub async fn create(door: Door<needs::ContactsWrite>, body: Body<NewContact>) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let parties = new.parties("")?;
        let contact = people::made(tx, &who.acting, &parties, new.name.as_deref())?;
        let view = ContactView::load(tx, &contact)?;
        Ok(Reply::created(format!("/v1/contacts/{}", view.id), &view)?.version(contact.version))
    })
    .await
}

/// Reads a contact. One that was merged into another is still there, and says where it went.
#[utoipa::path(tag = "contacts", operation_id = "read_contact", params(("id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "The contact.", body = ContactView)))]
#[get("/contacts/{id}")]
pub async fn read(door: Door<needs::ContactsRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let contact = named(tx, &path)?;
        Ok(Reply::ok(&ContactView::load(tx, &contact)?)?.version(contact.version))
    })
    .await
}

/// What to change. A field left out stays; `null` empties it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Maria Lopez", "language": "es" }))]
pub struct ChangeContact {
    #[serde(default, deserialize_with = "some")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    language: Option<Option<String>>,
    /// One of the agency's channels.
    #[serde(default, deserialize_with = "some")]
    preferred_channel: Option<Option<String>>,
    /// `from` and `to` alike: texts at any hour.
    #[serde(default, deserialize_with = "some")]
    quiet_hours: Option<Option<QuietHours>>,
}

/// The hours in which nobody is texted: answers on networks that write to telephones wait for their end.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    #[schema(example = "21:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    from: String,
    /// On the next day where it is not after `from`.
    #[schema(example = "08:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    to: String,
    /// An IANA name; the agency's own where it is left out.
    #[schema(example = "America/New_York")]
    time_zone: Option<String>,
}

impl QuietHours {
    pub fn hours(self) -> Hours {
        Hours { from: self.from, to: self.to, time_zone: self.time_zone }
    }

    pub fn of(hours: Hours) -> Self {
        Self { from: hours.from, to: hours.to, time_zone: hours.time_zone }
    }
}

/// Changes a contact.
#[utoipa::path(tag = "contacts", operation_id = "change_contact", params(("id" = String, Path, description = "The contact.")),
    request_body = ChangeContact, responses((status = 200, description = "The contact as it is now.", body = ContactView)))]
#[patch("/contacts/{id}")]
pub async fn update(door: Door<needs::ContactsWrite>, path: Path<String>, body: Body<ChangeContact>) -> Answer {
    let (only_if, wanted) = (door.if_match()?, body.0);
    door.write(move |tx, who| {
        let contact = named(tx, &path)?;
        only_if.check(who, contact.version)?;
        let change = people::Change {
            name: wanted.name.clone(),
            language: wanted.language.clone(),
            preferred_channel: absent_or(ids::CHANNEL, wanted.preferred_channel.as_ref()),
            quiet_hours: wanted.quiet_hours.clone().map(|own| own.map(QuietHours::hours)),
        };
        let contact = people::change(tx, &who.acting, &contact, change)?;
        Ok(Reply::ok(&ContactView::load(tx, &contact)?)?.version(contact.version))
    })
    .await
}

/// An address to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentity {
    /// `email` or `phone`.
    #[schema(value_type = String, example = "email")]
    kind: IdentityKind,
    #[schema(example = "maria.lopez@example.net")]
    value: String,
}

/// Adds an address to a contact; one that names somebody already is a conflict.
#[utoipa::path(tag = "contacts", operation_id = "add_identity", params(("id" = String, Path, description = "The contact.")),
    request_body = NewIdentity, responses((status = 201, description = "The contact as it is now.", body = ContactView)))]
#[post("/contacts/{id}/identities")]
pub async fn add_identity(door: Door<needs::ContactsWrite>, path: Path<String>, body: Body<NewIdentity>) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let contact = named(tx, &path)?;
        let party = Party { kind: new.kind, address: new.value.clone(), name: None };
        let contact = people::add_identity(tx, &who.acting, &contact, &party)?;
        let view = ContactView::load(tx, &contact)?;
        Ok(Reply::created(format!("/v1/contacts/{}", view.id), &view)?.version(contact.version))
    })
    .await
}

/// Takes an address away from a contact.
#[utoipa::path(tag = "contacts", operation_id = "remove_identity",
    params(("id" = String, Path, description = "The contact."), ("identity" = String, Path, description = "The address.")),
    responses((status = 204, description = "It is gone.")))]
#[delete("/contacts/{id}/identities/{identity}")]
pub async fn remove_identity(door: Door<needs::ContactsWrite>, path: Path<(String, String)>) -> Answer {
    door.write(move |tx, who| {
        let contact = named(tx, &path.0)?;
        let identity = id(ids::IDENTITY, &path.1)?;
        people::remove_identity(tx, &who.acting, &contact, Uid(identity))?;
        Ok(Reply::nothing())
    })
    .await
}
