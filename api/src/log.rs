//! The log: text or JSON on standard error, every error with the line of the runbook that says what to do.

use std::fmt;

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{EnvFilter, Layer, layer::Context, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    metrics,
    settings::{Log, LogFormat, Wrong},
};

/// Crates whose talk at `debug` would carry what strangers wrote.
const QUIET: &str = "hyper=warn,h2=warn,actix_http=warn,actix_server=warn,rustls=warn,reqwest=warn,lettre=warn,async_imap=warn,html5ever=error,selectors=warn";

/// Starts logging for the process.
pub fn start(log: &Log) -> Result<(), Wrong> {
    let wrong = |e: &dyn fmt::Display| Wrong(format!("log.level: {e}"));
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.level)).map_err(|e| wrong(&e))?;
    let registry = tracing_subscriber::registry().with(filter).with(Counted);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(true);
    match log.format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true).with_span_list(false)).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
    }
    .map_err(|e| wrong(&e))
}

/// Counts errors by their line of the runbook, so that an alert can name it.
struct Counted;

impl<S: Subscriber> Layer<S> for Counted {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut found = Runbook(None);
            event.record(&mut found);
            metrics::error(found.0.unwrap_or_else(|| "none".to_owned()));
        }
    }
}

struct Runbook(Option<String>);

impl Visit for Runbook {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "runbook" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
