//! Every figure that `/metrics` shows. Tenants are never labels: their names and volumes are nobody else's business.

use std::{sync::OnceLock, time::Duration};

use ::metrics::{counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

const REQUESTS: &str = "civicdesk_http_requests_total";
const REQUEST_SECONDS: &str = "civicdesk_http_request_seconds";
const INBOUND: &str = "civicdesk_inbound_items_total";
const FILED: &str = "civicdesk_filed_items_total";
const OUTBOUND: &str = "civicdesk_outbound_messages_total";
const REROUTED: &str = "civicdesk_rerouted_messages_total";
const SLOW: &str = "civicdesk_silent_channels_total";
const BUDGET: &str = "civicdesk_budget_notices_total";
const SCANS: &str = "civicdesk_scanned_files_total";
const RECOVERIES: &str = "civicdesk_recoveries_total";
const WEBHOOKS: &str = "civicdesk_webhook_calls_total";
const HOOKS: &str = "civicdesk_hook_calls_total";
const ERRORS: &str = "civicdesk_errors_total";

/// Starts counting. A second call changes nothing.
pub fn start() -> Result<(), BuildError> {
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .install_recorder()?;
    let _ = HANDLE.set(handle);
    describe_counter!(REQUESTS, "HTTP requests answered, by method, route and status");
    describe_histogram!(REQUEST_SECONDS, "How long an HTTP request took");
    describe_counter!(INBOUND, "Items committed as they came in, before they are read; known ones had come before");
    describe_counter!(FILED, "Items settled: as a case's message, a delivery report, a duplicate, or quarantined");
    describe_counter!(
        OUTBOUND,
        "Ends of a message's turn, by connector; repeated ones may have gone out twice, with one id"
    );
    describe_counter!(REROUTED, "Messages that took their channel's fallback, by connector and why");
    describe_counter!(SLOW, "Channels whose network fell silent about what was sent, by connector");
    describe_counter!(BUDGET, "Agencies told that their budget for texts runs out or is spent");
    describe_counter!(SCANS, "Files scanned, by what was found; later ones wait because the scanner did not answer");
    describe_counter!(RECOVERIES, "Steps of citizens who make an account or forgot the password, by outcome");
    describe_counter!(HOOKS, "Calls of providers, by connector and how they ended; forged ones are stored nowhere");
    describe_counter!(WEBHOOKS, "Calls to the endpoints of agencies, by how they ended; dead ones are tried no more");
    describe_counter!(ERRORS, "Errors logged, by the line of the runbook that says what to do");
    Ok(())
}

/// The text of `/metrics`.
pub fn render() -> String {
    HANDLE
        .get()
        .map(|handle| {
            handle.run_upkeep();
            handle.render()
        })
        .unwrap_or_default()
}

/// A request was answered. The route is the pattern that matched, never the path: paths are strangers' text.
pub fn request(method: &str, route: &str, status: u16, took: Duration) {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = METHODS.into_iter().find(|m| *m == method).unwrap_or("other");
    counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS).record(took);
}

/// Items were committed as they came in; the known ones had come before.
pub fn inbound(new: usize, known: usize) {
    add(INBOUND, "known", "no", new);
    add(INBOUND, "known", "yes", known);
}

/// Items were settled as one of `message`, `report`, `duplicate`, `quarantined`.
pub fn filed(settled_as: &'static str, count: usize) {
    add(FILED, "as", settled_as, count);
}

/// A message's turn ended with one of `sent`, `failed`, `unknown`, `again`, or began as `repeated`.
pub fn outbound(connector: &str, end: &'static str) {
    counter!(OUTBOUND, "connector" => connector.to_owned(), "end" => end).increment(1);
}

/// A message takes the fallback of a channel of this connector, because that is `failing` or `slow`.
pub fn rerouted(connector: &str, why: &'static str) {
    counter!(REROUTED, "connector" => connector.to_owned(), "why" => why).increment(1);
}

/// The network of a channel of this connector says nothing any more of what was sent.
pub fn slow(connector: &str) {
    counter!(SLOW, "connector" => connector.to_owned()).increment(1);
}

/// An agency was told of its budget for texts: `alarm` or `spent`.
pub fn budget(told: &'static str) {
    counter!(BUDGET, "told" => told).increment(1);
}

/// A file was scanned: `clean`, `infected` or `failed`; or is to be scanned `later`.
pub fn scanned(found: &'static str) {
    counter!(SCANS, "found" => found).increment(1);
}

/// Somebody's wish for a code came to one of `asked`, `unknown`, `limited`, `issued`, `sent`, `failed`, `used`, `expired`,
/// `objected`, or, of somebody who works for the agency, `staff`.
pub fn recovery(outcome: &'static str) {
    counter!(RECOVERIES, "outcome" => outcome).increment(1);
}

/// A provider's call ended with one of `taken`, `forged`, `malformed`, `failed`.
pub fn hook(connector: &str, end: &'static str) {
    counter!(HOOKS, "connector" => connector.to_owned(), "end" => end).increment(1);
}

/// A call to an agency's endpoint ended with one of `delivered`, `failed`, `dead`, `gone`.
pub fn webhook(end: &'static str) {
    counter!(WEBHOOKS, "end" => end).increment(1);
}

fn add(name: &'static str, label: &'static str, value: &'static str, count: usize) {
    counter!(name, label => value).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// An error was logged with this line of the runbook.
pub fn error(runbook: String) {
    counter!(ERRORS, "runbook" => runbook).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown_and_no_tenant_is_a_label() {
        start().unwrap();
        start().unwrap();
        request("GET", "/only/here", 200, Duration::from_millis(3));
        request("BREW", "-", 405, Duration::from_millis(3));
        inbound(2, 1);
        filed("message", 2);
        outbound("email", "sent");
        let text = render();
        for shown in [
            r#"civicdesk_http_requests_total{method="GET",route="/only/here",status="200"} 1"#,
            "civicdesk_http_request_seconds_bucket",
            r#"civicdesk_inbound_items_total{known="no"}"#,
            r#"civicdesk_filed_items_total{as="message"}"#,
            r#"civicdesk_outbound_messages_total{connector="email",end="sent"}"#,
        ] {
            assert!(text.contains(shown), "{shown} in {text}");
        }
        assert!(text.contains(r#"method="other""#) && !text.contains("BREW"), "a stranger makes no label: {text}");
        assert!(!text.contains("tenant=\"") && !text.contains("tenant_id=\""), "{text}");
    }
}
