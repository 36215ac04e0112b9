//! Tests of `fetcher`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::answer::Claims;
use crate::answer::MAX_ANSWER_BYTES;
use crate::fault::FetchFault;
use crate::fetcher::*;
use crate::network::Network;
use crate::network::Waiting;
use http::Method;
use protocol::clients::external_url::Reach;
use std::sync::Arc;
use std::time::Duration;

const PUBLIC: &str = "93.184.215.14";

/// A network in which every address is that of `server`.
struct Fake {
    server: SocketAddr,
    names: Mutex<Vec<Vec<&'static str>>>,
    looked_up: Mutex<Vec<String>>,
    connected: Mutex<Vec<SocketAddr>>,
}

impl Fake {
    /// Each lookup gets the next of these results; the last one is repeated.
    fn new(server: SocketAddr, answers: &[&[&'static str]]) -> Arc<Self> {
        let names = answers.iter().rev().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { server, names: Mutex::new(names), looked_up: Mutex::default(), connected: Mutex::default() })
    }

    fn connected(&self) -> Vec<String> {
        self.connected.lock().unwrap().iter().map(ToString::to_string).collect()
    }
}

impl Network for Fake {
    fn addresses<'n>(&'n self, name: &'n str) -> Waiting<'n, Vec<IpAddr>> {
        self.looked_up.lock().unwrap().push(name.into());
        let mut names = self.names.lock().unwrap();
        let answer = if names.len() > 1 { names.pop().unwrap() } else { names[0].clone() };
        Box::pin(async move { Ok(answer.iter().map(|address| address.parse().unwrap()).collect()) })
    }

    fn connection(&self, address: SocketAddr) -> Waiting<'_, TcpStream> {
        self.connected.lock().unwrap().push(address);
        Box::pin(TcpStream::connect(self.server))
    }
}

/// A loopback server that answers each connection with `answer`, repeatedly if `endless`.
async fn serving(answer: impl Into<Vec<u8>>, endless: bool) -> SocketAddr {
    let (listener, answer) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), answer.into());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                while stream.write_all(&answer).await.is_ok() && endless {}
                // A client that expects more has to wait.
                let _ = stream.read(&mut [0; 4096]).await;
            });
        }
    });
    address
}

fn with_length(kind: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The outcome of requesting a local server that responds with `answer`.
async fn asked(answer: impl Into<Vec<u8>>, endless: bool) -> Result<serde_json::Value, FetchFault> {
    let server = serving(answer, endless).await;
    let fetcher = Fetcher::over(Fake::new(server, &[&["127.0.0.1"]]), Reach::Laptop);
    fetcher.json(Outgoing::get(&format!("http://{server}/x"))).await
}

#[tokio::test]
async fn sec_ssrf_01_and_f_dns_01_no_connection_is_made_to_a_name_with_an_internal_address() {
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let answers: [&[&str]; 8] = [
        &[PUBLIC, "10.0.0.1"],
        &["10.0.0.1", PUBLIC],
        &["169.254.169.254"],
        &["127.0.0.1"],
        &["::ffff:127.0.0.1"],
        &["fd00:ec2::254"],
        &["64:ff9b::a9fe:a9fe"],
        &[],
    ];
    for answer in answers {
        let network = Fake::new(nowhere, &[answer]);
        let fetcher = Fetcher::over(network.clone(), Reach::Internet);
        let fault = fetcher.keys("https://keys.example/jwks").await.unwrap_err();
        assert!(matches!(fault, FetchFault::Unreachable(_)), "{answer:?}: {fault}");
        assert_eq!(network.connected(), Vec::<String>::new(), "{answer:?}");
    }
    let network = Fake::new(nowhere, &[&[PUBLIC]]);
    let fetcher = Fetcher::over(network.clone(), Reach::Internet);
    for url in ["https://169.254.169.254/", "https://2130706433/", "https://[::ffff:127.0.0.1]/", "https://localhost./"]
    {
        assert!(matches!(fetcher.keys(url).await, Err(FetchFault::Forbidden)), "{url}");
    }
    assert!(network.looked_up.lock().unwrap().is_empty());
    let laptop = Fetcher::over(Fake::new(nowhere, &[&["10.0.0.1"]]), Reach::Laptop);
    assert!(laptop.keys("http://localhost:9/").await.is_err(), "this machine, and no other by its name");
}

#[tokio::test]
async fn sec_ssrf_01_the_checked_address_is_the_one_connected_to_and_the_host_name_is_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let network = Fake::new(listener.local_addr().unwrap(), &[&[PUBLIC], &["127.0.0.1"]]);
    let fetcher = Fetcher::over(network.clone(), Reach::Internet);
    let hello = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).await.unwrap();
        String::from_utf8_lossy(&hello[..length]).into_owned()
    };
    let (outcome, hello) = tokio::join!(fetcher.keys("https://keys.example:8443/jwks"), hello);
    assert!(outcome.is_err(), "nobody speaks TLS there");
    assert!(hello.contains("keys.example"), "the name is asked for in the TLS handshake");
    assert_eq!(network.connected(), [format!("{PUBLIC}:8443")]);
    assert_eq!(*network.looked_up.lock().unwrap(), ["keys.example"], "a name is looked up once");
}

#[tokio::test]
async fn sec_ssrf_02_no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let redirect = format!("HTTP/1.1 {status} X\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n");
        let server = serving(redirect, false).await;
        let network = Fake::new(server, &[&["127.0.0.1"]]);
        let fetcher = Fetcher::over(network.clone(), Reach::Laptop);
        let url = format!("http://{server}/x");
        let fault = fetcher.json::<serde_json::Value>(Outgoing::get(&url)).await.unwrap_err();
        assert!(matches!(fault, FetchFault::Status(found) if found == status), "{fault}");
        assert!(matches!(fetcher.deliver(Outgoing::get(&url)).await, Err(FetchFault::Status(_))));
        assert!(network.connected().iter().all(|address| *address == server.to_string()));
        assert!(network.looked_up.lock().unwrap().iter().all(|name| name == "127.0.0.1"));
    }
}

#[tokio::test(start_paused = true)]
async fn sec_ssrf_03_slow_servers_time_out() {
    let slow: [(&str, bool); 3] = [
        ("HTTP/1.1 200 OK\r\nx-slow: ", false),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{", false),
        ("", false),
    ];
    for (answer, endless) in slow {
        let begun = tokio::time::Instant::now();
        assert!(matches!(asked(answer, endless).await, Err(FetchFault::Unreachable(_))), "{answer}");
        assert!(begun.elapsed() <= REQUEST_TIMEOUT + Duration::from_millis(10), "{answer}: {:?}", begun.elapsed());
    }
}

/// A network that never responds.
struct Silent;

impl Network for Silent {
    fn addresses<'n>(&'n self, _: &'n str) -> Waiting<'n, Vec<IpAddr>> {
        Box::pin(async { Ok(vec![PUBLIC.parse().unwrap(); 10]) })
    }

    fn connection(&self, _: SocketAddr) -> Waiting<'_, TcpStream> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn sec_ssrf_03_connecting_takes_at_most_a_second_over_all_addresses() {
    let begun = tokio::time::Instant::now();
    assert!(Fetcher::over(Arc::new(Silent), Reach::Internet).keys("https://keys.example/").await.is_err());
    assert!(begun.elapsed() <= Duration::from_millis(1010), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn sec_ssrf_03_no_response_is_read_beyond_its_limit() {
    let json = "application/json";
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_ANSWER_BYTES - 8));
    assert_eq!(fits.len(), MAX_ANSWER_BYTES);
    assert!(asked(with_length(json, &fits), false).await.is_ok());
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {json}\r\n");
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let endless = format!("{head}transfer-encoding: chunked\r\n\r\n{}", chunk.repeat(20));
    let huge = format!("{head}content-length: 1000000000\r\n\r\n{}", "x".repeat(100_000));
    let headers = format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(1000));
    for (case, answer, again) in [
        ("one byte more", with_length(json, &format!("{fits} ")), false),
        ("endless chunks", endless, true),
        ("a thousand million bytes", huge, true),
        ("endless headers", headers, true),
    ] {
        assert!(matches!(asked(answer, again).await, Err(FetchFault::Unreachable(_))), "{case}");
    }
    let packed = with_length(json, "{}").replace("content-type", "content-encoding: gzip\r\ncontent-type");
    let fault = asked(packed, false).await.unwrap_err().to_string();
    assert!(fault.contains("content-encoding 'gzip'"), "nothing is unpacked: {fault}");
    let identity = with_length(json, "{}").replace("content-type", "content-encoding: Identity\r\ncontent-type");
    assert!(asked(identity, false).await.is_ok());
    let keys = format!("{{\"keys\":[{}]}}", vec!["{}"; 10_000].join(","));
    let server = serving(with_length(json, &keys), false).await;
    let fetcher = Fetcher::over(Fake::new(server, &[&["127.0.0.1"]]), Reach::Laptop);
    assert!(matches!(fetcher.keys(&format!("http://{server}/")).await, Err(FetchFault::Unreadable)));
}

#[tokio::test]
async fn sec_ssrf_03_and_sec_param_13_only_json_with_a_json_content_type_is_read() {
    let body = r#"{"a":1}"#;
    for kind in ["application/json", "application/JSON; charset=utf-8", "application/jwk-set+json"] {
        assert!(asked(with_length(kind, body), false).await.is_ok(), "{kind}");
    }
    for kind in ["text/html", "text/plain", "application/javascript", "image/png", "", "json"] {
        assert!(matches!(asked(with_length(kind, body), false).await, Err(FetchFault::Unreadable)), "{kind}");
    }
    for body in ["", "[]", "{", r#"{"a":1,"a":2}"#, "<html>"] {
        let answer = with_length("application/json", body);
        assert!(matches!(asked(answer, false).await, Err(FetchFault::Unreadable)), "{body}");
    }
}

/// The request that `ask` sends, in lower case.
async fn sent<T>(ask: impl AsyncFnOnce(&Fetcher, &str) -> T) -> (String, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let fetcher = Fetcher::over(Fake::new(server, &[&["127.0.0.1"]]), Reach::Laptop);
    let sent = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut sent = vec![0; 4096];
        let length = stream.read(&mut sent).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&sent[..length]).to_ascii_lowercase()
    };
    let url = format!("http://{server}/x?y=z");
    let (_, sent) = tokio::join!(ask(&fetcher, &url), sent);
    (sent, server)
}

#[tokio::test]
async fn sec_ssrf_03_a_request_carries_nothing_of_ours_and_says_what_can_be_read() {
    let requests = [
        (sent(async |fetcher, url| drop(fetcher.json::<()>(Outgoing::get(url)).await)).await, "application/json"),
        (sent(async |fetcher, url| drop(fetcher.list(url).await)).await, "application/json"),
        (sent(async |fetcher, url| drop(fetcher.keys(url).await)).await, "application/jwk-set+json, application/json"),
        (
            sent(async |fetcher, url| drop(fetcher.claims(Outgoing::get(url)).await)).await,
            "application/json, application/jwt",
        ),
        (sent(async |fetcher, url| drop(fetcher.deliver(Outgoing::get(url)).await)).await, "*/*"),
    ];
    for ((sent, server), accept) in requests {
        let expected = format!(
            "get /x?y=z http/1.1\r\naccept: {accept}\r\naccept-encoding: identity\r\nuser-agent: postern\r\n\
             host: {server}\r\n\r\n"
        );
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn what_says_no_may_say_why() {
    let said = |status: u16, kind: &str, body: &str| with_length(kind, body).replace("200 OK", &format!("{status} X"));
    let of = async |answer: String| asked(answer, false).await.unwrap_err().to_string();
    let json = "application/json";
    let error = r#"{"error":"invalid_grant","error_description":"it is\r\nused"}"#;
    let told = of(said(400, json, error)).await;
    assert!(told.contains("400") && told.contains("'invalid_grant'") && !told.contains('\n'), "{told}");
    for (status, kind, body) in [(400, json, "{}"), (400, json, "x"), (400, "text/html", error), (500, json, error)] {
        let told = of(said(status, kind, body)).await;
        assert_eq!(told, format!("the answer has status {status}"), "{kind} {body}");
    }
}

#[tokio::test]
async fn claims_come_as_json_or_as_a_jwt() {
    let told = async |kind: &str, body: &str| {
        let server = serving(with_length(kind, body), false).await;
        let fetcher = Fetcher::over(Fake::new(server, &[&["127.0.0.1"]]), Reach::Laptop);
        fetcher.claims(Outgoing::get(&format!("http://{server}/"))).await
    };
    assert_eq!(told("application/jwt", "a.b.c\n").await.unwrap(), Claims::Signed("a.b.c".into()));
    assert!(matches!(told("application/json; charset=UTF-8", "{}").await, Ok(Claims::Plain(_))));
    for (kind, body) in [("text/plain", "a.b.c"), ("application/json", "a.b.c"), ("text/html", "{}")] {
        assert!(matches!(told(kind, body).await, Err(FetchFault::Unreadable)), "{kind}");
    }
}

#[tokio::test]
async fn a_delivery_is_confirmed_only_by_a_200_or_204() {
    for (status, confirmed) in [(200, true), (204, true), (202, false), (302, false), (400, false), (500, false)] {
        let server = serving(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"), false).await;
        let fetcher = Fetcher::over(Fake::new(server, &[&["127.0.0.1"]]), Reach::Laptop);
        let url = format!("http://{server}/x");
        let outgoing = Outgoing { method: Method::POST, form: Some("a=b".into()), ..Outgoing::get(&url) };
        assert_eq!(fetcher.deliver(outgoing).await.is_ok(), confirmed, "{status}");
    }
}
