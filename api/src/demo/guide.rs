//! What the demo says of itself: links, sign-ins and things to try, in words and as `demo.json`.

use std::{fmt::Write, net::SocketAddr, path::Path};

use serde::Serialize;

use super::agencies::{Keys, TenantKeys};

/// What `demo.json` holds.
#[derive(Debug, Serialize)]
pub struct Ready<'a> {
    pub base_url: &'a str,
    pub lmtp: SocketAddr,
    pub smtp: SocketAddr,
    #[serde(flatten)]
    pub keys: &'a Keys,
}

/// The words for the terminal. `case` is one of the first agency's.
pub fn words(ready: &Ready, dir: &Path, case: &str) -> String {
    let mut out = format!(
        "
The demo is ready: two agencies, and the mail of two weeks. Ctrl-C ends it; the same command goes on where it was.

  read the API    {base}/docs
  speak to it     {base}/v1
  mail in         smtp://{smtp} (and LMTP on {lmtp})
  mail out        {sent}: one file for each mail that \"arrived\"
  all of this     {json}
  operator key    {operator}
",
        base = ready.base_url,
        smtp = ready.smtp,
        lmtp = ready.lmtp,
        sent = dir.join("sent").display(),
        json = dir.join("demo.json").display(),
        operator = ready.keys.operator_key,
    );
    ready.keys.tenants.iter().for_each(|tenant| agency(&mut out, ready.base_url, tenant));
    if let [first, second, ..] = ready.keys.tenants.as_slice() {
        out += &to_try(ready, first, second, dir, case);
    }
    out
}

fn agency(out: &mut String, base_url: &str, tenant: &TenantKeys) {
    let addresses: Vec<&str> = tenant.channels.iter().map(|c| c.address.as_str()).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n{} (tenant `{}`), {}", tenant.name, tenant.slug, addresses.join(", "));
    let _ = writeln!(out, "  for citizens    {base_url}/t/{}", tenant.slug);
    let _ = writeln!(out, "  API key         {}", tenant.api_key);
    for member in &tenant.staff {
        let _ = writeln!(out, "  {:<15} {:<24} {}", member.role, member.email, member.password);
    }
    for citizen in &tenant.citizens {
        let _ = writeln!(out, "  {:<15} {:<24} {}", "citizen", citizen.address, citizen.password);
    }
}

fn to_try(ready: &Ready, first: &TenantKeys, second: &TenantKeys, dir: &Path, case: &str) -> String {
    let address = first.channels.first().map(|c| c.address.as_str()).unwrap_or_default();
    let (email, password) = first.staff.last().map(|m| (m.email.as_str(), m.password.as_str())).unwrap_or_default();
    let citizen = first.citizens.first().map(|c| c.address.as_str()).unwrap_or_default();
    format!(
        r#"
Things to try. First, in another terminal:

  U={base}/v1
  K={key}

1. Write to the agency as a citizen. A moment later it is a case, and the acknowledgement lies in `sent`.

  printf 'From: You <you@home.example>\nTo: {address}\nSubject: A loose manhole cover\n\nIt rattles.\n' |
    curl -sS --crlf --mail-from you@home.example --mail-rcpt {address} -T - smtp://{smtp}
  curl -s -H "Authorization: Bearer $K" "$U/cases?limit=1"
  ls -t {sent} | head -1

2. Read a case with its whole conversation, and answer it.

  curl -s -H "Authorization: Bearer $K" $U/cases/{case}/messages
  curl -s -H "Authorization: Bearer $K" -H 'Content-Type: application/json' \
    -d '{{"text": "We are on it."}}' $U/cases/{case}/messages

3. Search everything that was ever written.

  curl -s -H "Authorization: Bearer $K" "$U/search?q=pothole"

4. See that nothing was lost: the sums of the ledger, and the mail that nobody could read.

  curl -s -H "Authorization: Bearer $K" $U/inbound/reconciliation
  curl -s -H "Authorization: Bearer $K" "$U/inbound?state=quarantined"

5. Look for the same case with the other agency's key. It does not exist there.

  curl -s -H "Authorization: Bearer {other}" $U/cases/{case}

6. Sign in as a person.

  curl -s -H 'Content-Type: application/json' $U/auth/login \
    -d '{{"tenant": "{slug}", "email": "{email}", "password": "{password}"}}'

7. Forget a password as a citizen: ask for a code on the page, read it in `sent`, and set a new one.

  {base}/t/{slug}/recover   for {citizen}
  grep -h "code is" $(ls -t {sent}/* | head -1)
"#,
        base = ready.base_url,
        key = first.api_key,
        smtp = ready.smtp,
        sent = dir.join("sent").display(),
        other = second.api_key,
        slug = first.slug,
    )
}
