//! User codes as entered on the device page: counts attempts, looks codes up, and records decisions (RFC 8628 §3.3, §5.1).

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use keystore::DataKeys;
use protocol::authorization::code_attempts::{AttemptCounters, Counted, OF_ACCOUNT};
use protocol::authorization::device_request::{DeviceAsk, DeviceDecision, DeviceRequest};
use protocol::authorization::error::PageError;
use protocol::authorization::user_code::UserCode;
use protocol::types::id::DeviceRequestId;
use protocol::types::rate_limit::{CounterKey, Verdict};
use protocol::users::session::Session;
use signing::{Deriver, DeviceKeys, Purpose};
use store::{Counting, Deciding, DeviceDeciding, Presented};
use web::{Unavailable, unavailable};

use crate::browser_context::BrowserContext;

/// The handles of the device page.
pub struct UserCodes {
    keys: DataKeys<Deriver>,
    requests: DeviceDeciding,
    counting: Counting,
}

/// A pending device request whose code the user has entered.
pub struct WaitingDevice {
    /// The request.
    pub request: DeviceRequest,
    /// The client and what it requests.
    pub asked: DeviceAsk,
}

/// The outcome of entering a user code.
pub enum Entered {
    /// A request that waits for a decision.
    Waiting(Box<WaitingDevice>),
    /// No request: the code is unknown, expired or used. The user is not told which.
    Nothing,
    /// Too many wrong codes were entered: the next attempt is allowed after this number of seconds.
    TooMany(u32),
}

/// The state of a request whose page the user has seen.
pub enum Revisited {
    /// It still waits for a decision.
    Waiting(Box<WaitingDevice>),
    /// The user decided before.
    Decided(DeviceDecision),
    /// It has ended.
    Ended,
}

impl UserCodes {
    /// Takes the handles for the device page.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the key for user codes is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            keys: runtime.deriver(Purpose::UserCode)?,
            requests: runtime.handle(DeviceDeciding::new),
            counting: runtime.handle(Counting::new),
        })
    }

    /// Counts an attempt of the user of `session`, and looks up the code if the limits allow it. An attempt is counted
    /// before the lookup, so that parallel guesses are limited as well, and is taken back if the code was right.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn enter(
        &self,
        context: &BrowserContext<'_>,
        session: &Session,
        code: &UserCode,
    ) -> Result<Entered, PageError> {
        let counters = AttemptCounters::new(session.user(), &context.request.address, context.now);
        let guess = self.guess(context, code).await?;
        if let Verdict::Exceeded(seconds) = Box::pin(self.count(context, &counters, &guess)).await? {
            tracing::warn!("a user code was not looked at, because too many wrong ones were entered");
            return Ok(Entered::TooMany(seconds));
        }
        match self.present(context, session, code).await? {
            Revisited::Waiting(waiting) => {
                Box::pin(self.take_back(context, &counters, &guess)).await?;
                Ok(Entered::Waiting(waiting))
            }
            Revisited::Decided(_) | Revisited::Ended => {
                tracing::info!("a wrong user code was entered");
                Ok(Entered::Nothing)
            }
        }
    }

    /// The digest under which the attempt with `code` is counted.
    async fn guess(&self, context: &BrowserContext<'_>, code: &UserCode) -> Result<DeviceRequestId, Unavailable> {
        let keys = self.keys.keys(context.now).await.map_err(unavailable)?;
        let derived = DeviceKeys::derive(&keys, keys.current(), context.id(), code);
        derived.map(|derived| derived.id).ok_or_else(|| unavailable("the key for user codes no longer exists"))
    }

    /// Counts distinct codes per account, so that reloading a page after a fault of this server costs the user no attempt,
    /// and every attempt per address and workspace.
    async fn count(
        &self,
        context: &BrowserContext<'_>,
        counters: &AttemptCounters,
        guess: &DeviceRequestId,
    ) -> Result<Verdict, Unavailable> {
        let most = OF_ACCOUNT.most();
        let tried = self.counting.try_guess(context.id(), &counters.account, guess.as_str(), most).await;
        let account = tried.map_err(unavailable)?.unwrap_or(most + 1);
        // An account that has exceeded its limit does not count against other accounts of its address.
        if let exceeded @ Verdict::Exceeded(_) = OF_ACCOUNT.verdict(&counters.account, account, context.now) {
            return Ok(exceeded);
        }
        let count = async |key: &CounterKey| self.counting.count(context.id(), key).await.map_err(unavailable);
        let (address, workspace) = tokio::try_join!(count(&counters.address), count(&counters.workspace))?;
        let counted = Counted { account, address, workspace };
        if AttemptCounters::is_slowed_down(counted) {
            tracing::error!("user codes are being guessed in this workspace: every account is slowed down");
        }
        Ok(counters.verdict(counted, context.now))
    }

    async fn take_back(
        &self,
        context: &BrowserContext<'_>,
        counters: &AttemptCounters,
        guess: &DeviceRequestId,
    ) -> Result<(), Unavailable> {
        let (counting, workspace) = (&self.counting, context.id());
        tokio::try_join!(
            counting.take_back_guess(workspace, &counters.account, guess.as_str()),
            counting.take_back(workspace, &counters.address),
            counting.take_back(workspace, &counters.workspace),
        )
        .map(|_| ())
        .map_err(unavailable)
    }

    /// Finds the request with `code` for the user of `session`. It serves pages that this user was shown after entering the
    /// code, so nothing is counted.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn present(
        &self,
        context: &BrowserContext<'_>,
        session: &Session,
        code: &UserCode,
    ) -> Result<Revisited, PageError> {
        let keys = self.keys.keys(context.now).await.map_err(unavailable)?;
        for version in versions(&keys) {
            let Some(derived) = DeviceKeys::derive(&keys, version, context.id(), code) else { continue };
            let user = session.user().digest();
            match self.requests.present(context.id(), &derived.id, &user, context.now).await.map_err(unavailable)? {
                Presented::Waiting(request) => {
                    let asked = opened(context, &derived, &request)?;
                    return Ok(Revisited::Waiting(Box::new(WaitingDevice { request: *request, asked })));
                }
                Presented::Decided(decision) => return Ok(Revisited::Decided(decision)),
                Presented::OfAnother(id) => {
                    tracing::warn!("two users entered one user code: it is not good any more");
                    let _ended = self.requests.invalidate(context.id(), &id).await.map_err(unavailable)?;
                    return Ok(Revisited::Ended);
                }
                Presented::Nothing => {}
            }
        }
        Ok(Revisited::Ended)
    }

    /// Records the decision of the user of `session`.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`]: it is unknown whether the decision was recorded. Submitting the form again retries.
    pub async fn decide(
        &self,
        context: &BrowserContext<'_>,
        session: &Session,
        request: &DeviceRequest,
        decision: DeviceDecision,
    ) -> Result<Deciding, PageError> {
        let user = session.user().digest();
        let decided = self.requests.decide(context.id(), &request.id, &user, decision).await;
        Ok(decided.map_err(unavailable)?)
    }
}

/// The key versions under which a code may be stored, the most likely first.
fn versions(keys: &Arc<Deriver>) -> impl Iterator<Item = u8> {
    let current = keys.current();
    std::iter::once(current).chain(keys.versions().filter(move |version| *version != current))
}

fn opened(context: &BrowserContext<'_>, keys: &DeviceKeys, request: &DeviceRequest) -> Result<DeviceAsk, PageError> {
    let sealer = keys.sealer().map_err(unavailable)?;
    let plain = sealer.open(context.id(), &request.sealed);
    let plain = plain.ok_or_else(|| unavailable("a device request is unreadable"))?;
    Ok(serde_json::from_slice(plain.expose()).map_err(unavailable)?)
}
