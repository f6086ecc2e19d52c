//! The door for citizens who are signed in: their token names the agency, and is looked up in the transaction they work in.

use std::future;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use civicdesk_contract::Secret;
use uuid::Uuid;

use crate::{
    accounts::{
        own,
        signing_in::{self, Citizen},
    },
    acting::Acting,
    app::App,
    fail::Fail,
    http::{door::bearer, problem::Problem},
    recovery::Desk,
    store::{self, Failure, Tx, Uid},
};

/// A handler's door to the account of its caller.
pub struct OwnAccount {
    app: Data<App>,
    tenant: Uuid,
    token: Secret,
}

impl FromRequest for OwnAccount {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let door = || {
            let app = req.app_data::<Data<App>>().cloned();
            let app = app.ok_or_else(|| Fail::Broken("the program is not attached to its server".into()))?;
            let token = bearer(req)?.to_owned();
            let (tenant, id) = signing_in::tenant_of(&token)?;
            let (standing, taken) = app.quotas.take(&format!("citizen {id}"), app.now());
            req.extensions_mut().insert(standing);
            taken?;
            Ok(Self { app, tenant, token: Secret::new(token) })
        };
        future::ready(door())
    }
}

/// A failure on the way through the door. A tenant that does not exist has no sign-ins either.
struct Refused(Fail);

impl From<store::Error> for Refused {
    fn from(e: store::Error) -> Self {
        Self(match e {
            store::Error::NotFound => signing_in::ENDED,
            e => e.into(),
        })
    }
}

impl Failure for Refused {
    fn into_store(self) -> Result<store::Error, Self> {
        self.0.into_store().map_err(Self)
    }
}

impl OwnAccount {
    /// The door for whoever shows this token of an agency. Whether it holds is seen in the transaction.
    pub fn of(app: &Data<App>, token: &str) -> Result<Self, Fail> {
        let (tenant, id) = signing_in::tenant_of(token)?;
        app.quotas.take(&format!("citizen {id}"), app.now()).1?;
        Ok(Self { app: app.clone(), tenant, token: Secret::new(token) })
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// What letters and codes are made with.
    pub fn desk(&self) -> Desk {
        self.app.recovery.clone()
    }

    /// The id of a row to come.
    pub fn new_id(&self) -> Uid {
        Uid(self.app.ids.next())
    }

    /// Makes the caller the one who acts.
    pub fn acting(&self) -> impl Fn(&Citizen) -> Acting + Send + use<> {
        let (clock, ids) = (self.app.clock.clone(), self.app.ids.clone());
        move |citizen| own::acting((&clock, &ids), citizen)
    }

    /// Reads in one transaction, in which the caller is admitted first.
    pub async fn read<T, F>(&self, f: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Citizen) -> Result<T, Fail> + Send + 'static,
    {
        let (token, now) = (self.token.clone(), self.app.time());
        let door = self.app.store.tenant(self.tenant);
        let read = door.read(move |tx| {
            let citizen = signing_in::admit(tx, &token, now).map_err(Refused)?;
            f(tx, &citizen).map_err(Refused)
        });
        read.await.map_err(|Refused(fail)| fail.into())
    }

    /// Changes rows in one transaction, in which the caller is admitted first. The closure may run twice.
    pub async fn write<T, F>(&self, f: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut Tx, &Citizen) -> Result<T, Fail> + Send + 'static,
    {
        let (token, now) = (self.token.clone(), self.app.time());
        let door = self.app.store.tenant(self.tenant);
        let write = door.write(move |tx| {
            let citizen = signing_in::admit(tx, &token, now).map_err(Refused)?;
            f(tx, &citizen).map_err(Refused)
        });
        write.await.map_err(|Refused(fail)| fail.into())
    }
}
