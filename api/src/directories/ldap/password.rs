//! New passwords as directories want them, and why they do not.

use std::collections::HashSet;

use civicdesk_contract::Secret;
use ldap3::{LdapResult, Mod, exop::PasswordModify};
use zeroize::Zeroizing;

use super::line::{Line, broken, refusal};
use crate::directories::{SetFailed, settings::PasswordBy, told};

const SUCCESS: u32 = 0;
const CONSTRAINT_VIOLATION: u32 = 19;
const UNWILLING: u32 = 53;
/// What Active Directory says of a password that its rules do not let pass.
const AGAINST_THE_RULES: &str = "0000052D";

/// Tells the server the new password. From here on a lost answer leaves it unsure.
pub async fn set(line: &mut Line, by: PasswordBy, dn: &str, password: &Secret) -> Result<(), SetFailed> {
    let answer = match by {
        PasswordBy::PasswordModify => {
            let wish = PasswordModify { user_id: Some(dn), old_pass: None, new_pass: Some(password.expose()) };
            line.ldap.extended(wish).await.map(|done| done.1)
        }
        PasswordBy::UnicodePwd => {
            let value: HashSet<Vec<u8>> = HashSet::from([unicode_pwd(password).to_vec()]);
            line.ldap.modify(dn, vec![Mod::Replace(b"unicodePwd".to_vec(), value)]).await
        }
    };
    judged(&answer.map_err(|e| SetFailed::Unsure(broken(e).0))?, password)
}

/// In quotes and UTF-16, the lower byte first.
fn unicode_pwd(password: &Secret) -> Zeroizing<Vec<u8>> {
    let quoted = Zeroizing::new(format!("\"{}\"", password.expose()));
    Zeroizing::new(quoted.encode_utf16().flat_map(u16::to_le_bytes).collect())
}

fn judged(answer: &LdapResult, password: &Secret) -> Result<(), SetFailed> {
    match answer.rc {
        SUCCESS => Ok(()),
        CONSTRAINT_VIOLATION | UNWILLING if answer.text.contains(AGAINST_THE_RULES) => {
            Err(SetFailed::Refused("it is too simple, was used before, or the last change is too recent".to_owned()))
        }
        CONSTRAINT_VIOLATION => Err(SetFailed::Refused(told(&answer.text, password))),
        code => Err(refusal("to set a password", code, &answer.text, password).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directories::Down;

    fn judge(rc: u32, text: &str) -> Result<(), SetFailed> {
        let answer =
            LdapResult { rc, matched: String::new(), text: text.to_owned(), refs: Vec::new(), ctrls: Vec::new() };
        judged(&answer, &Secret::new("nine herons"))
    }

    #[test]
    fn active_directory_is_told_a_password_in_quotes_and_utf_16() {
        assert_eq!(unicode_pwd(&Secret::new("aé")).as_slice(), [0x22, 0, 0x61, 0, 0xe9, 0, 0x22, 0]);
        assert_eq!(unicode_pwd(&Secret::new("🐦")).as_slice(), [0x22, 0, 0x3d, 0xd8, 0x26, 0xdc, 0x22, 0]);
    }

    #[test]
    fn a_refusal_by_the_rules_has_a_reason_and_every_other_means_that_nothing_was_set() {
        assert_eq!(judge(0, ""), Ok(()));
        let policy = judge(19, "Password is in history of old passwords").unwrap_err();
        assert_eq!(policy, SetFailed::Refused("Password is in history of old passwords".to_owned()));
        let ad = judge(53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0").unwrap_err();
        assert!(matches!(&ad, SetFailed::Refused(why) if why.contains("too simple")), "{ad}");
        for code in [50, 51, 52, 53, 80] {
            assert!(matches!(judge(code, "busy"), Err(SetFailed::Down(Down(_)))), "{code}");
        }
        let echoed = judge(19, "nine herons is too short").unwrap_err();
        assert!(!echoed.to_string().contains("herons"));
    }
}
