//! The score that Mozilla's HTTP Observatory gives a page, by its published table of tests and modifiers (2024).
//!
//! A site begins with 100. What is missing is taken off; where 90 are left, what is done beyond the need is added. Not judged
//! here, and taken as neutral: redirection from HTTP, which is the proxy's, and the browsers' list of preloaded hosts.

use civicdesk_tests::harness::Answer;

/// What one test says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub test: &'static str,
    pub modifier: i32,
}

/// Half a year, in seconds.
const SIX_MONTHS: u64 = 15_768_000;
const MAY_ADD_FROM: i32 = 90;

/// The score of a page, with how it came about.
pub fn score(page: &Answer) -> (i32, Vec<Verdict>) {
    let verdicts = [
        ("cookies", cookies(&page.headers("set-cookie"))),
        ("cross-origin-resource-sharing", sharing(page)),
        ("content-security-policy", policy(page.header("content-security-policy"))),
        ("strict-transport-security", transport(page.header("strict-transport-security"))),
        ("referrer-policy", referrer(page.header("referrer-policy"))),
        ("subresource-integrity", integrity(&page.text())),
        ("x-content-type-options", if page.header("x-content-type-options") == Some("nosniff") { 0 } else { -5 }),
        ("x-frame-options", framing(page)),
        ("cross-origin-resource-policy", resource(page.header("cross-origin-resource-policy"))),
    ];
    let verdicts: Vec<Verdict> = verdicts.map(|(test, modifier)| Verdict { test, modifier }).into();
    let taken: i32 = verdicts.iter().map(|verdict| verdict.modifier.min(0)).sum();
    let added: i32 = verdicts.iter().map(|verdict| verdict.modifier.max(0)).sum();
    let base = 100 + taken;
    (if base >= MAY_ADD_FROM { base + added } else { base.max(0) }, verdicts)
}

fn cookies(set: &[&str]) -> i32 {
    let worst = set.iter().map(|cookie| {
        let parts: Vec<String> = cookie.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
        let has = |part: &str| parts.iter().any(|known| known == part);
        let lasts = parts.iter().any(|part| part.starts_with("max-age=") || part.starts_with("expires="));
        let strict = has("samesite=lax") || has("samesite=strict");
        match (has("secure"), has("httponly"), strict) {
            (false, ..) if !lasts => -40,
            (_, false, _) if !lasts => -30,
            (false, ..) => -20,
            (.., false) if parts.iter().any(|part| part.starts_with("samesite")) => -20,
            (.., false) => 0,
            _ => 5,
        }
    });
    worst.min().unwrap_or(0)
}

fn sharing(page: &Answer) -> i32 {
    if page.header("access-control-allow-origin").is_none() { 0 } else { -50 }
}

/// The sources of a directive, or those of `default-src`.
fn sources<'a>(policy: &'a [Vec<&'a str>], directive: &str) -> Option<&'a [&'a str]> {
    let named = |name: &str| policy.iter().find(|words| words.first() == Some(&name)).map(|words| &words[1..]);
    named(directive).or_else(|| named("default-src"))
}

fn policy(header: Option<&str>) -> i32 {
    let Some(header) = header else { return -25 };
    let policy: Vec<Vec<&str>> = header.split(';').map(|directive| directive.split_whitespace().collect()).collect();
    let of = |directive| sources(&policy, directive);
    let broad = |source: &&str| matches!(*source, "'unsafe-inline'" | "data:" | "https:" | "http:" | "*");
    let (Some(scripts), Some(objects)) = (of("script-src"), of("object-src")) else { return -20 };
    if scripts.iter().chain(objects).any(&broad) {
        return -20;
    }
    if policy.iter().flatten().any(|source| source.starts_with("http:")) {
        return -20;
    }
    if policy.iter().flatten().any(|source| *source == "'unsafe-eval'") {
        return -10;
    }
    if of("style-src").is_none_or(|sources| sources.iter().any(broad)) {
        return 0;
    }
    let nothing = policy.iter().any(|words| *words == ["default-src", "'none'"]);
    let own_forms =
        policy.iter().any(|words| *words == ["form-action", "'self'"] || *words == ["form-action", "'none'"]);
    if nothing && own_forms { 10 } else { 5 }
}

fn transport(header: Option<&str>) -> i32 {
    let Some(header) = header else { return -20 };
    let age = header.split(';').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
    match age {
        Some(age) if age >= SIX_MONTHS => 0,
        Some(_) => -10,
        None => -20,
    }
}

fn referrer(header: Option<&str>) -> i32 {
    match header {
        Some("no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin") => 5,
        None => 0,
        Some(_) => -5,
    }
}

/// Pages without scripts have nothing that could be changed on its way.
fn integrity(html: &str) -> i32 {
    if html.contains("<script") { -5 } else { 0 }
}

fn framing(page: &Answer) -> i32 {
    let policy = page.header("content-security-policy").unwrap_or_default();
    if policy.split(';').any(|directive| directive.trim().starts_with("frame-ancestors")) {
        return 5;
    }
    match page.header("x-frame-options") {
        Some("DENY" | "SAMEORIGIN") => 0,
        _ => -20,
    }
}

/// What it adds has changed over time; nothing is the least.
fn resource(header: Option<&str>) -> i32 {
    match header {
        None | Some("same-origin" | "same-site") => 0,
        Some(_) => -20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unsafe_is_taken_off_and_what_is_beyond_the_need_is_added() {
        let own = "default-src 'none'; style-src 'self'; form-action 'self'";
        assert_eq!(policy(Some(own)), 10);
        assert_eq!(policy(Some("default-src 'self'; style-src 'self'")), 5);
        assert_eq!(policy(Some("default-src 'self'; style-src 'unsafe-inline'")), 0);
        assert_eq!(policy(Some("default-src 'self'; script-src 'self' 'unsafe-inline'")), -20);
        assert_eq!(policy(Some("img-src 'self'")), -20);
        assert_eq!(policy(None), -25);
        assert_eq!(cookies(&[]), 0);
        assert_eq!(cookies(&["a=b; Path=/; HttpOnly; SameSite=Lax; Secure"]), 5);
        assert_eq!(cookies(&["a=b; Path=/; HttpOnly; SameSite=Lax; Secure", "c=d; HttpOnly; SameSite=Lax"]), -40);
        assert_eq!(cookies(&["a=b; Secure; SameSite=Lax"]), -30);
        assert_eq!(cookies(&["a=b; HttpOnly; SameSite=None; Secure"]), -20);
        assert_eq!(transport(Some("max-age=63072000; includeSubDomains")), 0);
        assert_eq!((transport(Some("max-age=60")), transport(Some("yes")), transport(None)), (-10, -20, -20));
    }
}
