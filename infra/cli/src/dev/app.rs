//! Every function in one process.

use std::sync::Arc;

use bootstrap::{BootstrapError, Entrance, Runtime};
use protocol::types::domain::Domain;
use web::config::PublicUrl;
use web::route::{Function, Matched};
use web::{Clock, Request, Response, json, unavailable};

use administration::workspace_file::WorkspaceFile;
use mailing::Mailbox;
use signing::Entropy;

use crate::dev::demo;
use crate::dev::demo_api::DemoApi;
use crate::dev::host::HostNames;
use crate::dev::mailbox;
use crate::dev::redirect_hint::RegisteredClients;
use crate::dev::start_page::{not_found, start_page};

/// Every function, assembled from one runtime, and the demo.
pub struct App {
    entrance: Entrance,
    clock: Arc<dyn Clock>,
    authorize: authorize::Deps,
    login: login::Deps,
    enroll: enroll::Deps,
    callback: callback::Deps,
    token: token::Deps,
    userinfo: userinfo::Deps,
    introspect: introspect::Deps,
    par: par::Deps,
    device: device::Deps,
    revoke: revoke::Deps,
    logout: logout::Deps,
    account: account::Deps,
    metadata: Arc<metadata::Deps>,
    demo_api: DemoApi,
    registered: RegisteredClients,
    issuers: Vec<String>,
    has_demo: bool,
    entropy: Arc<dyn Entropy>,
    public_url: PublicUrl,
    names: HostNames,
    mailbox: Option<Arc<Mailbox>>,
}

impl App {
    /// Builds every function.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks something that a function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        let metadata = Arc::new(metadata::Deps::assemble(runtime)?);
        let public_url = runtime.public_url.clone();
        Ok(Self {
            entrance: runtime.entrance(),
            clock: Arc::clone(&runtime.clock),
            authorize: authorize::Deps::assemble(runtime)?,
            login: login::Deps::assemble(runtime)?,
            enroll: enroll::Deps::assemble(runtime)?,
            callback: callback::Deps::assemble(runtime)?,
            token: token::Deps::assemble(runtime)?,
            userinfo: userinfo::Deps::assemble(runtime)?,
            introspect: introspect::Deps::assemble(runtime)?,
            par: par::Deps::assemble(runtime)?,
            device: device::Deps::assemble(runtime)?,
            revoke: revoke::Deps::assemble(runtime)?,
            logout: logout::Deps::assemble(runtime)?,
            account: account::Deps::assemble(runtime)?,
            demo_api: DemoApi::new(public_url.as_str(), Arc::clone(&metadata), Arc::clone(&runtime.clock)),
            metadata,
            registered: RegisteredClients::default(),
            issuers: Vec::new(),
            has_demo: true,
            entropy: Arc::clone(&runtime.entropy),
            names: HostNames::with(public_url.as_str()),
            public_url,
            mailbox: None,
        })
    }

    /// The same, for a local server of `files`.
    #[must_use]
    pub fn serving(mut self, files: &[WorkspaceFile]) -> Self {
        self.registered = RegisteredClients::of(files);
        self.issuers = files.iter().map(|file| file.workspace.issuer.as_str().to_owned()).collect();
        self.has_demo = files.iter().any(demo::is_client_of);
        self
    }

    /// The same, with a page that shows `mailbox`.
    #[must_use]
    pub fn showing(mut self, mailbox: Arc<Mailbox>) -> Self {
        self.mailbox = Some(mailbox);
        self
    }

    /// Whether browsers reach the server over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.public_url.is_secure()
    }

    /// The host names that the server accepts.
    #[must_use]
    pub const fn names(&self) -> &HostNames {
        &self.names
    }

    /// The domain that `authority`, to which a request was sent, can be.
    #[must_use]
    pub fn domain(&self, authority: &str) -> Option<Domain> {
        self.public_url.domain(authority)
    }

    /// Whether the request was sent to the domain of a workspace.
    pub async fn has_domain(&self, request: &Request) -> bool {
        let Some(domain) = &request.domain else { return false };
        self.entrance.has(domain, self.clock.now()).await.unwrap_or_else(|fault| {
            let _logged = unavailable(fault);
            false
        })
    }

    /// Handles a request with the function that the route table names.
    pub async fn handle(&self, request: &Request) -> Response {
        if request.path == "/demo/api/offers" {
            return self.demo_api.handle(request).await;
        }
        if let Some(response) = self.mailbox.as_ref().and_then(|mailbox| mailbox::handle(request, mailbox)) {
            return response;
        }
        if !self.has_demo && matches!(request.path.as_ref(), "/" | "/demo") {
            return start_page(request, &self.issuers, &*self.entropy);
        }
        if let Some(response) = demo::handle(request, self.public_url.as_str()) {
            return response;
        }
        let Ok(found) = self.entrance.find(request, self.clock.now()).await.map_err(unavailable) else {
            return json::unavailable(request);
        };
        let Some(matched) = found else { return not_found(request, self.public_url.as_str(), &*self.entropy) };
        let response = self.call(request, &matched).await;
        if response.status() == 400
            && matched.route.function == Function::Authorize
            && let Some(hint) = self.registered.hint(request, &matched)
        {
            tracing::warn!("{hint}");
        }
        response
    }

    async fn call(&self, request: &Request, matched: &Matched<'_>) -> Response {
        match matched.route.function {
            Function::Authorize => Box::pin(authorize::handle(&self.authorize, request)).await,
            Function::Login => Box::pin(login::handle(&self.login, request)).await,
            Function::Enroll => Box::pin(enroll::handle(&self.enroll, request)).await,
            Function::Callback => Box::pin(callback::handle(&self.callback, request)).await,
            Function::Token => Box::pin(token::handle(&self.token, request)).await,
            Function::Userinfo => Box::pin(userinfo::handle(&self.userinfo, request)).await,
            Function::Introspect => Box::pin(introspect::handle(&self.introspect, request)).await,
            Function::Device => Box::pin(device::handle(&self.device, request)).await,
            Function::Par => Box::pin(par::handle(&self.par, request)).await,
            Function::Revoke => Box::pin(revoke::handle(&self.revoke, request)).await,
            Function::Logout => Box::pin(logout::handle(&self.logout, request)).await,
            Function::Account => Box::pin(account::handle(&self.account, request)).await,
            // They consume queues and have no route.
            Function::Notify | Function::Mail => json::not_found(request),
            Function::Metadata => Box::pin(metadata::handle(&self.metadata, request)).await,
        }
    }
}
