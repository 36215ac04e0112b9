//! All functions together, and a person at a browser in front of them.

use std::collections::BTreeMap;

use web::config::PublicUrl;
use web::{Response, route};

use super::{Event, Process};
use crate::browser::{form, location};
use crate::laptop::encoded;

/// Every function, and the front door that knows which event goes to which.
pub struct Fleet {
    /// The processes by name.
    pub processes: BTreeMap<&'static str, Process>,
    pub(super) public_url: PublicUrl,
}

impl Fleet {
    /// The URL of `path` below the issuer of the workspace `demo`.
    #[must_use]
    pub fn demo_url(&self, path: &str) -> String {
        format!("{}/default/demo{path}", self.public_url.as_str())
    }

    /// The path and query of a URL of ours, as an event has them.
    #[must_use]
    pub fn target<'u>(&self, url: &'u str) -> &'u str {
        url.strip_prefix(self.public_url.origin()).unwrap()
    }

    /// Sends an event for `url` where the table of routes says.
    pub async fn send(&self, method: &str, url: &str, dress: impl FnOnce(Event) -> Event) -> Response {
        let target = self.target(url);
        let path = target.split('?').next().unwrap().strip_prefix(self.public_url.base_path()).unwrap();
        let name = format!("{:?}", route::find(path).unwrap().route.function).to_lowercase();
        self.processes[name.as_str()].invoke(dress(Event::new(method, target))).await
    }

    /// Sends a form to `path` below the issuer of `demo`, as a client's back channel does.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send("POST", &self.demo_url(path), |event| event.form(fields)).await
    }

    /// Asks userinfo with `token`.
    pub async fn userinfo(&self, token: &str) -> Response {
        let bearer = format!("Bearer {token}");
        self.send("GET", &self.demo_url("/userinfo"), |event| event.header("authorization", &bearer)).await
    }

    /// Ends all processes and returns what each wrote.
    #[must_use]
    pub fn stop(self) -> BTreeMap<&'static str, String> {
        self.processes.into_iter().map(|(name, process)| (name, process.stop())).collect()
    }
}

/// A person at a browser in front of a fleet.
pub struct Visitor<'f> {
    fleet: &'f Fleet,
    /// The cookies, by name.
    pub cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` that came.
    pub set: Vec<String>,
    /// Every URL that was opened or led to.
    pub seen: Vec<String>,
}

impl<'f> Visitor<'f> {
    /// A fresh browser.
    #[must_use]
    pub const fn new(fleet: &'f Fleet) -> Self {
        Self { fleet, cookies: BTreeMap::new(), set: Vec::new(), seen: Vec::new() }
    }

    /// Sends a request and keeps what cookies come back.
    pub async fn send(&mut self, method: &str, url: &str, dress: impl FnOnce(Event) -> Event) -> Response {
        let cookies = self.cookies.clone();
        let response = self.fleet.send(method, url, |event| dress(event.cookies(&cookies))).await;
        self.seen.push(url.into());
        self.seen.extend(location(&response));
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.set.push(cookie.into());
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        response
    }

    /// Opens `url` and follows redirects of ours.
    pub async fn open(&mut self, url: &str) -> Response {
        let response = self.send("GET", url, |event| event).await;
        self.follow(response).await
    }

    /// Opens an authorization request and follows redirects of ours.
    pub async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Response {
        let url = format!("{}?{}", self.fleet.demo_url("/oauth2/authorize"), encoded(parameters));
        self.open(&url).await
    }

    /// Sends the form of `page` with `more` and follows redirects of ours.
    pub async fn submit(&mut self, page: &Response, more: &[(&str, &str)]) -> Response {
        let form = form(page);
        let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = hidden.chain(more.iter().copied()).collect();
        let dress = |event: Event| event.form(&fields).header("sec-fetch-site", "same-origin");
        let response = self.send("POST", &form.action, dress).await;
        self.follow(response).await
    }

    async fn follow(&mut self, mut response: Response) -> Response {
        let ours = format!("{}/default/", self.fleet.public_url.as_str());
        while let Some(url) = location(&response).filter(|url| url.starts_with(&ours)) {
            response = self.send("GET", &url, |event| event).await;
        }
        response
    }
}
