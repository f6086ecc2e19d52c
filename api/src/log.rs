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

/// Crates whose talk would carry what strangers wrote, or passwords: none is ever louder than this, whatever the settings
/// ask for.
const QUIET: &str = "hyper=warn,h2=warn,actix_http=warn,actix_server=warn,rustls=warn,reqwest=warn,lettre=warn,async_imap=warn,html5ever=error,selectors=warn";

/// Starts logging for the process.
pub fn start(log: &Log) -> Result<(), Wrong> {
    let wrong = |e: &dyn fmt::Display| Wrong(format!("log.level: {e}"));
    let [asked, quiet] = filters(&log.level).map_err(|e| wrong(&e))?;
    let registry = tracing_subscriber::registry().with(asked).with(quiet).with(Counted);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(true);
    match log.format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true).with_span_list(false)).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
    }
    .map_err(|e| wrong(&e))
}

/// What the settings ask for, and what nothing may exceed.
fn filters(level: &str) -> Result<[EnvFilter; 2], tracing_subscriber::filter::ParseError> {
    Ok([EnvFilter::try_new(level)?, EnvFilter::try_new(format!("trace,{QUIET}"))?])
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Heard(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Heard {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(format!("{} {}", event.metadata().target(), event.metadata().level()));
        }
    }

    #[test]
    fn no_setting_makes_a_crate_speak_that_knows_passwords_or_letters() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let [asked, quiet] = filters("trace,async_imap=trace,hyper=debug").unwrap();
        let registry = tracing_subscriber::registry().with(asked).with(quiet).with(Heard(heard.clone()));
        tracing::subscriber::with_default(registry, || {
            tracing::trace!(target: "async_imap::client", "A1 LOGIN help secret");
            tracing::debug!(target: "hyper::proto", "a body");
            tracing::warn!(target: "async_imap::client", "the server went away");
            tracing::trace!(target: "civicdesk::jobs", "ours");
        });
        assert_eq!(*heard.lock().unwrap(), ["async_imap::client WARN", "civicdesk::jobs TRACE"]);
    }
}
