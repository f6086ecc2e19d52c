//! The promises of a directory over a real OpenLDAP, and over servers that are down or silent.

use std::{collections::HashSet, env, sync::Arc, time::Duration};

use civicdesk_contract::{IdentityKind, Secret, SystemClock, Tools};
use ldap3::{LdapConnAsync, Scope, SearchEntry};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Ldap;
use crate::{
    channels::net,
    directories::{
        Directory, SetFailed,
        kit::{self, Stage, Then},
        settings::{DirectorySettings, read},
    },
};

fn variable(name: &str) -> String {
    env::var(format!("CIVICDESK_TEST_LDAP_{name}")).expect("the server of tests/servers/slapd")
}

fn tools() -> Tools {
    net::tools(Arc::new(SystemClock), &net::Reach::new(|address| address.is_loopback())).unwrap()
}

/// A branch of the tree that is one test's own.
pub struct Branch {
    admin: ldap3::Ldap,
    base: String,
}

impl Branch {
    pub async fn grow(name: &str) -> Self {
        let url = format!("ldap://127.0.0.1:{}", variable("PORT"));
        let (connection, mut admin) = LdapConnAsync::new(&url).await.unwrap();
        tokio::spawn(connection.drive());
        admin.simple_bind(&variable("ADMIN_DN"), &variable("ADMIN_PASSWORD")).await.unwrap().success().unwrap();
        let unique = uuid::Builder::from_random_bytes(rand::random()).into_uuid().simple().to_string();
        let base = format!("ou={name}-{unique},ou=people,{}", variable("BASE"));
        let mut branch = Self { admin, base: base.clone() };
        branch.add(&base, &[("objectClass", "organizationalUnit"), ("ou", &format!("{name}-{unique}"))]).await;
        branch
    }

    async fn add(&mut self, dn: &str, attributes: &[(&str, &str)]) {
        let mut all: Vec<(String, HashSet<String>)> = Vec::new();
        for (name, value) in attributes {
            match all.iter_mut().find(|(own, _)| own == name) {
                Some((_, values)) => drop(values.insert((*value).to_owned())),
                None => all.push(((*name).to_owned(), HashSet::from([(*value).to_owned()]))),
            }
        }
        self.admin.add(dn, all).await.unwrap().success().unwrap();
    }

    pub async fn person(&mut self, uid: &str, password: &str, more: &[(&str, &str)]) -> String {
        let dn = format!("uid={uid},{}", self.base);
        let own = [("objectClass", "inetOrgPerson"), ("objectClass", "adUser"), ("uid", uid), ("cn", uid), ("sn", uid)];
        self.add(&dn, &[&own, [("userPassword", password)].as_slice(), more].concat()).await;
        dn
    }

    fn directory(&self, more: &Value) -> Ldap {
        open(&self.settings(more))
    }

    /// What an agency would say of it.
    pub fn settings(&self, more: &Value) -> Value {
        let ca = std::fs::read_to_string(variable("CA")).unwrap();
        let mut all = json!({ "kind": "ldap", "host": variable("HOST"), "port": variable("TLS_PORT").parse::<u16>().unwrap(),
            "ca": ca, "bind_dn": variable("SERVICE_DN"), "bind_password": variable("SERVICE_PASSWORD"),
            "base_dn": self.base, "filter": "(objectClass=inetOrgPerson)", "timeout_seconds": 5 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    }
}

fn open(settings: &Value) -> Ldap {
    let DirectorySettings::Ldap(settings) = read(settings).unwrap() else { panic!("ldap") };
    Ldap::new(*settings, &tools()).unwrap()
}

const PASSWORD: &str = "the river ran past my school";

async fn keeps_its_promises_over(security: &Value) {
    let mut branch = Branch::grow("kit").await;
    let own = [("mail", "Maria.Iglesias@Example.org"), ("mobile", "+1 555 010-9999")];
    branch.person("maria", PASSWORD, &own).await;
    branch.person("ana", PASSWORD, &[("mail", "desk@example.org")]).await;
    branch.person("bea", PASSWORD, &[("mail", "desk@example.org")]).await;
    branch.person("carl", PASSWORD, &[("mail", "carl@example.org"), ("userAccountControl", "514")]).await;
    let directory = branch.directory(security);
    let stage = Stage {
        directory: &directory,
        email: "Maria.Iglesias@Example.org",
        phone: "+15550109999",
        password: PASSWORD,
        closed: ("carl@example.org", PASSWORD),
        shared: Some("desk@example.org"),
        against_the_rules: Some("sixteen letters!"),
    };
    kit::keeps_its_promises(&stage).await;
}

#[tokio::test]
#[ignore = "needs slapd: run by tests/run"]
async fn a_real_openldap_keeps_what_a_directory_has_to_keep() {
    keeps_its_promises_over(&json!({})).await;
}

#[tokio::test]
#[ignore = "needs slapd: run by tests/run"]
async fn a_real_openldap_keeps_it_over_starttls_as_well() {
    let port = variable("PORT").parse::<u16>().unwrap();
    keeps_its_promises_over(&json!({ "security": "starttls", "port": port })).await;
}

#[tokio::test]
#[ignore = "needs slapd: run by tests/run"]
async fn what_was_used_before_is_refused_in_the_servers_words() {
    let mut branch = Branch::grow("history").await;
    branch.person("maria", PASSWORD, &[("mail", "maria@example.org")]).await;
    let directory = branch.directory(&json!({}));
    let maria = directory.find(IdentityKind::Email, "maria@example.org").await.unwrap().unwrap().subject;
    directory.set(&maria, &Secret::new("nine herons stood in the rain")).await.unwrap();
    let again = directory.set(&maria, &Secret::new(PASSWORD)).await.unwrap_err();
    assert!(matches!(&again, SetFailed::Refused(why) if why.contains("history")), "{again}");
}

#[tokio::test]
#[ignore = "needs slapd: run by tests/run"]
async fn a_person_who_is_renamed_and_moved_stays_the_same() {
    let mut branch = Branch::grow("renamed").await;
    let dn = branch.person("maria", PASSWORD, &[("mail", "maria@example.org")]).await;
    let directory = branch.directory(&json!({}));
    let before = directory.find(IdentityKind::Email, "maria@example.org").await.unwrap().unwrap();
    branch.admin.modifydn(&dn, "uid=maria.gomez", true, None).await.unwrap().success().unwrap();
    assert!(directory.check(&before.subject, &Secret::new(PASSWORD)).await.unwrap());
    assert_eq!(directory.find(IdentityKind::Email, "maria@example.org").await.unwrap(), Some(before));
}

#[tokio::test]
#[ignore = "needs slapd: run by tests/run"]
async fn active_directorys_way_replaces_the_one_attribute_with_the_quoted_password() {
    let mut branch = Branch::grow("ad").await;
    let dn =
        branch.person("maria", PASSWORD, &[("mail", "maria@example.org"), ("objectGUID", "0123456789abcdef")]).await;
    let directory = branch.directory(&json!({ "password": "unicode_pwd" }));
    let maria = directory.find(IdentityKind::Email, "maria@example.org").await.unwrap().unwrap();
    assert_eq!(maria.subject, "30313233343536373839616263646566");
    for password in ["nine herons stood in the rain", "a kettle hums: päß 🐦"] {
        directory.set(&maria.subject, &Secret::new(password)).await.unwrap();
        let seen = branch.admin.search(&dn, Scope::Base, "(objectClass=*)", vec!["unicodePwd"]).await.unwrap();
        let entry = SearchEntry::construct(seen.success().unwrap().0.pop().unwrap());
        let text = entry.attrs.get("unicodePwd").into_iter().flatten().map(|value| value.clone().into_bytes());
        let bytes: Vec<Vec<u8>> =
            text.chain(entry.bin_attrs.get("unicodePwd").cloned().into_iter().flatten()).collect();
        let wanted: Vec<u8> = format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(bytes, [wanted]);
    }
}

#[tokio::test]
#[ignore = "needs slapd: run by tests/run"]
async fn a_server_that_does_not_know_us_or_whose_certificate_is_strange_counts_as_down() {
    let branch = Branch::grow("strange").await;
    for wrong in [
        json!({ "bind_password": "wrong" }),
        json!({ "ca": null }),
        json!({ "host": "127.0.0.1" }),
        json!({ "base_dn": "ou=nowhere,dc=riverton,dc=example" }),
    ] {
        let directory = branch.directory(&wrong);
        let found = directory.find(IdentityKind::Email, "maria@example.org").await;
        let health = directory.health().await;
        assert!(found.is_err() && health.is_err(), "{wrong}: {found:?} {health:?}");
        assert!(!format!("{found:?}{health:?}").contains("maria"), "no citizen's address");
    }
}

fn plain(port: u16) -> Ldap {
    open(&json!({ "kind": "ldap", "host": "127.0.0.1", "port": port, "security": "none", "bind_dn": "cn=s",
        "bind_password": "x", "base_dn": "dc=r", "timeout_seconds": 1 }))
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_or_talks_nonsense_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes connections and says nothing.
    kit::says_that_it_is_down(&plain(port), Duration::from_millis(1900), Then::SurelyNot).await;
    drop(listener);
    kit::says_that_it_is_down(&plain(port), Duration::from_millis(900), Then::SurelyNot).await;

    let nonsense = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nonsense.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = nonsense.accept().await {
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    kit::says_that_it_is_down(&plain(port), Duration::from_millis(1900), Then::SurelyNot).await;
}

#[tokio::test]
async fn no_private_address_is_dialled_unless_the_operator_allows_it() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let mut directory = plain(port);
    directory.dial = Arc::new(net::Reach::new(|_| false));
    let down = directory.health().await.unwrap_err();
    assert!(down.0.contains("network.allow_private"), "{down}");
    let nobody = tokio::time::timeout(Duration::from_millis(50), canary.accept()).await;
    assert!(nobody.is_err(), "nothing may have reached the canary");
}
