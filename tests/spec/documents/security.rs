//! The tables in SECURITY.md list exactly the permissions in `infra/contract.json` and exactly the routes.

use std::collections::BTreeSet;

use serde_json::Value;
use web::route::{CrossOrigin, ROUTES};

use super::markdown::Document;
use super::repository::Repository;

/// The cells of the table whose first column has this heading, without backticks.
fn rows(document: &Document, heading: &str) -> Vec<Vec<String>> {
    let table = document.tables().into_iter().find(|table| table.head.first().is_some_and(|first| first == heading));
    let table = table.unwrap_or_else(|| panic!("SECURITY.md has no table of each {heading}"));
    table.rows.into_iter().map(|(_, cells)| cells.into_iter().map(|cell| cell.replace('`', "")).collect()).collect()
}

/// The rows that exist on one side only.
fn differences(said: &BTreeSet<Vec<String>>, is: &BTreeSet<Vec<String>>) -> Vec<String> {
    let row = |what: &str, cells: &Vec<String>| format!("{what}: | {} |", cells.join(" | "));
    let wrong = said.difference(is).map(|cells| row("SECURITY.md is wrong", cells));
    wrong.chain(is.difference(said).map(|cells| row("SECURITY.md lacks", cells))).collect()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap())
}

/// The item kinds on which `rights` allow this action, in order.
fn kinds(rights: &Value, actions: &[&str]) -> Vec<String> {
    let is_one = |right: &&Value| actions.contains(&right["action"].as_str().unwrap());
    let of_action = rights["dynamodb"].as_array().unwrap().iter().filter(is_one);
    let kinds: BTreeSet<&str> = of_action.flat_map(|right| texts(&right["kinds"])).collect();
    kinds.into_iter().map(str::to_owned).collect()
}

/// The table row of a function, derived from its permissions in the contract.
fn role(name: &str, rights: &Value) -> Vec<String> {
    let known = ["dynamodb", "environment", "kms", "ses", "sqs"];
    assert!(
        rights.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
        "{name} has unknown permissions"
    );
    let or_nothing = |all: Vec<String>, between| if all.is_empty() { "nothing".into() } else { all.join(between) };
    let purposes = rights["kms"].as_array().unwrap().iter().flat_map(|right| texts(&right["purposes"]));
    vec![
        name.into(),
        or_nothing(kinds(rights, &["GetItem", "Query"]), ", "),
        or_nothing(writes(name, rights), "; "),
        signs(name, rights).into(),
        or_nothing(purposes.map(str::to_owned).collect(), ", "),
        messages(name, rights),
    ]
}

/// The distinct actions of `rights` for this service.
fn actions<'a>(rights: &'a Value, service: &str) -> BTreeSet<&'a str> {
    rights[service].as_array().unwrap().iter().map(|right| right["action"].as_str().unwrap()).collect()
}

fn writes(name: &str, rights: &Value) -> Vec<String> {
    let verbs = [("put", "PutItem"), ("update", "UpdateItem"), ("delete", "DeleteItem")];
    let known = verbs.map(|(_, action)| action).into_iter().chain(["GetItem", "Query"]).collect();
    assert!(actions(rights, "dynamodb").is_subset(&known), "{name} has a table permission without a description here");
    let written = verbs.map(|(verb, action)| (verb, kinds(rights, &[action]))).into_iter();
    written.filter(|(_, kinds)| !kinds.is_empty()).map(|(verb, kinds)| format!("{verb} {}", kinds.join(", "))).collect()
}

fn signs(name: &str, rights: &Value) -> &'static str {
    match actions(rights, "kms").into_iter().filter(|action| *action != "Decrypt").collect::<Vec<_>>().as_slice() {
        [] => "no",
        ["DescribeKey", "Sign"] => "yes",
        other => panic!("{name} has a key permission without a description here: {other:?}"),
    }
}

fn messages(name: &str, rights: &Value) -> String {
    let queue = |right: &Value| {
        let verb = match texts(&right["actions"]).collect::<Vec<_>>().as_slice() {
            ["SendMessage"] => "send",
            ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"] => "receive",
            other => panic!("{name} has a queue permission without a description here: {other:?}"),
        };
        format!("{verb}: {}", right["queue"].as_str().unwrap())
    };
    let mail = texts(&rights["ses"]).map(|action| {
        assert_eq!(action, "SendEmail", "{name} has a mail permission without a description here");
        "SES".to_owned()
    });
    let all: Vec<String> = rights["sqs"].as_array().into_iter().flatten().map(queue).chain(mail).collect();
    if all.is_empty() { "no".into() } else { all.join("; ") }
}

fn document(repository: &Repository) -> Document {
    Document::parse("SECURITY.md", &repository.files["SECURITY.md"])
}

#[test]
fn security_md_lists_exactly_the_rights_of_each_function() {
    let repository = Repository::here();
    let contract: Value = serde_json::from_str(&repository.files["infra/contract.json"]).unwrap();
    let functions = contract["functions"].as_object().unwrap();
    let is = functions.iter().map(|(name, rights)| role(name, rights)).collect();
    let said = rows(&document(repository), "function").into_iter().collect();
    let differences = differences(&said, &is);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn security_md_lists_exactly_the_routes() {
    let repository = Repository::here();
    let origins = |cross_origin| match cross_origin {
        CrossOrigin::Never => "no",
        CrossOrigin::Registered => "registered origins",
        CrossOrigin::Public => "any origin",
    };
    let row = |route: &web::route::Route| {
        [route.template, &route.methods.join(", "), route.function.name(), origins(route.cross_origin)]
            .map(str::to_owned)
            .to_vec()
    };
    let is = ROUTES.iter().map(row).collect();
    let said = rows(&document(repository), "endpoint");
    assert!(
        said.iter().all(|cells| cells.len() == 5 && !cells[4].is_empty()),
        "every row says how requests are authenticated"
    );
    let differences = differences(&said.into_iter().map(|cells| cells[..4].to_vec()).collect(), &is);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn wrong_and_missing_rows_are_reported() {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let document = Document::parse("SECURITY.md", "| function | signs |\n|---|---|\n| `a` | no |\n| `b` | yes |\n");
    let said = rows(&document, "function").into_iter().collect();
    let is = BTreeSet::from([row(&["a", "yes"]), row(&["b", "yes"]), row(&["c", "no"])]);
    let expected =
        ["SECURITY.md is wrong: | a | no |", "SECURITY.md lacks: | a | yes |", "SECURITY.md lacks: | c | no |"];
    assert_eq!(differences(&said, &is), expected);
    let rights = serde_json::json!({
        "dynamodb": [
            { "action": "GetItem", "kinds": ["grant"] },
            { "action": "GetItem", "kinds": ["client"] },
            { "action": "DeleteItem", "kinds": ["session"] },
        ],
        "kms": [{ "action": "Sign" }, { "action": "DescribeKey" }, { "action": "Decrypt", "purposes": ["logout"] }],
        "sqs": [{ "queue": "logout", "actions": ["SendMessage"] }],
    });
    assert_eq!(role("a", &rights), ["a", "client, grant", "delete session", "yes", "logout", "send: logout"]);
}
