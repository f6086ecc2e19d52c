//! Where the demo's outgoing mail ends: one `.eml` file for each mail, for a person to read.

use std::{
    collections::HashMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpListener, task::spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::channels::listener::{Backend, Limits, Listener, Place, Protocol, Pushed, Reply, serve};

/// The folder of sent mail.
pub struct Sink {
    folder: PathBuf,
    next: Mutex<usize>,
    /// What the citizens' mail programs remember, by Message-ID.
    remembered: Mutex<HashMap<String, Ways>>,
}

/// The ways back from a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// Where a server that cannot deliver it reports so.
    pub return_path: String,
    /// Where an answer goes.
    pub reply_to: Option<String>,
}

impl Sink {
    /// Goes on counting where an earlier start left off.
    pub fn open(folder: PathBuf) -> io::Result<Arc<Self>> {
        fs::create_dir_all(&folder)?;
        let next = Mutex::new(fs::read_dir(&folder)?.count() + 1);
        Ok(Arc::new(Self { folder, next, remembered: Mutex::default() }))
    }

    /// Takes every mail until `stop`.
    pub async fn serve(self: Arc<Self>, socket: TcpListener, stop: CancellationToken) {
        let hostname = "sink.example".to_owned();
        let listener = Listener { protocol: Protocol::Smtp, hostname, limits: Limits::default() };
        let backend = Backend {
            find: Box::new(|_| Box::pin(async { Ok(Place::default()) })),
            accept: Box::new(move |_, mail| {
                let sink = self.clone();
                Box::pin(async move {
                    let kept = spawn_blocking(move || sink.keep(&mail)).await;
                    kept.map_err(io::Error::other)
                        .flatten()
                        .map_err(|e| Reply::new(451, "4.3.0", format!("the mail was not written: {e}")))
                })
            }),
        };
        serve(socket, listener, backend, stop).await;
    }

    /// The ways back from the mail of this Message-ID.
    pub fn ways(&self, message_id: &str) -> Option<Ways> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(message_id).cloned()
    }

    /// Writes the mail as the last server of its way does: with the return path above everything.
    fn keep(&self, mail: &Pushed) -> io::Result<()> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let to = mail.to.first().map(String::as_str).unwrap_or_default();
        let file = self.folder.join(format!("{:03}-{}.eml", *next, file_name(to)));
        let head = format!("Return-Path: <{}>\r\n", mail.from);
        fs::write(file, [head.as_bytes(), &mail.raw].concat())?;
        *next += 1;
        if let Some(id) = address_in(&mail.raw, "Message-ID:") {
            let ways = Ways { return_path: mail.from.clone(), reply_to: address_in(&mail.raw, "Reply-To:") };
            self.remembered.lock().unwrap_or_else(PoisonError::into_inner).insert(id, ways);
        }
        Ok(())
    }
}

/// An address as a part of a file's name: nothing in it leads out of the folder.
fn file_name(address: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "@-_+".contains(c) { c } else { '.' };
    address.chars().take(60).map(plain).collect()
}

/// What stands between the brackets of a header that CivicDesk writes on one line.
fn address_in(raw: &[u8], header: &str) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    let line = text.lines().take_while(|l| !l.is_empty()).find_map(|l| l.strip_prefix(header))?;
    let (_, rest) = line.rsplit_once('<')?;
    Some(rest.trim_end().trim_end_matches('>').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_mail_can_be_read_and_the_ways_back_from_it_are_known() {
        let dir = tempfile::tempdir().unwrap();
        let sink = Sink::open(dir.path().join("sent")).unwrap();
        let raw =
            b"Message-ID: <a@b>\r\nReply-To: \"B <b\" <help+1@b>\r\nSubject: s\r\n\r\nMessage-ID: <c@d>\r\n".to_vec();
        let mail = Pushed { from: "help@b".into(), to: vec!["../ana@x".into()], raw: Arc::new(raw) };
        sink.keep(&mail).unwrap();
        let ways = Ways { return_path: "help@b".into(), reply_to: Some("help+1@b".into()) };
        assert_eq!(sink.ways("a@b"), Some(ways));
        assert_eq!(sink.ways("c@d"), None);
        let text = fs::read_to_string(dir.path().join("sent/001-...ana@x.eml")).unwrap();
        assert!(text.starts_with("Return-Path: <help@b>\r\nMessage-ID: <a@b>\r\n"), "{text}");
        let again = Sink::open(dir.path().join("sent")).unwrap();
        again.keep(&mail).unwrap();
        assert!(dir.path().join("sent/002-...ana@x.eml").exists());
    }
}
