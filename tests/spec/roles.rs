//! The AWS permissions of each function, derived from the handles that it takes (design invariant 8).
//!
//! The result is stored in `infra/contract.json`, along with the routes and the names of environment variables. The
//! stacks are compared with that file, so a handle added to or removed from a function shows there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bootstrap::{Environment, KeyBackend, MailBackend, MailTransport, QueueBackend, Runtime};
use delivery::{QueueName, QueueNeed, QueueSettings};
use mailing::{MailNeed, SesSettings};
use postern::dev::engine::local_settings;
use postern::dev::state::State;
use protocol::types::id::RegionLabel;
use protocol::types::secret::Secret;
use serde_json::{Value, json};
use signing::{Kms, KmsNeed, KmsSettings, SystemEntropy};
use web::SystemClock;
use web::config::PublicUrl;
use web::route::{CrossOrigin, Function, ROUTES};

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

/// The runtime of a function in AWS, before any handle is taken.
fn runtime() -> Runtime {
    let state = State::memory(&SystemEntropy).unwrap();
    let settings = KmsSettings {
        region: "eu-west-1".into(),
        access_key_id: "id".into(),
        secret_access_key: Secret::new("secret".into()),
        session_token: None,
        endpoint: Some("http://127.0.0.1:9".into()),
    };
    let kms = Kms::through(SharedHttpClient::new(state.engine.clone()), settings);
    let queue = |name: &str| QueueBackend::Aws {
        http: SharedHttpClient::new(state.engine.clone()),
        settings: QueueSettings {
            region: "eu-west-1".into(),
            access_key_id: "id".into(),
            secret_access_key: Secret::new("secret".into()),
            session_token: None,
            endpoint: None,
            url: format!("https://sqs.eu-west-1.amazonaws.com/111122223333/{name}"),
        },
    };
    let ses = SesSettings {
        region: "eu-west-1".into(),
        access_key_id: "id".into(),
        secret_access_key: Secret::new("secret".into()),
        session_token: None,
        endpoint: None,
    };
    let transport = MailTransport::Aws { http: SharedHttpClient::new(state.engine.clone()), settings: ses };
    let environment = Environment {
        public_url: PublicUrl::parse("https://auth.example").unwrap(),
        region: RegionLabel::parse("eu").unwrap(),
        keys: KeyBackend::Aws { kms, sealing_key: ARN.into(), signing_keys: vec![ARN.into()] },
        queue: queue("logouts"),
        mail: MailBackend { queue: queue("mail"), transport },
    };
    let connection = store::Connection::through(SharedHttpClient::new(state.engine), local_settings());
    Runtime::new(connection, environment, Arc::new(SystemClock), Arc::new(SystemEntropy))
}

/// Assembles `function` as its `main` does, and returns the runtime that records the handles taken.
fn taken(function: Function) -> Runtime {
    let runtime = runtime();
    match function {
        Function::Authorize => drop(authorize::Deps::assemble(&runtime).unwrap()),
        Function::Login => drop(login::Deps::assemble(&runtime).unwrap()),
        Function::Enroll => drop(enroll::Deps::assemble(&runtime).unwrap()),
        Function::Callback => drop(callback::Deps::assemble(&runtime).unwrap()),
        Function::Token => drop(token::Deps::assemble(&runtime).unwrap()),
        Function::Userinfo => drop(userinfo::Deps::assemble(&runtime).unwrap()),
        Function::Introspect => drop(introspect::Deps::assemble(&runtime).unwrap()),
        Function::Device => drop(device::Deps::assemble(&runtime).unwrap()),
        Function::Par => drop(par::Deps::assemble(&runtime).unwrap()),
        Function::Revoke => drop(revoke::Deps::assemble(&runtime).unwrap()),
        Function::Logout => drop(logout::Deps::assemble(&runtime).unwrap()),
        Function::Account => drop(account::Deps::assemble(&runtime).unwrap()),
        Function::Notify => drop(notify::Deps::assemble(&runtime).unwrap()),
        Function::Mail => drop(mail::Deps::assemble(&runtime).unwrap()),
        Function::Metadata => drop(metadata::Deps::assemble(&runtime).unwrap()),
    }
    runtime
}

fn dynamodb(runtime: &Runtime) -> Vec<Value> {
    let mut rights: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for need in runtime.needs() {
        rights.entry((need.table, need.action)).or_default().insert(need.kind());
    }
    let right = |((table, action), kinds): ((store::need::Table, store::need::Action), _)| json!({ "table": table.name(), "action": action.name(), "kinds": kinds });
    rights.into_iter().map(right).collect()
}

fn kms(needs: &BTreeSet<KmsNeed>) -> Vec<Value> {
    let mut rights = Vec::new();
    let mut purposes = BTreeSet::new();
    for need in needs {
        match need {
            KmsNeed::Sign => rights.push(json!({ "key": "signing", "action": "Sign" })),
            KmsNeed::Describe => rights.push(json!({ "key": "signing", "action": "DescribeKey" })),
            KmsNeed::Decrypt(purpose) => drop(purposes.insert(purpose.name())),
        }
    }
    if !purposes.is_empty() {
        rights.push(json!({ "key": "sealing", "action": "Decrypt", "purposes": purposes }));
    }
    rights
}

fn sqs(needs: &BTreeSet<(QueueName, QueueNeed)>) -> Vec<Value> {
    let actions = |need: QueueNeed| match need {
        QueueNeed::Send => ["SendMessage"].as_slice(),
        QueueNeed::Receive => &["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"],
    };
    let right = |(queue, need): &(QueueName, QueueNeed)| json!({ "queue": queue.name(), "actions": actions(*need) });
    needs.iter().map(right).collect()
}

fn ses(needs: &BTreeSet<MailNeed>) -> Vec<&'static str> {
    let action = |need: &MailNeed| match need {
        MailNeed::Send => "SendEmail",
    };
    needs.iter().map(action).collect()
}

fn environment(runtime: &Runtime) -> Vec<&'static str> {
    let needs = runtime.kms_needs();
    let mut names = vec!["PUBLIC_URL", "REGION_LABEL", "CONFIG_TABLE", "USERS_TABLE", "FLOW_TABLE"];
    if needs.iter().any(|need| matches!(need, KmsNeed::Decrypt(_))) {
        names.push("SEALING_KEY_ARN");
    }
    if needs.contains(&KmsNeed::Sign) {
        names.push("SIGNING_KEY_ARNS");
    }
    for (queue, name) in [(QueueName::Logout, "LOGOUT_QUEUE_URL"), (QueueName::Mail, "MAIL_QUEUE_URL")] {
        if runtime.queue_needs().iter().any(|(needed, _)| *needed == queue) {
            names.push(name);
        }
    }
    names
}

fn contract() -> Value {
    let functions: BTreeMap<&str, Value> = Function::ALL
        .into_iter()
        .map(|function| {
            let runtime = taken(function);
            let mut rights = json!({
                "environment": environment(&runtime),
                "dynamodb": dynamodb(&runtime),
                "kms": kms(&runtime.kms_needs()),
            });
            let (queues, mail) = (sqs(&runtime.queue_needs()), ses(&runtime.mail_needs()));
            if !queues.is_empty() {
                rights.as_object_mut().unwrap().insert("sqs".into(), queues.into());
            }
            if !mail.is_empty() {
                rights.as_object_mut().unwrap().insert("ses".into(), mail.into());
            }
            (function.name(), rights)
        })
        .collect();
    let mut routes = Vec::new();
    for route in ROUTES {
        let preflight = (route.cross_origin != CrossOrigin::Never).then_some("OPTIONS");
        for path in std::iter::once(route.template).chain(route.at_domain()) {
            for method in route.methods.iter().copied().chain(preflight) {
                routes.push(json!({ "method": method, "path": path, "function": route.function.name() }));
            }
        }
    }
    json!({ "functions": functions, "routes": routes })
}

#[test]
fn the_contract_matches_the_handles_that_functions_take() {
    let written = include_str!("../../infra/contract.json");
    let derived = serde_json::to_string_pretty(&contract()).unwrap() + "\n";
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/contract.json");
    std::fs::write(path, &derived).unwrap();
    assert!(
        written == derived,
        "the handles that functions take have changed: copy {path} to infra/contract.json, and change the stacks in infra/sam and \
         infra/cdk with it"
    );
}

#[test]
fn functions_can_sign_and_read_only_what_they_need() {
    for function in Function::ALL {
        let runtime = taken(function);
        let needs = runtime.kms_needs();
        let kinds: BTreeSet<&str> = runtime.needs().iter().map(store::Need::kind).collect();
        let signs = matches!(function, Function::Token | Function::Userinfo | Function::Introspect | Function::Notify);
        assert_eq!(needs.contains(&KmsNeed::Sign), signs, "{}", function.name());
        assert_eq!(kinds.contains("signing-key"), signs, "{}", function.name());
        let derives = needs.contains(&KmsNeed::Decrypt(signing::Purpose::RefreshToken));
        // The token function issues refresh tokens; revoke recognizes those that were rotated long ago.
        let knows_refresh_tokens = matches!(function, Function::Token | Function::Revoke);
        assert_eq!(derives, knows_refresh_tokens, "{}", function.name());
        let back = matches!(
            function,
            Function::Par
                | Function::Device
                | Function::Token
                | Function::Introspect
                | Function::Revoke
                | Function::Metadata
                | Function::Notify
        );
        assert!(!back || !kinds.contains("account"), "{}", function.name());
        // Hashes of passwords are in sign-ins only.
        let reads_hashes = matches!(function, Function::Login | Function::Enroll);
        assert_eq!(kinds.contains("sign-in"), reads_hashes, "{}", function.name());
        assert!(!back || !kinds.contains("session"), "{}", function.name());
        // What sends mail reads workspaces and nothing about users.
        let sends = !runtime.mail_needs().is_empty();
        assert_eq!(sends, function == Function::Mail, "{}", function.name());
        assert!(!sends || kinds.iter().all(|kind| ["sealing-key", "workspace"].contains(kind)), "{kinds:?}");
    }
}
