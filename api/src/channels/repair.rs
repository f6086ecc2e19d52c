//! Mends the map from addresses and hooks to channels where it does not agree with the channels.

use uuid::Uuid;

use super::{hooks::HOOK, open::Opener, push::ADDRESS, setup::wanted_route};
use crate::{
    fail::Fail,
    store::{
        Store, channels,
        routes::{self, Route},
    },
};

/// What was mended, and what only a person can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Channels that now are found by their address.
    pub added: usize,
    /// Addresses that led to no channel.
    pub removed: usize,
    /// Addresses that lead to another channel than the one that claims them.
    pub disputed: Vec<String>,
}

/// Mends the routes of one tenant.
pub async fn repair(store: &Store, opener: &Opener, tenant: Uuid) -> Result<Mended, Fail> {
    // In this order: a channel's row is written before its route, so a route seen now has its channel in what is read next.
    let there = store.control_read(move |c| routes::of_tenant(c, tenant)).await?;
    let rows = store.tenant(tenant).read(channels::list).await.map_err(Fail::from)?;
    let wanted: Vec<Route> = rows.iter().filter_map(|row| wanted_route(opener, row)).collect();
    let mended = store.control_write(move |c| {
        let mut mended = Mended::default();
        for stray in
            there.iter().filter(|route| [ADDRESS, HOOK].contains(&route.kind.as_str()) && !wanted.contains(route))
        {
            routes::remove(c, tenant, &stray.kind, &stray.value)?;
            mended.removed += 1;
        }
        for route in wanted {
            match routes::find(c, &route.kind, &route.value)? {
                None => {
                    routes::add(c, &route)?;
                    mended.added += 1;
                }
                Some(leads) if leads == route => {}
                Some(_) => mended.disputed.push(route.value),
            }
        }
        Ok(mended)
    });
    Ok(mended.await?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use civicdesk_contract::{
        SystemClock,
        memory::{MemoryNetwork, capabilities, connector_with},
    };
    use serde_json::json;
    use tokio::runtime::Handle;

    use super::*;
    use crate::{
        acting::{Acting, Actor},
        auth::seal::{MasterKey, Seal},
        channels::{
            builtin::lmtp,
            net::{self, Reach},
            open::Opener,
            registry::Registry,
            setup::{self, NewChannel},
        },
        ids::Ids,
        store::{self, Json, Time, Uid, Url, channels::Channel, tenant, tenants},
    };

    struct House {
        store: Store,
        opener: Opener,
        by: Acting,
        _dir: tempfile::TempDir,
    }

    /// Two tenants, and a connector on which mail is pushed.
    async fn house() -> House {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Url::Sqlite(dir.path().to_owned()), 4, Handle::current()).unwrap();
        let clock: Arc<dyn civicdesk_contract::Clock> = Arc::new(SystemClock);
        let ids = Ids::new(clock.clone());
        let by = Acting::new(Actor::System, &clock, &ids);
        let network = MemoryNetwork::new();
        network.mailbox("box", "open sesame");
        let registry = Registry::new(vec![connector_with(lmtp::ID, capabilities(), network)]);
        let tools = net::tools(clock, &Reach::new(|_| false)).unwrap();
        let opener = Opener::new(registry, tools, Seal::new(&MasterKey::new([1; 32]), ids));
        for n in [1, 2] {
            new_tenant(&store, tenant_id(n), by.now).await;
        }
        House { store, opener, by, _dir: dir }
    }

    fn tenant_id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    async fn new_tenant(store: &Store, id: Uuid, now: Time) {
        store.create_room(id).await.unwrap();
        let slug = format!("t{}", id.as_u128());
        let row = tenant::Tenant {
            tenant_id: Uid(id),
            slug: slug.clone(),
            name: slug.clone(),
            reference_prefix: "TST".into(),
            locale: "en".into(),
            time_zone: "UTC".into(),
            case_year: 2026,
            case_last: 0,
            event_last: 0,
            search_version: crate::cases::words::VERSION,
            settings: Json(json!({})),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        store.tenant(id).write(move |tx| tenant::insert(tx, &row)).await.unwrap();
        let entry =
            tenants::Entry { id: Uid(id), slug: slug.clone(), name: slug, status: "active".into(), created_at: now };
        store.control_write(move |c| tenants::list_new(c, &entry)).await.unwrap();
    }

    async fn add(house: &House, tenant: u128, address: &str) -> Result<Channel, Fail> {
        let settings = json!({ "network": "box", "secret": "open sesame" });
        let address = Some(address.into());
        let new = NewChannel {
            connector: lmtp::ID.into(),
            name: None,
            address,
            settings,
            case_policy: None,
            fallback_channel_id: None,
        };
        setup::create(&house.store, &house.opener, tenant_id(tenant), &house.by, new).await
    }

    async fn leads_to(house: &House, address: &'static str) -> Option<Route> {
        house.store.control_read(move |c| routes::find(c, ADDRESS, address)).await.unwrap()
    }

    #[tokio::test]
    async fn a_new_channel_is_found_by_its_address_however_it_is_spelled() {
        let house = house().await;
        let row = add(&house, 1, "Help@Riverton.Example").await.unwrap();
        assert_eq!((row.state.as_str(), row.address.as_deref()), ("active", Some("help@riverton.example")));
        assert_eq!(leads_to(&house, "help@riverton.example").await.unwrap().channel_id, Some(row.id));
        assert!(!row.sealed.windows(11).any(|w| w == b"open sesame"), "the secret lies sealed");
    }

    #[tokio::test]
    async fn an_address_belongs_to_one_channel_of_the_whole_installation() {
        let house = house().await;
        add(&house, 1, "help@riverton.example").await.unwrap();
        let refused = add(&house, 2, "HELP@riverton.example").await.unwrap_err();
        assert!(matches!(refused, Fail::Conflict { code: "address-taken", .. }), "{refused:?}");
        assert_eq!(leads_to(&house, "help@riverton.example").await.unwrap().tenant_id, Uid(tenant_id(1)));
    }

    #[tokio::test]
    async fn settings_that_cannot_be_right_make_no_channel() {
        let house = house().await;
        let try_add = |connector: &str, settings| {
            let address = Some("a@b.example".into());
            let new = NewChannel {
                connector: connector.into(),
                name: None,
                address,
                settings,
                case_policy: None,
                fallback_channel_id: None,
            };
            let (store, opener, by) = (house.store.clone(), house.opener.clone(), house.by.clone());
            async move { setup::create(&store, &opener, tenant_id(1), &by, new).await.unwrap_err() }
        };
        for (connector, settings) in [
            ("pigeon", json!({})),
            (lmtp::ID, json!([])),
            (lmtp::ID, json!({ "network": "box", "secret": "x", "more": 1 })),
            (lmtp::ID, json!({ "network": "elsewhere", "secret": "x" })),
        ] {
            let refused = try_add(connector, settings).await;
            assert!(matches!(refused, Fail::Invalid(_)), "{refused:?}");
        }
        let rows: Vec<Channel> =
            house.store.tenant(tenant_id(1)).read::<_, store::Error, _>(channels::list).await.unwrap();
        assert!(rows.is_empty());
    }

    #[tokio::test]
    async fn a_lost_route_is_added_a_stray_one_removed_and_a_disputed_one_told() {
        let house = house().await;
        add(&house, 1, "help@riverton.example").await.unwrap();
        add(&house, 2, "help@lakeside.example").await.unwrap();
        let well = repair(&house.store, &house.opener, tenant_id(1)).await.unwrap();
        assert_eq!(well, Mended::default());
        let stray = |value: &str| Route {
            kind: ADDRESS.into(),
            value: value.into(),
            tenant_id: Uid(tenant_id(2)),
            channel_id: Some(Uid(Uuid::from_u128(9))),
        };
        let (moved, gone) = (stray("help@riverton.example"), stray("old@lakeside.example"));
        let spoil = move |c: &mut store::Control| {
            routes::remove(c, tenant_id(1), ADDRESS, "help@riverton.example")?;
            routes::remove(c, tenant_id(2), ADDRESS, "help@lakeside.example")?;
            routes::add(c, &moved)?;
            routes::add(c, &gone)
        };
        house.store.control_write(spoil).await.unwrap();
        let told = repair(&house.store, &house.opener, tenant_id(1)).await.unwrap();
        assert_eq!(told, Mended { disputed: vec!["help@riverton.example".into()], ..Mended::default() });
        let mended = repair(&house.store, &house.opener, tenant_id(2)).await.unwrap();
        assert_eq!(mended, Mended { added: 1, removed: 2, ..Mended::default() });
        let mended = repair(&house.store, &house.opener, tenant_id(1)).await.unwrap();
        assert_eq!(mended, Mended { added: 1, ..Mended::default() });
    }
}
