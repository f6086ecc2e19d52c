//! One sender's session: commands in their order, and a mail acknowledged only after it is durable.

use std::{io, sync::Arc};

use futures_util::future::join_all;
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, time::timeout};

use super::{
    Place, Protocol, Pushed, Reply, Shared,
    command::{Command, Greeting, parse},
    data::Body,
    wire::{Line, Wire},
};

/// A sender that only talks nonsense is sent away.
const MISTAKES: u32 = 50;

/// What a sender has said about the mail it is about to hand over.
struct Transaction {
    from: String,
    recipients: Vec<Recipient>,
}

#[derive(Clone)]
struct Recipient {
    address: String,
    place: Place,
}

/// A mail's bytes, with the room they take in memory.
struct Whole {
    raw: Vec<u8>,
    _room: Vec<OwnedSemaphorePermit>,
}

struct Session<'a> {
    wire: Wire,
    shared: &'a Shared,
    greeted: bool,
    transaction: Option<Transaction>,
}

pub(super) async fn run(stream: TcpStream, shared: &Shared) {
    let wire = Wire::new(stream, shared.listener.limits.silence);
    let mut session = Session { wire, shared, greeted: false, transaction: None };
    if let Err(e) = session.talk().await {
        tracing::debug!(error = %e, "a mail session broke off");
    }
}

/// Too many sessions: the sender keeps its mail and comes again.
pub(super) async fn turn_away(stream: TcpStream, shared: &Shared) {
    let mut wire = Wire::new(stream, shared.listener.limits.silence);
    wire.say(&Reply::new(421, "4.3.2", "too many connections, try again later"));
    let _ = wire.flush().await;
}

impl Session<'_> {
    async fn talk(&mut self) -> io::Result<()> {
        let name = match self.shared.listener.protocol {
            Protocol::Lmtp => "LMTP",
            Protocol::Smtp => "ESMTP",
        };
        self.wire.say(&Reply::new(220, "", format!("{} {name} CivicDesk", self.shared.listener.hostname)));
        let mut mistakes = 0;
        loop {
            let line = tokio::select! {
                line = self.wire.line() => line,
                () = self.shared.stop.cancelled() => {
                    self.wire.say(&Reply::new(421, "4.3.2", "shutting down, try again later"));
                    return self.wire.flush().await;
                }
            };
            let reply = match line {
                Ok(Line::Read(line)) => match parse(&line) {
                    Ok(Command::Quit) => {
                        self.wire.say(&Reply::new(221, "2.0.0", "bye"));
                        return self.wire.flush().await;
                    }
                    Ok(command) => self.obey(command).await?,
                    Err(reply) => Some(reply),
                },
                Ok(Line::TooLong) => Some(Reply::new(500, "5.5.6", "the line is too long")),
                Ok(Line::End) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::TimedOut => {
                    self.wire.say(&Reply::new(421, "4.4.2", "you said nothing for too long"));
                    return self.wire.flush().await;
                }
                Err(e) => return Err(e),
            };
            let Some(reply) = reply else { continue };
            mistakes += u32::from(reply.code >= 500);
            self.wire.say(&reply);
            if mistakes > MISTAKES {
                self.wire.say(&Reply::new(421, "4.7.0", "too many mistakes"));
                return self.wire.flush().await;
            }
        }
    }

    /// The reply to a command; none where it has been given already.
    async fn obey(&mut self, command: Command) -> io::Result<Option<Reply>> {
        Ok(Some(match command {
            Command::Hello(greeting) => return Ok(self.hello(greeting)),
            Command::Mail { from, size } => self.mail(from, size),
            Command::Rcpt { to } => self.rcpt(to).await,
            Command::Data => return self.data().await,
            Command::Rset => {
                self.transaction = None;
                Reply::new(250, "2.0.0", "forgotten")
            }
            Command::Noop => Reply::new(250, "2.0.0", "yes"),
            Command::Vrfy => Reply::new(252, "2.5.0", "send a mail and see"),
            Command::Quit => Reply::new(221, "2.0.0", "bye"),
        }))
    }

    fn hello(&mut self, greeting: Greeting) -> Option<Reply> {
        if (self.shared.listener.protocol == Protocol::Lmtp) != (greeting == Greeting::Lhlo) {
            let text = match self.shared.listener.protocol {
                Protocol::Lmtp => "this is LMTP: greet with LHLO",
                Protocol::Smtp => "this is SMTP: greet with EHLO",
            };
            return Some(Reply::new(500, "5.5.1", text));
        }
        self.greeted = true;
        self.transaction = None;
        let hostname = self.shared.listener.hostname.clone();
        if greeting == Greeting::Helo {
            return Some(Reply::new(250, "", hostname));
        }
        let size = format!("SIZE {}", self.shared.listener.limits.mail_bytes);
        let offers = ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"].map(str::to_owned);
        let lines = [vec![hostname, size], offers.to_vec()].concat();
        self.wire.say_lines(250, &lines);
        None
    }

    fn mail(&mut self, from: String, size: Option<u64>) -> Reply {
        if !self.greeted {
            return Reply::new(503, "5.5.1", "greet first");
        }
        if self.transaction.is_some() {
            return Reply::new(503, "5.5.1", "one mail at a time: RSET begins anew");
        }
        if size.is_some_and(|size| size > self.shared.listener.limits.mail_bytes as u64) {
            return too_large();
        }
        self.transaction = Some(Transaction { from, recipients: Vec::new() });
        Reply::new(250, "2.1.0", "for whom?")
    }

    async fn rcpt(&mut self, to: String) -> Reply {
        let Some(transaction) = &mut self.transaction else { return Reply::new(503, "5.5.1", "MAIL first") };
        if transaction.recipients.len() >= self.shared.listener.limits.recipients {
            return Reply::new(452, "4.5.3", "too many recipients: send the others the mail once more");
        }
        let place = match (self.shared.backend.find)(to.clone()).await {
            Ok(place) => place,
            Err(reply) => return reply,
        };
        let of_another = transaction.recipients.first().is_some_and(|first| first.place.tenant != place.tenant);
        if self.shared.listener.protocol == Protocol::Smtp && of_another {
            return Reply::new(452, "4.5.3", "one agency per mail here: send this recipient the mail once more");
        }
        transaction.recipients.push(Recipient { address: to, place });
        Reply::new(250, "2.1.5", "known here")
    }

    async fn data(&mut self) -> io::Result<Option<Reply>> {
        let Some(transaction) = &self.transaction else {
            return Ok(Some(Reply::new(503, "5.5.1", "MAIL and RCPT first")));
        };
        if transaction.recipients.is_empty() {
            return Ok(Some(Reply::new(503, "5.5.1", "no recipient was taken")));
        }
        self.wire.say(&Reply::new(354, "", "go on; a line with a dot ends the mail"));
        self.wire.flush().await?;
        let transfer = self.shared.listener.limits.transfer;
        let received = timeout(transfer, self.receive()).await;
        let received = received.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let Some(Transaction { from, recipients }) = self.transaction.take() else { return Ok(None) };
        match received {
            Ok(whole) => self.hand_over(from, recipients, whole).await?,
            Err(refusal) => {
                let replies = if self.shared.listener.protocol == Protocol::Lmtp { recipients.len() } else { 1 };
                (0..replies).for_each(|_| self.wire.say(&refusal));
            }
        }
        Ok(None)
    }

    /// Takes the mail in to its very end, even where it has to be refused: only then does the sender listen again.
    async fn receive(&mut self) -> io::Result<Result<Whole, Reply>> {
        let limits = &self.shared.listener.limits;
        let (mut body, mut room, mut refusal) = (Body::new(), Vec::new(), None);
        let mut forgotten = 0;
        loop {
            let Some(ended) = self.wire.body(&mut body).await? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            if body.len() > limits.mail_bytes {
                refusal.get_or_insert_with(too_large);
            }
            while refusal.is_none() && body.len() > room.len() * ROOM * 1024 {
                match self.shared.room.clone().try_acquire_many_owned(ROOM as u32) {
                    Ok(more) => room.push(more),
                    Err(_) => refusal = Some(Reply::new(452, "4.3.1", "too many mails at once, try again later")),
                }
            }
            if ended {
                break;
            }
            if refusal.is_some() {
                forgotten += body.len();
                body.forget();
                room.clear();
                if forgotten > limits.mail_bytes.saturating_mul(4) {
                    return Err(io::Error::other("the sender does not stop"));
                }
            }
        }
        if body.has_bare_line_feed() {
            refusal.get_or_insert(Reply::new(550, "5.6.11", "a line ends with LF alone (RFC 5321, 2.3.8)"));
        }
        Ok(match refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Whole { raw: body.into_bytes(), _room: room }),
        })
    }

    /// Stores the mail at every place at once, and answers in the order of the recipients.
    async fn hand_over(&mut self, from: String, recipients: Vec<Recipient>, whole: Whole) -> io::Result<()> {
        let raw = Arc::new(whole.raw);
        let mut places: Vec<(Place, Vec<String>)> = Vec::new();
        for recipient in &recipients {
            match places.iter_mut().find(|(place, _)| *place == recipient.place) {
                Some((_, to)) => to.push(recipient.address.clone()),
                None => places.push((recipient.place, vec![recipient.address.clone()])),
            }
        }
        let stored = join_all(places.iter().map(|(place, to)| {
            let pushed = Pushed { from: from.clone(), to: to.clone(), raw: raw.clone() };
            (self.shared.backend.accept)(*place, pushed)
        }));
        // Whoever stores the mail may now own its bytes.
        drop(raw);
        let ends = stored.await;
        let end_of = |place: Place| {
            let index = places.iter().position(|(p, _)| *p == place).unwrap_or_default();
            ends[index].as_ref().err().cloned().unwrap_or_else(|| Reply::new(250, "2.0.0", "stored"))
        };
        match self.shared.listener.protocol {
            Protocol::Lmtp => recipients.iter().for_each(|r| self.wire.say(&end_of(r.place))),
            Protocol::Smtp => {
                let ends: Vec<Reply> = recipients.iter().map(|r| end_of(r.place)).collect();
                let worst = ends.iter().find(|reply| !reply.is_success()).or(ends.first());
                worst.into_iter().for_each(|reply| self.wire.say(reply));
            }
        }
        Ok(())
    }
}

/// Memory is taken in pieces of this many KiB.
const ROOM: usize = 64;

fn too_large() -> Reply {
    Reply::new(552, "5.3.4", "the mail is too large")
}
