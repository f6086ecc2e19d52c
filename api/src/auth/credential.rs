//! From what a request carries to who is asking: its form first, its row in the transaction that the request opens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    keys::{self, Mode},
    policy::{Right, Rights, Role},
    tokens::Tokens,
};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    ids::{self, Ids},
    store::{self, Time, Tx},
};

/// What to do about a missing or dead credential.
const SIGN_IN: &str = "send `Authorization: Bearer` with an access token from /v1/auth/login or with an API key";

/// A credential whose form is right. Whether it still holds is known only inside its tenant's transaction.
#[derive(Clone, Debug)]
pub enum Credential {
    Session { tenant: Uuid, session: Uuid, staff: Uuid },
    Key { tenant: Uuid, hash: [u8; 32] },
}

/// The caller, as the rows say in this very transaction.
#[derive(Clone, Debug)]
pub struct Who {
    pub tenant: Uuid,
    /// Who, when, and the ids of what is made: what the rules want to know.
    pub acting: Acting,
    /// The session of a member of staff.
    pub session: Option<Uuid>,
    pub role: Option<Role>,
    pub rights: Rights,
    /// An API key whose use was not noted for a while.
    pub unnoted: Option<Uuid>,
    /// A test key: what it asks is validated and recorded, and never delivered.
    pub test: bool,
    /// The tenant wants `If-Match` with every change.
    pub requires_if_match: bool,
}

impl Credential {
    /// Reads a bearer credential. No database is asked.
    pub fn read(bearer: &str, tokens: &Tokens, now: Timestamp) -> Result<Self, Fail> {
        let refused = Fail::Unauthenticated(SIGN_IN);
        if bearer.starts_with("cd_") {
            return match keys::read(bearer) {
                Some(keys::Shown::Tenant { tenant, hash }) => Ok(Self::Key { tenant, hash }),
                Some(keys::Shown::Operator { .. }) => Err(Fail::Unauthenticated(
                    "an operator's key opens /v1/tenants only; use a credential of the agency here",
                )),
                None => Err(refused),
            };
        }
        let claims = tokens.verify(bearer, now).ok_or(refused)?;
        let read = || {
            Some(Self::Session {
                tenant: ids::TENANT.read(&claims.tid)?,
                session: ids::SESSION.read(&claims.sid)?,
                staff: ids::STAFF.read(&claims.sub)?,
            })
        };
        read().ok_or(Fail::Unauthenticated(SIGN_IN))
    }

    /// The tenant that the credential names. It is a hint until `admit` has found the row.
    pub fn tenant(&self) -> Uuid {
        match self {
            Self::Session { tenant, .. } | Self::Key { tenant, .. } => *tenant,
        }
    }

    /// A name for it that is the same in every request, for quotas and idempotency keys.
    pub fn name(&self) -> String {
        match self {
            Self::Session { tenant, staff, .. } => format!("{} {}", tenant.simple(), staff.simple()),
            Self::Key { tenant, hash } => format!("{} {}", tenant.simple(), URL_SAFE_NO_PAD.encode(hash)),
        }
    }

    /// Finds the credential's row and what it may do, role included: what was revoked a moment ago is refused now.
    pub fn admit(&self, tx: &mut Tx, needs: Option<Right>, now: Time, ids: &Ids) -> Result<Who, Fail> {
        let acting = |actor| Acting { actor, now, ids: ids.clone() };
        let gate = store::tenants::gate(tx)?.ok_or(Fail::Unauthenticated(SIGN_IN))?;
        let mut who = match self {
            Self::Session { tenant, session, staff } => {
                let row = store::sessions::get(tx, *session)?.filter(|s| s.staff_id.0 == *staff);
                let alive = row.is_some_and(|s| s.ended_at.is_none() && s.expires_at > now);
                let ended = Fail::Unauthenticated("the session has ended: sign in again at /v1/auth/login");
                if !alive {
                    return Err(ended);
                }
                let person = store::staff::get(tx, *staff)?;
                let Some(role) = Role::read(&person.role).filter(|_| person.status == store::staff::ACTIVE) else {
                    return Err(ended);
                };
                Who {
                    tenant: *tenant,
                    acting: acting(Actor::Staff(*staff)),
                    session: Some(*session),
                    role: Some(role),
                    rights: role.rights(),
                    unnoted: None,
                    test: false,
                    requires_if_match: false,
                }
            }
            Self::Key { tenant, hash } => {
                let refused = Fail::Unauthenticated("the API key is unknown, expired or revoked: make another one");
                let Some(key) = store::keys::by_hash(tx, hash)? else { return Err(refused) };
                if key.revoked_at.is_some() || key.expires_at.is_some_and(|at| at <= now) {
                    return Err(refused);
                }
                let scopes: Vec<String> = key.scopes.read();
                Who {
                    tenant: *tenant,
                    acting: acting(Actor::Key(key.id.0)),
                    session: None,
                    role: None,
                    rights: Rights::read(scopes.iter().map(String::as_str)).unwrap_or_default(),
                    unnoted: Some(key.id.0).filter(|_| is_old(key.last_used_at, now)),
                    test: key.mode == Mode::Test.name(),
                    requires_if_match: false,
                }
            }
        };
        if gate.suspended {
            return Err(Fail::Suspended);
        }
        who.requires_if_match = gate.require_if_match;
        match needs {
            Some(right) => who.may(right).map(|()| who),
            None => Ok(who),
        }
    }
}

/// A key's use is noted once a minute at most.
fn is_old(noted: Option<Time>, now: Time) -> bool {
    noted.is_none_or(|noted| now.0.duration_since(noted.0).as_secs() >= 60)
}

impl Who {
    /// For a right that depends on what was asked, beyond the one that the door demands.
    pub fn may(&self, right: Right) -> Result<(), Fail> {
        if self.rights.has(right) { Ok(()) } else { Err(Fail::Forbidden(right.name())) }
    }

    /// The member of staff, where it is one.
    pub fn staff(&self) -> Option<Uuid> {
        match self.acting.actor {
            Actor::Staff(id) => Some(id),
            _ => None,
        }
    }

    /// The caller's id as it is shown, and as idempotency keys and uploads remember it.
    pub fn id(&self) -> String {
        match self.acting.actor {
            Actor::Key(id) => ids::KEY.show(id),
            Actor::Staff(id) | Actor::Contact(id) => ids::STAFF.show(id),
            Actor::System => "system".to_owned(),
        }
    }
}
