//! A simulated browser: cookies, redirects, forms.

use std::collections::BTreeMap;

use regex::Regex;
use web::Response;

use crate::laptop::{Laptop, encoded};
use crate::pkce::Pkce;

/// A browser with its cookie jar.
pub struct Browser<'l> {
    laptop: &'l Laptop,
    issuer: String,
    /// Cookie values by name.
    pub cookies: BTreeMap<String, String>,
}

/// A form as found on a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// The `action` URL.
    pub action: String,
    /// What the form sends if its user changes nothing: hidden fields, and switches that are on.
    pub hidden: Vec<(String, String)>,
}

impl<'l> Browser<'l> {
    /// Creates a browser without cookies.
    #[must_use]
    pub fn new(laptop: &'l Laptop) -> Self {
        Self::at(laptop, &laptop.issuer())
    }

    /// Creates a browser without cookies that sends authorization requests to `issuer`.
    #[must_use]
    pub fn at(laptop: &'l Laptop, issuer: &str) -> Self {
        Self { laptop, issuer: issuer.into(), cookies: BTreeMap::new() }
    }

    /// Opens `url` without following redirects.
    pub async fn get(&mut self, url: &str) -> Response {
        self.send("GET", url, &[], String::new()).await
    }

    /// Submits a form without following redirects.
    pub async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Response {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.send("POST", url, &headers, encoded(fields)).await
    }

    /// Sends a request with the stored cookies, and stores the cookies of the response.
    pub async fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all = headers.to_vec();
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        let response = self.laptop.send(method, url, &all, body).await;
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        response
    }

    /// Sends an authorization request and follows redirects until a page or a redirect to another site.
    pub async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Response {
        let url = format!("{}/oauth2/authorize?{}", self.issuer, encoded(parameters));
        let response = self.get(&url).await;
        self.follow(response).await
    }

    /// Follows redirects within the server.
    pub async fn follow(&mut self, mut response: Response) -> Response {
        let here = self.issuer.split("/default").next().unwrap().to_owned();
        while let Some(location) = location(&response).filter(|location| location.starts_with(&here)) {
            if location.contains("/demo/callback") || location.contains("/demo/silent") {
                break;
            }
            response = self.get(&location).await;
        }
        response
    }

    /// Submits the login form of `page` and follows redirects.
    pub async fn sign_in(&mut self, page: &Response, username: &str, password: &str) -> Response {
        let form = form(page);
        let mut fields: Vec<(&str, &str)> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend([("username", username), ("password", password)]);
        let response = self.post(&form.action, &fields).await;
        self.follow(response).await
    }

    /// Submits the consent form with a decision and additional fields. `withhold` and `withhold_claim` turn a switch off.
    pub async fn decide(&mut self, page: &Response, decision: &str, more: &[(&str, &str)]) -> Response {
        let form = form(page);
        let mut fields: Vec<(&str, &str)> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.push(("decision", decision));
        for (name, value) in more {
            match *name {
                "withhold" => fields.retain(|field| *field != ("allow", value)),
                "withhold_claim" => fields.retain(|field| *field != ("allow_claim", value)),
                _ => fields.push((name, value)),
            }
        }
        self.post(&form.action, &fields).await
    }

    /// Submits the account chooser and follows redirects.
    pub async fn choose(&mut self, page: &Response, account: &str) -> Response {
        let form = form(page);
        let mut fields: Vec<(&str, &str)> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.push(("account", account));
        let response = self.post(&form.action, &fields).await;
        self.follow(response).await
    }

    /// Runs the whole flow: logs alice in, allows the request, and returns the response at the client.
    pub async fn log_in(&mut self, parameters: &[(&str, &str)]) -> Response {
        let mut response = self.authorize(parameters).await;
        if body(&response).contains("name=\"password\"") {
            response = self.sign_in(&response, "alice", "alice").await;
        }
        if body(&response).contains("name=\"decision\"") {
            response = self.decide(&response, "allow", &[]).await;
        }
        response
    }
}

/// Returns the first link of `page` that contains `part`.
#[must_use]
pub fn link(page: &Response, part: &str) -> String {
    let html = body(page);
    let link = html.split('"').find(|attribute| attribute.contains(part)).unwrap_or_else(|| panic!("{part}: {html}"));
    link.replace("&#38;", "&").replace("&amp;", "&")
}

/// Returns a valid authorization request of `client`, as a baseline for variations.
#[must_use]
pub fn request<'a>(client: &'a str, redirect_uri: &'a str, pkce: &'a Pkce) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("scope", "openid profile email"),
        ("state", "state-1"),
        ("nonce", "nonce-1"),
        ("code_challenge", &pkce.challenge),
        ("code_challenge_method", "S256"),
    ]
}

/// Returns a valid token request of a public client, as a baseline for variations.
#[must_use]
pub fn exchange<'a>(
    client: &'a str,
    redirect_uri: &'a str,
    code: &'a str,
    verifier: &'a str,
) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("code", code),
        ("code_verifier", verifier),
    ]
}

/// Returns `fields` with `name` set to `value`, or removed.
#[must_use]
pub fn changed<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = fields.iter().copied().filter(|(known, _)| *known != name).collect();
    fields.extend(value.map(|value| (name, value)));
    fields
}

/// Returns the `Location` of a redirect.
#[must_use]
pub fn location(response: &Response) -> Option<String> {
    response.headers().get("location").map(|location| location.to_str().unwrap().to_owned())
}

/// Returns the decoded response parameter `name`, from the query or fragment of `Location` or from a form field.
#[must_use]
pub fn answered(response: &Response, name: &str) -> Option<String> {
    let Some(location) = location(response) else {
        let posted = body(response).contains("requestSubmit").then(|| form(response))?;
        return posted.hidden.into_iter().find(|(field, _)| field == name).map(|(_, value)| value);
    };
    let parameters = location.split_once('#').or_else(|| location.split_once('?'))?.1;
    let parameters = protocol::syntax::parameters::Parameters::parse(parameters.as_bytes()).unwrap();
    parameters.all(name).next().map(str::to_owned)
}

/// Returns the body as text.
#[must_use]
pub fn body(response: &Response) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// Returns the body as JSON.
#[must_use]
pub fn json(response: &Response) -> serde_json::Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|error| panic!("{error}: {}", body(response)))
}

/// Returns the first form on a page.
#[must_use]
pub fn form(page: &Response) -> Form {
    let html = body(page);
    let unescape = |text: &str| {
        let escapes = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&"), ("&amp;", "&")];
        escapes.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
    };
    let action = Regex::new(r#"<form method="post" action="([^"]*)""#).unwrap();
    let hidden =
        Regex::new(r#"<input type="(?:hidden|checkbox" role="switch" class="switch)" name="([^"]*)" value="([^"]*)""#);
    let action = action.captures(&html).unwrap_or_else(|| panic!("no form: {} {html}", page.status()));
    let start = action.get(0).map_or(0, |found| found.start());
    let inside = html[start..].split("</form>").next().unwrap_or_default();
    let fields =
        hidden.unwrap().captures_iter(inside).map(|found| (found[1].to_owned(), unescape(&found[2]))).collect();
    Form { action: unescape(&action[1]), hidden: fields }
}
