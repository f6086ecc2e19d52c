//! The only way from a request to a tenant's rows: the handler's argument names the right, and the credential's row is
//! read in the very transaction that the handler works in.

use std::{cell::Cell, future, marker::PhantomData, rc::Rc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web::Data};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    idempotency::{Claim, Running},
    page::Page,
    problem::Problem,
    wire::{IfMatch, Reply},
};
use crate::{
    app::App,
    auth::{Credential, Needs, Right, Who, keys},
    fail::Fail,
    store::{self, Control, Failure, Tx},
};

const NO_CREDENTIAL: Fail = Fail::Unauthenticated("send `Authorization: Bearer` with an access token or an API key");
const WRONG_KEY: Fail =
    Fail::Unauthenticated("this needs an operator's key, which `civicdesk key create --operator` makes");

/// A handler's door to its caller's tenant, for callers with the right `R`.
pub struct Door<R: Needs> {
    app: Data<App>,
    running: Data<Running>,
    credential: Credential,
    entered: Rc<Cell<bool>>,
    req: HttpRequest,
    needs: PhantomData<R>,
}

impl<R: Needs> FromRequest for Door<R> {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let door = || {
            let (app, running) = attached(req)?;
            let credential = Credential::read(bearer(req)?, &app.tokens, app.now())?;
            let (standing, taken) = app.quotas.take(&credential.name(), app.now());
            req.extensions_mut().insert(standing);
            taken?;
            let entered = Rc::new(Cell::new(false));
            let whose = Whose::Tenant(credential.clone(), R::RIGHT);
            req.extensions_mut().insert(Knock { app: app.clone(), whose, entered: entered.clone() });
            Ok(Self { app, running, credential, entered, req: req.clone(), needs: PhantomData })
        };
        future::ready(door())
    }
}

fn attached(req: &HttpRequest) -> Result<(Data<App>, Data<Running>), Fail> {
    let both = req.app_data::<Data<App>>().cloned().zip(req.app_data::<Data<Running>>().cloned());
    both.ok_or_else(|| Fail::Broken("the program is not attached to its server".into()))
}

/// The credential in the `Authorization` header. Cookies and query parameters are no credentials here.
pub(super) fn bearer(req: &HttpRequest) -> Result<&str, Fail> {
    let mut sent = req.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(NO_CREDENTIAL) };
    let (scheme, credential) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or(NO_CREDENTIAL)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(credential.trim()) } else { Err(NO_CREDENTIAL) }
}

/// A failure on the way through the door. A tenant that does not exist has no credentials either.
struct Refused(Fail);

impl From<store::Error> for Refused {
    fn from(e: store::Error) -> Self {
        match e {
            store::Error::NotFound => Self(NO_CREDENTIAL),
            e => Self(e.into()),
        }
    }
}

impl Failure for Refused {
    fn into_store(self) -> Result<store::Error, Self> {
        self.0.into_store().map_err(Self)
    }
}

impl<R: Needs> Door<R> {
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The tenant that the credential names; only inside `read` and `write` is it certain that it may.
    pub fn tenant(&self) -> Uuid {
        self.credential.tenant()
    }

    /// The versions that the caller is ready to change; check them inside `write`.
    pub fn if_match(&self) -> Result<IfMatch, Problem> {
        IfMatch::read(&self.req)
    }

    /// What part of a list the caller wants. `P` is a position in the list's order, such as `(i64, Uuid)`.
    pub fn page<P: Serialize + DeserializeOwned>(
        &self,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<P>, Problem> {
        Page::read(*self.app.master.derive("cursors"), self.tenant(), &self.req, limit, cursor)
    }

    /// Reads in one transaction, in which the caller is admitted first.
    pub async fn read<T, F>(&self, f: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Who) -> Result<T, Fail> + Send + 'static,
    {
        // Nothing is stored here, but a key that could never be kept is refused as it is everywhere.
        Claim::read(&self.req)?;
        self.entered.set(true);
        let (credential, now, ids) = (self.credential.clone(), self.app.time(), self.app.ids.clone());
        let door = self.app.store.tenant(self.tenant());
        let read = door.read(move |tx| {
            let who = credential.admit(tx, R::RIGHT, now, &ids).map_err(Refused)?;
            f(tx, &who).map(|value| (value, who.unnoted)).map_err(Refused)
        });
        let (value, unnoted) = read.await.map_err(|refused| self.refused(refused))?;
        if let Some(key) = unnoted {
            let door = self.app.store.tenant(self.tenant());
            actix_web::rt::spawn(async move {
                // A note that is lost is written at the next use.
                let _ = door.write(move |tx| store::keys::touch(tx, key, now)).await;
            });
        }
        Ok(value)
    }

    /// Whether the credential's form is still good: for answers that go on longer than it may hold.
    pub fn still(&self) -> Result<(), Problem> {
        Ok(Credential::read(bearer(&self.req)?, &self.app.tokens, self.app.now()).map(drop)?)
    }

    fn refused(&self, refused: Refused) -> Problem {
        refusal(&self.app, &self.credential, refused)
    }

    /// Changes rows in one transaction, in which the caller is admitted first. Of a POST with an `Idempotency-Key` the
    /// answer is stored in the same transaction, or given again. The closure may run twice: make ids, times and hashes
    /// before it.
    pub async fn write<F>(&self, f: F) -> Result<Reply, Problem>
    where
        F: Fn(&mut Tx, &Who) -> Result<Reply, Fail> + Send + 'static,
    {
        let claim = Claim::read(&self.req)?;
        self.entered.set(true);
        let _turn = claim.as_ref().map(|c| self.running.begin(&self.credential.name(), c)).transpose()?;
        let (credential, now, ids) = (self.credential.clone(), self.app.time(), self.app.ids.clone());
        let door = self.app.store.tenant(self.tenant());
        let write = door.write(move |tx| {
            let who = credential.admit(tx, R::RIGHT, now, &ids).map_err(Refused)?;
            if let Some(key) = who.unnoted {
                store::keys::touch(tx, key, now)?;
            }
            let Some(claim) = &claim else { return f(tx, &who).map_err(Refused) };
            if let Some(before) = claim.replay(tx, &who).map_err(Refused)? {
                return Ok(before);
            }
            let reply = f(tx, &who).map_err(Refused)?;
            claim.keep(tx, &who, &reply, now).map_err(Refused)?;
            Ok(reply)
        });
        write.await.map_err(|refused| self.refused(refused))
    }
}

fn refusal(app: &App, credential: &Credential, Refused(fail): Refused) -> Problem {
    if matches!(fail, Fail::Unauthenticated(_)) {
        app.quotas.forget(&credential.name());
    }
    fail.into()
}

/// A caller at the door, for the frame: a request that failed by its form never reached the transaction in which its
/// credential is looked up, and a stranger must not learn more than a stranger.
#[derive(Clone)]
pub struct Knock {
    app: Data<App>,
    whose: Whose,
    entered: Rc<Cell<bool>>,
}

#[derive(Clone)]
enum Whose {
    Tenant(Credential, Option<Right>),
    Operator([u8; 32]),
}

impl Knock {
    /// Why the caller would not have been let in; nothing where they would, or were asked already.
    pub async fn refusal(&self) -> Option<Problem> {
        if self.entered.get() {
            return None;
        }
        match &self.whose {
            Whose::Operator(hash) => operator(&self.app, *hash, |_| Ok(())).await.err(),
            Whose::Tenant(credential, right) => {
                let (asked, right, now, ids) = (credential.clone(), *right, self.app.time(), self.app.ids.clone());
                let door = self.app.store.tenant(credential.tenant());
                let asked = door.read(move |tx| asked.admit(tx, right, now, &ids).map(drop).map_err(Refused)).await;
                asked.err().map(|refused| refusal(&self.app, credential, refused))
            }
        }
    }
}

/// Reads installation data for the operator with this key.
async fn operator<T, F>(app: &App, hash: [u8; 32], f: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&mut Control) -> store::Result<T> + Send + 'static,
{
    let read = app.store.control_read(move |c| {
        let key = store::keys::operator_by_hash(c, &hash)?.filter(|k| k.revoked_at.is_none());
        if key.is_some() { f(c).map(Some) } else { Ok(None) }
    });
    read.await?.ok_or_else(|| WRONG_KEY.into())
}

/// The operator's door: to the installation's data, and to no tenant's.
pub struct Operator {
    app: Data<App>,
    hash: [u8; 32],
    entered: Rc<Cell<bool>>,
    req: HttpRequest,
}

impl FromRequest for Operator {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let door = || {
            let (app, _) = attached(req)?;
            match keys::read(bearer(req)?) {
                Some(keys::Shown::Operator { hash }) => {
                    let entered = Rc::new(Cell::new(false));
                    let whose = Whose::Operator(hash);
                    req.extensions_mut().insert(Knock { app: app.clone(), whose, entered: entered.clone() });
                    Ok(Self { app, hash, entered, req: req.clone() })
                }
                _ => Err(WRONG_KEY.into()),
            }
        };
        future::ready(door())
    }
}

impl Operator {
    /// What part of a list the operator wants.
    pub fn page<P: Serialize + DeserializeOwned>(
        &self,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<P>, Problem> {
        Page::read(*self.app.master.derive("cursors"), Uuid::nil(), &self.req, limit, cursor)
    }

    /// Reads installation data, in a transaction in which the key is checked first.
    pub async fn read<T, F>(&self, f: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Control) -> store::Result<T> + Send + 'static,
    {
        self.entered.set(true);
        operator(&self.app, self.hash, f).await
    }

    /// The program, once the key is checked, for rules that open their own transactions.
    pub async fn enter(&self) -> Result<&App, Problem> {
        self.read(|_| Ok(())).await.map(|()| &**self.app)
    }
}
