//! All functions together, and a simulated browser in front of them.

use std::collections::BTreeMap;

use web::config::PublicUrl;
use web::{Response, route};

use super::{Event, Process};
use crate::browser::{form, location};
use crate::laptop::encoded;

/// All functions, and a front door that routes events to them.
pub struct Fleet {
    /// The processes by name.
    pub processes: BTreeMap<&'static str, Process>,
    pub(super) public_url: PublicUrl,
}

impl Fleet {
    /// Returns the URL of `path` below the issuer of the workspace `demo`.
    #[must_use]
    pub fn demo_url(&self, path: &str) -> String {
        format!("{}/default/demo{path}", self.public_url.as_str())
    }

    /// Returns path and query of `url`, as they appear in an event.
    #[must_use]
    pub fn target<'u>(&self, url: &'u str) -> &'u str {
        url.strip_prefix(self.public_url.origin()).unwrap()
    }

    /// Sends an event for `url` to the function that the route table names.
    pub async fn send(&self, method: &str, url: &str, dress: impl FnOnce(Event) -> Event) -> Response {
        let target = self.target(url);
        let path = target.split('?').next().unwrap().strip_prefix(self.public_url.base_path()).unwrap();
        let name = format!("{:?}", route::find(path).unwrap().route.function).to_lowercase();
        self.processes[name.as_str()].invoke(dress(Event::new(method, target))).await
    }

    /// Posts a form to `path` below the issuer of `demo`, as a client does on the back channel.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send("POST", &self.demo_url(path), |event| event.form(fields)).await
    }

    /// Calls userinfo with `token`.
    pub async fn userinfo(&self, token: &str) -> Response {
        let bearer = format!("Bearer {token}");
        self.send("GET", &self.demo_url("/userinfo"), |event| event.header("authorization", &bearer)).await
    }

    /// Stops all processes and returns their output.
    #[must_use]
    pub fn stop(self) -> BTreeMap<&'static str, String> {
        self.processes.into_iter().map(|(name, process)| (name, process.stop())).collect()
    }
}

/// A simulated browser in front of a fleet.
pub struct Visitor<'f> {
    fleet: &'f Fleet,
    /// Cookie values by name.
    pub cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` received.
    pub set: Vec<String>,
    /// Every URL opened or redirected to.
    pub seen: Vec<String>,
}

impl<'f> Visitor<'f> {
    /// Creates a browser without cookies.
    #[must_use]
    pub const fn new(fleet: &'f Fleet) -> Self {
        Self { fleet, cookies: BTreeMap::new(), set: Vec::new(), seen: Vec::new() }
    }

    /// Sends a request and stores the cookies of the response.
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

    /// Opens `url` and follows redirects within the server.
    pub async fn open(&mut self, url: &str) -> Response {
        let response = self.send("GET", url, |event| event).await;
        self.follow(response).await
    }

    /// Sends an authorization request and follows redirects within the server.
    pub async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Response {
        let url = format!("{}?{}", self.fleet.demo_url("/oauth2/authorize"), encoded(parameters));
        self.open(&url).await
    }

    /// Submits the form of `page` with the fields `more` and follows redirects within the server.
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
