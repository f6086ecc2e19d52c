//! The agency's mail server, played by the test: it takes every letter, lets it be read, and can be slow, busy or gone.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::mail::plain;

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Each letter is taken after so long.
    Slow(Duration),
    /// No letter is taken now: 451.
    Busy,
    /// Nothing listens.
    Gone,
}

/// One letter that was handed over.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The mail, with its transfer encoding undone.
    pub text: String,
    /// When the server had taken it.
    pub taken: Instant,
}

pub struct PostOffice {
    port: u16,
    state: Arc<Mutex<State>>,
    listens: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    mood: Mood,
    letters: HashMap<String, Vec<Letter>>,
}

impl PostOffice {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback");
        let port = listener.local_addr().expect("a bound listener").port();
        let state = Arc::new(Mutex::new(State { mood: Mood::Well, letters: HashMap::new() }));
        let office = Self { port, state, listens: Mutex::default() };
        office.listen(listener);
        office
    }

    /// What an email channel names as its SMTP server to reach this one.
    pub fn settings(&self) -> Value {
        json!({ "host": "127.0.0.1", "port": self.port, "security": "none" })
    }

    /// From now on the server is of this mood. Sessions that were open end when it goes.
    pub fn is(&self, mood: Mood) {
        let before = std::mem::replace(&mut self.state().mood, mood);
        if mood == Mood::Gone {
            // The listener looks at the mood when somebody comes.
            TcpStream::connect(("127.0.0.1", self.port)).ok();
            let listens = self.listens.lock().unwrap_or_else(PoisonError::into_inner).take();
            listens.map(JoinHandle::join).transpose().expect("a listener that ended well");
        } else if before == Mood::Gone {
            self.listen(TcpListener::bind(("127.0.0.1", self.port)).expect("the port that was ours"));
        }
    }

    /// The letters that came for an address, the oldest first.
    pub fn letters(&self, to: &str) -> Vec<Letter> {
        self.state().letters.get(&to.to_lowercase()).cloned().unwrap_or_default()
    }

    /// How many letters came for everybody.
    pub fn count(&self) -> usize {
        self.state().letters.values().map(Vec::len).sum()
    }

    fn listen(&self, listener: TcpListener) {
        let state = Arc::clone(&self.state);
        let listens = thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&state).mood == Mood::Gone {
                    return;
                }
                let (Ok(stream), state) = (stream, Arc::clone(&state)) else { return };
                thread::spawn(move || serve(stream, &state));
            }
        });
        *self.listens.lock().unwrap_or_else(PoisonError::into_inner) = Some(listens);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.is(Mood::Gone);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One session. It ends with an error when the program hangs up, which is its right.
fn serve(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut to = Vec::new();
    say(&mut stream, "220 post.example")?;
    loop {
        let mut line = String::new();
        let ended = stream.read_line(&mut line)? == 0;
        let mood = lock(state).mood;
        if ended || mood == Mood::Gone {
            return Ok(());
        }
        match line.trim_end().to_ascii_uppercase().split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say(&mut stream, "250-post.example\r\n250 8BITMIME")?,
            "MAIL" if mood == Mood::Busy => say(&mut stream, "451 4.3.2 come back later")?,
            "RCPT" => {
                to.extend(line.split(['<', '>']).nth(1).map(str::to_lowercase));
                say(&mut stream, "250 ok")?;
            }
            "DATA" => {
                say(&mut stream, "354 go on")?;
                let text = plain(&data(&mut stream)?);
                if let Mood::Slow(by) = mood {
                    thread::sleep(by);
                }
                for to in to.drain(..) {
                    let letter = Letter { text: text.clone(), taken: Instant::now() };
                    lock(state).letters.entry(to).or_default().push(letter);
                }
                say(&mut stream, "250 taken")?;
            }
            "QUIT" => return say(&mut stream, "221 farewell"),
            verb => {
                if verb == "RSET" || verb == "MAIL" {
                    to.clear();
                }
                say(&mut stream, "250 ok")?;
            }
        }
    }
}

fn say(stream: &mut BufReader<TcpStream>, words: &str) -> io::Result<()> {
    stream.get_mut().write_all(format!("{words}\r\n").as_bytes())
}

/// The lines up to the one with a dot alone.
fn data(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let start = data.len();
        if stream.read_until(b'\n', &mut data)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match &data[start..] {
            b".\r\n" => {
                data.truncate(start);
                return Ok(data);
            }
            line if line.starts_with(b".") => {
                data.remove(start);
            }
            _ => {}
        }
    }
}
