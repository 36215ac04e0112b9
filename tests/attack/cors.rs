//! Section Q: which responses other origins may read.

use http::HeaderMap;
use tests::browser::{body, exchange, request};
use tests::expect::refused;
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce, Trouble};
use web::Response;
use web::route::{CrossOrigin, ROUTES, Route};

use crate::given::{NATIVE, SPA, access_token, code};

const OWN: &str = "http://localhost:9000";
const OTHER_CLIENT: &str = "https://client.example";
const FOREIGN: [&str; 13] = [
    "null",
    "https://evil.example",
    "https://client.example.evil.com",
    "https://evilclient.example",
    "http://client.example",
    "https://client.example:444",
    "https://CLIENT.example",
    "https://client.example/",
    "https://client.example,https://evil.example",
    "http://localhost:9001",
    "http://127.0.0.1:0",
    "http://[::1]:51004",
    "*",
];

fn path(route: &Route) -> String {
    let path = route.template.replace("{tenant}", "default").replace("{workspace}", "demo");
    path.replace("{idp}", "partner")
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap())
}

/// Credentials may be allowed only with a single named origin, and responses that depend on the origin must vary on it.
fn sound(response: &Response, case: &str) {
    let named = !matches!(allowed(response.headers()), None | Some("*"));
    let credentials = response.headers().get("access-control-allow-credentials");
    assert_eq!(credentials.map(http::HeaderValue::as_bytes), named.then_some(&b"true"[..]), "{case}");
    if named {
        let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
        assert!(vary.iter().any(|vary| vary.to_str().unwrap().contains("Origin")), "{case}: {vary:?}");
    }
}

/// Headers that real clients name in a preflight: those of the Model Context Protocol, of tracing, and of common
/// libraries.
const NAMED: &str = "authorization,baggage,cache-control,content-type,dpop,mcp-protocol-version,sentry-trace,\
                     traceparent,tracestate,x-requested-with";

async fn preflight(laptop: &Laptop, path: &str, origin: &str, method: &str) -> Response {
    let headers =
        [("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", NAMED)];
    laptop.send("OPTIONS", path, &headers, "").await
}

#[tokio::test]
async fn sec_cors_01_and_02_and_sec_authz_22_preflights_follow_the_table() {
    let laptop = Laptop::demo().await;
    for route in ROUTES {
        let path = path(route);
        for origin in FOREIGN.into_iter().chain([OWN, OTHER_CLIENT]) {
            let case = format!("{path} {origin}");
            let response = preflight(&laptop, &path, origin, route.methods[0]).await;
            sound(&response, &case);
            let registered = [OWN, OTHER_CLIENT].contains(&origin);
            let expected = match route.cross_origin {
                CrossOrigin::Never => {
                    assert_eq!(response.status(), 405, "{case}: {}", body(&response));
                    let any = response.headers().keys().any(|name| name.as_str().starts_with("access-control"));
                    assert!(!any, "{case}: {:?}", response.headers());
                    None
                }
                CrossOrigin::Public => Some("*"),
                CrossOrigin::Registered => registered.then_some(origin),
            };
            assert_eq!(allowed(response.headers()), expected, "{case}");
            if expected.is_some() {
                assert_eq!(response.status(), 204, "{case}");
                let methods = response.headers()["access-control-allow-methods"].to_str().unwrap();
                assert_eq!(methods, route.methods.join(", "), "{case}");
                let headers = response.headers()["access-control-allow-headers"].to_str().unwrap();
                let headers: Vec<_> = headers.split(", ").collect();
                assert!(NAMED.split(',').all(|name| headers.contains(&name)), "{case}: {headers:?}");
            }
        }
    }
}

#[tokio::test]
async fn sec_cors_01_and_02_and_sec_authz_22_responses_are_readable_according_to_the_table() {
    let laptop = Laptop::demo().await;
    for route in ROUTES {
        let path = path(route);
        for method in route.methods {
            for origin in FOREIGN.into_iter().chain([OWN, OTHER_CLIENT]) {
                let case = format!("{method} {path} {origin}");
                let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
                let response = laptop.send(method, &path, &headers, "").await;
                sound(&response, &case);
                let registered = [OWN, OTHER_CLIENT].contains(&origin);
                let expected = match route.cross_origin {
                    CrossOrigin::Never => None,
                    CrossOrigin::Public => Some("*"),
                    CrossOrigin::Registered => registered.then_some(origin),
                };
                assert_eq!(allowed(response.headers()), expected, "{case}");
            }
        }
    }
}

/// Some libraries set `credentials: include`, so the browser attaches any cookies it has. The endpoints must ignore
/// them.
#[tokio::test]
async fn sec_cors_02_endpoints_readable_across_origins_ignore_cookies() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("cors 2"));
    let mut browser = Browser::new(&laptop);
    browser.log_in(&request("demo-spa", SPA, &pkce)).await;
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    assert!(cookies.contains("session.default.demo="), "{cookies}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    for route in ROUTES.iter().filter(|route| route.cross_origin == CrossOrigin::Registered) {
        for method in route.methods {
            let body_of = "client_id=demo-spa&grant_type=authorization_code&code=x&token=x";
            let (headers, path) = ([("origin", OWN), form, ("cookie", cookies.as_str())], path(route));
            let with = laptop.send(method, &path, &headers, body_of).await;
            let without = laptop.send(method, &path, &headers[..2], body_of).await;
            let case = format!("{method} {}", route.template);
            assert_eq!(with.status(), without.status(), "{case}");
            assert!(!with.headers().contains_key("set-cookie"), "{case}");
            let said = |response: &Response| body(response).split("trace_id").next().unwrap_or_default().to_owned();
            assert_eq!(said(&with), said(&without), "{case}");
        }
    }
}

/// Changing which endpoints belong to which class must be a deliberate decision.
#[test]
fn sec_cors_01_the_cors_classes_of_the_endpoints_are_pinned() {
    for route in ROUTES {
        let expected = match route.template {
            template if template.contains("/.well-known/") => CrossOrigin::Public,
            template if template.ends_with("/oauth2/token") => CrossOrigin::Registered,
            template if template.ends_with("/oauth2/revoke") => CrossOrigin::Registered,
            template if template.ends_with("/userinfo") => CrossOrigin::Registered,
            template if template.ends_with("/par") => CrossOrigin::Registered,
            template if template.ends_with("/device/authorization") => CrossOrigin::Registered,
            _ => CrossOrigin::Never,
        };
        assert_eq!(route.cross_origin, expected, "{}", route.template);
    }
}

#[tokio::test]
async fn sec_cors_03_a_page_can_read_the_error_of_its_request() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("cors 3"));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let fields = |code: &str| encoded(&exchange("demo-spa", SPA, code, &pkce.verifier));
    let token = laptop.demo_url("/oauth2/token");
    let code = code(&laptop, "demo-spa", SPA, &pkce).await;
    let large = "a".repeat(65_537);
    let unknown = fields(&code).replace("demo-spa", "nobody");
    let table = [
        ("invalid_grant", "POST", fields("x"), 400),
        ("invalid_request", "POST", String::new(), 400),
        ("invalid_client", "POST", unknown, 401),
        ("too large", "POST", large, 413),
    ];
    for (case, method, body_of, status) in table {
        let response = laptop.send(method, &token, &[form, ("origin", OWN)], body_of).await;
        assert_eq!(response.status(), status, "{case}: {}", body(&response));
        readable(&response, case);
    }
    let userinfo = laptop.demo_url("/userinfo");
    let headers = [("origin", OWN), ("authorization", "Bearer x")];
    readable(&laptop.send("GET", &userinfo, &headers, "").await, "an invalid token");
    readable(&laptop.send("GET", &userinfo, &[("origin", OWN)], "").await, "no token");
    laptop.wire.plan(|call, _| if call.kind == "grant" { Trouble::Denied } else { Trouble::None });
    let response = laptop.send("POST", &token, &[form, ("origin", OWN)], fields(&code)).await;
    laptop.wire.calm();
    refused(&response, 503, "temporarily_unavailable", "no store");
    readable(&response, "no store");
    let response = laptop.send("POST", &token, &[form, ("origin", OWN)], fields(&code)).await;
    readable(&response, "tokens");
    let bearer = format!("Bearer {}", access_token(&response));
    let headers = [("origin", OWN), ("authorization", bearer.as_str())];
    readable(&laptop.send("GET", &userinfo, &headers, "").await, "userinfo");
}

fn readable(response: &Response, case: &str) {
    sound(response, case);
    assert_eq!(allowed(response.headers()), Some(OWN), "{case}");
    let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("WWW-Authenticate") && exposed.contains("Retry-After"), "{case}: {exposed}");
}

/// A wrong method is reported like any other error of the endpoint.
#[tokio::test]
async fn sec_cors_03_a_page_can_read_a_method_not_allowed_error() {
    let laptop = Laptop::demo().await;
    for (method, path) in [("GET", "/oauth2/token"), ("PUT", "/userinfo"), ("DELETE", "/oauth2/revoke")] {
        let response = laptop.send(method, &laptop.demo_url(path), &[("origin", OWN)], "").await;
        assert_eq!(response.status(), 405, "{path}");
        readable(&response, path);
    }
}

/// The preflight cannot know the client; the request itself can, and then only that client's own origins are allowed.
#[tokio::test]
async fn sec_cors_03_a_response_is_readable_only_by_origins_of_the_calling_client() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("cors 3 split"));
    let path = format!("/default/demo{}", "/oauth2/token");
    assert_eq!(allowed(preflight(&laptop, &path, OTHER_CLIENT, "POST").await.headers()), Some(OTHER_CLIENT));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = async |client: &str, origin: &str| {
        let fields = encoded(&exchange(client, NATIVE, "x", &pkce.verifier));
        let response = laptop.send("POST", &path, &[form, ("origin", origin)], fields).await;
        sound(&response, client);
        allowed(response.headers()).map(str::to_owned)
    };
    assert_eq!(answer("demo-spa", OWN).await.as_deref(), Some(OWN));
    assert_eq!(answer("demo-spa", OTHER_CLIENT).await, None);
    assert_eq!(answer("demo-web", OTHER_CLIENT).await.as_deref(), Some(OTHER_CLIENT));
    assert_eq!(answer("demo-web", OWN).await, None);
    assert_eq!(answer("demo-native", OWN).await, None, "a client without web origins");
}
