//! Codes and links: how they are made, and when one is accepted.

use credentials::one_time::{CODE_LIFETIME, MailAccepted, MailBinding, MailHash, MailPurpose, MailSecret, PendingMail};
use frontchannel::BrowserContext;
use protocol::authorization::error::PageError;
use protocol::types::id::GrantId;
use protocol::types::secret::Secret;
use protocol::users::identifier::{Identifier, IdentifierKind};
use protocol::users::recovery::AccountName;
use signing::entropy::random;
use store::{SignIn, SignInUser, StoredProof};
use web::unavailable;

use crate::deps::{Deps, pool};

/// What a user presents to prove that a mailbox is theirs.
pub(crate) struct Presented {
    /// The account that was asked for.
    pub(crate) account: AccountName,
    /// The code, or the secret of the link.
    pub(crate) secret: MailSecret,
    /// Which of the two.
    pub(crate) form: ProofOf,
}

/// Where a proof is good.
#[derive(Clone)]
pub(crate) enum ProofOf {
    /// A code: in the interaction in which it was asked for, and so in its browser.
    Interaction(GrantId),
    /// A link: wherever the mail is read.
    Anywhere,
}

/// A proof that was accepted. It is used up by the write that it allows.
pub(crate) struct Accepted {
    /// The user.
    pub(crate) user: SignInUser,
    /// The account under which the proof is stored.
    pub(crate) account: AccountName,
    /// What is stored of it.
    pub(crate) proof: StoredProof,
}

impl Accepted {
    /// Only a code or link that was right makes one.
    fn by(_right: MailAccepted, user: SignInUser, account: AccountName, proof: StoredProof) -> Self {
        Self { user, account, proof }
    }
}

/// A code and a link that were made, and what is stored of them.
pub(crate) struct Made {
    pub(crate) code: MailSecret,
    pub(crate) link: MailSecret,
    pub(crate) stored: StoredProof,
}

/// Makes a code and a link for `user`, or for nobody: then they are good for nothing.
pub(crate) async fn make(
    deps: &Deps,
    context: &BrowserContext<'_>,
    user: Option<&SignInUser>,
    interaction: &GrantId,
) -> Result<Made, PageError> {
    let entropy = &*deps.front.browser.entropy;
    let code = MailSecret::code(random(entropy).map_err(unavailable)?);
    let link = MailSecret::link(&random(entropy).map_err(unavailable)?);
    let deriver = deps.digests.keys(context.now).await.map_err(unavailable)?;
    let version = deriver.current();
    let key = deriver.secret(version, context.id(), &["recovery"]).ok_or_else(|| unavailable("no key for digests"))?;
    let digest = |secret: &MailSecret, form: &ProofOf| digest(context, user, (secret, form), &key).encoded();
    let stored = StoredProof {
        code: digest(&code, &ProofOf::Interaction(interaction.clone())),
        link: digest(&link, &ProofOf::Anywhere),
        version,
        expires: context.now.plus(CODE_LIFETIME),
    };
    Ok(Made { code, link, stored })
}

/// Reserve, load, compare: `None` whatever the reason is for which it is not accepted. The work is the same whether there is
/// such an account or not.
pub(crate) async fn accept(
    deps: &Deps,
    context: &BrowserContext<'_>,
    presented: Presented,
) -> Result<Option<Accepted>, PageError> {
    let Presented { account, secret, form } = presented;
    let reserved = deps.trying.reserve(context.id(), &account.digest(), context.now).await.map_err(unavailable)?;
    let found = find(deps, context, &account).await?;
    let Some(tried) = reserved else { return Ok(None) };
    let deriver = deps.digests.keys(context.now).await.map_err(unavailable)?;
    let Some(key) = deriver.secret(tried.proof.version, context.id(), &["recovery"]) else { return Ok(None) };
    let user = found.map(|sign_in| sign_in.user);
    let hash = digest(context, user.as_ref(), (&secret, &form), &key);
    let stored = match form {
        ProofOf::Interaction(_) => &tried.proof.code,
        ProofOf::Anywhere => &tried.proof.link,
    };
    let stored = MailHash::parse(stored).ok_or_else(|| unavailable("a digest in the store is malformed"))?;
    let pending = PendingMail { hash: stored, expires: tried.proof.expires, attempts: tried.attempts };
    let accepted = pending.accept(&hash, context.now).ok();
    let user = user.filter(|user| user.standing.status.may_log_in());
    Ok(accepted.zip(user).map(|(right, user)| Accepted::by(right, user, account, tried.proof)))
}

/// Finds the user who has this name.
pub(crate) async fn find(
    deps: &Deps,
    context: &BrowserContext<'_>,
    account: &AccountName,
) -> Result<Option<SignIn>, PageError> {
    match pool(context)?.identifier(account.as_str()) {
        Some(identifier) => Ok(deps.sign_ins.find(context.id(), &identifier).await.map_err(unavailable)?),
        None => Ok(None),
    }
}

/// The address of `user`, if there is one.
pub(crate) fn address(user: &SignInUser) -> Option<&Identifier> {
    user.identifiers.iter().find(|identifier| identifier.kind() == IdentifierKind::Email)
}

/// The digest of a code or link for `user` at the address that they have now, in this interaction or anywhere.
fn digest(
    context: &BrowserContext<'_>,
    user: Option<&SignInUser>,
    (secret, form): (&MailSecret, &ProofOf),
    key: &Secret<[u8; 32]>,
) -> MailHash {
    let address = user.and_then(address).map(Identifier::as_str).unwrap_or_default();
    let place = match form {
        ProofOf::Interaction(id) => id.as_str(),
        ProofOf::Anywhere => "",
    };
    // Another login epoch means that something ended all logins since: a code from before is good for nothing.
    let subject = user.map(|user| format!("{place}\n{address}\n{:?}", user.standing.epoch)).unwrap_or_default();
    let workspace = context.id().to_string();
    let user = user.map(|user| user.subject.as_str()).unwrap_or_default();
    let binding = MailBinding { workspace: &workspace, user, purpose: MailPurpose::Recovery, subject: &subject };
    secret.hash(&binding, key)
}
