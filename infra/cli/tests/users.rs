//! `postern users` on the state of a laptop.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const FILE: &str = r#"#:schema ./x
tenant = "default"
workspace = "notes"
name = "Notes"
default_audience = "https://notes.example"

[pool]
identifiers = ["email", "username"]

[[pool.attributes]]
name = "name"
required = true

[[pool.attributes]]
name = "badge"
type = "number"
"#;

/// A password that the policy accepts.
const PASSWORD: &str = "violet kettle orbits\n";

/// A folder with the state of a server that has stopped.
fn state(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (file, data) = (folder.join("notes.toml"), folder.join("state"));
    std::fs::write(&file, FILE).unwrap();
    let arguments = ["dev", "--json", "--port", "0", "--config", file.to_str().unwrap(), "--data"];
    let mut server = Command::new(env!("CARGO_BIN_EXE_postern"));
    server.args(arguments).arg(&data).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = server.spawn().unwrap();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    assert!(Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap().success());
    server.wait().unwrap();
    data
}

fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.args(["users", "--workspace", "default/notes", "--json", "--data"]).arg(data).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn done(data: &Path, arguments: &[&str], input: &str) -> Value {
    let output = run(data, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(data: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(data, arguments, input);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_user_is_created_shown_changed_and_deleted() {
    let data = state("users");
    let alice = ["create", "--email", "Alice@Example.com", "--username", "alice", "--attribute", "name=Alice"];
    let created = done(&data, &[&alice[..], &["--email-verified", "--attribute", "badge=7"]].concat(), PASSWORD);
    let subject = created["subject"].as_str().unwrap().to_owned();
    assert_eq!(subject.len(), 22);
    assert_eq!(
        (&created["email"], &created["email_verified"], &created["attributes"]),
        (&json!("alice@example.com"), &json!(true), &json!({"name": "Alice", "badge": 7}))
    );
    for who in ["ALICE@example.com", "Alice", &subject] {
        assert_eq!(done(&data, &["show", who], ""), created, "{who}");
    }
    let listed = done(&data, &["list"], "");
    assert_eq!((&listed["users"], &listed["next"]), (&json!([created]), &Value::Null));
    for (step, status) in [
        ("lock", "locked"),
        ("unlock", "active"),
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("enable", "active"),
    ] {
        assert_eq!(done(&data, &[step, "alice"], "")["status"], status, "{step}");
    }
    let changed = done(&data, &["set-password", "alice"], "another kettle that whistles\n");
    assert!(changed["password_changed"].as_u64() >= created["password_changed"].as_u64());
    assert_eq!(done(&data, &["delete", "alice"], "")["status"], "deleted");
    assert!(refused(&data, &["show", "alice"], "").contains("there is no user \"alice\""));
    assert_eq!(done(&data, &["list"], "")["users"], json!([]));
    let taken = refused(&data, &alice, PASSWORD);
    assert!(taken.contains("\"alice@example.com\" belongs to another user, or did until recently"), "{taken}");
}

#[test]
fn a_bad_user_is_refused_with_what_to_do() {
    let data = state("bad-users");
    let name = ["--attribute", "name=Bob"];
    let table: [(&[&str], &str, &str); 9] = [
        (&["--username", "bob"], PASSWORD, "name is missing"),
        (&["--username", "b\u{43e}b", name[0], name[1]], PASSWORD, "a user name has 1 to 64 of a-z"),
        (&["--email", "bob", name[0], name[1]], PASSWORD, "an e-mail address is local@domain"),
        (&[name[0], name[1]], PASSWORD, "the user has no identifier"),
        (&["--username", "bob", name[0], name[1], "--attribute", "badge=x"], PASSWORD, "badge has another type"),
        (&["--username", "bob", name[0], name[1], "--attribute", "shoe=42"], PASSWORD, "shoe is not an attribute"),
        (&["--username", "bob", name[0], name[1]], "short\n", "fewer than 15 characters"),
        (&["--username", "bob", name[0], name[1]], "\n", "the password is empty"),
        (&["--username", "bob", name[0], name[1]], "passwordpassword\n", "choose another password"),
    ];
    for (arguments, input, expected) in table {
        let said = refused(&data, &[&["create"], arguments].concat(), input);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains("violet"), "{said}");
    }
    assert_eq!(done(&data, &["list"], "")["users"], json!([]));
    let created = done(&data, &["create", "--username", "bob", name[0], name[1], "--no-password"], "");
    assert_eq!(created["password_changed"], Value::Null);
}
