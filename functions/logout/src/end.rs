//! Ending a session, and the resulting page.

use delivery::DeliveryFault;
use protocol::authorization::error::PageError;
use protocol::logout::logout_token::LogoutNotice;
use protocol::logout::request::ApprovedLogout;
use protocol::users::session::Participant;
use store::StoreFault;
use thiserror::Error;
use web::response::see_other;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::page;
use crate::pending::PendingLogout;

/// Why a session could not be ended.
#[derive(Debug, Error)]
enum EndFault {
    #[error(transparent)]
    Delivery(#[from] DeliveryFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// Ends the session. On failure the session cookie is cleared anyway, and the page lets the user try again (fault
/// F-DDB-7).
pub(crate) async fn finish(
    deps: &Deps,
    pending: &PendingLogout,
    approved: &ApprovedLogout,
) -> Result<Response, PageError> {
    match end(deps, pending, approved).await {
        Ok(()) => done(deps, pending),
        Err(fault) => {
            let _logged = unavailable(fault);
            page::show_failed(deps, pending, approved.session()).await
        }
    }
}

/// Queues the notifications first, then ends the session: whatever fails in between, every client is notified, at
/// worst about a session that continues until its user tries again. Clients that join in between are notified
/// afterwards.
async fn end(deps: &Deps, pending: &PendingLogout, approved: &ApprovedLogout) -> Result<(), EndFault> {
    let workspace = &pending.workspace().id;
    let before = &approved.session().participants;
    enqueue_notices(deps, pending, before.iter()).await?;
    let participants = deps.ending.end(workspace, approved).await?;
    tracing::info!(clients = participants.len(), "a user logged out");
    enqueue_notices(deps, pending, participants.iter().filter(|participant| !before.contains(participant))).await?;
    Ok(())
}

async fn enqueue_notices<'p>(
    deps: &Deps,
    pending: &PendingLogout,
    participants: impl Iterator<Item = &'p Participant>,
) -> Result<(), DeliveryFault> {
    let notices = LogoutNotice::for_each(&pending.workspace().id, participants);
    deps.deliveries.enqueue(&notices, deps.browser.clock.now()).await
}

/// The response if there is no session any more: a redirect to the client if it gave a destination, else the
/// signed-out page.
pub(crate) fn done(deps: &Deps, pending: &PendingLogout) -> Result<Response, PageError> {
    let response = match &pending.returning {
        Some(returning) => see_other(&returning.location()),
        None => page::show_signed_out(deps, pending)?,
    };
    Ok(deps.browser.forget_session(response, pending.workspace()))
}
