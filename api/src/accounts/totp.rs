//! Codes of authenticator apps: six digits, new every half minute (RFC 6238 with SHA-1, which every app knows).

use std::fmt::Write;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::store::Time;

/// Bytes of a secret (RFC 4226, section 4: 160 bits).
pub const SECRET: usize = 20;
/// Seconds of a step.
const STEP: i64 = 30;
/// Steps by which a telephone's clock may be wrong.
const DRIFT: i64 = 1;

/// The step of a moment.
fn step(now: Time) -> i64 {
    now.0.as_second().div_euclid(STEP)
}

/// The step, of those that may be now and come after `last`, whose code this is.
pub fn matching(secret: &[u8; SECRET], typed: &str, last: i64, now: Time) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let (from, to) = (step(now) - DRIFT, step(now) + DRIFT);
    let right = |step: &i64| bool::from(code(secret, *step).as_bytes().ct_eq(typed.as_bytes()));
    (from..=to).filter(|step| *step > last).find(right)
}

/// The code of one step.
fn code(secret: &[u8; SECRET], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 1_000_000)
}

/// RFC 4226, section 5.3.
fn truncated(secret: &[u8; SECRET], step: i64) -> u32 {
    // HMAC fills a short key up with zeros to the hash's block.
    let mut block = [0_u8; 64];
    block[..SECRET].copy_from_slice(secret);
    let mut mac = <Hmac<Sha1> as KeyInit>::new(&block.into());
    mac.update(&step.to_be_bytes());
    let hash: [u8; 20] = mac.finalize().into_bytes().into();
    let at = usize::from(hash[19] & 0x0f);
    u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]])
}

/// A secret as it is typed into an app.
pub fn shown(secret: &[u8; SECRET]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// What an app reads from a picture: the agency, whose account it is, and the secret.
pub fn uri(agency: &str, whose: &str, secret: &[u8; SECRET]) -> String {
    let (agency, whose) = (escaped(agency), escaped(whose));
    let secret = shown(secret);
    format!("otpauth://totp/{agency}:{whose}?secret={secret}&issuer={agency}&algorithm=SHA1&digits=6&period=30")
}

/// Text as a part of a URI (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
pub mod tests {
    use jiff::Timestamp;

    use super::*;

    const RFC: &[u8; SECRET] = b"12345678901234567890";

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    /// What an app shows that holds this secret in base 32.
    pub fn app(secret: &str, now: Timestamp) -> String {
        let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap().try_into().unwrap();
        code(&secret, step(Time(now)))
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (second, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(truncated(RFC, step(at(second))) % 100_000_000, eight, "{second}");
        }
        for (counter, six) in ["755224", "287082", "359152", "969429", "338314"].into_iter().enumerate() {
            assert_eq!(code(RFC, i64::try_from(counter).unwrap()), six);
        }
    }

    #[test]
    fn a_code_holds_a_step_before_and_after_and_never_twice() {
        let now = at(1_234_567_890);
        let here = step(now);
        for (by, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let typed = code(RFC, here + by);
            assert_eq!(matching(RFC, &typed, 0, now), good.then_some(here + by), "{by}");
            assert_eq!(matching(RFC, &typed, here + by, now), None, "it was used");
        }
        let spaced = format!("{} {}", &code(RFC, here)[..3], &code(RFC, here)[3..]);
        assert_eq!(matching(RFC, &spaced, 0, now), Some(here));
        assert_eq!(matching(RFC, "", 0, now), None);
    }

    #[test]
    fn an_app_reads_whose_code_it_shows() {
        assert_eq!(
            uri("City of Riverton", "maria@example.org", RFC),
            "otpauth://totp/City%20of%20Riverton:maria%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=City%20of%20Riverton&algorithm=SHA1&digits=6&period=30"
        );
    }
}
