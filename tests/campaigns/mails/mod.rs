//! Generated mail: from one seed always the same conversations, with what each mail must become.

mod body;
mod charsets;

use base64::{Engine, engine::general_purpose::STANDARD};
use body::Body;
pub use body::File;
use charsets::{ALL, Phrase};

use super::chance::Chance;

/// How a mail comes to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Laid into the mailbox that the program fetches from.
    Laid,
    /// Handed over by LMTP.
    Pushed,
    /// Given to the mail server, which pushes it.
    Posted,
}

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A message in the case of this conversation.
    InCase(usize),
    Report,
    /// The same bytes came before.
    Duplicate,
}

/// A mail, ready to be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    pub raw: Vec<u8>,
    /// Empty for the mails of machines that want no answer.
    pub envelope_from: String,
    pub id: Option<String>,
    pub way: Way,
    pub end: End,
    /// A machine wrote it: it must not be acknowledged.
    pub automatic: bool,
    /// What stands in its text, whatever the charset.
    pub says: &'static str,
    pub subject: Option<String>,
    pub files: Vec<File>,
}

/// What was said about one matter.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub citizen: usize,
    pub way: Way,
    pub subject: String,
    /// The Message-IDs of its mails; none where nobody could answer it.
    pub ids: Vec<String>,
}

/// Writes the mails.
pub struct Pen {
    chance: Chance,
    citizens: Vec<String>,
    fetched: String,
    pushed: String,
    pub conversations: Vec<Conversation>,
    written: Vec<Draft>,
}

impl Pen {
    pub fn new(chance: Chance, citizens: Vec<String>, fetched: &str, pushed: &str) -> Self {
        let (fetched, pushed) = (fetched.to_owned(), pushed.to_owned());
        Self { chance, citizens, fetched, pushed, conversations: Vec::new(), written: Vec::new() }
    }

    /// The next mail.
    pub fn write(&mut self) -> Draft {
        let draft = match self.chance.below(100) {
            0..3 => self.again(),
            3..7 => self.report(),
            7..11 => self.automatic(),
            11..13 => self.bare(),
            13..50 => self.answer(),
            _ => self.request(),
        };
        self.written.push(draft.clone());
        draft
    }

    /// A person begins a conversation.
    fn request(&mut self) -> Draft {
        let phrase = self.chance.one_of(ALL);
        let number = self.written.len();
        let conversation = self.begin(phrase, number);
        let header = format!("Message-ID: <{}>\r\n", self.conversations[conversation].ids[0]);
        self.finish(conversation, phrase, &header, "")
    }

    /// A person goes on with one; some programs name the whole chain, some only the last mail.
    fn answer(&mut self) -> Draft {
        let named = |at: &usize| !self.conversations[*at].ids.is_empty();
        let named: Vec<usize> = (0..self.conversations.len()).filter(named).collect();
        if named.is_empty() {
            return self.request();
        }
        let conversation = *self.chance.one_of(&named);
        let phrase = self.chance.one_of(ALL);
        let id = self.new_id();
        let Conversation { ids, way, .. } = &mut self.conversations[conversation];
        if *way != Way::Laid {
            *way = *self.chance.one_of(&[Way::Pushed, Way::Posted]);
        }
        let before = ids.last().expect("a conversation has begun").clone();
        let chain: Vec<String> = ids.iter().map(|id| format!("<{id}>")).collect();
        ids.push(id.clone());
        let mut header = format!("Message-ID: <{id}>\r\nIn-Reply-To: <{before}>\r\n");
        if self.chance.percent(70) {
            header += &format!("References: {}\r\n", chain.join("\r\n "));
        }
        let quoted = "\r\nOn Sunday somebody wrote:\r\n> what was said before\r\n";
        self.finish(conversation, phrase, &header, quoted)
    }

    /// A mail without the fields that every mail should have.
    fn bare(&mut self) -> Draft {
        let (phrase, number) = (self.chance.one_of(ALL), self.written.len());
        let conversation = self.begin(phrase, number);
        let place = &mut self.conversations[conversation];
        if place.way == Way::Posted {
            // The mail server would add what is missing.
            place.way = Way::Pushed;
        }
        place.ids.clear();
        let Conversation { citizen, way, .. } = place.clone();
        let body = body::any(phrase, &lines(number, ""), number, &mut self.chance);
        let from =
            if self.chance.percent(50) { format!("From: {}\r\n", self.citizens[citizen]) } else { String::new() };
        let raw = joined(&format!("{from}{}", body.fields), &body);
        Draft {
            raw,
            envelope_from: self.citizens[citizen].clone(),
            id: None,
            way,
            end: End::InCase(conversation),
            automatic: false,
            says: phrase.text,
            subject: None,
            files: body.files,
        }
    }

    /// An absence notice: filed, and not acknowledged.
    fn automatic(&mut self) -> Draft {
        let (phrase, number) = (self.chance.one_of(ALL), self.written.len());
        let conversation = self.begin(phrase, number);
        let header = format!(
            "Message-ID: <{}>\r\nAuto-Submitted: auto-replied\r\nPrecedence: bulk\r\n",
            self.conversations[conversation].ids[0]
        );
        Draft { automatic: true, ..self.finish(conversation, phrase, &header, "") }
    }

    /// A delivery report about a mail that was not ours.
    fn report(&mut self) -> Draft {
        let way = *self.chance.one_of(&[Way::Laid, Way::Pushed, Way::Posted]);
        let id = self.new_id();
        let (to, other) = (self.own(way).to_owned(), format!("not-ours-{id}"));
        Draft { way, ..report(&id, &to, &other) }
    }

    /// The very same bytes once more, where they come as they are.
    fn again(&mut self) -> Draft {
        let fits = |draft: &&Draft| draft.way != Way::Posted && matches!(draft.end, End::InCase(_));
        let before: Vec<&Draft> = self.written.iter().filter(fits).collect();
        match before.is_empty() {
            true => self.request(),
            false => Draft { end: End::Duplicate, ..(*self.chance.one_of(&before)).clone() },
        }
    }

    fn begin(&mut self, phrase: &Phrase, number: usize) -> usize {
        let id = self.new_id();
        let way = *self.chance.one_of(&[Way::Laid, Way::Laid, Way::Pushed, Way::Posted]);
        let citizen = self.chance.below(self.citizens.len());
        let subject = format!("{} {number}", phrase.text);
        self.conversations.push(Conversation { citizen, way, subject, ids: vec![id] });
        self.conversations.len() - 1
    }

    fn finish(&mut self, at: usize, phrase: &'static Phrase, header: &str, quoted: &str) -> Draft {
        let Conversation { citizen, way, ids, subject } = self.conversations[at].clone();
        let (number, from) = (self.written.len(), self.citizens[citizen].clone());
        let first = ids.len() == 1;
        let body = body::any(phrase, &lines(number, quoted), number, &mut self.chance);
        let prefix = if first { "" } else { "Re: " };
        let name = STANDARD.encode("Zoë Müller");
        let header = format!(
            "From: =?utf-8?B?{name}?= <{from}>\r\nTo: <{}>\r\nSubject: {prefix}{}\r\n\
             Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n{header}{}",
            self.own(way),
            if first { encoded_word(phrase, number) } else { encoded_words(&subject) },
            body.fields
        );
        Draft {
            raw: joined(&header, &body),
            envelope_from: from,
            id: ids.last().cloned(),
            way,
            end: End::InCase(at),
            automatic: false,
            says: phrase.text,
            subject: first.then_some(subject),
            files: body.files,
        }
    }

    fn new_id(&mut self) -> String {
        format!("{:016x}@home.test", self.chance.number())
    }

    fn own(&self, way: Way) -> &str {
        if way == Way::Laid { &self.fetched } else { &self.pushed }
    }
}

/// What a mail server says when it could not deliver the mail of this Message-ID.
pub fn report(id: &str, to: &str, about: &str) -> Draft {
    let parts = [
        ("text/plain", "I could not deliver your mail.\r\n".to_owned()),
        (
            "message/delivery-status",
            "Reporting-MTA: dns; mx.elsewhere.test\r\n\r\nFinal-Recipient: rfc822; gone@elsewhere.test\r\n\
             Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
                .to_owned(),
        ),
        ("text/rfc822-headers", format!("Message-ID: <{about}>\r\nSubject: about it\r\n")),
    ];
    let parts = parts.map(|(kind, text)| Body {
        fields: format!("Content-Type: {kind}\r\n"),
        bytes: text.into_bytes(),
        files: Vec::new(),
    });
    let body = body::multipart("report; report-type=delivery-status", &format!("=_d{id}"), parts);
    let header = format!(
        "From: MAILER-DAEMON@mx.elsewhere.test\r\nTo: <{to}>\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Message-ID: <{id}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n{}",
        body.fields
    );
    Draft {
        raw: joined(&header, &body),
        envelope_from: String::new(),
        id: Some(id.to_owned()),
        way: Way::Laid,
        end: End::Report,
        automatic: true,
        says: "",
        subject: None,
        files: Vec::new(),
    }
}

fn lines(number: usize, quoted: &str) -> String {
    format!("\r\nThis is mail {number}.\r\n{quoted}")
}

fn joined(header: &str, body: &Body) -> Vec<u8> {
    [header.as_bytes(), b"\r\n", &body.bytes].concat()
}

/// The subject of a request in the charset of its text, where a header can carry it.
fn encoded_word(phrase: &Phrase, number: usize) -> String {
    match phrase.charset {
        "utf-16" => encoded_words(&format!("{} {number}", phrase.text)),
        charset => format!("=?{charset}?B?{}?= {number}", STANDARD.encode(phrase.bytes)),
    }
}

/// A subject as RFC 2047 has it.
fn encoded_words(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let word = |piece: &[char]| format!("=?utf-8?B?{}?=", STANDARD.encode(piece.iter().collect::<String>()));
    chars.chunks(10).map(word).collect::<Vec<_>>().join("\r\n ")
}
