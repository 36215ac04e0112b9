//! What a user ends or withdraws.

use frontchannel::{BrowserContext, UI_LOCALES};
use pages::AccountNotice;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::logout::logout_token::LogoutNotice;
use protocol::registration::account_page::{Freshness, PATH};
use protocol::syntax::parameters::Parameters;
use protocol::types::id::ClientId;
use protocol::users::session::{Participant, Session};
use web::response::see_other;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::visit::{Visit, to_login};

/// A change that the page offers.
enum Change {
    /// End the session with this reference.
    End(String),
    /// End all sessions but this one.
    EndOthers,
    /// Withdraw what was allowed to this client.
    Withdraw(ClientId),
}

impl Change {
    fn parse(form: &Parameters) -> Result<Self, PageError> {
        let (end, others, client) = (form.one("end")?, form.one("others")?, form.one("withdraw")?);
        match (end, others, client) {
            (Some(reference), None, None) => Ok(Self::End(reference.to_owned())),
            (None, Some(_), None) => Ok(Self::EndOthers),
            (None, None, Some(client)) => {
                ClientId::parse(client).map(Self::Withdraw).map_err(|_| PageError::IncompleteForm)
            }
            _ => Err(PageError::IncompleteForm),
        }
    }

    const fn notice(&self) -> AccountNotice {
        match self {
            Self::End(_) => AccountNotice::Ended,
            Self::EndOthers => AccountNotice::OthersEnded,
            Self::Withdraw(_) => AccountNotice::Withdrawn,
        }
    }
}

/// Makes the change that the form asks for, and shows the page again. A form of another site, or one that was shown to another
/// session, changes nothing (catalogue row SEC-SESS-05); neither does one of a session whose login is not recent (SEC-SESS-10).
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let form = deps.browser.form(context)?;
    let change = Change::parse(&form)?;
    let Some(visit) = Visit::find(deps, context).await? else { return Ok(to_login(context, Freshness::AnySession)) };
    if form.one("token").map_err(PageError::from)? != Some(visit.token.as_str()) {
        return Err(Refusal::Page(PageError::CrossSite));
    }
    if !Freshness::Recent.is_met_by(&visit.session, context.now) {
        return Ok(to_login(context, Freshness::Recent));
    }
    make(deps, context, &visit, &change).await?;
    let (language, done) = (context.language().tag(), change.notice().as_str());
    Ok(see_other(&context.workspace().issuer.url(&format!("{PATH}?done={done}&{UI_LOCALES}={language}"))))
}

async fn make(deps: &Deps, context: &BrowserContext<'_>, visit: &Visit, change: &Change) -> Result<(), PageError> {
    match change {
        Change::Withdraw(client) => {
            let subject = &visit.session.subject;
            // Only what is there is written: a form can name any client.
            let all = deps.consents.all(context.id(), subject).await.map_err(unavailable)?;
            if all.iter().any(|(known, _)| known == client) {
                let withdrawn = deps.withdrawal.withdraw(context.id(), subject, client, context.now).await;
                withdrawn.map_err(unavailable)?;
                tracing::info!("a user withdrew what was allowed to a client");
            }
        }
        Change::End(_) | Change::EndOthers => {
            let others = visit.sessions(deps, context).await?;
            for session in others.iter().filter(|session| session.cookie != visit.session.cookie) {
                if matches!(change, Change::EndOthers)
                    || matches!(change, Change::End(of) if *of == session.reference())
                {
                    end(deps, context, session).await?;
                }
            }
        }
    }
    Ok(())
}

/// Queues the notifications first, then ends the session: whatever fails in between, every client is notified. Clients that join
/// in between are notified afterwards.
async fn end(deps: &Deps, context: &BrowserContext<'_>, session: &Session) -> Result<(), PageError> {
    let before = &session.participants;
    notify(deps, context, before.iter()).await?;
    let all = deps.ending.end_own(context.id(), session).await.map_err(unavailable)?;
    tracing::info!(clients = all.len(), "a user ended another session");
    notify(deps, context, all.iter().filter(|participant| !before.contains(participant))).await
}

async fn notify<'p>(
    deps: &Deps,
    context: &BrowserContext<'_>,
    participants: impl Iterator<Item = &'p Participant>,
) -> Result<(), PageError> {
    let notices = LogoutNotice::for_each(context.id(), participants);
    Ok(deps.deliveries.enqueue(&notices, context.now).await.map_err(unavailable)?)
}
