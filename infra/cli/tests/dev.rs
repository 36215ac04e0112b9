//! `postern dev` from the outside: the process, its output, its exit code.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use postern_resource::{InvalidToken, Validator};
use protocol::syntax::encoding::base64url;
use serde_json::json;

/// A running server, killed when dropped.
struct Server {
    process: Child,
    port: u16,
    store_port: Option<u16>,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut process = postern(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let port =
            |name: &str| said.get(name).and_then(serde_json::Value::as_u64).map(|port| u16::try_from(port).unwrap());
        Self { process, port: port("port").unwrap(), store_port: port("store_port") }
    }

    /// Sends a request line with headers and reads the whole response.
    fn ask(&self, request: &str) -> String {
        ask(self.port, request)
    }

    /// Sends SIGINT and waits.
    fn interrupt(mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask(port: u16, request: &str) -> String {
    ask_with_body(port, request, "")
}

fn ask_with_body(port: u16, request: &str, body: &str) -> String {
    ask_as(&format!("localhost:{port}"), port, request, body)
}

/// Sends a request that calls the server `host`.
fn ask_as(host: &str, port: u16, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
    let headers = rest.replace('\n', "\r\n");
    write!(stream, "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn postern(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.args(arguments);
    command
}

/// Runs a command that must fail, and returns its error message.
fn complaint(arguments: &[&str]) -> String {
    let output = postern(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim_end().lines().count(), 1, "one sentence: {said}");
    said
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn jwks(server: &Server) -> String {
    let answer = server.ask("GET /default/demo/.well-known/jwks.json");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn keys_survive_a_restart_and_sigint_stops_the_server_cleanly() {
    let folder = folder("restart");
    let data = folder.to_str().unwrap();
    let arguments = ["dev", "--json", "--port", "0", "--data", data];
    let first = Server::start(&arguments);
    let before = jwks(&first);
    assert!(first.interrupt().success());
    let second = Server::start(&arguments);
    assert_eq!(jwks(&second), before);
    assert!(before.contains("\"kid\""));
    #[cfg(unix)]
    for (path, mode) in [(folder.clone(), 0o700), (folder.join("sealing.key"), 0o600), (folder.join("store.db"), 0o600)]
    {
        let found = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
}

/// Makes a file its owner's alone.
fn private(path: &Path) {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[cfg(unix)]
#[test]
fn sec_store_05_a_key_that_others_could_read_is_refused_with_a_sentence() {
    let folder = folder("planted");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sealing.key"), "A".repeat(43)).unwrap();
    for (path, mode) in [(folder.clone(), 0o755), (folder.join("sealing.key"), 0o644)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let said = complaint(&["dev", "--json", "--port", "0", "--data", folder.to_str().unwrap()]);
    assert!(said.contains("sealing.key") && said.contains("chmod 600"), "{said}");
    assert!(!folder.join("store.db").exists());
}

#[test]
fn sec_dos_12_no_port_of_a_laptop_answers_to_the_name_of_a_stranger() {
    let server = Server::start(&["dev", "--json", "--port", "0", "--memory", "--store-port", "0"]);
    let tool = "POST /\nX-Amz-Target: DynamoDB_20120810.ListTables\nContent-Length: 2\n";
    let own = ["localhost", "127.0.0.1", "[::1]:1"];
    for host in own {
        assert!(ask_as(host, server.store_port.unwrap(), tool, "{}").contains("postern-flow"), "{host}");
        assert!(ask_as(host, server.port, "GET /demo", "").starts_with("HTTP/1.1 200"), "{host}");
    }
    for host in ["attacker.example", "attacker.example:9000", "localhost.attacker.example"] {
        let refused = ask_as(host, server.store_port.unwrap(), tool, "{}");
        assert!(refused.starts_with("HTTP/1.1 421") && !refused.contains("postern-flow"), "{host}: {refused}");
        for path in ["/demo", "/demo/api/offers", "/default/demo/oauth2/authorize", "/nowhere"] {
            let refused = ask_as(host, server.port, &format!("GET {path}"), "");
            assert!(refused.starts_with("HTTP/1.1 421") && refused.contains("--public-url"), "{host}{path}: {refused}");
        }
        let keys = ask_as(host, server.port, "GET /default/demo/.well-known/jwks.json", "");
        assert!(keys.starts_with("HTTP/1.1 200"), "everybody may read the keys: {keys}");
    }
}

#[test]
fn the_engine_is_served_on_a_port_only_with_store_port() {
    let without = Server::start(&["dev", "--json", "--port", "0", "--memory"]);
    assert_eq!(without.store_port, None);
    let with = Server::start(&["dev", "--json", "--port", "0", "--memory", "--store-port", "0"]);
    let tool = "POST /\nX-Amz-Target: DynamoDB_20120810.ListTables\nContent-Length: 2\n";
    let call = |headers: &str| ask_with_body(with.store_port.unwrap(), &format!("{tool}{headers}"), "{}");
    assert!(call("").contains("postern-flow"));
    for page in ["Origin: https://evil.example\n", "Sec-Fetch-Site: cross-site\n"] {
        assert!(call(page).starts_with("HTTP/1.1 403"), "{page}");
    }
}

#[test]
fn behind_a_proxy_issuer_links_and_cookies_follow_the_public_url() {
    let mut process = postern(&["dev", "--json", "--port", "0", "--memory", "--public-url", "https://x.example"]);
    let mut process = process.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(line.contains("https://x.example/default/demo"), "{line}");
}

#[test]
fn the_demo_starts_behind_a_tls_proxy_on_this_machine() {
    let behind = ["dev", "--json", "--port", "0", "--memory", "--public-url", "https://localhost:9191"];
    let server = Server::start(&behind);
    assert!(
        server
            .ask("GET /default/demo/.well-known/openid-configuration")
            .contains("https://localhost:9191/default/demo")
    );
    let said = complaint(&[&behind[..], &["--ask-loopback", "false"]].concat());
    assert!(said.contains("upstream partner: issuer"), "{said}");
}

/// The keys of a server that is running change, and it follows.
#[test]
fn signing_keys_rotate_on_a_laptop() {
    let folder = folder("rotation");
    let data = folder.to_str().unwrap();
    let keys = |arguments: &[&str]| {
        let of_demo = ["--workspace", "default/demo", "--data", data, "--json"];
        let output = postern(&[&["keys"], arguments, &of_demo].concat()).output().unwrap();
        let (said, complaint) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        serde_json::from_str::<serde_json::Value>(&said).map_err(|_| complaint)
    };
    assert!(keys(&["list"]).unwrap_err().contains("postern dev --data"));
    let server = Server::start(&["dev", "--json", "--port", "0", "--data", data]);
    let first = keys(&["list"]).unwrap();
    assert_eq!((&first["keys"][0]["role"], &first["keys"][0]["location"]), (&"current".into(), &"sealed".into()));
    assert!(keys(&["add", "--wrapped", "rs256"]).unwrap_err().contains("--local"));
    let added = keys(&["add", "--local", "es256"]).unwrap();
    assert_eq!((&added["keys"][1]["role"], &added["keys"][1]["alg"]), (&"next".into(), &"ES256".into()));
    assert!(keys(&["rotate"]).unwrap_err().contains("--now"));
    let rotated = keys(&["rotate", "--now"]).unwrap();
    let roles: Vec<_> = rotated["keys"].as_array().unwrap().iter().map(|key| key["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["retired", "current"]);
    drop(server);
    let server = Server::start(&["dev", "--json", "--port", "0", "--data", data]);
    let published = jwks(&server);
    assert!(rotated["keys"].as_array().unwrap().iter().all(|key| published.contains(key["kid"].as_str().unwrap())));
}

#[test]
fn a_failed_start_prints_one_sentence_and_exits_with_an_error() {
    let busy = Server::start(&["dev", "--json", "--port", "0", "--memory"]);
    let said = complaint(&["dev", "--memory", "--port", &busy.port.to_string()]);
    assert!(said.contains("is in use") && said.contains("--port"), "{said}");

    let folder = folder("broken");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("workspace.toml");
    std::fs::write(&file, "tenant = \"default\"\nworkspace = \"w\"\nname = 7\n").unwrap();
    let said = complaint(&["dev", "--memory", "--port", "0", "--config", file.to_str().unwrap()]);
    assert!(said.contains("workspace.toml"), "{said}");
    let said = complaint(&["dev", "--memory", "--port", "0", "--config", "/nowhere/at-all.toml"]);
    assert!(said.contains("/nowhere/at-all.toml"), "{said}");
    let said = complaint(&["dev", "--memory", "--port", "0", "--public-url", "http://x.example"]);
    assert!(said.contains("https://"), "{said}");
    let said = complaint(&["dev", "--memory", "--port", "0", "--public-url", "https://x.example/auth"]);
    assert!(said.contains("--public-url has a path") && said.contains("leave the path out"), "{said}");
}

#[test]
fn a_damaged_store_or_missing_key_is_reported_and_nothing_is_overwritten() {
    let folder = folder("damaged");
    let data = folder.to_str().unwrap();
    let arguments = ["dev", "--json", "--port", "0", "--data", data];
    drop(Server::start(&arguments));
    let key = std::fs::read_to_string(folder.join("sealing.key")).unwrap();

    std::fs::remove_file(folder.join("sealing.key")).unwrap();
    assert!(complaint(&arguments).contains("sealing.key"));
    std::fs::write(folder.join("sealing.key"), "nonsense").unwrap();
    private(&folder.join("sealing.key"));
    assert!(complaint(&arguments).contains("sealing.key"));
    std::fs::write(folder.join("sealing.key"), key).unwrap();
    private(&folder.join("sealing.key"));
    drop(Server::start(&arguments));

    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("store.db-") {
            std::fs::remove_file(path).unwrap();
        }
    }
    std::fs::write(folder.join("store.db"), "this is no database").unwrap();
    let said = complaint(&arguments);
    assert!(said.contains("store.db") && said.contains("start over"), "{said}");
    assert_eq!(std::fs::read_to_string(folder.join("store.db")).unwrap(), "this is no database");
}

#[test]
fn a_truncated_or_malformed_request_does_not_affect_others() {
    let server = Server::start(&["dev", "--json", "--port", "0", "--memory"]);
    let form = "Content-Type: application/x-www-form-urlencoded\nContent-Length: 100\n";
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    write!(
        stream,
        "POST /default/demo/oauth2/token HTTP/1.1\r\nHost: x\r\n{}\r\ngrant_type=auth",
        form.replace('\n', "\r\n")
    )
    .unwrap();
    drop(stream);
    assert!(server.ask("GET /default/demo/%zz\u{1}").starts_with("HTTP/1.1 400"));
    assert!(server.ask("GET /default/demo/.well-known/jwks.json").starts_with("HTTP/1.1 200"));
    assert!(server.ask("GET /nobody/nothing/oauth2/authorize").starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_remote_api_finds_the_keys_by_discovery() {
    let server = Server::start(&["dev", "--json", "--port", "0", "--memory"]);
    let issuer = format!("http://localhost:{}/default/demo", server.port);
    let validator = Validator::discovering(&issuer, "api").clock(|| Duration::from_secs(1_780_000_000));
    let unsigned = |kid: &serde_json::Value| {
        let header = json!({"typ": "at+jwt", "alg": "RS256", "kid": kid});
        let claims = json!({
            "iss": issuer, "sub": "s", "aud": "api", "client_id": "c", "jti": "j",
            "iat": 1_780_000_000, "exp": 1_780_000_300,
        });
        [header.to_string().as_bytes(), claims.to_string().as_bytes(), &[0; 256]].map(base64url).join(".")
    };
    let published: serde_json::Value = serde_json::from_str(&jwks(&server)).unwrap();
    // Only an API that has read the published keys can tell these two apart.
    let known = published.pointer("/keys/0/kid").unwrap();
    assert_eq!(validator.accept(&unsigned(known)).await, Err(InvalidToken::Signature.into()));
    assert_eq!(validator.accept(&unsigned(&"unknown".into())).await, Err(InvalidToken::Key.into()));
}
