//! Fixtures: values to store.

use std::sync::Arc;

use protocol::client_authentication::authenticated_client::AuthenticatedClient;
use protocol::client_authentication::credentials::{ClientProof, Credentials, authenticate};
use protocol::clients::client::Client;
use protocol::clients::grant_type::GrantType;
use protocol::clients::resource_indicator::Resources;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::syntax::parameters::Parameters;
use protocol::tokens::code_grant::{ApprovedExchange, CodeUse, approve};
use protocol::tokens::context::TokenContext;
use protocol::tokens::error::TokenError;
use protocol::tokens::grant::{Grant, GrantTerms, LoadedGrant};
use protocol::tokens::request::Presented;
use protocol::types::id::{GrantId, Issuer, RegionLabel, Subject, WorkspaceId};
use protocol::types::retry_window::RetryWindow;
use protocol::types::scope::Scopes;
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::status::UserStatus;
use protocol::workspace::settings::{Settings, Workspace};
use serde_json::{Value, json};
use store::{Creation, GrantCreation, GrantReading, GrantRedemption, NewGrant, Redemption, WriteAttempt, WriteContext};
use tests::Pkce;

use crate::engine::Fresh;

/// The current time of every test: far in the future, so that no engine expires an item during a run.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(4_000_000_000);

/// The base URL of all issuers.
pub(crate) const PUBLIC_URL: &str = "https://auth.example";

const REDIRECT_URI: &str = "https://app.example/callback";

/// Returns the time `seconds` from now.
pub(crate) const fn later(seconds: u32) -> Timestamp {
    NOW.plus(Lifetime::seconds(seconds))
}

/// The id of a workspace.
pub(crate) fn workspace_id(name: &str) -> WorkspaceId {
    WorkspaceId::parse("default", name).unwrap()
}

/// A workspace with additional settings `more`.
pub(crate) fn workspace(name: &str, more: Value) -> Workspace {
    let mut settings = json!({"name": name, "default_audience": "https://api.example", "scopes": [
        {"name": "openid", "title": "Know who you are"}, {"name": "offline_access", "title": "Stay signed in"},
    ]});
    if let Value::Object(more) = more {
        settings.as_object_mut().unwrap().extend(more);
    }
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let id = workspace_id(name);
    Workspace { issuer: Issuer::new(PUBLIC_URL, &id), id, settings }
}

/// A public client.
pub(crate) fn metadata(id: &str, redirect_uri: &str) -> ClientMetadata {
    serde_json::from_value(json!({
        "client_id": id,
        "client_name": id,
        "redirect_uris": [redirect_uri],
        "token_endpoint_auth_method": "none",
        "scope": "openid",
    }))
    .unwrap()
}

/// A subject identifier.
pub(crate) fn subject(text: &str) -> Subject {
    Subject::parse(text).unwrap()
}

/// The hash of a secret.
pub(crate) fn digest(secret: &str) -> SecretHash {
    SecretHash::of(&Secret::new(secret.into()))
}

/// A code about to be issued.
#[derive(Clone)]
pub(crate) struct Code {
    /// The granted scopes.
    pub(crate) scope: &'static str,
    /// The workspace of the grant.
    pub(crate) workspace: WorkspaceId,
    /// The id of the grant.
    pub(crate) id: GrantId,
    /// The hash of the code.
    pub(crate) digest: SecretHash,
    /// When the code expires.
    pub(crate) expires: Timestamp,
    /// When the interaction can no longer be resubmitted.
    pub(crate) interaction_expires: Timestamp,
}

impl Code {
    /// A code valid for one minute in the workspace `demo`.
    pub(crate) fn new(number: u8) -> Self {
        Self {
            scope: "openid",
            workspace: workspace_id("demo"),
            id: GrantId::from_bytes([number; 16]),
            digest: digest(&format!("code {number}")),
            expires: later(60),
            interaction_expires: later(1800),
        }
    }

    /// A code for a client with refresh tokens, with the scope that they need.
    pub(crate) fn offline(number: u8) -> Self {
        Self { scope: "openid offline_access", ..Self::new(number) }
    }

    /// Creates the grant.
    pub(crate) async fn created(&self, at: &Fresh, attempt: &str) -> &'static str {
        let grant = NewGrant {
            id: self.id.clone(),
            terms: GrantTerms { scope: Scopes::parse(self.scope).unwrap(), ..terms() },
            code: self.digest,
            code_expires: self.expires,
            interaction_expires: self.interaction_expires,
        };
        let attempt = WriteAttempt::new(attempt.into());
        ended(&GrantCreation::new(&at.connection).create(&self.workspace, grant, &attempt).await.unwrap())
    }

    /// Records that the user denied the request.
    pub(crate) async fn denied(&self, at: &Fresh, attempt: &str) -> &'static str {
        let (creation, attempt) = (GrantCreation::new(&at.connection), WriteAttempt::new(attempt.into()));
        ended(&creation.deny(&self.workspace, &self.id, self.interaction_expires, &attempt).await.unwrap())
    }

    /// Loads the grant.
    pub(crate) async fn found(&self, at: &Fresh) -> Option<Grant> {
        GrantReading::new(&at.connection).find(&self.workspace, &self.id).await.unwrap()
    }

    /// Decides the exchange of the code at `now`, without committing it.
    pub(crate) async fn decided(&self, at: &Fresh, now: Timestamp) -> Result<ApprovedExchange, TokenError> {
        let grant = GrantRedemption::new(&at.connection).find(&self.workspace, &self.id).await.unwrap();
        let verifier = Some(Secret::new(Pkce::new("contract").verifier));
        let presented = Presented {
            redirect_uri: Some(REDIRECT_URI.into()),
            code_verifier: verifier,
            resource: Resources::default(),
        };
        let loaded = grant.map(|grant| LoadedGrant { grant, user: UserStatus::Active });
        let usage = CodeUse { code: self.digest, sender: self.sender(), retry_window: RetryWindow::default() };
        approve(loaded, &usage, presented, TokenContext { client: &refreshing_client(), now })
    }

    /// The fingerprint of the sender that redeems the code.
    pub(crate) fn sender(&self) -> SecretHash {
        SecretHash::of(&Secret::new(format!("sender of {}", self.id)))
    }

    /// Approves the exchange of the code at the current time.
    pub(crate) async fn approved(&self, at: &Fresh) -> ApprovedExchange {
        self.decided(at, NOW).await.map_err(|error| error.to_string()).unwrap()
    }

    /// Redeems the code at `now`.
    pub(crate) async fn redeemed(
        &self,
        at: &Fresh,
        approved: &ApprovedExchange,
        attempt: &str,
        now: Timestamp,
    ) -> &'static str {
        let redemption = GrantRedemption::new(&at.connection);
        raced(&redemption.redeem(&self.write(attempt, now), approved, None).await.unwrap())
    }

    /// The context of a write at `now` by the attempt `attempt`.
    pub(crate) fn write(&self, attempt: &str, now: Timestamp) -> WriteContext<'_> {
        WriteContext { workspace: &self.workspace, attempt: WriteAttempt::new(attempt.into()), now }
    }

    /// The primary key of the item.
    pub(crate) fn key(&self) -> Value {
        json!({"pk": {"S": format!("grant#{}#{}", self.workspace, self.id)}})
    }
}

/// The outcome of finishing an interaction as a word.
pub(crate) fn ended(creation: &Creation) -> &'static str {
    match creation {
        Creation::Created(_) => "created",
        Creation::AlreadyFinished => "already finished",
    }
}

/// The outcome of redeeming a code as a word.
pub(crate) fn raced(redemption: &Redemption) -> &'static str {
    match redemption {
        Redemption::Won(_) => "won",
        Redemption::Lost(_) => "lost",
        Redemption::Gone => "gone",
    }
}

/// The terms shared by all grants.
pub(crate) fn terms() -> GrantTerms {
    serde_json::from_value(json!({
        "client_id": "app",
        "subject": "alice",
        "source": "sandbox",
        "scope": "openid",
        "redirect_uri": REDIRECT_URI,
        "redirect_uri_sent": true,
        "code_challenge": Pkce::new("contract").challenge,
        "nonce": "n-\u{fc}\u{1f512}\"\\",
        "auth_time": NOW,
        "acr": "0",
        "amr": ["pwd"],
        "sid": "session",
        "issued": NOW,
    }))
    .unwrap()
}

/// The region that issued the tokens.
pub(crate) fn region() -> RegionLabel {
    RegionLabel::parse("local").unwrap()
}

/// A public client with refresh tokens.
pub(crate) fn refreshing_client() -> AuthenticatedClient {
    let workspace = workspace("demo", Value::Null);
    let mut metadata = metadata("app", REDIRECT_URI);
    metadata.scope = Scopes::parse("openid offline_access").unwrap();
    metadata.grant_types.push(GrantType::RefreshToken);
    let client: Client = metadata.register(&workspace.settings, &workspace.issuer).unwrap();
    let credentials = Credentials::parse(&[], &Parameters::parse(b"client_id=app").unwrap()).unwrap();
    match authenticate(credentials, Some(Arc::new(client)), NOW).unwrap() {
        ClientProof::Proved(client) => client,
        ClientProof::Asserted(_) => unreachable!("it sent no assertion"),
    }
}
