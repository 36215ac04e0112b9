//! Which identity source a login begins with: hints, addresses, the only one, the one used last.

use serde_json::json;
use tests::browser::{answered, body, changed, form, link, request};
use tests::provider::{press, without_sandbox};
use tests::{Browser, Laptop, Pkce, Provider};
use web::Response;

const NATIVE: &str = "http://127.0.0.1:9999/callback";

/// A provider of the demo that nobody logs in with here, with `settings`.
fn with_second(text: &str, settings: &str) -> String {
    let second = format!(
        "[[upstream]]\nid = \"second\"\npreset = \"google\"\nclient_id = \"us\"\nclient_secret = \"s\"\n{settings}\n\n[[clients]]"
    );
    if text.contains("workspace = \"demo\"") { text.replacen("[[clients]]", &second, 1) } else { text.into() }
}

/// The login page that `browser` gets with these parameters.
async fn login(browser: &mut Browser<'_>, more: &[(&str, &str)]) -> Response {
    let pkce = Pkce::new("choice");
    let asked = more
        .iter()
        .fold(request("demo-trusted", NATIVE, &pkce), |asked, (name, value)| changed(&asked, name, Some(*value)));
    browser.authorize(&asked).await
}

/// The provider to which the page sends the browser at once, if it does.
fn leads_to(page: &Response) -> Option<String> {
    assert_eq!(page.status(), 200, "{}", body(page));
    let refresh = page.headers().get("refresh")?.to_str().unwrap();
    let (_, rest) = refresh.strip_prefix("0;url=").unwrap().split_once("/login/upstream/").unwrap();
    Some(rest.split('?').next().unwrap().to_owned())
}

/// What the page has, in its order.
fn parts(page: &Response) -> String {
    let html = body(page);
    let mut found: Vec<(usize, &str)> =
        ["id=\"identifier\"", "id=\"password\"", "id=\"provider-partner\"", "id=\"provider-second\""]
            .into_iter()
            .filter_map(|part| Some((html.find(part)?, part.split('"').nth(1).unwrap())))
            .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_only_source_is_gone_to_at_once_and_another_way_shows_it() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| without_sandbox(&provider.registered(&text, ""))).await;
    let mut browser = Browser::new(&laptop);
    let page = login(&mut browser, &[]).await;
    assert_eq!((leads_to(&page).as_deref(), parts(&page).as_str()), (Some("partner"), "provider-partner"));
    provider.refuses(400, &json!({"error": "invalid_grant"}));
    let away = provider.followed(&press(&mut browser, &page).await);
    let response = provider.come_back((&laptop, &mut browser), &away, (&json!({}), &json!({}))).await;
    assert_eq!(response.status(), 502);
    let link = link(&response, "/login?interaction=");
    let page = browser.get(&link).await;
    assert_eq!((leads_to(&page), parts(&page).as_str()), (None, "provider-partner"), "{link}");
}

#[tokio::test]
async fn a_hint_of_the_client_chooses_the_source() {
    let laptop = Laptop::with(|text| with_second(&text, "email_domains = [\"corp.example\"]\nhidden = true")).await;
    for (hint, expected) in [
        (("idp_hint", "partner"), Some("partner")),
        (("idp_hint", "second"), Some("second")),
        (("idp_hint", "no such source"), None),
        (("idp_hint", "sandbox"), None),
        (("domain_hint", "Corp.example"), Some("second")),
        (("domain_hint", "other.example"), None),
        (("login_hint", "ada@corp.example"), Some("second")),
        (("login_hint", "alice"), None),
    ] {
        let page = login(&mut Browser::new(&laptop), &[hint]).await;
        assert_eq!(leads_to(&page).as_deref(), expected, "{hint:?}");
        assert!(expected.is_some() || !parts(&page).contains("second"), "{hint:?}: it is hidden");
    }
    let page = login(&mut Browser::new(&laptop), &[("idp_hint", "sandbox")]).await;
    assert_eq!(parts(&page), "password provider-partner");
}

#[tokio::test]
async fn an_address_leads_to_the_provider_of_its_domain_and_says_nothing_of_accounts() {
    let provider = Provider::start().await;
    let laptop =
        Laptop::with(|text| with_second(&provider.registered(&text, "email_domains = [\"corp.example\"]"), "")).await;
    let pkce = Pkce::new("known");
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some("openid email"));
    let known = json!({"email": "ada@corp.example", "email_verified": true});
    let mut browser = Browser::new(&laptop);
    let away = provider.followed(&{
        let page = browser.authorize(&asked).await;
        press(&mut browser, &page).await
    });
    let response = provider.come_back((&laptop, &mut browser), &away, (&json!({}), &known)).await;
    assert!(answered(&response, "code").is_some(), "ada has an account now: {}", body(&response));

    let entered = async |address: &str| {
        let mut browser = Browser::new(&laptop);
        let page = login(&mut browser, &[]).await;
        assert_eq!(parts(&page), "identifier provider-partner provider-second");
        let form = form(&page);
        let interaction = form.hidden.iter().find(|(name, _)| name == "interaction").unwrap().1.clone();
        let answer =
            browser.post(&laptop.demo_url("/login"), &[("interaction", &interaction), ("identifier", address)]).await;
        let asked = match leads_to(&answer) {
            Some(_) => provider.followed(&press(&mut browser, &answer).await).asked("login_hint").map(str::to_owned),
            None => None,
        };
        (answer.status(), leads_to(&answer), parts(&answer), asked, body(&answer).len())
    };
    let ada = entered("ada@corp.example").await;
    assert_eq!((ada.1.as_deref(), ada.3.as_deref()), (Some("partner"), Some("ada@corp.example")));
    let eve = entered("eve@corp.example").await;
    assert_eq!((&ada.0, &ada.1, &ada.2, ada.4), (&eve.0, &eve.1, &eve.2, eve.4), "with an account and without");
    let alice = entered("alice").await;
    assert_eq!((alice.1, alice.2.as_str()), (None, "password provider-partner provider-second"));
    for odd in ["nobody", "@corp.example", "a@corp.example@other.example", " ", &"x".repeat(5000)] {
        assert_eq!(entered(odd).await.2, "password provider-partner provider-second", "{odd}");
    }
}

#[tokio::test]
async fn the_source_used_last_is_listed_first() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| {
        // The second provider stands before the partner.
        let text = provider.registered(&text, "");
        let second =
            "[[upstream]]\nid = \"second\"\npreset = \"google\"\nclient_id = \"us\"\nclient_secret = \"s\"\n\n";
        let before = "# Another OpenID provider";
        text.replacen(before, &format!("{second}{before}"), 1)
    })
    .await;
    let mut browser = Browser::new(&laptop);
    assert_eq!(parts(&login(&mut browser, &[]).await), "password provider-second provider-partner");
    let pkce = Pkce::new("last");
    let asked = request("demo-trusted", NATIVE, &pkce);
    let response = provider.log_in((&laptop, &mut browser), &asked, (&json!({}), &json!({}))).await;
    assert!(answered(&response, "code").is_some(), "{}", body(&response));
    laptop.clock.advance(60);
    let page = login(&mut browser, &[("prompt", "login")]).await;
    assert_eq!(parts(&page), "password provider-partner provider-second", "{} {}", page.status(), body(&page));
    assert!(
        body(&page).contains("Continue with <bdi>Partner</bdi> <small>Used last</small></span>"),
        "{}",
        body(&page)
    );
    assert!(body(&page).contains("<path d=\"M12.5 4.7"), "the icon of the other: {}", body(&page));
}

#[tokio::test]
async fn an_expired_or_foreign_answer_of_a_provider_leaves_another_way_to_sign_in() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, "")).await;
    let mut browser = Browser::new(&laptop);
    let pkce = Pkce::new("late");
    for (late, more) in [(901, ""), (0, "&iss=https://evil.example")] {
        let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
        laptop.clock.advance(late);
        let callback = format!("/callback/partner?code=c&state={}{more}", away.asked("state").unwrap());
        let response = browser.get(&laptop.demo_url(&callback)).await;
        assert_eq!((response.status().as_u16(), provider.exchanges()), (400, 0), "{more}");
        let link = link(&response, "/login?interaction=");
        assert_eq!(parts(&browser.get(&link).await), "password provider-partner", "{link}");
    }
}
