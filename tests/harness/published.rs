//! A loopback server that publishes a client's JWKS, with configurable responses and a request counter.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

/// The server; it runs until the test ends.
pub struct Published {
    /// The URL of the JWKS.
    pub url: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Published {
    /// Starts a server that publishes `keys`.
    pub async fn new(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let published = Self { url, answer: Arc::default(), asked: Arc::default() };
        published.now_has(keys);
        let (answer, asked) = (Arc::clone(&published.answer), Arc::clone(&published.asked));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                let answer = answer.lock().unwrap().clone();
                tokio::spawn(async move { answered(&stream, answer.as_bytes()).await });
            }
        });
        published
    }

    /// Publishes `keys` from now on.
    pub fn now_has(&self, keys: &[Value]) {
        let body = serde_json::json!({ "keys": keys }).to_string();
        let length = body.len();
        self.now_answers(&format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ));
    }

    /// Sends `answer` as the raw response from now on.
    pub fn now_answers(&self, answer: &str) {
        *self.answer.lock().unwrap() = answer.into();
    }

    /// Returns how many requests arrived since the last call of this function.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

async fn answered(stream: &TcpStream, answer: &[u8]) {
    let mut request = [0; 4096];
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut request) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            _ => break,
        }
    }
    let mut sent = 0;
    while sent < answer.len() {
        stream.writable().await.unwrap();
        match stream.try_write(&answer[sent..]) {
            Ok(length) => sent += length,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
