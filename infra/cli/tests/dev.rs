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

/// Sends a request with the `Host` header `host`.
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
    assert!(!said.to_lowercase().contains("delete"), "{said}");
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
fn sec_dos_12_no_local_port_accepts_a_foreign_host_name() {
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

/// Behind a tunnel, services on this machine may be called, in this run and by workspaces left from an earlier one.
#[test]
fn ask_loopback_applies_to_workspaces_of_earlier_runs_too() {
    let folder = folder("tunnel");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("notes.toml");
    let keyed = "token_endpoint_auth_method = \"private_key_jwt\"\njwks_uri = \"http://127.0.0.1:1/jwks\"";
    std::fs::write(&file, NOTES.replace("token_endpoint_auth_method = \"none\"", keyed)).unwrap();
    let (state, file) = (folder.join("state"), file.to_str().unwrap());
    let data = ["dev", "--json", "--port", "0", "--data", state.to_str().unwrap(), "--public-url", "https://x.example"];
    let with = |more: &[&'static str]| [&data[..], more].concat();
    drop(Server::start(&[&with(&["--ask-loopback", "true"])[..], &["--config", file]].concat()));
    drop(Server::start(&with(&["--ask-loopback", "true"])));
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
    let roles = |ring: &serde_json::Value| -> Vec<String> {
        let of = |key: &serde_json::Value| ["alg", "series", "role"].map(|name| key[name].as_str().unwrap().to_owned());
        ring["keys"].as_array().unwrap().iter().map(|key| of(key).join(" ")).collect()
    };
    assert_eq!(roles(&rotated), ["ES256 own current", "RS256 beside current"], "for clients that ask for RS256");
    assert!(keys(&["add", "--beside", "--local", "es256"]).unwrap_err().contains("signs RS256"));
    keys(&["add", "--beside", "--local", "rs256"]).unwrap();
    assert!(keys(&["rotate"]).unwrap_err().contains("no next key"), "the other series has one");
    assert!(keys(&["rotate", "--beside"]).unwrap_err().contains("--now"));
    let rotated = keys(&["rotate", "--beside", "--now"]).unwrap();
    assert_eq!(roles(&rotated), ["ES256 own current", "RS256 beside retired", "RS256 beside current"]);
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
    std::fs::write(&file, "tenant = \"default\"\nworkspace = \"w\"\nname = 7\ndefault_audience = \"a\"\n").unwrap();
    let said = complaint(&["dev", "--memory", "--port", "0", "--config", file.to_str().unwrap()]);
    assert!(said.contains("workspace.toml:3:8: name must be a string"), "{said}");
    let said = complaint(&["dev", "--memory", "--port", "0", "--config", "/nowhere/at-all.toml"]);
    assert!(said.contains("/nowhere/at-all.toml"), "{said}");
    let said = complaint(&["dev", "--memory", "--port", "0", "--public-url", "http://x.example"]);
    assert!(said.contains("https://"), "{said}");
    let said = complaint(&["dev", "--memory", "--port", "0", "--public-url", "https://x.example/auth"]);
    assert!(said.contains("--public-url has a path") && said.contains("remove the path"), "{said}");
}

#[test]
fn a_damaged_store_or_missing_key_is_reported_and_nothing_is_overwritten() {
    let folder = folder("damaged");
    let data = folder.to_str().unwrap();
    let arguments = ["dev", "--json", "--port", "0", "--data", data];
    drop(Server::start(&arguments));
    let key = std::fs::read_to_string(folder.join("sealing.key")).unwrap();

    std::fs::remove_file(folder.join("sealing.key")).unwrap();
    assert!(complaint(&arguments).contains("sealing.key is missing, and the store next to it"));
    std::fs::write(folder.join("sealing.key"), "nonsense").unwrap();
    private(&folder.join("sealing.key"));
    assert!(complaint(&arguments).contains("sealing.key is damaged: it has one line of 43 characters"));
    std::fs::write(folder.join("sealing.key"), base64url(&[7; 32])).unwrap();
    assert!(complaint(&arguments).contains("sealing.key is not the key with which the store next to it was written"));
    std::fs::remove_file(folder.join("sealing.key")).unwrap();
    std::fs::create_dir(folder.join("sealing.key")).unwrap();
    assert!(complaint(&arguments).contains("sealing.key is not a regular file"));
    std::fs::remove_dir(folder.join("sealing.key")).unwrap();
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
    assert!(
        said.contains("store.db is damaged, or is not a store") && said.contains("another one with --data"),
        "{said}"
    );
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
    // Only an API that has fetched the published keys can distinguish these two.
    let known = published.pointer("/keys/0/kid").unwrap();
    assert_eq!(validator.accept(&unsigned(known)).await, Err(InvalidToken::Signature.into()));
    assert_eq!(validator.accept(&unsigned(&"unknown".into())).await, Err(InvalidToken::Key.into()));
}

#[test]
fn a_folder_is_used_by_one_server_at_a_time() {
    let folder = folder("locked");
    let arguments = ["dev", "--json", "--port", "0", "--data", folder.to_str().unwrap()];
    let first = Server::start(&arguments);
    let said = complaint(&arguments);
    assert!(said.contains("is in use by another `postern dev`, process"), "{said}");
    assert!(said.contains(&first.process.id().to_string()), "{said}");
    drop(first);
    drop(Server::start(&arguments));
}

/// Runs the program as a user subject to permissions: root may read and write everything.
#[cfg(unix)]
fn postern_of_nobody(folder: &Path, arguments: &[&str]) -> Command {
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::CommandExt as _;
    let program = folder.join("postern");
    if !program.exists() && std::fs::hard_link(env!("CARGO_BIN_EXE_postern"), &program).is_err() {
        std::fs::copy(env!("CARGO_BIN_EXE_postern"), &program).unwrap();
    }
    let mut command = Command::new(program);
    if std::fs::metadata(folder).unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    command.args(arguments);
    command
}

#[cfg(unix)]
#[test]
fn unreadable_or_unwritable_files_are_named_with_the_cause() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("postern-permissions-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let state = folder.join("state");
    let arguments = ["dev", "--json", "--port", "0", "--data", state.to_str().unwrap()];
    assert!(Server::start(&arguments).interrupt().success());
    let set = |name: &str, mode| {
        std::fs::set_permissions(state.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    // A folder of another user is refused, so the unprivileged user must own it.
    let root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&folder).unwrap()) == 0;
    let give = |path: &Path| std::os::unix::fs::chown(path, root.then_some(65_534), None).unwrap();
    give(&state);
    for (name, mode, expected) in [
        ("store.db", 0o444, "store.db is read-only: Permission denied"),
        ("store.db", 0o000, "store.db cannot be read: Permission denied"),
        ("sealing.key", 0o000, "sealing.key cannot be read: Permission denied"),
        ("lock", 0o000, "state cannot be used: Permission denied"),
    ] {
        for entry in std::fs::read_dir(&state).unwrap() {
            let entry = entry.unwrap();
            give(&entry.path());
            set(entry.file_name().to_str().unwrap(), 0o600);
        }
        set("", 0o700);
        set(name, mode);
        let output = postern_of_nobody(&folder, &arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.contains(expected) && said.contains("--data"), "{name} {mode:o}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A workspace whose redirect URI follows the public URL.
const NOTES: &str = r#"
tenant = "default"
workspace = "notes"
name = "Notes"
default_audience = "{public_url}/api"

[[clients]]
client_id = "notes"
client_name = "Notes"
token_endpoint_auth_method = "none"
redirect_uris = ["{public_url}/callback"]
metadata = { tier = "gold", regions = ["eu", "us"] }
allowed_users = { groups = ["staff"], attributes = { department = ["hr"] } }

[pool]
identifiers = ["email"]

[[pool.attributes]]
name = "department"

[[claims]]
name = "tier"
from = "client.metadata.tier"
in = ["access_token", "introspection"]

[[claims]]
name = "https://notes.example/stages"
value = ["test", "demo"]
in = ["id_token"]
"#;

#[test]
fn a_workspace_follows_the_public_url_or_the_start_is_refused() {
    let folder = folder("moved");
    let (data, file) = (folder.join("state"), folder.join("notes.toml"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&file, NOTES).unwrap();
    let data = ["dev", "--json", "--port", "0", "--data", data.to_str().unwrap()];
    let with = |more: &[&'static str]| [&data[..], more].concat();
    let mut first = data.to_vec();
    first.extend(["--config", file.to_str().unwrap(), "--public-url", "http://localhost:1"]);
    drop(Server::start(&first));

    let moved = Server::start(&data);
    let request = format!(
        "GET /default/notes/oauth2/authorize?client_id=notes&response_type=code&code_challenge={}\
         &code_challenge_method=S256&redirect_uri=http%3A%2F%2Flocalhost%3A{}%2Fcallback",
        "A".repeat(43),
        moved.port
    );
    let answer = moved.ask(&request);
    assert!(answer.starts_with("HTTP/1.1 303") && !answer.contains("code_challenge"), "{answer}");
    drop(moved);

    std::fs::rename(&file, folder.join("elsewhere.toml")).unwrap();
    let output = postern(&with(&["--public-url", "http://localhost:2"])).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for part in ["default/notes was applied for http://localhost:", "notes.toml cannot be read", "--config"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    // A folder of an earlier version has no note of where its workspaces come from.
    std::fs::remove_file(folder.join("state/workspaces.json")).unwrap();
    // Local workspaces cannot be served elsewhere.
    let said = complaint(&with(&["--public-url", "https://x.example"]));
    assert!(said.contains("workspace default/notes of an earlier run cannot be served at https://x.example"), "{said}");
    let mut given = with(&["--public-url", "https://x.example", "--config"]);
    let elsewhere = folder.join("elsewhere.toml");
    given.push(elsewhere.to_str().unwrap());
    drop(Server::start(&given));
}

#[test]
fn a_refused_redirect_uri_is_logged_with_the_registered_ones_and_their_line() {
    let mut process = postern(&["dev", "--json", "--port", "0", "--memory"]);
    let mut process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
    let request = "GET /default/demo/oauth2/authorize?response_type=code&client_id=demo-native&redirect_uri=";
    assert!(ask(port, &format!("{request}https%3A%2F%2Fa.example%2F%22%0A")).starts_with("HTTP/1.1 400"));
    assert!(ask(port, &format!("{request}http%3A%2F%2F127.0.0.1%3A7%2Fcallback")).starts_with("HTTP/1.1 303"));
    process.kill().unwrap();
    let mut log = String::new();
    process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    process.wait().unwrap();
    let demo = include_str!("../demo/workspaces/demo.toml");
    let number = 1 + demo.lines().position(|line| line.contains("http://127.0.0.1/callback")).unwrap();
    let expected = format!(
        "client demo-native of default/demo: \"https://a.example/\\\"\\n\" is not among its redirect_uris \
         (infra/cli/demo/workspaces/demo.toml:{number}): http://127.0.0.1/callback com.example.demo:/callback"
    );
    let hints: Vec<&str> = log.lines().filter(|line| line.contains("is not among its redirect_uris")).collect();
    assert_eq!(hints.len(), 1, "{log}");
    assert!(hints[0].contains(&expected), "{log}");
    // 2026-11-27T12:00:00.000000Z
    assert!(
        log.lines().all(|line| line.len() > 27 && line.as_bytes()[10] == b'T' && line.as_bytes()[26] == b'Z'),
        "{log}"
    );
}

#[test]
fn files_are_checked_without_a_server() {
    let folder = folder("check");
    std::fs::create_dir_all(&folder).unwrap();
    let (good, bad) = (folder.join("good.toml"), folder.join("bad.toml"));
    std::fs::write(&good, NOTES).unwrap();
    std::fs::write(&bad, NOTES.replace("client_name", "client_nam").replace("tenant = \"default\"", "tenant = 7"))
        .unwrap();
    let check = |arguments: &[&str]| {
        let output = postern(arguments).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let (code, said) = check(&["check", good]);
    assert_eq!((code, said.trim()), (Some(0), &*format!("{good}: workspace default/notes with 1 client is in order.")));
    let (code, said) = check(&["check", good, bad, "/nowhere.toml"]);
    let expected = [
        "postern:".to_owned(),
        format!("{bad}:2:10: tenant must be a string, not a whole number"),
        format!("{bad}:7:1: client notes: client_name is missing"),
        format!("{bad}:9:1: client notes: client_nam is not a setting: did you mean client_name?"),
        "/nowhere.toml cannot be read: No such file or directory (os error 2)".to_owned(),
    ];
    assert_eq!((code, said.lines().map(str::to_owned).collect::<Vec<_>>()), (Some(1), expected.to_vec()));
    // A deployment may refuse what local development allows.
    let plain = NOTES.replace("{public_url}/callback", "http://localhost:9000/callback");
    std::fs::write(good, plain).unwrap();
    assert_eq!(check(&["check", good]).0, Some(0));
    assert_eq!(check(&["check", "--public-url", "https://auth.example", good]).0, Some(1));
    // The same workspace twice.
    std::fs::write(bad, NOTES).unwrap();
    assert!(check(&["check", good, bad]).1.contains("workspace default/notes is in"));
}

#[test]
fn an_unknown_url_gives_a_browser_a_page_and_a_program_json() {
    let folder = folder("pages");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("notes.toml");
    std::fs::write(&file, NOTES).unwrap();
    let server = Server::start(&["dev", "--json", "--port", "0", "--memory", "--config", file.to_str().unwrap()]);
    for path in ["/nothing", "/default/demo/nothing", "/demo/nothing"] {
        let page = server.ask(&format!("GET {path}\nAccept: text/html,*/*\n"));
        assert!(
            page.starts_with("HTTP/1.1 404") && page.contains("text/html") && page.contains("To the start"),
            "{page}"
        );
        assert!(server.ask(&format!("GET {path}")).contains("application/json"), "{path}");
    }
    let notes = format!("http://localhost:{}/default/notes", server.port);
    for path in ["/", "/demo"] {
        let page = server.ask(&format!("GET {path}\nAccept: text/html\n"));
        assert!(
            page.starts_with("HTTP/1.1 200") && page.contains(&notes) && page.contains("The demo is not"),
            "{page}"
        );
    }
}

/// A workspace is its file: planned, applied, exported, compared.
#[test]
fn a_workspace_is_planned_applied_and_exported() {
    let folder = folder("plan");
    let (state, file) = (folder.join("state"), folder.join("notes.toml"));
    std::fs::create_dir_all(&folder).unwrap();
    let data = state.to_str().unwrap();
    let server = Server::start(&["dev", "--json", "--port", "0", "--data", data]);
    let url = format!("http://localhost:{}", server.port);
    let run = |arguments: &[&str]| {
        let output = postern(&[arguments, &["--data", data, "--public-url", &url]].concat()).output().unwrap();
        let (said, complaint) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        (output.status.code().unwrap(), said + &complaint)
    };
    std::fs::write(&file, NOTES).unwrap();
    let path = file.to_str().unwrap();
    let (code, planned) = run(&["plan", "--exit-code", path]);
    assert!(code == 2 && planned.contains("would be created, with 1 clients"), "{planned}");
    let (code, applied) = run(&["apply", path]);
    assert!(code == 0 && applied.contains("with 1 clients: new."), "{applied}");
    assert_eq!(run(&["plan", "--exit-code", path]).0, 0, "twice changes nothing");
    // What runs can be had as a file, which changes nothing.
    for workspace in ["default/demo", "default/partner", "default/notes"] {
        let (code, exported) = run(&["export", workspace]);
        assert_eq!(code, 0, "{exported}");
        assert!(!exported.contains(&url) && exported.starts_with("tenant = \"default\""), "{exported}");
        let copy = folder.join("copy.toml");
        std::fs::write(&copy, &exported).unwrap();
        let (code, planned) = run(&["plan", "--exit-code", copy.to_str().unwrap()]);
        assert!(code == 0 && planned.contains("nothing would change"), "{workspace}: {planned}");
    }
    assert!(run(&["export", "default/none"]).1.contains("there is no workspace default/none"));
    std::fs::write(&file, format!("{NOTES}\n[lifetimes]\naccess_token = 300\n")).unwrap();
    let (_, planned) = run(&["plan", "--json", path]);
    let planned: serde_json::Value = serde_json::from_str(&planned).unwrap();
    let change = &planned["workspaces"][0]["changes"][0];
    assert_eq!((&change["path"], &change["after"]), (&"lifetimes.access_token".into(), &300.into()), "{planned}");
    let former = folder.join("former.toml");
    std::fs::write(&former, NOTES).unwrap();
    let compared = postern(&["diff", "--exit-code", former.to_str().unwrap(), path]).output().unwrap();
    let said = String::from_utf8(compared.stdout).unwrap();
    assert_eq!((compared.status.code(), said.trim_end()), (Some(2), "  ~ lifetimes.access_token: 600 -> 300"));
}

/// A client gets a new secret; the former one stays good.
#[test]
fn a_client_gets_a_new_secret_on_a_laptop() {
    let folder = folder("secret");
    let data = folder.to_str().unwrap();
    drop(Server::start(&["dev", "--json", "--port", "0", "--data", data]));
    let rotate = |client: &str, more: &[&str]| {
        let of_demo = ["clients", "--workspace", "default/demo", "--data", data, "--json", "rotate-secret", client];
        let output = postern(&[&of_demo[..], more].concat()).output().unwrap();
        let (said, complaint) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        serde_json::from_str::<serde_json::Value>(&said).map_err(|_| complaint)
    };
    let first = rotate("demo-web", &[]).unwrap();
    assert_eq!((&first["former"], first["client_secret_sha256"].as_array().unwrap().len()), (&1.into(), 2));
    let second = rotate("demo-web", &[]).unwrap();
    assert_eq!((&second["former"], second["client_secret_sha256"].as_array().unwrap().len()), (&2.into(), 3));
    assert_ne!(first["client_secret"], second["client_secret"]);
    let last = rotate("demo-web", &["--keep-days", "0"]).unwrap();
    assert_eq!((&last["former"], &last["former_until"]), (&0.into(), &serde_json::Value::Null));
    assert!(rotate("demo-spa", &[]).unwrap_err().contains("authenticates by none"));
    assert!(rotate("nobody", &[]).unwrap_err().contains("has no client nobody"));
}
