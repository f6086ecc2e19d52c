//! `civicdesk demo`: two agencies in a directory, with a conversation that came in like any other mail.

mod agencies;
mod citizens;
mod clock;
mod conversation;
mod fill;
mod forms;
mod guide;
mod lmtp;
mod place;
mod sink;
mod teller;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use civicdesk_contract::{Clock, Connector};

use crate::{
    cli::{Context, Stop, words},
    fail::Fail,
    ids,
    installation::{Installation, migrate},
    log,
    server::{Running, serve_and},
    settings::Settings,
    store::{Tx, cases},
};
use agencies::Keys;
use clock::StoryClock;
use fill::Facts;
use place::Place;
use sink::Sink;
use teller::Teller;

/// Where mail servers find the demo, if these ports are free.
const LMTP: u16 = 2424;
const SMTP: u16 = 2525;
/// Ports that are tried when the wanted one is taken.
const TRIED: u16 = 100;

/// Runs the demo in `dir` until it is told to stop. Port 0 takes any port, for HTTP and for mail.
pub fn run(dir: &Path, port: u16, clock: Arc<dyn Clock>, connectors: Vec<Arc<dyn Connector>>) -> Result<(), Stop> {
    let place = Arc::new(Place::open(dir).map_err(failed)?);
    let kept = place.keys().map_err(failed)?;
    let mail = |usual: u16| if port == 0 { 0 } else { usual };
    let (http, lmtp, smtp) = (free(port)?, free(mail(LMTP))?, free(mail(SMTP))?);
    if http.port() != port && port != 0 {
        println!("Port {port} is taken, so the demo listens on {}.", http.port());
    }
    let file = place.write_settings(http, lmtp, smtp).map_err(failed)?;
    let settings = Settings::load(Some(&file), std::iter::empty())?;
    log::start(&settings.log)?;
    migrate(&settings).map_err(refused)?;
    let clock = StoryClock::new(clock);
    let context = Context { settings, clock: clock.clone(), connectors };
    // The directory stays taken until the program has ended.
    let told = place.clone();
    serve_and(context, |running| begin(running, told, kept, clock))
}

/// Tells the story, unless it is told already, and says that everything is ready.
async fn begin(running: Running, place: Arc<Place>, kept: Option<Keys>, clock: Arc<StoryClock>) -> Result<(), Stop> {
    let sink = Sink::open(place.path("sent")).map_err(failed)?;
    let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let port = socket.local_addr().map_err(failed)?.port();
    tokio::spawn(sink.clone().serve(socket, running.stop.clone()));
    let on = &running.installation;
    let (Some(lmtp), Some(smtp)) = (running.lmtp, running.smtp) else {
        return Err(Stop::Failed("the demo's mail listeners are not at work".to_owned()));
    };
    let keys = match kept {
        Some(keys) => {
            agencies::send_to(on, port).await.map_err(refused)?;
            keys
        }
        None => {
            println!("Telling two weeks of mail to two agencies; this takes a few seconds.");
            let facts = Facts::new(clock.now());
            clock.set(facts.at((0, 0, 0)));
            let (agencies, keys) = agencies::make(on, port).await.map_err(refused)?;
            let teller = Teller::new(on.app.clone(), clock, sink, lmtp, agencies, facts);
            teller.tell().await.map_err(refused)?;
            place.finish(&keys).map_err(failed)?;
            keys
        }
    };
    let ready = guide::Ready { base_url: &running.base_url, lmtp, smtp, keys: &keys };
    let case = some_case(on, &keys).await.map_err(refused)?;
    println!("{}", guide::words(&ready, &place.path(""), &case));
    place.announce(&ready).map_err(failed)
}

/// A case of the first agency, to try things with.
async fn some_case(on: &Installation, keys: &Keys) -> Result<String, Fail> {
    let Some(tenant) = keys.tenants.first() else { return Ok(String::new()) };
    let slug = tenant.slug.clone();
    let entry = on.app.store.control_read(move |c| crate::store::tenants::by_slug(c, &slug)).await?;
    let Some(entry) = entry else { return Ok(String::new()) };
    let sort = cases::Sort { by_created: true, descending: false };
    let first = move |tx: &mut Tx| cases::list(tx, &cases::Filter::default(), sort, None, 1);
    let found = on.app.store.tenant(entry.id.0).read(first).await?;
    Ok(found.first().map(|case| ids::CASE.show(case.id.0)).unwrap_or_default())
}

/// The wanted port of this machine, or the next one that is free.
fn free(wanted: u16) -> Result<SocketAddr, Stop> {
    let tried = wanted..=wanted.saturating_add(if wanted == 0 { 0 } else { TRIED });
    let mut taken = io::Error::from(io::ErrorKind::AddrInUse);
    for port in tried {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        match TcpListener::bind(address) {
            Ok(_) => return Ok(address),
            Err(e) => taken = e,
        }
    }
    Err(Stop::Failed(format!("port {wanted} and the next {TRIED}: {taken}; name another with --port")))
}

fn failed(e: impl std::fmt::Display) -> Stop {
    Stop::Failed(e.to_string())
}

fn refused(e: Fail) -> Stop {
    Stop::Failed(words(&e))
}
