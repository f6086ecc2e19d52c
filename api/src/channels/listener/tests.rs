//! A sender's view of the listener, over real sockets.

use std::sync::{Mutex, PoisonError};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinHandle,
};

use super::*;

/// Two agencies, one of them twice, one closed for now, and a disk that can be full.
#[derive(Default)]
struct Town {
    stored: Mutex<Vec<(Place, Pushed)>>,
    full: Mutex<Option<Place>>,
}

const RIVERTON: Place = Place { tenant: Uuid::from_u128(1), channel: Uuid::from_u128(11) };
const PARKS: Place = Place { tenant: Uuid::from_u128(1), channel: Uuid::from_u128(12) };
const HILLSIDE: Place = Place { tenant: Uuid::from_u128(2), channel: Uuid::from_u128(21) };

impl Town {
    fn backend(self: &Arc<Self>) -> Backend {
        let town = self.clone();
        Backend {
            find: Box::new(|address| {
                Box::pin(async move {
                    match address.as_str() {
                        "help@riverton.example" | "help+1@riverton.example" => Ok(RIVERTON),
                        "parks@riverton.example" => Ok(PARKS),
                        "help@hillside.example" => Ok(HILLSIDE),
                        "help@closed.example" => Err(Reply::new(450, "4.2.1", "closed for now")),
                        _ => Err(Reply::new(550, "5.1.1", "nobody here")),
                    }
                })
            }),
            accept: Box::new(move |place, pushed| {
                let town = town.clone();
                Box::pin(async move {
                    if *town.full.lock().unwrap() == Some(place) {
                        return Err(Reply::new(452, "4.3.1", "the disk is full"));
                    }
                    town.stored.lock().unwrap().push((place, pushed));
                    Ok(())
                })
            }),
        }
    }

    fn stored(&self) -> Vec<(Place, Pushed)> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Running {
    town: Arc<Town>,
    address: std::net::SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn running(protocol: Protocol, limits: Limits) -> Running {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (town, address, stop) = (Arc::new(Town::default()), socket.local_addr().unwrap(), CancellationToken::new());
    let listener = Listener { protocol, hostname: "mx.test".to_owned(), limits };
    let task = tokio::spawn(serve(socket, listener, town.backend(), stop.clone()));
    Running { town, address, stop, task }
}

struct Sender(BufReader<TcpStream>);

impl Sender {
    async fn connect(to: &Running) -> Self {
        let mut sender = Self(BufReader::new(TcpStream::connect(to.address).await.unwrap()));
        assert!(sender.reply().await.starts_with("220 mx.test"));
        sender
    }

    async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The last line of the next reply, empty at the end of the session.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Says each line and expects these codes.
    async fn dialogue(&mut self, lines: &[(&str, &str)]) {
        for (line, code) in lines {
            let reply = self.say(line).await;
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
    }

    /// Says everything at once and answers the codes that came back.
    async fn pipeline(&mut self, lines: &[&str], replies: usize) -> Vec<String> {
        self.write(lines.iter().flat_map(|l| [l, "\r\n"]).collect::<String>()).await;
        let mut codes = Vec::new();
        for _ in 0..replies {
            codes.push(self.reply().await[..3].to_owned());
        }
        codes
    }
}

const MAIL: &str = "Subject: a\r\n\r\n.dot at the start\r\n..two\r\n\r\nend\r\n";
const ON_THE_WIRE: &str = "Subject: a\r\n\r\n..dot at the start\r\n...two\r\n\r\nend\r\n.\r\n";

#[tokio::test]
async fn each_recipient_of_an_lmtp_mail_is_answered_for_itself() {
    let server = running(Protocol::Lmtp, Limits::default()).await;
    *server.town.full.lock().unwrap() = Some(HILLSIDE);
    let mut sender = Sender::connect(&server).await;
    let lines = [
        ("LHLO a.test", "250 ENH"),
        ("MAIL FROM:<ann@x.example> SIZE=60 BODY=8BITMIME", "250"),
        ("RCPT TO:<help+1@riverton.example>", "250"),
        ("RCPT TO:<nobody@riverton.example>", "550"),
        ("RCPT TO:<help@hillside.example>", "250"),
        ("RCPT TO:<help@closed.example>", "450"),
        ("RCPT TO:<help@riverton.example>", "250"),
        ("DATA", "354"),
    ];
    sender.dialogue(&lines).await;
    sender.write(ON_THE_WIRE).await;
    let replies = [sender.reply().await, sender.reply().await, sender.reply().await];
    assert_eq!(replies.map(|r| r[..3].to_owned()), ["250", "452", "250"]);
    let stored = server.town.stored();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].0, RIVERTON);
    assert_eq!(stored[0].1.from, "ann@x.example");
    assert_eq!(stored[0].1.to, ["help+1@riverton.example", "help@riverton.example"]);
    assert_eq!(String::from_utf8_lossy(&stored[0].1.raw), MAIL);
    assert!(sender.say("QUIT").await.starts_with("221"));
    assert_eq!(sender.reply().await, "");
}

#[tokio::test]
async fn an_smtp_mail_belongs_to_one_agency_and_has_one_answer() {
    let server = running(Protocol::Smtp, Limits::default()).await;
    let mut sender = Sender::connect(&server).await;
    let lines = [
        ("LHLO a.test", "500"),
        ("MAIL FROM:<>", "503"),
        ("HELO a.test", "250"),
        ("MAIL FROM:<>", "250"),
        ("MAIL FROM:<>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<help@riverton.example>", "250"),
        ("RCPT TO:<help@hillside.example>", "452"),
        ("RCPT TO:<parks@riverton.example>", "250"),
        ("DATA", "354"),
    ];
    sender.dialogue(&lines).await;
    sender.write(ON_THE_WIRE).await;
    assert!(sender.reply().await.starts_with("250"));
    assert_eq!(server.town.stored().iter().map(|(place, _)| *place).collect::<Vec<_>>(), [RIVERTON, PARKS]);
    assert!(sender.say("NOOP").await.starts_with("250"), "one answer, not two");

    *server.town.full.lock().unwrap() = Some(PARKS);
    let again = ["MAIL FROM:<>", "RCPT TO:<help@riverton.example>", "RCPT TO:<parks@riverton.example>", "DATA"];
    assert_eq!(sender.pipeline(&again, 4).await, ["250", "250", "250", "354"]);
    sender.write(ON_THE_WIRE).await;
    assert!(sender.reply().await.starts_with("452"), "the sender keeps what is not stored everywhere");
}

#[tokio::test]
async fn a_mail_cannot_be_smuggled_behind_another() {
    let server = running(Protocol::Smtp, Limits::default()).await;
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n"] {
        let mut sender = Sender::connect(&server).await;
        let start = ["EHLO a.test", "MAIL FROM:<ann@x.example>", "RCPT TO:<help@riverton.example>", "DATA"];
        sender.pipeline(&start, 4).await;
        sender.write(format!("Subject: outer\r\n\r\nhi{end}MAIL FROM:<mayor@riverton.example>\r\n")).await;
        sender.write("RCPT TO:<help@riverton.example>\r\nDATA\r\nSubject: inner\r\n\r\nevil\r\n.\r\n").await;
        let reply = sender.reply().await;
        assert!(sender.say("NOOP").await.starts_with("250"), "{end:?}");
        let refused = end != "\r.\r\n";
        assert_eq!(reply.starts_with("550"), refused, "{end:?}: {reply}");
    }
    let stored = server.town.stored();
    assert!(stored.iter().all(|(_, mail)| mail.from == "ann@x.example"));
    assert_eq!(stored.len(), 1, "CR alone ends no line, so the inner mail is plain text of the outer one");
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused_and_the_session_goes_on() {
    let limits = Limits { mail_bytes: 1000, ..Limits::default() };
    let server = running(Protocol::Lmtp, limits).await;
    let mut sender = Sender::connect(&server).await;
    sender.dialogue(&[("LHLO a.test", "250"), ("MAIL FROM:<a@x.example> SIZE=1001", "552")]).await;
    let start =
        ["MAIL FROM:<a@x.example>", "RCPT TO:<help@riverton.example>", "RCPT TO:<help@hillside.example>", "DATA"];
    for (size, code) in [(1001, "552"), (1000, "250")] {
        sender.pipeline(&start, 4).await;
        sender.write([vec![b'x'; size - 2], b"\r\n.\r\n".to_vec()].concat()).await;
        assert!(sender.reply().await.starts_with(code) && sender.reply().await.starts_with(code), "{size}");
    }
    assert_eq!(server.town.stored().len(), 2);
}

#[tokio::test]
async fn when_memory_is_short_the_sender_keeps_the_mail() {
    let limits = Limits { in_flight_bytes: 100 << 10, ..Limits::default() };
    let server = running(Protocol::Lmtp, limits).await;
    let mut sender = Sender::connect(&server).await;
    sender.dialogue(&[("LHLO a.test", "250")]).await;
    let start = ["MAIL FROM:<a@x.example>", "RCPT TO:<help@riverton.example>", "DATA"];
    for (size, code) in [(150 << 10, "452"), (50 << 10, "250"), (50 << 10, "250")] {
        sender.pipeline(&start, 3).await;
        sender.write([vec![b'x'; size], b"\r\n.\r\n".to_vec()].concat()).await;
        assert!(sender.reply().await.starts_with(code), "{size}");
    }
}

#[tokio::test]
async fn a_mail_broken_off_before_its_end_is_not_stored() {
    let server = running(Protocol::Lmtp, Limits::default()).await;
    let mut sender = Sender::connect(&server).await;
    let start = ["LHLO a.test", "MAIL FROM:<a@x.example>", "RCPT TO:<help@riverton.example>", "DATA"];
    sender.pipeline(&start, 4).await;
    sender.write("Subject: half\r\n\r\nhalf\r\n.").await;
    sender.0.shutdown().await.unwrap();
    let mut rest = Vec::new();
    sender.0.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
    assert!(server.town.stored().is_empty());
}

#[tokio::test]
async fn one_connection_too_many_is_asked_to_come_again() {
    let server = running(Protocol::Lmtp, Limits { connections: 1, ..Limits::default() }).await;
    let _first = Sender::connect(&server).await;
    let mut second = Sender(BufReader::new(TcpStream::connect(server.address).await.unwrap()));
    assert!(second.reply().await.starts_with("421"));
}

#[tokio::test]
async fn nonsense_is_answered_and_then_ended() {
    let server = running(Protocol::Smtp, Limits { silence: Duration::from_millis(200), ..Limits::default() }).await;
    let mut sender = Sender::connect(&server).await;
    sender.write([vec![b'x'; 100_000], b"\r\n".to_vec()].concat()).await;
    assert!(sender.reply().await.starts_with("500"));
    assert!(sender.say("VRFY ann").await.starts_with("252"));
    for _ in 0..50 {
        sender.say("GET / HTTP/1.1").await;
    }
    assert!(sender.reply().await.starts_with("421"));

    let mut silent = Sender::connect(&server).await;
    assert!(silent.reply().await.starts_with("421"), "silence ends a session too");
}

#[tokio::test]
async fn a_shutdown_lets_a_mail_in_transfer_come_to_its_end() {
    let server = running(Protocol::Lmtp, Limits::default()).await;
    let mut busy = Sender::connect(&server).await;
    let mut idle = Sender::connect(&server).await;
    let start = ["LHLO a.test", "MAIL FROM:<a@x.example>", "RCPT TO:<help@riverton.example>", "DATA"];
    busy.pipeline(&start, 4).await;
    server.stop.cancel();
    assert!(idle.reply().await.starts_with("421"));
    busy.write(ON_THE_WIRE).await;
    assert!(busy.reply().await.starts_with("250"));
    assert!(busy.reply().await.starts_with("421"));
    server.task.await.unwrap();
    assert_eq!(server.town.stored().len(), 1);
}
