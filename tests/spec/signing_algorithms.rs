//! What a client may ask to be signed, in which algorithm (OpenID Connect Registration §2, Discovery §3): each algorithm that
//! is listed signs, verifiably, and no other can be registered.

use administration::signing_keys::NewKey;
use administration::workspace_file::Loader;
use postern::dev::demo_workspaces::DEMO;
use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::jose::key_ring::{KeyLocation, KeyRing, KeyRole, KeySeries, PUBLISHED_BEFORE_USE};
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use serde_json::{Value, json};
use signing::verify::verify_issued_by_us;
use signing::{Purpose, Sealer, SystemEntropy};
use tests::browser::{answered, body, changed, exchange, json as parsed, request};
use tests::receiver::Receiver;
use tests::{Browser, Laptop, Pkce};
use web::Response;
use web::config::PublicUrl;

use crate::flow::NATIVE;

const ALL: [Algorithm; 3] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];
/// Every workspace that can be configured.
const WORKSPACES: [(Algorithm, &str); 5] = [
    (Algorithm::RS256, "beside"),
    (Algorithm::PS256, "beside"),
    (Algorithm::PS256, "none"),
    (Algorithm::ES256, "beside"),
    (Algorithm::ES256, "none"),
];

fn demo() -> WorkspaceId {
    WorkspaceId::parse("default", "demo").unwrap()
}

/// The name of the client that asks for `wanted`.
fn name(wanted: Option<Algorithm>) -> &'static str {
    wanted.map_or("plain", Algorithm::as_str)
}

/// A client that asks for `wanted` everywhere, and is told of logouts at `url`.
fn client(wanted: Option<Algorithm>, url: &str) -> String {
    let name = name(wanted);
    let asked = wanted.map_or_else(String::new, |_| {
        format!("id_token_signed_response_alg = \"{name}\"\nuserinfo_signed_response_alg = \"{name}\"")
    });
    format!(
        r#"
[[clients]]
client_id = "{name}"
client_name = "{name}"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid email offline_access"
backchannel_logout_uri = "{url}"
{asked}
"#
    )
}

/// The demo workspace with these keys and `more` clients.
fn signing(text: &str, (own, rs256_key): (Algorithm, &str), more: &str) -> String {
    if !text.contains("workspace = \"demo\"") {
        return text.into();
    }
    let rs256_key = if own == Algorithm::RS256 { String::new() } else { format!("rs256_key = \"{rs256_key}\"") };
    let keys = format!("signing_algorithm = \"{}\"\n{rs256_key}", own.as_str());
    let text = text.replacen("signing_algorithm = \"RS256\"", &keys, 1);
    assert!(text.contains(&keys));
    format!("{text}\n{more}")
}

/// Why a workspace with these keys refuses a client that asks for `wanted`.
fn refusal(workspace: (Algorithm, &str), wanted: Algorithm) -> Option<String> {
    let sealer = Sealer::derived(&protocol::types::secret::Secret::new([1; 32]), Purpose::UpstreamSecret).unwrap();
    let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
    let (upstream_secrets, client_secrets) = (&sealer, &sealer);
    let loader = Loader { public_url: &public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
    let text = signing(DEMO[0].1, workspace, &client(Some(wanted), "http://127.0.0.1:9/logout"));
    loader.text("x.toml", &text).err().map(|error| error.to_string())
}

async fn metadata(laptop: &Laptop) -> Value {
    parsed(&laptop.send("GET", &laptop.demo_url("/.well-known/openid-configuration"), &[], "").await)
}

async fn jwks(laptop: &Laptop) -> Vec<PublicJwk> {
    let jwks = parsed(&laptop.send("GET", &laptop.demo_url("/.well-known/jwks.json"), &[], "").await);
    jwks["keys"].as_array().unwrap().iter().map(|key| serde_json::from_value(key.clone()).unwrap()).collect()
}

/// The algorithm of `token`, after its signature was verified with a published key of that algorithm.
async fn algorithm(laptop: &Laptop, token: &str, typ: &str) -> Algorithm {
    let published = jwks(laptop).await;
    let header = protocol::syntax::encoding::base64url_decoded(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let signed_with = published.iter().find(|key| header["kid"] == key.thumbprint().as_str()).unwrap();
    assert_eq!(header["alg"], signed_with.alg.as_str());
    assert!(verify_issued_by_us(token, &[signed_with], typ).is_some(), "{token}");
    signed_with.alg
}

/// Logs alice in at `client` and returns the answer to the exchange.
async fn exchanged(laptop: &Laptop, browser: &mut Browser<'_>, client: &str) -> Response {
    let pkce = Pkce::new("signed");
    let asked = changed(&request(client, NATIVE, &pkce), "scope", Some("openid email offline_access"));
    let answer = browser.authorize(&asked).await;
    let answer = if answered(&answer, "code").is_some() { answer } else { browser.log_in(&asked).await };
    let code = answered(&answer, "code").unwrap_or_else(|| panic!("{client}: {}", body(&answer)));
    laptop.form("/oauth2/token", &exchange(client, NATIVE, &code, &pkce.verifier), &[]).await
}

async fn tokens(laptop: &Laptop, client: &str) -> Value {
    let answer = exchanged(laptop, &mut Browser::new(laptop), client).await;
    assert_eq!(answer.status(), 200, "{client}: {}", body(&answer));
    parsed(&answer)
}

/// Asserts the algorithms of the access token and of the ID token, and that `at_hash` binds them.
async fn proved(laptop: &Laptop, tokens: &Value, (own, wanted): (Algorithm, Algorithm)) {
    let (access, id) = (tokens["access_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap());
    assert_eq!(algorithm(laptop, access, "at+jwt").await, own, "access tokens stay as they are");
    assert_eq!(algorithm(laptop, id, "JWT").await, wanted);
    let claims = protocol::syntax::encoding::base64url_decoded(id.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["at_hash"], protocol::jose::at_hash::at_hash(access).as_str());
}

/// Everything that is signed for the client that asks for `wanted`.
async fn everything_is_signed(laptop: &Laptop, own: Algorithm, wanted: Option<Algorithm>, receiver: &Receiver) {
    let (client, expected) = (name(wanted), wanted.unwrap_or(own));
    let mut browser = Browser::new(laptop);
    let answer = exchanged(laptop, &mut browser, client).await;
    assert_eq!(answer.status(), 200, "{client}: {}", body(&answer));
    let first = parsed(&answer);
    proved(laptop, &first, (own, expected)).await;

    let refresh_token = first["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", refresh_token)];
    proved(laptop, &parsed(&laptop.form("/oauth2/token", &fields, &[]).await), (own, expected)).await;

    let userinfo = laptop.userinfo(first["access_token"].as_str().unwrap()).await;
    match wanted {
        None => assert_eq!(parsed(&userinfo)["email"], "alice@example.com"),
        Some(wanted) => assert_eq!(algorithm(laptop, &body(&userinfo), "JWT").await, wanted),
    }

    let before = receiver.received().len();
    let hint = first["id_token"].as_str().unwrap();
    let url = format!("{}?id_token_hint={hint}", laptop.demo_url("/oidc/logout"));
    let asking = browser.get(&url).await;
    assert!(asking.status().is_success() || asking.status().is_redirection(), "{}", body(&asking));
    assert_eq!(laptop.worker.deliver().await, 1, "the hint is believed, and the client is told");
    let told = receiver.received()[before].logout_token();
    assert_eq!(algorithm(laptop, &told, "logout+jwt").await, expected, "as its ID tokens");
}

async fn everything_listed_works(laptop: &Laptop, workspace: (Algorithm, &str), receiver: &Receiver) {
    let metadata = metadata(laptop).await;
    let listed = |member: &str| -> Vec<Algorithm> {
        let member = format!("{member}_signing_alg_values_supported");
        serde_json::from_value(metadata[&member].clone()).unwrap()
    };
    let (own, for_clients) = (workspace.0, listed("id_token"));
    assert_eq!(listed("introspection"), [own]);
    assert_eq!((for_clients[0], &listed("userinfo")), (own, &for_clients), "the workspace's own comes first");
    for wanted in ALL {
        assert_eq!(refusal(workspace, wanted).is_none(), for_clients.contains(&wanted), "{workspace:?} {wanted:?}");
    }
    for wanted in std::iter::once(None).chain(for_clients.into_iter().map(Some)) {
        everything_is_signed(laptop, own, wanted, receiver).await;
    }
}

/// The clients that a workspace with these keys can have.
fn clients(workspace: (Algorithm, &str), url: &str) -> String {
    let asking = ALL.into_iter().filter(|wanted| refusal(workspace, *wanted).is_none()).map(Some);
    asking.chain([None]).map(|wanted| client(wanted, url)).collect()
}

#[tokio::test]
async fn sec_oidc_06_each_listed_algorithm_signs_for_the_client_that_asks_and_no_other_is_registered() {
    let receiver = Receiver::start().await;
    for workspace in WORKSPACES {
        let more = clients(workspace, &receiver.url);
        let laptop = Laptop::with(|text| signing(&text, workspace, &more)).await;
        everything_listed_works(&laptop, workspace, &receiver).await;
        let (laptop, _kms) = Laptop::in_aws(|text| signing(&text, workspace, &more)).await;
        everything_listed_works(&laptop, workspace, &receiver).await;
    }
}

/// Discovery §3: "The algorithm RS256 MUST be included."
#[tokio::test]
async fn every_workspace_lists_rs256_unless_it_says_otherwise() {
    for (own, rs256_key) in WORKSPACES {
        let by_default = |text: String| {
            let keys = format!("signing_algorithm = \"{}\"", own.as_str());
            text.replacen("signing_algorithm = \"RS256\"", &keys, 1)
        };
        let laptop = match rs256_key {
            "beside" => Laptop::with(by_default).await,
            _ => Laptop::with(|text| signing(&text, (own, rs256_key), "")).await,
        };
        let listed = metadata(&laptop).await["id_token_signing_alg_values_supported"].clone();
        let expected = match (own, rs256_key) {
            (Algorithm::RS256, _) => json!(["RS256"]),
            (own, "none") => json!([own.as_str()]),
            (own, _) => json!([own.as_str(), "RS256"]),
        };
        assert_eq!(listed, expected, "{own:?} {rs256_key}");
        let published: Vec<_> = jwks(&laptop).await.into_iter().map(|key| key.alg).collect();
        assert_eq!(json!(published), expected, "{own:?} {rs256_key}");
    }
}

async fn ring(laptop: &Laptop) -> KeyRing {
    laptop.with_keys(async |keys| keys.ring(&demo()).await.unwrap().ring).await
}

/// The workspace's own keys stay as they are when the setting changes, and what the key beside signed stays good.
#[tokio::test]
async fn the_key_beside_comes_and_goes_with_the_setting_when_a_workspace_is_applied() {
    let more = client(Some(Algorithm::RS256), "http://127.0.0.1:9/logout");
    let (with, without) = ((Algorithm::ES256, "beside"), (Algorithm::ES256, "none"));
    for in_aws in [false, true] {
        let before = |text: String| signing(&text, without, "");
        let mut laptop = if in_aws { Laptop::in_aws(before).await.0 } else { Laptop::with(before).await };
        let first = ring(&laptop).await;
        assert!(first.beside.is_empty(), "as one that was stored before there were any");
        laptop.apply(|text| signing(&text, with, &more)).await;
        laptop.restart();
        let second = ring(&laptop).await;
        assert_eq!(second.keys, first.keys);
        proved(&laptop, &tokens(&laptop, "RS256").await, (Algorithm::ES256, Algorithm::RS256)).await;
        laptop.apply(|text| signing(&text, with, &more)).await;
        assert_eq!(ring(&laptop).await, second, "applied again, nothing changes");

        laptop.apply(|text| signing(&text, without, "")).await;
        laptop.restart();
        let third = ring(&laptop).await;
        assert!(third.beside.iter().all(|key| key.role == KeyRole::Retired), "{third:?}");
        assert_eq!(metadata(&laptop).await["id_token_signing_alg_values_supported"], json!(["ES256"]));
        assert_eq!(jwks(&laptop).await.len(), third.all().count(), "what it signed is still good");
        laptop.apply(|text| signing(&text, (Algorithm::ES256, "beside"), &more)).await;
        laptop.restart();
        proved(&laptop, &tokens(&laptop, "RS256").await, (Algorithm::ES256, Algorithm::RS256)).await;
    }
}

#[tokio::test]
async fn the_keys_beside_are_added_rotated_and_revoked_like_the_others() {
    let more = client(Some(Algorithm::RS256), "http://127.0.0.1:9/logout");
    for in_aws in [false, true] {
        // PS256 takes the RSA keys of the stack, so the first key beside is wrapped.
        let workspace = (Algorithm::PS256, "beside");
        let change = |text: String| signing(&text, workspace, &more);
        let mut laptop = if in_aws { Laptop::in_aws(change).await.0 } else { Laptop::with(change).await };
        let first = ring(&laptop).await;
        let kid = first.current_beside().unwrap().jwk.thumbprint();
        let expected = if in_aws { KeyLocation::Wrapped } else { KeyLocation::Sealed };
        assert_eq!(first.current_beside().unwrap().location, expected);
        let new = |algorithm| if in_aws { NewKey::Wrapped(algorithm) } else { NewKey::Sealed(algorithm) };
        let added = laptop
            .with_keys(async |keys| {
                let other = keys.add(&demo(), KeySeries::Beside, new(Algorithm::ES256)).await.err().unwrap();
                assert!(other.to_string().contains("signs RS256"), "{other}");
                keys.add(&demo(), KeySeries::Beside, new(Algorithm::RS256)).await.unwrap()
            })
            .await;
        assert_eq!(added.keys, first.keys);
        let next = added.beside[1].jwk.thumbprint();
        laptop.restart();
        assert!(jwks(&laptop).await.iter().any(|key| key.thumbprint() == next), "published before it signs");
        laptop.clock.advance(PUBLISHED_BEFORE_USE.as_seconds());
        let before = tokens(&laptop, "RS256").await;
        laptop
            .with_keys(async |keys| {
                let rotate = |ring: &mut KeyRing| ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, keys.now);
                keys.step(&demo(), rotate).await.unwrap()
            })
            .await;
        laptop.restart();
        let after = tokens(&laptop, "RS256").await;
        proved(&laptop, &before, (Algorithm::PS256, Algorithm::RS256)).await;
        proved(&laptop, &after, (Algorithm::PS256, Algorithm::RS256)).await;
        laptop.with_keys(async |keys| keys.step(&demo(), |ring| ring.revoke(&kid, keys.now)).await.unwrap()).await;
        laptop.restart();
        assert!(jwks(&laptop).await.iter().all(|key| key.thumbprint() != kid), "no longer trusted");
        proved(&laptop, &tokens(&laptop, "RS256").await, (Algorithm::PS256, Algorithm::RS256)).await;
    }
}

#[tokio::test]
async fn no_key_is_added_beside_where_the_workspace_has_none() {
    let laptop = Laptop::demo().await;
    laptop
        .with_keys(async |keys| {
            let new = NewKey::Sealed(Algorithm::RS256);
            let refused = keys.add(&demo(), KeySeries::Beside, new).await.err().unwrap().to_string();
            assert!(refused.contains("default/demo has no RS256 key beside its own: apply"), "{refused}");
        })
        .await;
    assert!(ring(&laptop).await.beside.is_empty());
}

/// An operator switches a workspace to ES256. Between the rotation and the next `apply`, clients that ask for RS256 still
/// get it, from the key that they know.
#[tokio::test]
async fn clients_that_ask_for_rs256_get_it_all_through_a_switch_to_another_algorithm() {
    let more = client(Some(Algorithm::RS256), "http://127.0.0.1:9/logout");
    let (mut laptop, _kms) = Laptop::in_aws(|text| signing(&text, (Algorithm::RS256, "beside"), &more)).await;
    proved(&laptop, &tokens(&laptop, "RS256").await, (Algorithm::RS256, Algorithm::RS256)).await;
    let former = ring(&laptop).await.current().unwrap().jwk.clone();
    laptop
        .with_keys(async |keys| {
            keys.add(&demo(), KeySeries::Own, NewKey::Wrapped(Algorithm::ES256)).await.unwrap();
            for _ in 0..2 {
                let rotate = |ring: &mut KeyRing| ring.rotate(KeySeries::Own, Lifetime::seconds(0), keys.now);
                keys.step(&demo(), rotate).await.unwrap();
            }
        })
        .await;
    laptop.restart();
    proved(&laptop, &tokens(&laptop, "RS256").await, (Algorithm::ES256, Algorithm::RS256)).await;
    laptop.apply(|text| signing(&text, (Algorithm::ES256, "beside"), &more)).await;
    laptop.restart();
    proved(&laptop, &tokens(&laptop, "RS256").await, (Algorithm::ES256, Algorithm::RS256)).await;
    let ring = ring(&laptop).await;
    assert!(ring.published().contains(&&former) && ring.beside.len() == 1, "{ring:?}");
}
