//! A server that is told to stop finishes what it accepted.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::site::{Site, until};

#[test]
fn a_request_in_hand_is_answered_after_sigterm_and_no_new_one_is_taken() {
    let site = Site::new();
    let serving = site.serve();
    let address = serving.ready()["base_url"].as_str().unwrap().replace("http://", "");
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let body = br#"{"tenant": "riverton", "email": "a@riverton.example", "password": "correct horse"}"#;
    let head = format!(
        "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Being asked for the body shows that the request is in hand.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&asked));

    serving.tell_to_stop();
    until("the closed door", || TcpStream::connect(&address).is_err());
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(serving.ended().success());
}
