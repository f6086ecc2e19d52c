//! The doctor and the data: the database, each tenant, each address and each account on a network.

use futures_util::{StreamExt, stream};

use super::Finding;
use crate::{
    channels::{
        repair::{Mended, repair},
        setup,
    },
    ids,
    installation::Installation,
    outgoing,
    store::{
        Store, Url, tenant,
        tenants::{self, Entry},
    },
};

/// Accounts that are signed in to side by side.
const AT_ONCE: usize = 16;

/// Everything that only an open installation knows.
pub async fn look(on: &Installation) -> Vec<Finding> {
    let mut found = vec![database(on)];
    match on.app.store.control_read(tenants::active).await {
        Ok(active) => {
            found.push(every_tenant(on, &active).await);
            found.extend(addresses(on, &active).await);
            found.extend(accounts(on, &active).await);
        }
        Err(e) => found.push(Finding::fail("tenants", e.to_string())),
    }
    found.push(brake(on).await);
    found
}

/// The role and the walls of PostgreSQL are looked at whenever it is opened, so it is opened once more.
fn database(on: &Installation) -> Finding {
    let check = "database";
    match on.settings.store_url() {
        Ok(Url::Sqlite(dir)) => Finding::ok(check, format!("{} is open and its steps are all taken", dir.display())),
        Ok(url) => match Store::open(&url, 1, tokio::runtime::Handle::current()) {
            Ok(_) => {
                Finding::ok(check, "row-level security binds its role, the walls stand and its steps are all taken")
            }
            Err(e) => Finding::fail(check, e.to_string()),
        },
        Err(e) => Finding::fail(check, e.to_string()),
    }
}

async fn every_tenant(on: &Installation, active: &[Entry]) -> Finding {
    let check = "tenants";
    let mut broken = Vec::new();
    for listed in active {
        if let Err(e) = on.app.store.tenant(listed.id.0).read(tenant::get).await {
            broken.push(format!("{}: {e}", listed.slug));
        }
    }
    match broken.is_empty() {
        true => Finding::ok(check, format!("{} active, each opens", active.len())),
        false => Finding::fail(check, format!("{}; restore these from a backup", broken.join("; "))),
    }
}

/// Mends what can be mended, and tells it.
async fn addresses(on: &Installation, active: &[Entry]) -> Vec<Finding> {
    let check = "addresses";
    let mut found = Vec::new();
    for tenant in active {
        let slug = &tenant.slug;
        match repair(&on.app.store, &on.opener, tenant.id.0).await {
            Ok(mended) if mended == Mended::default() => {}
            Ok(Mended { added, removed, disputed }) => {
                if added + removed > 0 {
                    let text =
                        format!("{slug}: {added} were led to their channels again, {removed} led nowhere: mended");
                    found.push(Finding::warn(check, text));
                }
                if !disputed.is_empty() {
                    let text =
                        format!("{slug}: {} lead to another channel: change one of the two", disputed.join(", "));
                    found.push(Finding::fail(check, text));
                }
            }
            Err(e) => found.push(Finding::fail(check, format!("{slug}: {e}"))),
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(check, "each leads to its channel"));
    }
    found
}

/// Signs in to every account, several at a time, and sends nothing.
async fn accounts(on: &Installation, active: &[Entry]) -> Vec<Finding> {
    let rows = match setup::rows(&on.app.store, active).await {
        Ok(rows) => rows,
        Err(e) => return vec![Finding::fail("channels", e.to_string())],
    };
    let proofs = rows.into_iter().map(|(slug, row)| async move {
        let name = row.address.as_deref().unwrap_or(&row.name);
        let check = format!("channel {slug} {name} ({})", ids::CHANNEL.show(row.id.0));
        match setup::check(&on.app.store, &on.opener, &on.app.clock, &row).await {
            Ok(Ok(who)) => Finding::ok(check, format!("{}: {}", who.address, who.detail)),
            Ok(Err(e)) => Finding::fail(check, format!("{}: {}", e.operation, e.detail)),
            Err(e) => Finding::fail(check, e.to_string()),
        }
    });
    stream::iter(proofs).buffered(AT_ONCE).collect().await
}

async fn brake(on: &Installation) -> Finding {
    let check = "outgoing";
    match on.app.store.control_read(|c| outgoing::is_set(c, None)).await {
        Ok(false) => Finding::ok(check, "messages leave"),
        Ok(true) => Finding::warn(check, "messages are held back; `civicdesk outgoing resume` lets them go"),
        Err(e) => Finding::fail(check, e.to_string()),
    }
}
