//! Where fetching goes on: for each folder the epoch of its numbering and the next number to look at.

use std::collections::BTreeMap;

use civicdesk_contract::{Cursor, Error, ExternalId, Result};
use serde::{Deserialize, Serialize};

/// The places of all folders that were ever fetched.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Places(BTreeMap<String, Mark>);

/// How far a folder was read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Mark {
    pub uidvalidity: u32,
    pub next: u32,
}

impl Places {
    pub fn read(cursor: Option<&Cursor>) -> Result<Self> {
        match cursor {
            None => Ok(Self::default()),
            Some(cursor) => serde_json::from_str(&cursor.0)
                .map_err(|e| Error::malformed("imap cursor", format!("this is not a cursor of this channel: {e}"))),
        }
    }

    pub fn write(&self) -> Result<Cursor> {
        serde_json::to_string(self).map(Cursor).map_err(|e| Error::malformed("imap cursor", e.to_string()))
    }

    /// Where to go on in a folder whose numbering is of this epoch: under a new epoch all numbers are new.
    pub fn mark(&self, folder: &str, uidvalidity: u32) -> Mark {
        match self.0.get(folder) {
            Some(mark) if mark.uidvalidity == uidvalidity => *mark,
            _ => Mark { uidvalidity, next: 1 },
        }
    }

    /// Whether the folder was read under this epoch before.
    pub fn knows(&self, folder: &str, uidvalidity: u32) -> bool {
        self.0.get(folder).is_some_and(|mark| mark.uidvalidity == uidvalidity)
    }

    pub fn set(&mut self, folder: &str, mark: Mark) {
        self.0.insert(folder.to_owned(), mark);
    }
}

/// The name of one mail: folder, epoch, number. The folder may hold slashes.
pub fn id(folder: &str, uidvalidity: u32, uid: u32) -> ExternalId {
    ExternalId(format!("{folder}/{uidvalidity}/{uid}"))
}

/// The three parts of a mail's name.
pub fn parts(id: &ExternalId) -> Option<(&str, u32, u32)> {
    let mut parts = id.0.rsplitn(3, '/');
    let uid = parts.next()?.parse().ok()?;
    let uidvalidity = parts.next()?.parse().ok()?;
    Some((parts.next()?, uidvalidity, uid))
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::ExternalId;

    use super::{Mark, Places, id, parts};

    #[test]
    fn a_new_epoch_starts_the_folder_again_and_no_other() {
        let mut places = Places::default();
        places.set("INBOX", Mark { uidvalidity: 7, next: 42 });
        places.set("Lists/a", Mark { uidvalidity: 9, next: 3 });
        let again = Places::read(Some(&places.write().unwrap())).unwrap();
        assert_eq!(again, places);
        assert_eq!(again.mark("INBOX", 8), Mark { uidvalidity: 8, next: 1 });
        assert_eq!(again.mark("Lists/a", 9), Mark { uidvalidity: 9, next: 3 });
    }

    #[test]
    fn the_name_of_a_mail_keeps_slashes_in_its_folder() {
        assert_eq!(parts(&id("a/b", 7, 9)), Some(("a/b", 7, 9)));
        assert_eq!(parts(&ExternalId("nonsense".into())), None);
    }
}
