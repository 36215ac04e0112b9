//! The language of pages: OpenID Connect Core §3.1.2.1 (`ui_locales`), RFC 4647 §3.4, RFC 9110 §12.5.4.

use tests::browser::{body, form, request};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce};
use web::Response;

const NATIVE: &str = "http://127.0.0.1/callback";

/// The language of a page, on which its header, its element and its direction agree.
fn language(page: &Response) -> String {
    let header = page.headers()["content-language"].to_str().unwrap().to_owned();
    let direction = if header == "ar" { "rtl" } else { "ltr" };
    let html = body(page);
    assert!(html.contains(&format!("<html lang=\"{header}\" dir=\"{direction}\">")), "{header}: {html}");
    assert_eq!(page.headers()["vary"], "accept-language");
    header
}

/// Opens the login page with more parameters, in a browser that prefers `accepted`.
async fn opened(browser: &mut Browser<'_>, laptop: &Laptop, more: &[(&str, &str)], accepted: &str) -> Response {
    let pkce = Pkce::new("languages");
    let fields = [&request("demo-native", NATIVE, &pkce)[..], more].concat();
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&fields));
    let response = browser.send("GET", &url, &[("accept-language", accepted)], String::new()).await;
    browser.follow(response).await
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_request_else_of_the_browser_else_of_the_workspace() {
    let laptop = Laptop::at("http://localhost:1", |text| format!("language = \"ja\"\n{text}")).await;
    let table = [
        ("pt de-CH fr", "fr", "de"),
        ("pt", "fr-CA, en;q=0.9", "fr"),
        ("", "pt, es;q=0.2, ar;q=0.7", "ar"),
        ("", "en;q=0, *", "ja"),
        ("", "", "ja"),
        ("en", "de", "en"),
    ];
    for (asked, accepted, expected) in table {
        let page = opened(&mut Browser::new(&laptop), &laptop, &[("ui_locales", asked)], accepted).await;
        assert_eq!(language(&page), expected, "{asked}, {accepted}");
    }
    let unknown = laptop.demo_url("/oauth2/authorize?client_id=nobody&ui_locales=es");
    assert_eq!(language(&Browser::new(&laptop).get(&unknown).await), "es", "an error page as well");
}

#[tokio::test]
async fn the_choice_on_a_page_counts_more_and_lasts_until_the_end_of_the_login() {
    let laptop = Laptop::demo().await;
    let mut browser = Browser::new(&laptop);
    let login = opened(&mut browser, &laptop, &[("ui_locales", "de")], "").await;
    let sealed = form(&login).hidden[0].1.clone();
    let login = browser.get(&format!("{}?interaction={sealed}&ui_locales=fr", laptop.demo_url("/login"))).await;
    assert_eq!(language(&login), "fr");
    let failed = browser.sign_in(&login, "alice", "wrong").await;
    assert_eq!(language(&failed), "fr");
    let consent = browser.sign_in(&failed, "alice", "alice").await;
    assert_eq!(language(&consent), "fr");
    assert!(body(&consent).contains("name=\"decision\""));
    let nothing = browser.decide(&consent, "", &[]).await;
    assert_eq!((nothing.status().as_u16(), language(&nothing)), (400, "fr".to_owned()), "an error on the way");
    assert_eq!(browser.decide(&consent, "allow", &[]).await.status(), 303);
    assert_eq!(language(&browser.decide(&consent, "allow", &[]).await), "fr", "an error at the end");
}

#[tokio::test]
async fn texts_of_the_workspace_file_are_in_the_language_of_the_page() {
    let laptop = Laptop::at("http://localhost:1", |text| {
        let (title, client) = ("title = \"See your name\"", "client_id = \"demo-native\"");
        let text = text.replace(title, "title = { en = \"See your name\", de = \"Ihren Namen sehen\" }");
        text.replace(client, &format!("{client}\n\"client_name#de\" = \"Beispielprogramm\""))
    })
    .await;
    for (tag, expected) in [("de", ["Ihren Namen sehen", "Beispielprogramm"]), ("fr", ["See your name", "Demo"])] {
        let mut browser = Browser::new(&laptop);
        let login = opened(&mut browser, &laptop, &[("ui_locales", tag)], "").await;
        let html = body(&browser.sign_in(&login, "alice", "alice").await);
        assert!(expected.iter().all(|text| html.contains(text)), "{tag}: {html}");
    }
}

#[tokio::test]
async fn signing_out_keeps_the_language() {
    let laptop = Laptop::demo().await;
    let mut browser = Browser::new(&laptop);
    let login = opened(&mut browser, &laptop, &[], "").await;
    let _consent = browser.sign_in(&login, "alice", "alice").await;
    let asking = browser.get(&laptop.demo_url("/oidc/logout?client_id=demo-spa&ui_locales=ar")).await;
    assert_eq!(language(&asking), "ar");
    let form = form(&asking);
    let mut fields: Vec<(&str, &str)> = form.hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.push(("decision", "sign-out"));
    assert_eq!(language(&browser.post(&form.action, &fields).await), "ar");
}
