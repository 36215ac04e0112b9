//! Setting the new password: with a code in the browser that asked for it, or with a link anywhere.
//!
//! Opening a link changes nothing: mail scanners open links (catalogue row SEC-PWD-10).

use credentials::one_time::MailSecret;
use credentials::passwords::{ContextWord, KnownWord, Password, PasswordHash, PasswordPolicy, Refusal as Weak};
use frontchannel::{BrowserContext, PendingAuthorization, UserAuthentication};
use pages::{NewPasswordProblem, ProofForm};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::IdentitySourceId;
use protocol::types::secret::Secret;
use protocol::types::time::Lifetime;
use protocol::users::factor::{AuthenticationClass, Factor, Method};
use protocol::users::identifier::{Identifier, IdentifierKind};
use protocol::users::login_attempts::AttemptsKey;
use protocol::users::mail::{Mail, MailAddress, MailContent};
use protocol::users::pool_user::PoolUser;
use protocol::users::recovery::{AccountName, RecoveryLink};
use protocol::users::user_claims::{Identity, SourceClaims};
use protocol::workspace::pool::POOL;
use serde_json::{Map, Value};
use signing::entropy::random;
use store::{PasswordChange, UserChange, UserWritten};
use web::{Response, unavailable};

use crate::deps::{Deps, pool};
use crate::page::{NewPassword, changed_page, new_password_page};
use crate::proof::{self, Accepted, Presented, ProofOf};
use crate::request::resumed;

/// How long the news of a changed password is worth sending.
const NEWS: Lifetime = Lifetime::seconds(86_400);

/// What a form has besides the password.
struct Submission<'a> {
    /// The account, as typed or as the link has it.
    account: &'a str,
    /// The proof, if it has the form of one.
    presented: Option<Presented>,
    /// The proof as the page has it.
    shown: ProofForm<'a>,
    /// Where the form may lead.
    targets: &'a [String],
}

/// Shows the page that a link leads to.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>, link: &str) -> Result<Response, Refusal> {
    let opened = opened(deps, context, link).await?;
    let (account, problem) = match &opened {
        Some(link) => (link.account.as_str(), None),
        None => ("", Some(NewPasswordProblem::Proof)),
    };
    let status = if problem.is_some() { 403 } else { 200 };
    let shown = NewPassword { proof: ProofForm::Link(link), account, problem, targets: &[] };
    Ok(new_password_page(deps, context, status, &shown)?)
}

/// What a link carries; `None` if it was not made here.
async fn opened(deps: &Deps, context: &BrowserContext<'_>, link: &str) -> Result<Option<RecoveryLink>, PageError> {
    let plain = deps.mail.open(context.id(), link, context.now).await?;
    Ok(plain.and_then(|plain| RecoveryLink::parse(plain.expose())))
}

/// Accepts the form.
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Response, Refusal> {
    let field = |name| form.one(name).map_err(PageError::from);
    let password = field("password")?.unwrap_or_default();
    if let Some(link) = field("link")? {
        let opened = opened(deps, context, link).await?;
        let account = opened.as_ref().map(|link| link.account.as_str().to_owned()).unwrap_or_default();
        let presented = opened.and_then(|RecoveryLink { account, secret }| {
            Some(Presented { account, secret: MailSecret::parse_link(secret.expose())?, form: ProofOf::Anywhere })
        });
        let submission = Submission { account: &account, presented, shown: ProofForm::Link(link), targets: &[] };
        return match set(deps, context, submission, password).await? {
            Ok(_) => Ok(changed_page(deps, context)?),
            Err(refused) => Ok(refused),
        };
    }
    let pending = resumed(deps, context, form).await?;
    let (account, code) = (field("username")?.unwrap_or_default(), field("code")?.unwrap_or_default());
    let presented = AccountName::parse(account).zip(MailSecret::parse_code(code)).map(|(account, secret)| Presented {
        account,
        secret,
        form: ProofOf::Interaction(pending.interaction.id.clone()),
    });
    let interaction = deps.front.seal(&pending, None).await?;
    let back = pending.workspace().issuer.url(&format!("/login?interaction={interaction}"));
    let shown = ProofForm::Code { interaction: &interaction, code, back: &back };
    let targets = pending.request.redirect_uri.form_targets();
    let submission = Submission { account, presented, shown, targets: &targets };
    match set(deps, context, submission, password).await? {
        Ok(user) => log_in(deps, context, &pending, &user).await,
        Err(refused) => Ok(refused),
    }
}

/// Judge, accept, hash, commit. The inner error is the page with what was wrong.
async fn set(
    deps: &Deps,
    context: &BrowserContext<'_>,
    submission: Submission<'_>,
    typed: &str,
) -> Result<Result<PoolUser, Response>, PageError> {
    let Submission { account, presented, shown, targets } = submission;
    let refused = |problem: NewPasswordProblem| {
        tracing::info!(problem = ?problem, "a new password was not set");
        // The password is refused for what it is; a proof might be right the next time.
        let status = if problem == NewPasswordProblem::Proof { 403 } else { 400 };
        let page = NewPassword { proof: shown, account, problem: Some(problem), targets };
        new_password_page(deps, context, status, &page).map(Err)
    };
    let Ok(password) = Password::parse(typed) else { return refused(NewPasswordProblem::Unusable) };
    // Before anything is looked up, by what the form says: the answer must not depend on who is there.
    if let Some(problem) = weakness(context, &password, &[account]) {
        return refused(problem);
    }
    let accepted = match presented {
        Some(presented) => proof::accept(deps, context, presented).await?,
        None => None,
    };
    let Some(accepted) = accepted else { return refused(NewPasswordProblem::Proof) };
    let found = deps.recovery.find(context.id(), &accepted.user.subject).await.map_err(unavailable)?;
    let Some(user) = found else { return refused(NewPasswordProblem::Proof) };
    if let Some(problem) = weakness(context, &password, &known(&user)) {
        return refused(problem);
    }
    match commit(deps, context, (&user, accepted), password).await? {
        Some(user) => Ok(Ok(user)),
        None => refused(NewPasswordProblem::Proof),
    }
}

/// What is known about `user`.
fn known(user: &PoolUser) -> Vec<&str> {
    let names = ["name", "given_name", "family_name", "nickname"].into_iter();
    let names = names.filter_map(|name| user.attributes.get(name).and_then(Value::as_str));
    user.identifiers.iter().map(Identifier::as_str).chain(names).collect()
}

/// What is wrong with `password`, if anything, for a user about whom this is known.
fn weakness(context: &BrowserContext<'_>, password: &Password, known: &[&str]) -> Option<NewPasswordProblem> {
    let service = KnownWord { kind: ContextWord::Service, text: &context.workspace().settings.name };
    let of_user = known.iter().map(|text| {
        let kind = if text.contains('@') { ContextWord::Email } else { ContextWord::Name };
        KnownWord { kind, text }
    });
    let words: Vec<KnownWord<'_>> = of_user.chain([service]).collect();
    PasswordPolicy::ALONE.accept(password, &words).err().map(|refusal| match refusal {
        Weak::TooShort { .. } => NewPasswordProblem::TooShort,
        Weak::Known => NewPasswordProblem::Known,
        Weak::Context(_) => NewPasswordProblem::Context,
        Weak::Predictable(_) => NewPasswordProblem::Predictable,
    })
}

/// Sets the password, ends everything that is logged in, and uses up the proof, in one write; `None` if another request was
/// faster, or the user was changed meanwhile.
async fn commit(
    deps: &Deps,
    context: &BrowserContext<'_>,
    (before, accepted): (&PoolUser, Accepted),
    password: Password,
) -> Result<Option<PoolUser>, PageError> {
    let Accepted { account, proof, .. } = accepted;
    let now = context.now;
    let salt = random(&*deps.front.browser.entropy).map_err(unavailable)?;
    let hash = deps.hashing.run(move || PasswordHash::hash(&password, salt)).await?.map_err(unavailable)?;
    let hash = Secret::new(hash.stored());
    let mut after = before.logged_out().with_password(now);
    // The message went to the address that the user still has.
    after.email_verified = after.identifier(IdentifierKind::Email).is_some();
    let free_since = now.minus(pool(context)?.identifier_quarantine);
    let change =
        UserChange { before: Some(before), after: &after, password: PasswordChange::Set(&hash), free_since, now };
    let written = deps.recovery.change(context.id(), &change, (&account.digest(), &proof)).await;
    match written.map_err(unavailable)? {
        UserWritten::Done => {}
        UserWritten::Changed | UserWritten::Taken(_) => return Ok(None),
    }
    tracing::info!("a user has set a new password, and every login of theirs has ended");
    follow_up(deps, context, &after).await;
    Ok(Some(after))
}

/// What is done about a changed password once it is durable: wrong attempts are forgotten, and the user is told. The user has
/// the new password whatever comes of it.
async fn follow_up(deps: &Deps, context: &BrowserContext<'_>, user: &PoolUser) {
    if let Err(fault) = deps.attempts.forget(context.id(), &AttemptsKey::of_user(&user.subject)).await {
        tracing::warn!(fault = %fault, "wrong passwords could not be forgotten");
    }
    let to = user.identifier(IdentifierKind::Email).and_then(MailAddress::of);
    let (language, until) = (context.language(), context.now.plus(NEWS));
    let mail = Mail { to, language, until, content: MailContent::PasswordChanged };
    if let Err(error) = deps.mail.send(context.id(), &mail, context.now).await {
        tracing::warn!(error = %error, "a user could not be told of a changed password");
    }
}

/// Logs the user in and continues with what was under way.
async fn log_in(
    deps: &Deps,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
    user: &PoolUser,
) -> Result<Response, Refusal> {
    let front = &deps.front;
    let name = Map::from_iter([("name".to_owned(), Value::from(user.display_name()))]);
    let identity = Identity {
        subject: user.subject.clone(),
        source: IdentitySourceId::parse(POOL).map_err(|fault| PageError::from(unavailable(fault)))?,
        issuer: None,
        claims: SourceClaims::read(&name).claims,
    };
    let factor = Factor { method: Method::Password, at: Some(front.now()), class: AuthenticationClass::SingleFactor };
    let authenticated = UserAuthentication { identity: &identity, factor, epoch: user.standing.epoch };
    let begun = front.log_in(&deps.login, context, authenticated).await?;
    let next = front.next(pending, &begun.session).await;
    Ok(front.logged_in(context, &begun, next))
}
