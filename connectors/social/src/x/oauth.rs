//! Signs what we ask of X: OAuth 1.0a (RFC 5849) with HMAC-SHA1.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Everything that a signature is made with.
pub struct Signer<'a> {
    pub consumer_key: &'a str,
    pub consumer_secret: &'a str,
    pub token: &'a str,
    pub token_secret: &'a str,
    /// Never the same twice within one second.
    pub nonce: &'a str,
    pub seconds: i64,
}

impl Signer<'_> {
    /// The `authorization` header for a request to `url` (without its query) with these parameters.
    pub fn authorization(&self, method: &str, url: &str, parameters: &[(&str, &str)]) -> String {
        let seconds = self.seconds.to_string();
        let own = [
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_nonce", self.nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", seconds.as_str()),
            ("oauth_token", self.token),
            ("oauth_version", "1.0"),
        ];
        let mut all: Vec<(String, String)> =
            own.iter().chain(parameters).map(|(name, value)| (percent(name), percent(value))).collect();
        all.sort();
        let joined: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let base = format!("{method}&{}&{}", percent(url), percent(&joined.join("&")));
        let key = format!("{}&{}", percent(self.consumer_secret), percent(self.token_secret));
        let signature = BASE64_STANDARD.encode(hmac_sha1(key.as_bytes(), base.as_bytes()));
        let signed = ("oauth_signature", signature.as_str());
        let fields = own.iter().chain([&signed]);
        let fields: Vec<String> = fields.map(|(name, value)| format!("{name}=\"{}\"", percent(value))).collect();
        format!("OAuth {}", fields.join(", "))
    }
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length: the other arm is never reached, and signs nothing.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// As RFC 3986 has it, which is stricter than a browser.
fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_of_the_documented_example_comes_out() {
        let signer = Signer {
            consumer_key: "xvz1evFS4wEEPTGEFPHBog",
            consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
            nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            seconds: 1_318_622_958,
        };
        let parameters =
            [("include_entities", "true"), ("status", "Hello Ladies + Gentlemen, a signed OAuth request!")];
        let header = signer.authorization("POST", "https://api.twitter.com/1.1/statuses/update.json", &parameters);
        assert!(header.contains("oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\""), "{header}");
    }
}
