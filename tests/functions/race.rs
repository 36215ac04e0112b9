//! Several execution environments at the same time.

use std::collections::BTreeSet;

use futures::future::join_all;
use tests::Pkce;
use tests::browser::{answered, body, exchange, json, request};
use tests::expect;
use tests::lambda::{Account, Event, Fleet, Process, Visitor};

use crate::flow::{NATIVE, logged_in, running};

const TOKEN: &str = "/default/demo/oauth2/token";

/// Obtains a code by single sign-on for the client that needs no consent.
async fn code(visitor: &mut Visitor<'_>, pkce: &Pkce) -> String {
    let parameters = request("demo-trusted", NATIVE, pkce);
    let redirected = if visitor.cookies.is_empty() {
        logged_in(visitor, &parameters, "alice").await
    } else {
        visitor.authorize(&parameters).await
    };
    answered(&redirected, "code").unwrap()
}

async fn started(account: &Account, name: &str, count: usize) -> Vec<Process> {
    join_all((0..count).map(|_| account.start(name))).await
}

#[tokio::test]
async fn sec_code_07_one_of_eight_processes_wins_the_redemption() {
    let (account, fleet) = running().await;
    let (processes, mut visitor) = (started(&account, "token", 8).await, Visitor::new(&fleet));
    let mut tokens = BTreeSet::new();
    for round in 0..25 {
        let pkce = Pkce::new(&format!("race {round}"));
        let code = code(&mut visitor, &pkce).await;
        let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
        let event = Event::new("POST", TOKEN).form(&fields);
        let answers = join_all(processes.iter().map(|process| process.invoke(event.clone()))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
        assert_eq!(won.len(), 1, "round {round}");
        for answer in lost {
            expect::refused(answer, 400, "invalid_grant", "lost the race");
        }
        assert!(tokens.insert(json(won[0])["access_token"].to_string()), "round {round}: a distinct token");
    }
}

/// Events queue up in front of each process, as at a function's concurrency limit.
#[tokio::test]
async fn sec_code_07_fifty_concurrent_redemptions_over_five_processes_yield_tokens_once() {
    let (account, fleet) = running().await;
    let (processes, mut visitor) = (started(&account, "token", 5).await, Visitor::new(&fleet));
    let pkce = Pkce::new("fifty");
    let code = code(&mut visitor, &pkce).await;
    let event = Event::new("POST", TOKEN).form(&exchange("demo-trusted", NATIVE, &code, &pkce.verifier));
    let attempts = (0..50).map(|attempt| processes[attempt % 5].invoke(event.clone()));
    let answers = join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 1);
    assert!(answers.iter().all(|answer| answer.status() == 200 || json(answer)["error"] == "invalid_grant"));
}

#[tokio::test]
async fn sec_code_06_a_code_of_another_region_is_refused_naming_the_region_and_stays_valid() {
    let (account, fleet) = running().await;
    let (pkce, mut visitor) = (Pkce::new("region"), Visitor::new(&fleet));
    let code = code(&mut visitor, &pkce).await;
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let mut abroad = account.environment.clone();
    abroad.insert("REGION_LABEL".into(), "us".into());
    let abroad = Process::start("token", &abroad).await;
    let refused = abroad.invoke(Event::new("POST", TOKEN).form(&fields)).await;
    expect::refused(&refused, 400, "invalid_grant", "of another region");
    let description = json(&refused)["error_description"].to_string();
    assert!(description.contains("region eu"), "{description}");
    let tokens = fleet.form("/oauth2/token", &fields).await;
    assert_eq!(tokens.status(), 200, "{}", body(&tokens));
}

/// The consent form of one interaction, submitted concurrently in two environments.
#[tokio::test]
async fn sec_code_07_an_interaction_finished_twice_concurrently_yields_one_code() {
    let (account, fleet) = running().await;
    let other = account.start("login").await;
    for round in 0..10 {
        let (pkce, mut visitor) = (Pkce::new(&format!("twice {round}")), Visitor::new(&fleet));
        let login = visitor.authorize(&request("demo-native", NATIVE, &pkce)).await;
        let consent = visitor.submit(&login, &[("username", "alice"), ("password", "alice")]).await;
        let codes = both(&fleet, &other, &visitor, &consent).await;
        assert_eq!(codes.len(), 1, "round {round}: {codes:?}");
    }
}

async fn both(fleet: &Fleet, other: &Process, visitor: &Visitor<'_>, consent: &web::Response) -> BTreeSet<String> {
    let form = tests::browser::form(consent);
    let mut fields: Vec<(&str, &str)> = form.hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.push(("decision", "allow"));
    let event = Event::new("POST", fleet.target(&form.action)).form(&fields).cookies(&visitor.cookies);
    let login = &fleet.processes["login"];
    let answers = join_all([login.invoke(event.clone()), other.invoke(event)]).await;
    for answer in answers.iter().filter(|answer| answer.status() != 303) {
        expect::page(answer, 400, "finished by the other process");
    }
    answers.iter().filter_map(|answer| answered(answer, "code")).collect()
}
