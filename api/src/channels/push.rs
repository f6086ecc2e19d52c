//! Mail that is pushed to us, on its way to a tenant: whose address it is, and the commit before the sender is told.

use std::sync::Arc;

use civicdesk_contract::{Envelope, ExternalId, IdentityKind, RawItem};
use uuid::Uuid;

use super::{
    builtin::lmtp,
    listener::{Backend, Place, Pushed, Reply},
};
use crate::{
    cases::{accept, intake},
    fail::Fail,
    people::addresses,
    store::{self, Store, channels, routes, tenants},
};

/// The kind of route that an address is.
pub const ADDRESS: &str = "address";

/// What stands behind the program's own listeners.
pub fn backend(intake: intake::Deps) -> Backend {
    let store = intake.store.clone();
    Backend {
        find: Box::new(move |address| {
            let store = store.clone();
            Box::pin(async move { find(&store, &address).await })
        }),
        accept: Box::new(move |place, pushed| {
            let intake = intake.clone();
            Box::pin(async move { accept(&intake, place, pushed).await })
        }),
    }
}

async fn find(store: &Store, address: &str) -> Result<Place, Reply> {
    let unknown = || Reply::new(550, "5.1.1", "there is no such address here");
    let later = |e: store::Error| {
        tracing::warn!(error = %e, "an address could not be looked up");
        Reply::new(451, "4.3.0", "the address cannot be looked up now, try again later")
    };
    let normal = addresses::normal(IdentityKind::Email, address).ok_or_else(unknown)?;
    let found = store.control_read(move |c| {
        let mut route = routes::find(c, ADDRESS, &normal)?;
        if route.is_none()
            && let Some(bare) = without_tag(&normal)
        {
            route = routes::find(c, ADDRESS, &bare)?;
        }
        let Some(route) = route else { return Ok(None) };
        let active = tenants::entry(c, route.tenant_id.0)?.status == tenants::ACTIVE;
        Ok(route.channel_id.map(|channel| (route.tenant_id.0, channel, active)))
    });
    let (tenant, channel, active) = found.await.map_err(later)?.ok_or_else(unknown)?;
    let read: store::Result<_> = store.tenant(tenant).read(move |tx| channels::get(tx, channel)).await;
    let row = match read {
        Ok(row) => row,
        Err(store::Error::NotFound) => return Err(unknown()),
        Err(e) => return Err(later(e)),
    };
    // Mail for a mailbox that is fetched would come in twice.
    if row.connector != lmtp::ID {
        return Err(unknown());
    }
    if !active || row.state != "active" {
        return Err(Reply::new(450, "4.2.1", "this address takes no mail at the moment"));
    }
    Ok(Place { tenant, channel: channel.0 })
}

/// The address without what follows the first `+`: it says something about the mail, not whose it is.
fn without_tag(normal: &str) -> Option<String> {
    let (local, domain) = normal.rsplit_once('@')?;
    let (bare, _) = local.split_once('+').filter(|(bare, _)| !bare.is_empty())?;
    Some(format!("{bare}@{domain}"))
}

/// A mail has no name of its own on the wire, so each arrival gets one. A sender that comes again because our reply was
/// lost is recognised by intake, from the mail itself.
async fn accept(intake: &intake::Deps, place: Place, pushed: Pushed) -> Result<(), Reply> {
    let received_at = Some(intake.clock.now());
    let envelope = Envelope { from: Some(pushed.from), to: pushed.to, received_at };
    let id = ExternalId(format!("push-{}", Uuid::simple(intake.ids.next())));
    let item = RawItem { id, place: None, envelope, raw: Arc::unwrap_or_clone(pushed.raw) };
    match accept::take_in(intake, place.tenant, place.channel, vec![item], None).await {
        Ok(_) => Ok(()),
        Err(Fail::Busy(_) | Fail::Store(store::Error::Busy)) => {
            Err(Reply::new(451, "4.3.2", "too much at once, try again later"))
        }
        Err(e) => {
            let tenant = place.tenant;
            tracing::error!(%tenant, error = %e, runbook = "RB-PUSH", "A pushed mail could not be stored; its sender keeps it.");
            Err(Reply::new(451, "4.3.0", "the mail could not be stored, try again later"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_tag;

    #[test]
    fn what_follows_a_plus_does_not_say_whose_address_it_is() {
        assert_eq!(without_tag("help+riv-1@x.example").as_deref(), Some("help@x.example"));
        assert_eq!(without_tag("help+a+b@x.example").as_deref(), Some("help@x.example"));
        assert_eq!(without_tag("help@x+y.example"), None);
        assert_eq!(without_tag("+a@x.example"), None);
    }
}
