//! Addresses that only we can have written: where an answer to a case comes back, and where a failed letter returns.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::store::Uid;

/// Letters and digits of a code: 80 bits.
const CODE: usize = 16;
/// Letters and digits of a message's id.
const ID: usize = 25;
/// What a local part may hold at most.
const LOCAL: usize = 64;

/// Signs and checks such addresses. Derived from the installation's master key.
#[derive(Clone)]
pub struct ReplyKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyKey(***)")
    }
}

/// What such an address says; nothing of it is believed before the code has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// An answer to the case of this reference.
    Reply { reference: String, code: String },
    /// A report about this message of ours.
    Return { message: Uid, code: String },
}

impl ReplyKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// `help+riv-2026-004217-…@city.example`: where this person's answers about this case come in. `None` where the
    /// channel's own address leaves no room for it.
    pub fn reply_address(&self, own: &str, tenant: Uid, case: (Uid, &str), contact: Uid) -> Option<String> {
        let (case, reference) = case;
        plus(own, &format!("{}-{}", reference.to_ascii_lowercase(), self.reply_code(tenant, case, contact)))
    }

    /// Where reports about a message come back (a variable envelope return path).
    pub fn return_path(&self, own: &str, tenant: Uid, message: Uid) -> Option<String> {
        plus(own, &format!("b-{}-{}", base36(message.0.as_u128(), ID), self.return_code(tenant, message)))
    }

    /// Whether the code was made for this person and this case.
    pub fn is_reply_code(&self, code: &str, tenant: Uid, case: Uid, contact: Uid) -> bool {
        same(code, &self.reply_code(tenant, case, contact))
    }

    /// Whether the code was made for this message.
    pub fn is_return_code(&self, code: &str, tenant: Uid, message: Uid) -> bool {
        same(code, &self.return_code(tenant, message))
    }

    /// A name for an address by which letters are counted without the address being written down.
    pub fn budget_name(&self, address: &str) -> [u8; 32] {
        self.mac(b"budget", &[address.as_bytes()])
    }

    fn reply_code(&self, tenant: Uid, case: Uid, contact: Uid) -> String {
        code(&self.mac(b"reply", &[tenant.0.as_bytes(), case.0.as_bytes(), contact.0.as_bytes()]))
    }

    fn return_code(&self, tenant: Uid, message: Uid) -> String {
        code(&self.mac(b"return", &[tenant.0.as_bytes(), message.0.as_bytes()]))
    }

    /// A hash that nobody else can make; another purpose gives another one.
    pub fn mac(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return [0; 32] };
        mac.update(purpose);
        for part in parts {
            mac.update(&[0]);
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Reads an address that may carry a token.
pub fn read(address: &str) -> Option<Token> {
    let (local, _) = address.trim().rsplit_once('@')?;
    let (_, tag) = local.split_once('+')?;
    let tag = tag.to_ascii_lowercase();
    let (name, code) = tag.rsplit_once('-').filter(|(_, code)| code.len() == CODE && is_base36(code))?;
    let code = code.to_owned();
    if let Some(id) = name.strip_prefix("b-").filter(|id| id.len() == ID && is_base36(id)) {
        let message = Uid(Uuid::from_u128(u128::from_str_radix(id, 36).ok()?));
        return Some(Token::Return { message, code });
    }
    Some(Token::Reply { reference: name.to_ascii_uppercase(), code })
}

/// An address without what stands after `+`.
pub fn without_tag(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let base = local.split_once('+').map_or(local, |(base, _)| base);
            format!("{base}@{domain}")
        }
        None => address.to_owned(),
    }
}

fn plus(own: &str, tag: &str) -> Option<String> {
    let (local, domain) = own.rsplit_once('@')?;
    let local = format!("{local}+{tag}");
    (local.len() <= LOCAL).then(|| format!("{local}@{domain}"))
}

fn same(given: &str, made: &str) -> bool {
    given.as_bytes().ct_eq(made.as_bytes()).into()
}

fn code(mac: &[u8; 32]) -> String {
    let mut wide = [0_u8; 16];
    wide[6..].copy_from_slice(&mac[..10]);
    base36(u128::from_be_bytes(wide), CODE)
}

/// Lower-case letters and digits, because some mail servers fold the case of an address.
fn base36(mut number: u128, width: usize) -> String {
    let mut digits = Vec::with_capacity(width);
    while digits.len() < width {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.into_iter().rev().collect()
}

fn is_base36(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uid = Uid(Uuid::from_u128(0x0197_a000_0000_7000_8000_0000_0000_0001));
    const B: Uid = Uid(Uuid::from_u128(0x0197_a000_0000_7000_8000_0000_0000_0002));

    #[test]
    fn a_reply_address_holds_for_its_own_person_case_and_tenant_alone() {
        let key = ReplyKey::new([7; 32]);
        let address = key.reply_address("help@city.example", A, (A, "RIV-2026-004217"), A).unwrap();
        let Some(Token::Reply { reference, code }) = read(&address.to_ascii_uppercase()) else { panic!("{address}") };
        assert_eq!(reference, "RIV-2026-004217");
        assert!(key.is_reply_code(&code, A, A, A));
        for (tenant, case, contact) in [(B, A, A), (A, B, A), (A, A, B)] {
            assert!(!key.is_reply_code(&code, tenant, case, contact));
        }
        assert!(!ReplyKey::new([8; 32]).is_reply_code(&code, A, A, A));
        assert!(!key.is_return_code(&code, A, A));
    }

    #[test]
    fn a_return_path_leads_back_to_its_message() {
        let key = ReplyKey::new([7; 32]);
        let address = key.return_path("help@city.example", A, B).unwrap();
        let Some(Token::Return { message, code }) = read(&address) else { panic!("{address}") };
        assert_eq!(message, B);
        assert!(key.is_return_code(&code, A, B));
        assert!(!key.is_return_code(&code, A, A));
    }

    #[test]
    fn an_address_with_no_room_gets_no_token() {
        let long = format!("{}@city.example", "a".repeat(50));
        assert_eq!(ReplyKey::new([7; 32]).return_path(&long, A, B), None);
    }

    #[test]
    fn other_addresses_carry_no_token() {
        for address in ["help@city.example", "help+roads@city.example", "help+b-1@x", "", "+@", "a+-@b"] {
            assert_eq!(read(address), None, "{address}");
        }
    }
}
