//! Asking a provider without OpenID Connect: its token endpoint, and its API for the user.

use http_client::Outgoing;
use protocol::federation::id_token::UpstreamIdentity;
use protocol::federation::metadata::ApiEndpoints;
use protocol::federation::user_api::{self, ApiAnswers};
use protocol::types::id::WorkspaceId;
use serde_json::{Map, Value};

use crate::deps::Deps;
use crate::provider::{Login, LoginFault};
use crate::provider_fault::unreachable;

impl Login<'_> {
    /// Who the user is by the provider's API. The access token is used immediately and not stored.
    pub(crate) async fn by_api(
        &self,
        deps: &Deps,
        workspace: &WorkspaceId,
        api: &ApiEndpoints,
    ) -> Result<UpstreamIdentity, LoginFault> {
        let earliest = self.transaction.interaction.earliest_login(self.now);
        user_api::recent(earliest).map_err(|error| self.fault(error))?;
        let tokens: Map<String, Value> = self.exchange(deps).await?;
        let access_token = user_api::access_token(&tokens).map_err(|error| self.fault(error))?;
        let bearer = format!("Bearer {access_token}");
        let asking = |url| Outgoing { authorization: Some(&bearer), ..Outgoing::get(url) };
        let user: Result<Map<String, Value>, _> = deps.fetcher.json(asking(api.user.as_str())).await;
        let user = user.map_err(|fault| unreachable(self.provider, &fault))?;
        let emails = match &api.emails {
            Some(url) => {
                let listed = deps.fetcher.array(asking(url.as_str())).await;
                Some(listed.map_err(|fault| unreachable(self.provider, &fault))?)
            }
            None => None,
        };
        let answers = ApiAnswers { user: &user, emails: emails.as_deref() };
        let said = user_api::identity(workspace, self.provider, &api.settings, &answers);
        said.map_err(|error| self.fault(error))
    }
}
