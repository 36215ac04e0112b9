//! Sends mail: parse, load, open, put into words, send, and have unsent messages redelivered.
//!
//! What is queued is sealed, and is opened only here. Links begin with the issuer of the workspace, which comes from
//! configuration (catalogue row SEC-SESS-15). Nothing that is logged names a recipient.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use delivery::Postponement;
use keystore::{DataKeyFault, DataKeys};
use mailing::{Letter, MailFault, Mailer, Sent};
use pages::{MailPage, MailTopic};
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::users::mail::{Mail, MailContent, MailProof, SealedMail};
use protocol::workspace::settings::Workspace;
use signing::{Purpose, Sealer};
use store::{StoreFault, WorkspaceReading};
use thiserror::Error;
use web::Clock;
use web::queue::{Handled, Message};

/// The handles of the function: it reads workspaces, opens messages, and sends them. It reads nothing about users.
pub struct Deps {
    /// Workspaces.
    pub workspaces: WorkspaceReading,
    /// The key of messages.
    pub sealer: DataKeys<Sealer>,
    /// Sends messages.
    pub mailer: Mailer,
    /// Postpones messages that have to be redelivered.
    pub postponement: Postponement,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was sent.
    Sent,
    /// It is for nobody: it stood for a user who is not there.
    Nobody,
    /// The workspace is gone, or sends no mail any more.
    NoSender,
    /// What it says is no longer so.
    TooLate,
    /// The mail service will never take it.
    Rejected,
}

/// Why a message may not have been sent.
#[derive(Debug, Error)]
enum MailError {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error(transparent)]
    Keys(#[from] DataKeyFault),
    #[error(transparent)]
    Mail(#[from] MailFault),
    #[error("the message could not be opened")]
    Unopened,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            workspaces: runtime.workspaces(),
            sealer: runtime.sealer(Purpose::Mail)?,
            mailer: runtime.mailer(),
            postponement: runtime.mail_postponement()?,
            clock: Arc::clone(&runtime.clock),
        })
    }
}

/// Handles one message.
pub async fn handle(deps: &Deps, message: &Message) -> Handled {
    let Some(sealed) = SealedMail::parse(&message.body) else {
        // Perhaps it is from a later version: it is redelivered and ends up in the dead-letter queue (fault F-LAM-6).
        tracing::error!("a message could not be read");
        return again(deps, message).await;
    };
    let workspace = &sealed.workspace;
    match deliver(deps, &sealed).await {
        Ok(Outcome::Sent) => tracing::info!(%workspace, tries = message.tries, "mail was sent"),
        Ok(Outcome::Nobody) => {}
        Ok(Outcome::NoSender) => tracing::warn!(%workspace, "mail was dropped: the workspace has no sender for it"),
        Ok(Outcome::TooLate) => tracing::warn!(%workspace, tries = message.tries, "mail was dropped: it came too late"),
        Ok(Outcome::Rejected) => tracing::warn!(%workspace, tries = message.tries, "mail was rejected for good"),
        Err(fault) => {
            tracing::warn!(%workspace, tries = message.tries, fault = %fault, "mail was not sent");
            return again(deps, message).await;
        }
    }
    Handled::Done
}

async fn again(deps: &Deps, message: &Message) -> Handled {
    if let Err(fault) = deps.postponement.postpone(message, deps.clock.now()).await {
        tracing::warn!(fault = %fault, "a message could not be put off: it comes again when the queue says");
    }
    Handled::Again
}

/// Load, open, put into words, send.
async fn deliver(deps: &Deps, sealed: &SealedMail) -> Result<Outcome, MailError> {
    let now = deps.clock.now();
    let Some(loaded) = deps.workspaces.workspace(&sealed.workspace, now).await? else { return Ok(Outcome::NoSender) };
    let opened = deps.sealer.keys(now).await?.open(&sealed.workspace, &sealed.sealed);
    let mail = opened.and_then(|plain| Mail::parse(plain.expose())).ok_or(MailError::Unopened)?;
    match letter(&loaded.workspace, mail, now) {
        Ok(letter) => Ok(match deps.mailer.send(letter).await? {
            Sent::Accepted => Outcome::Sent,
            Sent::Rejected => Outcome::Rejected,
        }),
        Err(outcome) => Ok(outcome),
    }
}

/// The message in words, unless there is nothing to send.
fn letter(workspace: &Workspace, mail: Mail, now: Timestamp) -> Result<Letter, Outcome> {
    let Mail { to, language, until, content } = mail;
    let to = to.ok_or(Outcome::Nobody)?;
    let sender = workspace.settings.mail.as_ref().ok_or(Outcome::NoSender)?;
    if now.reached(until) {
        return Err(Outcome::TooLate);
    }
    let (topic, proof) = match content {
        MailContent::Recovery(proof) => (MailTopic::Recovery, Some((proof, "/login/recovery"))),
        MailContent::PasswordChanged => (MailTopic::PasswordChanged, None),
    };
    let (code, link) = proof
        .map(|(MailProof { code, link }, path)| {
            (code, Secret::new(format!("{}?link={}", workspace.issuer.url(path), link.expose())))
        })
        .unzip();
    let (code, link, settings) = (code.as_ref(), link.as_ref(), &workspace.settings);
    let page = MailPage { settings, language, address: to.as_str(), topic, code, link };
    let (from_name, subject, text, html) = (page.service().into(), page.subject(), page.text(), page.html());
    let (from, reply_to) = (sender.from.clone(), sender.reply_to.clone());
    Ok(Letter { from, from_name, reply_to, to, subject, text, html })
}
