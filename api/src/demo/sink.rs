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
    /// Return paths by Message-ID: a server that cannot deliver a mail reports it there.
    return_paths: Mutex<HashMap<String, String>>,
}

impl Sink {
    /// Goes on counting where an earlier start left off.
    pub fn open(folder: PathBuf) -> io::Result<Arc<Self>> {
        fs::create_dir_all(&folder)?;
        let next = Mutex::new(fs::read_dir(&folder)?.count() + 1);
        Ok(Arc::new(Self { folder, next, return_paths: Mutex::default() }))
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

    /// Where failures of this mail are to be reported.
    pub fn return_path(&self, message_id: &str) -> Option<String> {
        let known = self.return_paths.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(message_id).cloned()
    }

    /// Writes the mail as the last server of its way does: with the return path above everything.
    fn keep(&self, mail: &Pushed) -> io::Result<()> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let to = mail.to.first().map(String::as_str).unwrap_or_default();
        let file = self.folder.join(format!("{:03}-{}.eml", *next, file_name(to)));
        let head = format!("Return-Path: <{}>\r\n", mail.from);
        fs::write(file, [head.as_bytes(), &mail.raw].concat())?;
        *next += 1;
        if let Some(id) = message_id(&mail.raw) {
            let mut known = self.return_paths.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(id, mail.from.clone());
        }
        Ok(())
    }
}

/// An address as a part of a file's name: nothing in it leads out of the folder.
fn file_name(address: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "@-_+".contains(c) { c } else { '.' };
    address.chars().take(60).map(plain).collect()
}

/// The Message-ID without its brackets, which CivicDesk writes on the header's own line.
fn message_id(raw: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(raw);
    let line = head.lines().take_while(|l| !l.is_empty()).find_map(|l| l.strip_prefix("Message-ID:"))?;
    Some(line.trim().trim_start_matches('<').trim_end_matches('>').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_mail_can_be_read_and_its_return_path_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let sink = Sink::open(dir.path().join("sent")).unwrap();
        let raw = b"Message-ID: <a@b>\r\nSubject: s\r\n\r\nMessage-ID: <c@d>\r\n".to_vec();
        let mail = Pushed { from: "help@b".into(), to: vec!["../ana@x".into()], raw: Arc::new(raw) };
        sink.keep(&mail).unwrap();
        assert_eq!(sink.return_path("a@b").as_deref(), Some("help@b"));
        let text = fs::read_to_string(dir.path().join("sent/001-...ana@x.eml")).unwrap();
        assert!(text.starts_with("Return-Path: <help@b>\r\nMessage-ID: <a@b>\r\n"), "{text}");
        let again = Sink::open(dir.path().join("sent")).unwrap();
        again.keep(&mail).unwrap();
        assert!(dir.path().join("sent/002-...ana@x.eml").exists());
    }
}
