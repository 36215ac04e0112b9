//! Passwords of users of a pool.
//!
//! Whoever logs in gets the same answer after the same work for an unknown identifier, a wrong password, and a user who is
//! locked, disabled or has no password (catalogue row SEC-PWD-04): one read, the same writes, and one hash. Nothing is hashed
//! before the attempt is reserved (rows SEC-PWD-06, SEC-DOS-02).

use bootstrap::{BootstrapError, Runtime};
use credentials::passwords::{Password, PasswordHash, Verification};
use frontchannel::{BrowserChannel, BrowserContext, KnownBrowsers};
use protocol::authorization::error::PageError;
use protocol::types::id::IdentitySourceId;
use protocol::types::rate_limit::{CounterKey, Verdict};
use protocol::types::secret::Secret;
use protocol::users::known_browser::KnownUsers;
use protocol::users::login_attempts::{AttemptsKey, OF_ADDRESS};
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::user_claims::{Identity, SourceClaims};
use protocol::workspace::pool::{POOL, Pool};
use serde_json::{Map, Value};
use signing::entropy::random;
use store::{
    Counting, LoginAttempts, PasswordRehashing, Reservation, SignIn, SignInReading, WriteAttempt, WriteContext,
};
use web::response::with_cookie;
use web::{Response, unavailable};

use crate::hashing::Hashing;

/// The handles for logins with a password.
pub struct Passwords {
    sign_ins: SignInReading,
    rehashing: PasswordRehashing,
    attempts: LoginAttempts,
    counting: Counting,
    browsers: KnownBrowsers,
    hashing: Hashing,
}

/// What became of a name and a password.
pub(crate) enum Checked {
    /// They are a user's.
    Right(Box<PasswordLogin>),
    /// They are not, or the user may not log in.
    Wrong,
    /// Nothing was looked at: the next attempt can be made in this number of seconds.
    TooMany(u32),
}

/// A user whose password was right.
pub(crate) struct PasswordLogin {
    /// The user.
    pub(crate) identity: Identity,
    /// The epoch of the user's logins.
    pub(crate) epoch: LoginEpoch,
    /// The cookie by which the browser is known for the user from now on.
    known: Option<String>,
}

/// A request with a name and a password for a pool.
pub(crate) struct PasswordVisit<'a> {
    /// The browser channel.
    pub(crate) channel: &'a BrowserChannel,
    /// The request.
    pub(crate) context: &'a BrowserContext<'a>,
    /// The pool of its workspace.
    pub(crate) pool: &'a Pool,
}

/// What an attempt is counted under.
struct Counters {
    /// The user's in this browser, or those of strangers for the user or for whoever is not there.
    attempts: AttemptsKey,
    /// Those of the address, unless the browser is known for the user.
    address: Option<CounterKey>,
}

impl PasswordLogin {
    /// A test user of the sandbox.
    pub(crate) fn of_sandbox(identity: Identity) -> Self {
        Self { identity, epoch: LoginEpoch::default(), known: None }
    }

    /// Adds the cookie by which the browser is known for the user.
    pub(crate) fn remembered(&self, response: Response) -> Response {
        match &self.known {
            Some(cookie) => with_cookie(response, cookie),
            None => response,
        }
    }
}

impl Passwords {
    /// Takes the handles.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the key for known browsers is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            sign_ins: runtime.handle(SignInReading::new),
            rehashing: runtime.handle(PasswordRehashing::new),
            attempts: runtime.handle(LoginAttempts::new),
            counting: runtime.handle(Counting::new),
            browsers: KnownBrowsers::assemble(runtime)?,
            hashing: Hashing::new(),
        })
    }

    /// Parse, load, reserve, verify: each once, in this order.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`]: no password was looked at, or it is not known whether it was right.
    pub(crate) async fn check(
        &self,
        visit: &PasswordVisit<'_>,
        typed: &str,
        password: &Secret<String>,
    ) -> Result<Checked, PageError> {
        // No user can have such a password, so there is nothing to guess at.
        let Ok(password) = Password::parse(password.expose()) else { return Ok(Checked::Wrong) };
        let identifier = visit.pool.identifier(typed);
        let found = match &identifier {
            Some(identifier) => self.sign_ins.find(visit.context.id(), identifier).await.map_err(unavailable)?,
            None => None,
        };
        let known = self.browsers.read(visit.channel, visit.context).await;
        let counters = match (&found, identifier) {
            (Some(sign_in), _) => visit.counters(sign_in, &known),
            (None, Some(identifier)) => visit.of_strangers(AttemptsKey::of_nobody(&identifier)),
            (None, None) => visit.of_strangers(AttemptsKey::of_text(typed)),
        };
        if let Some(seconds) = self.reserve(visit, &counters).await? {
            return Ok(Checked::TooMany(seconds));
        }
        let hash = hash_of(found.as_ref());
        let (verification, password) = self.hashing.verify(hash, password).await?;
        match (found, verification) {
            (Some(sign_in), Verification::Match | Verification::MatchButOutdated) => {
                self.forget(visit, &counters).await;
                if verification == Verification::MatchButOutdated {
                    self.rehash(visit, &sign_in, password).await;
                }
                Ok(Checked::Right(Box::new(self.login(visit, sign_in, known).await?)))
            }
            (None, _) | (_, Verification::NoMatch) => Ok(Checked::Wrong),
        }
    }

    /// Reserves the attempt; returns the seconds to wait if that is not possible.
    async fn reserve(&self, visit: &PasswordVisit<'_>, counters: &Counters) -> Result<Option<u32>, PageError> {
        let (workspace, now) = (visit.context.id(), visit.context.now);
        if let Some(address) = &counters.address {
            let counted = self.counting.count(workspace, address).await.map_err(unavailable)?;
            // An address that has exceeded its limit does not use up the attempts of users.
            if let Verdict::Exceeded(seconds) = OF_ADDRESS.verdict(address, counted, now) {
                return Ok(Some(seconds));
            }
        }
        let attempt = WriteAttempt::new(visit.channel.random_text::<16>()?);
        let context = WriteContext { workspace, attempt, now };
        match self.attempts.reserve(&context, &counters.attempts).await.map_err(unavailable)? {
            Reservation::Reserved => Ok(None),
            Reservation::Wait(seconds) => Ok(Some(seconds)),
        }
    }

    /// Forgets the attempts of whoever entered the right password. What is not forgotten only makes later mistakes cost more.
    async fn forget(&self, visit: &PasswordVisit<'_>, counters: &Counters) {
        let workspace = visit.context.id();
        let of_address = async {
            match &counters.address {
                Some(address) => self.counting.take_back(workspace, address).await,
                None => Ok(()),
            }
        };
        if let Err(fault) = tokio::try_join!(self.attempts.forget(workspace, &counters.attempts), of_address) {
            tracing::warn!(fault = %fault, "wrong passwords could not be forgotten");
        }
    }

    /// Replaces the hash by one with today's parameters. The user has logged in whatever comes of it.
    async fn rehash(&self, visit: &PasswordVisit<'_>, sign_in: &SignIn, password: Password) {
        let (Some(former), Ok(salt)) = (&sign_in.password, random(&*visit.channel.entropy)) else { return };
        let Ok(Ok(hash)) = self.hashing.hash(password, salt).await else { return };
        let new = Secret::new(hash.stored());
        match self.rehashing.rehash(visit.context.id(), &sign_in.user, former, &new).await {
            Ok(()) => tracing::info!("a password was hashed anew with today's parameters"),
            Err(fault) => tracing::warn!(fault = %fault, "a password could not be hashed anew"),
        }
    }

    async fn login(
        &self,
        visit: &PasswordVisit<'_>,
        sign_in: SignIn,
        known: KnownUsers,
    ) -> Result<PasswordLogin, PageError> {
        let user = sign_in.user;
        let epoch = user.standing.epoch;
        let cookie = self.browsers.remember(visit.channel, visit.context, known, (&user.subject, epoch)).await;
        // The session needs nothing but the name; applications get claims from the account.
        let name = Map::from_iter([("name".to_owned(), Value::from(user.display_name))]);
        let identity = Identity {
            subject: user.subject,
            source: IdentitySourceId::parse(POOL).map_err(unavailable)?,
            issuer: None,
            claims: SourceClaims::read(&name).claims,
        };
        Ok(PasswordLogin { identity, epoch, known: cookie })
    }
}

impl PasswordVisit<'_> {
    /// The counters of an attempt for a user who is there.
    fn counters(&self, sign_in: &SignIn, known: &KnownUsers) -> Counters {
        let user = &sign_in.user;
        match known.browser(&user.subject, user.standing.epoch, self.context.now) {
            Some(browser) => Counters { attempts: AttemptsKey::of_browser(&user.subject, browser), address: None },
            None => self.of_strangers(AttemptsKey::of_user(&user.subject)),
        }
    }

    fn of_strangers(&self, attempts: AttemptsKey) -> Counters {
        // What is no address stands for itself: all of these share one counter (catalogue row SEC-PWD-08).
        let address = OF_ADDRESS.counter(&self.context.request.address, self.context.now);
        Counters { attempts, address: Some(address) }
    }
}

/// The hash to verify against: no password matches that of a user who may not log in or is not there.
fn hash_of(found: Option<&SignIn>) -> PasswordHash {
    let stored = found.filter(|sign_in| sign_in.user.standing.status.may_log_in());
    let Some(stored) = stored.and_then(|sign_in| sign_in.password.as_ref()) else { return PasswordHash::decoy() };
    PasswordHash::parse(stored.expose()).unwrap_or_else(|fault| {
        tracing::error!(fault = %fault, "the hash of a password cannot be used");
        PasswordHash::decoy()
    })
}
