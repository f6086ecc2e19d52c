//! The service on a real socket, against bytes that no client library would send.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::super::testing::TestApp;

/// Sends bytes and reads until the server closes.
fn exchange(at: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A server that resets the connection has closed it, too.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// What must be refused with 400 and a closed connection: no two readers may disagree where a request ends.
const AMBIGUOUS: [(&str, &str); 26] = [
    ("CL.TE", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("TE.CL", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    ("two different lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    ("two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello"),
    ("a length with a sign", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello"),
    ("a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello"),
    ("a hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello"),
    ("an endless length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nhello"),
    ("an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nhello"),
    ("an unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ("chunked not last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    (
        "two codings",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunked twice",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    ("a space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    ("a folded coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    ("a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
    ("a header that begins with a space", "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n"),
    ("a coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a bare CR in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
    ("a NUL in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
    ("a header without a name", "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"),
    ("no version", "GET /\r\nHost: a\r\n\r\n"),
    ("an unknown version", "GET / HTTP/9.9\r\nHost: a\r\n\r\n"),
    ("a control character in the method", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_two_readers_could_read_differently_is_refused_and_the_connection_closed() {
    let desk = TestApp::start().await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
    let thread = super::start(desk.front.clone(), socket, None, stop.clone()).unwrap();
    let answers = tokio::task::spawn_blocking(move || {
        let healthy = exchange(at, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(healthy.starts_with("HTTP/1.1 200"), "{healthy}");
        // A smuggled second request would be answered by a second status line.
        let smuggle = |text: &str| exchange(at, format!("{text}GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        AMBIGUOUS.map(|(what, text)| (what, smuggle(text)))
    });
    let mut wrong = Vec::new();
    for (what, answer) in answers.await.unwrap() {
        if !answer.starts_with("HTTP/1.1 400") || answer.matches("HTTP/1.1 ").count() != 1 {
            wrong.push(format!("{what}: {:?}", answer.lines().filter(|l| l.starts_with("HTTP/")).collect::<Vec<_>>()));
        }
    }
    stop.cancel();
    tokio::task::spawn_blocking(move || thread.join().unwrap().unwrap()).await.unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
