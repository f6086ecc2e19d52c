//! Secrets in every form in which somebody could have written them down, and where they stand in a heap of bytes.

use std::collections::HashMap;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use sha2::{Digest, Sha256};

/// Shorter pieces stand anywhere by chance.
const KEY: usize = 8;

/// All forms of all secrets.
#[derive(Default)]
pub struct Needles {
    /// By their first bytes: each form, and what it is of.
    by_start: HashMap<[u8; KEY], Vec<(Vec<u8>, String)>>,
}

impl Needles {
    /// A secret that may stand nowhere, named for whoever finds it.
    pub fn add(&mut self, name: &str, secret: &str) {
        self.put(secret.as_bytes().to_vec(), name);
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.put(hex.to_uppercase().into_bytes(), &format!("{name} in hex"));
        self.put(hex.into_bytes(), &format!("{name} in hex"));
        for ahead in 0..3 {
            // Within a longer text its letters depend on how many bytes stand before it; the edges on what they are.
            let padded = [vec![0; ahead], secret.as_bytes().to_vec()].concat();
            let whole = (8 * padded.len()) / 6;
            for written in [BASE64_STANDARD_NO_PAD.encode(&padded), BASE64_URL_SAFE_NO_PAD.encode(&padded)] {
                let first = (8 * ahead).div_ceil(6);
                self.put(written.as_bytes()[first..whole].to_vec(), &format!("{name} in base64"));
            }
        }
    }

    /// A code of digits: without a salt its hash is as good as the code.
    pub fn add_code(&mut self, name: &str, code: &str) {
        let digits = code.replace(' ', "");
        for spelt in [code, &digits, &code.replace(' ', "+"), &code.replace(' ', "%20"), &code.replace(' ', "-")] {
            self.add(name, spelt);
            let hash = Sha256::digest(spelt);
            self.put(hash.to_vec(), &format!("{name} as a bare hash"));
            self.put(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(), name);
        }
    }

    fn put(&mut self, form: Vec<u8>, name: &str) {
        let Some(start) = form.first_chunk::<KEY>() else { return };
        let forms = self.by_start.entry(*start).or_default();
        if !forms.iter().any(|(known, _)| *known == form) {
            forms.push((form, name.to_owned()));
        }
    }

    /// What of all this stands there, with what is around it.
    pub fn found_in(&self, heap: &[u8]) -> Vec<String> {
        let mut begins = vec![false; 1 << 16];
        self.by_start.keys().for_each(|start| begins[usize::from(start[0]) << 8 | usize::from(start[1])] = true);
        let mut found = Vec::new();
        for (at, window) in heap.windows(KEY).enumerate() {
            if !begins[usize::from(window[0]) << 8 | usize::from(window[1])] {
                continue;
            }
            let forms = window.first_chunk().and_then(|start| self.by_start.get(start)).into_iter().flatten();
            for (_, name) in forms.filter(|(form, _)| heap[at..].starts_with(form) && stands_alone(heap, at, form)) {
                let around = &heap[at.saturating_sub(120)..(at + 120).min(heap.len())];
                found.push(format!("{name}: …{}…", String::from_utf8_lossy(around)));
            }
        }
        found
    }
}

/// Eight digits within a longer number are another number.
fn stands_alone(heap: &[u8], at: usize, form: &[u8]) -> bool {
    let in_number = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let is_number = form.len() == KEY && form.iter().all(u8::is_ascii_digit);
    !is_number || !(in_number(heap[..at].last()) || in_number(heap.get(at + form.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_and_nothing_else_is() {
        let mut needles = Needles::default();
        needles.add_code("the code", "4917 0352");
        needles.add("the password", "the heron stands in the reeds");
        for clean in ["id=149170352", "the heron stands", "4917 0353", ""] {
            assert_eq!(needles.found_in(clean.as_bytes()), Vec::<String>::new(), "{clean}");
        }
        for written in ["code 49170352.", "4917 0352", "34393137303335320a", "code=4917+0352"] {
            assert_eq!(needles.found_in(written.as_bytes()).len(), 1, "{written}");
        }
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}the heron stands in the reeds, and waits");
            let written = BASE64_STANDARD_NO_PAD.encode(text);
            assert_eq!(needles.found_in(written.as_bytes()).len(), 1, "{before}");
        }
        assert_eq!(needles.found_in(&Sha256::digest("49170352")).len(), 1);
    }
}
