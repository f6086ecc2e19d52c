//! The local door for the command line while a server holds the SQLite directory: a socket that only its owner may use.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::{fs::MetadataExt, fs::PermissionsExt, net},
    path::Path,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Answer, Order, execute, words},
    installation::Installation,
};

/// The longest line a command may have: settings and article texts are far shorter.
const LONGEST: u64 = 4 * 1024 * 1024;

/// What the server says to one command.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Done(Answer),
    Refused(String),
}

/// The open socket and the user whose server it is.
pub struct Door {
    listener: UnixListener,
    owner: u32,
}

/// Opens the socket. What an ended server left in its place is removed: the directory's lock says that none is running.
pub fn open(path: &Path) -> io::Result<Door> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(Door { listener, owner: fs::metadata(path)?.uid() })
}

/// Takes commands, one JSON a line, until told to stop; a command that has begun is finished.
pub async fn serve(door: Door, on: Arc<Installation>, stop: CancellationToken) {
    let mut sessions = JoinSet::new();
    while let Some(accepted) = stop.run_until_cancelled(door.listener.accept()).await {
        let Ok((stream, _)) = accepted else { continue };
        if stream.peer_cred().is_ok_and(|peer| peer.uid() == door.owner || peer.uid() == 0) {
            sessions.spawn(session(stream, on.clone(), stop.clone()));
        }
        while sessions.try_join_next().is_some() {}
    }
    sessions.join_all().await;
}

async fn session(stream: UnixStream, on: Arc<Installation>, stop: CancellationToken) {
    let (read, mut write) = stream.into_split();
    let mut lines = tokio::io::BufReader::new(read.take(LONGEST)).lines();
    while let Some(Ok(Some(line))) = stop.run_until_cancelled(lines.next_line()).await {
        let reply = match serde_json::from_str::<Order>(&line) {
            Ok(order) => match execute(&on, order).await {
                Ok(answer) => Reply::Done(answer),
                Err(e) => Reply::Refused(words(&e)),
            },
            Err(_) => Reply::Refused("the server does not know this command: are both of one version?".to_owned()),
        };
        let Ok(mut line) = serde_json::to_vec(&reply) else { return };
        line.push(b'\n');
        if write.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Asks the running server. `None`: none is running.
pub fn ask(path: &Path, order: &Order) -> io::Result<Option<Result<Answer, String>>> {
    let mut stream = match net::UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    if BufReader::new(stream).read_line(&mut answer)? == 0 {
        return Err(io::Error::other("the server ended before it answered"));
    }
    Ok(Some(match serde_json::from_str(&answer)? {
        Reply::Done(answer) => Ok(answer),
        Reply::Refused(why) => Err(why),
    }))
}
