//! Section E: authorization codes.

use futures::future::join_all;
use tests::browser::{answered, exchange, json, request};
use tests::{Browser, Laptop, Pkce};

const NATIVE: &str = "http://127.0.0.1:51004/callback";

/// However many requests redeem one code at once, exactly one wins, and what it won stays good.
#[tokio::test]
async fn sec_code_07_and_13_of_fifty_parallel_redemptions_one_wins() {
    let laptop = Laptop::demo().await;
    let mut browser = Browser::new(&laptop);
    for round in 0..40 {
        let pkce = Pkce::new(&format!("race {round}"));
        let response = browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await;
        let code = answered(&response, "code").unwrap();
        let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
        let answers = join_all((0..50).map(|_| laptop.form("/oauth2/token", &fields, &[]))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
        assert_eq!(won.len(), 1, "round {round}");
        for answer in lost {
            tests::expect::refused(answer, 400, "invalid_grant", "lost the race");
        }
        let bearer = format!("Bearer {}", json(won[0])["access_token"].as_str().unwrap());
        let userinfo = laptop.send("GET", &laptop.demo_url("/userinfo"), &[("authorization", &bearer)], "").await;
        assert_eq!(userinfo.status(), 200, "the winner's tokens stay good");
    }
}
