//! Asking for a message: the form, and what follows whether there is such an account or not.

use credentials::one_time::CODE_LIFETIME;
use frontchannel::{BrowserContext, PendingAuthorization};
use pages::ProofForm;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::rate_limit::{RateLimit, Verdict};
use protocol::types::secret::Secret;
use protocol::users::mail::{Mail, MailAddress, MailContent, MailProof};
use protocol::users::recovery::{AccountName, OF_ACCOUNT, OF_ADDRESS, RecoveryLink};
use store::SignInUser;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::page::{Asked, NewPassword, ask_page, new_password_page};
use crate::proof::{self, Made};

/// Shows the form.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>, query: &Parameters) -> Result<Response, Refusal> {
    let pending = resumed(deps, context, query).await?;
    let account = pending.request.terms.login_hint.clone().unwrap_or_default();
    ask_page(deps, &pending, &Asked { account: &account, wait: None }).await
}

/// Limit, load, make, record, queue: each once, in this order, for every account.
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Response, Refusal> {
    let pending = resumed(deps, context, form).await?;
    let typed = form.one("username").map_err(PageError::from)?.unwrap_or_default();
    let Some(account) = AccountName::parse(typed) else {
        return ask_page(deps, &pending, &Asked { account: "", wait: None }).await;
    };
    if let Some(seconds) = exceeded(deps, context, &account).await? {
        tracing::warn!("a message was not sent, because too many were asked for");
        return ask_page(deps, &pending, &Asked { account: typed, wait: Some(seconds) }).await;
    }
    send(deps, context, &account, &pending).await?;
    tracing::info!("a message for setting a new password was asked for");
    let interaction = deps.front.seal(&pending, None).await?;
    let back = pending.workspace().issuer.url(&format!("/login?interaction={interaction}"));
    let proof = ProofForm::Code { interaction: &interaction, code: "", back: &back };
    let targets = pending.request.redirect_uri.form_targets();
    let shown = NewPassword { proof, account: typed, problem: None, targets: &targets };
    Ok(new_password_page(deps, context, 200, &shown)?)
}

/// Counts the request, and returns the seconds to wait if there were too many.
async fn exceeded(deps: &Deps, context: &BrowserContext<'_>, account: &AccountName) -> Result<Option<u32>, PageError> {
    let limits: [(RateLimit, &str); 2] = [(OF_ADDRESS, &context.request.address), (OF_ACCOUNT, &account.digest())];
    for (limit, sender) in limits {
        let key = limit.counter(sender, context.now);
        let counted = deps.counting.count(context.id(), &key).await.map_err(unavailable)?;
        // An address that is over its limit does not use up the messages of accounts.
        if let Verdict::Exceeded(seconds) = limit.verdict(&key, counted, context.now) {
            return Ok(Some(seconds));
        }
    }
    Ok(None)
}

/// Records a code and a link, and queues the message. For an account that nobody has, or whose user may not log in or has no
/// address, all of it is done as well, and the message is for nobody.
async fn send(
    deps: &Deps,
    context: &BrowserContext<'_>,
    account: &AccountName,
    pending: &PendingAuthorization,
) -> Result<(), PageError> {
    let found = proof::find(deps, context, account).await?.map(|sign_in| sign_in.user);
    let Made { code, link, stored } = proof::make(deps, context, found.as_ref(), &pending.interaction.id).await?;
    deps.recording.record(context.id(), &account.digest(), &stored).await.map_err(unavailable)?;
    let link = RecoveryLink { account: account.clone(), secret: Secret::new(link.shown().expose().clone()) };
    let link = deps.mail.seal(context.id(), link.encoded(), context.now).await?;
    let proof = MailProof { code: Secret::new(code.shown().expose().clone()), link: Secret::new(link) };
    let mail = Mail {
        to: recipient(found.as_ref()),
        language: context.language(),
        until: context.now.plus(CODE_LIFETIME),
        content: MailContent::Recovery(proof),
    };
    deps.mail.send(context.id(), &mail, context.now).await
}

fn recipient(user: Option<&SignInUser>) -> Option<MailAddress> {
    let user = user.filter(|user| user.standing.status.may_log_in())?;
    proof::address(user).and_then(MailAddress::of)
}

/// Resumes the interaction that `parameters` identify, in the browser in which it began.
pub(crate) async fn resumed(
    deps: &Deps,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<PendingAuthorization, Refusal> {
    let front = &deps.front;
    let interaction = front.open(context, parameters.one("interaction").map_err(PageError::from)?).await?;
    front.resume(context, interaction).await
}
