//! The decision whether a code may be issued. It is made only here.
//!
//! The authorization endpoint, the login page, the consent page and the callback all decide here, each time with the
//! current content of the store. No result of an earlier step is reused, so no step can be skipped.

use crate::authorization::claims_parameter::RequestedClaims;
use crate::authorization::consent::{AllowedBefore, Consent, ConsentEpoch, Withheld};
use crate::authorization::error::RedirectError;
use crate::authorization::interaction::AccountChoice;
use crate::authorization::request::{AuthorizationRequest, Prompt, RequestTerms};
use crate::clients::allowed_users::UserFacts;
use crate::clients::client::{Client, ConsentPolicy};
use crate::clients::redirect_uri::RedirectUri;
use crate::clients::registered_scopes::ScopeConsent;
use crate::types::id::Subject;
use crate::types::scope::{OPENID, Scopes};
use crate::types::time::{OWN_CLOCK_SKEW, Timestamp};
use crate::users::attributes::Attributes;
use crate::users::session::Session;

/// The input of the decision.
pub struct DecisionInput<'a> {
    /// The request.
    pub request: &'a AuthorizationRequest,
    /// The client that sent it.
    pub client: &'a Client,
    /// The user, if the browser has a live session.
    pub user: Option<User<'a>>,
    /// What this user has already consented to for this client.
    pub consent: Option<&'a Consent>,
    /// The user's choice for `prompt=select_account`, if made.
    pub account: Option<&'a AccountChoice>,
    /// When the request arrived.
    pub began: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// A user who is logged in.
#[derive(Clone, Copy)]
pub struct User<'a> {
    /// Their session.
    pub session: &'a Session,
    /// The `sub` that the client sees (OpenID Connect Core §8).
    pub client_subject: &'a Subject,
    /// What is known of them, as far as rules about users look at it.
    pub attributes: &'a Attributes,
}

impl<'a> User<'a> {
    /// What rules look at.
    #[must_use]
    pub const fn facts(&self) -> UserFacts<'a> {
        UserFacts { source: &self.session.source, attributes: self.attributes.all() }
    }
}

/// What happens next.
#[derive(Debug)]
pub enum NextStep {
    /// The user has to log in.
    LogIn,
    /// The user has to choose between the account that is logged in and another.
    SelectAccount,
    /// The user is logged in and has to consent, to more than they allowed before.
    AskConsent(Option<Box<AllowedBefore>>),
    /// A code may be issued.
    Approved(Box<ApprovedAuthorization>),
    /// The client gets an error.
    Refused(RedirectError),
}

/// Proof that a code may be issued, and for what. Only this module creates it.
#[derive(Debug)]
pub struct ApprovedAuthorization {
    redirect_uri: RedirectUri,
    terms: RequestTerms,
    session: Session,
    client_subject: Subject,
    scope: Scopes,
    claims: RequestedClaims,
    consent: Option<ConsentEpoch>,
}

impl ApprovedAuthorization {
    /// Where the code goes.
    #[must_use]
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// The requested terms.
    #[must_use]
    pub const fn terms(&self) -> &RequestTerms {
        &self.terms
    }

    /// The session of the approving user.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The `sub` that the client sees.
    #[must_use]
    pub const fn client_subject(&self) -> &Subject {
        &self.client_subject
    }

    /// The granted claims that were requested by name: those requested, or fewer.
    #[must_use]
    pub const fn claims(&self) -> &RequestedClaims {
        &self.claims
    }

    /// The epoch of the consent that it rests on; `None` if the client needs none.
    #[must_use]
    pub const fn consent(&self) -> Option<ConsentEpoch> {
        self.consent
    }

    /// The same, resting on a consent of this epoch, which was just recorded.
    #[must_use]
    pub fn consented(self, epoch: ConsentEpoch) -> Self {
        Self { consent: Some(epoch), ..self }
    }

    /// The granted scopes: those requested, or fewer.
    #[must_use]
    pub const fn scope(&self) -> &Scopes {
        &self.scope
    }
}

/// Decides what happens next.
#[must_use]
pub fn decide(input: &DecisionInput<'_>) -> NextStep {
    let prompt = input.request.terms.prompt;
    let user = match deciding(input) {
        Ok(user) => user,
        Err(next) => return next,
    };
    let offered = match offered(input, user) {
        Ok(offered) => offered,
        Err(next) => return next,
    };
    if must_ask(input, &offered) {
        return match prompt {
            Prompt::Nothing => NextStep::Refused(RedirectError::ConsentRequired),
            Prompt::AsNeeded | Prompt::Pages { .. } => NextStep::AskConsent(allowed_before(input, user, &offered)),
        };
    }
    NextStep::Approved(approved(input, user, offered, input.request.terms.claims.clone()))
}

/// Decides what happens next after the user pressed "Allow" and withheld `withheld`.
/// The grant is what the page showed, which are the requested scopes that the user may have, minus what the user withheld: a form can only narrow it.
#[must_use]
pub fn decide_allowed(input: &DecisionInput<'_>, withheld: Withheld<'_>) -> NextStep {
    let user = match deciding(input) {
        Ok(user) => user,
        Err(next) => return next,
    };
    let asked = match offered(input, user) {
        Ok(offered) => offered,
        Err(next) => return next,
    };
    let scope = asked.filtered(|scope| scope == OPENID || !withheld.scopes.contains(&scope));
    let claims = input.request.terms.claims.filtered(|claim| !withheld.has(claim));
    if scope.is_empty() && !asked.is_empty() {
        return NextStep::Refused(RedirectError::AccessDenied);
    }
    NextStep::Approved(approved(input, user, scope, claims))
}

fn approved(
    input: &DecisionInput<'_>,
    user: User<'_>,
    scope: Scopes,
    claims: RequestedClaims,
) -> Box<ApprovedAuthorization> {
    let AuthorizationRequest { redirect_uri, terms, .. } = input.request;
    let (session, client_subject) = (user.session.clone(), user.client_subject.clone());
    let is_asked = input.client.consent == ConsentPolicy::Ask;
    Box::new(ApprovedAuthorization {
        redirect_uri: redirect_uri.clone(),
        terms: terms.clone(),
        session,
        client_subject,
        scope,
        claims,
        consent: is_asked.then(|| input.consent.map(Consent::epoch).unwrap_or_default()),
    })
}

/// The requested scopes that `user` may have, if the user may use the client at all (catalogue row SEC-AUTHZ-19). Others are
/// left out like those that a user withholds, and nowhere shown.
fn offered(input: &DecisionInput<'_>, user: User<'_>) -> Result<Scopes, NextStep> {
    let (client, terms) = (input.client, &input.request.terms);
    let offered = client.allowed_scopes(&terms.scope, user.facts());
    let is_empty = offered.is_empty() && !terms.scope.is_empty();
    if is_empty || !client.allows(user.facts(), &terms.resource) {
        return Err(NextStep::Refused(RedirectError::UserNotAllowed));
    }
    Ok(offered)
}

/// The user who may decide, or the step that has to come first.
fn deciding<'a>(input: &DecisionInput<'a>) -> Result<User<'a>, NextStep> {
    let user = authenticated(input).ok_or_else(|| log_in(input))?;
    if !is_of_required_class(input, user.session) {
        // Another login may be of the required class, unless one has already been made for this request.
        let in_vain = is_since_request(input, user.session) || input.request.terms.prompt == Prompt::Nothing;
        let unmet = NextStep::Refused(RedirectError::UnmetAuthenticationRequirements);
        return Err(if in_vain { unmet } else { log_in(input) });
    }
    match account(input, user.session) {
        Account::Chosen => Ok(user),
        Account::Open => Err(NextStep::SelectAccount),
        Account::Another => Err(log_in(input)),
    }
}

/// Whether the login is of the class that the request demands: an essential `acr` of its `claims` (OpenID Connect Core
/// §5.5.1.1), or at least one of its `acr_values`, as an API had its client ask for (RFC 9470 §5).
fn is_of_required_class(input: &DecisionInput<'_>, session: &Session) -> bool {
    let (terms, class) = (&input.request.terms, session.authentication.class());
    terms.claims.are_met_by(class.as_str()) && terms.least_class.is_none_or(|least| class >= least)
}

/// Whether the user chose the account of the session (OpenID Connect Core §3.1.2.1, `prompt`).
enum Account {
    Chosen,
    Open,
    Another,
}

fn account(input: &DecisionInput<'_>, session: &Session) -> Account {
    let asked = matches!(input.request.terms.prompt, Prompt::Pages { account: true, .. });
    // A login for this request is a choice of account.
    if !asked || is_since_request(input, session) {
        return Account::Chosen;
    }
    match input.account {
        Some(AccountChoice::Another) => Account::Another,
        Some(AccountChoice::Current(sid)) if *sid == session.sid => Account::Chosen,
        Some(AccountChoice::Current(_)) | None => Account::Open,
    }
}

/// The user has to log in, unless the request forbids prompting, or a login made for it did not help: it was by a user
/// other than the expected one (OpenID Connect Core §3.1.2.1, `id_token_hint`), or a provider logged them in without
/// prompting and the login is too old. The same page would only lead to the same login again.
fn log_in(input: &DecisionInput<'_>) -> NextStep {
    let in_vain = alive(input).is_some_and(|user| is_since_request(input, user.session));
    if in_vain || input.request.terms.prompt == Prompt::Nothing {
        NextStep::Refused(RedirectError::LoginRequired)
    } else {
        NextStep::LogIn
    }
}

/// Whether the user logged in after the request was made. A login in the future dates from before a clock was set back, and
/// proves nothing.
fn is_since_request(input: &DecisionInput<'_>, session: &Session) -> bool {
    (input.began..=input.now.plus(OWN_CLOCK_SKEW)).contains(&session.began)
}

/// The user, if their session has not expired.
fn alive<'a>(input: &DecisionInput<'a>) -> Option<User<'a>> {
    input.user.filter(|user| !input.now.reached(user.session.expires))
}

/// Whether `user` is the one that the client expects, if any. The client names the user by the `sub` that it sees.
fn is_expected(input: &DecisionInput<'_>, user: User<'_>) -> bool {
    input.request.terms.expected_subject.as_ref().is_none_or(|expected| expected == user.client_subject)
}

/// The user, if their login satisfies the request (OpenID Connect Core §3.1.2.1).
fn authenticated<'a>(input: &DecisionInput<'a>) -> Option<User<'a>> {
    let user = alive(input)?;
    let (terms, session) = (&input.request.terms, user.session);
    // A provider's clock is given leeway, which must not turn an earlier login into one for this request.
    let prompted = !terms.prompts_login() || is_since_request(input, session);
    let earliest = terms.earliest_login(input.began, input.now);
    let recent = earliest.is_none_or(|earliest| session.authentication.is_between(earliest, input.now));
    (is_expected(input, user) && prompted && recent).then_some(user)
}

/// Whether the user has to consent (RFC 8252 §8.6, OAuth 2.1 §7.3.1).
fn must_ask(input: &DecisionInput<'_>, offered: &Scopes) -> bool {
    let DecisionInput { request, client, consent, .. } = input;
    if client.consent == ConsentPolicy::Skip {
        return false;
    }
    let demanded = matches!(request.terms.prompt, Prompt::Pages { consent: true, .. });
    demanded
        || !client.remembers_consent_at(&request.redirect_uri)
        || !is_covered(&request.terms, offered, client, *consent)
}

/// Whether nothing in `terms` with the scopes `offered` needs an answer that the user has not given before.
fn is_covered(terms: &RequestTerms, offered: &Scopes, client: &Client, consent: Option<&Consent>) -> bool {
    let (implied, claims) = (client.scope.asked(offered, ScopeConsent::Implied), terms.claims_by_name());
    let rest = offered.filtered(|scope| !implied.contains(scope));
    if rest.is_empty() && claims.is_empty() && !implied.is_empty() {
        return true;
    }
    let transient = !client.scope.asked(&rest, ScopeConsent::Transient).is_empty();
    let apis = client.targets.apis(&terms.resource, offered).without(&implied);
    !transient && consent.is_some_and(|consent| consent.covers(&apis, &claims))
}

/// What the user allowed before, so that the page can ask for what is new. A client that wants the whole question asked, or whose
/// identity is not assured, gets it asked as a whole.
fn allowed_before(input: &DecisionInput<'_>, user: User<'_>, offered: &Scopes) -> Option<Box<AllowedBefore>> {
    let DecisionInput { request, client, consent, .. } = input;
    if !depends_on_consent(request, client) {
        return None;
    }
    let terms = &request.terms;
    let remembered = client.scope.asked(offered, ScopeConsent::Remembered);
    let apis = client.targets.apis(&terms.resource, offered);
    let covered =
        consent.and_then(|consent| consent.covered(&user.session.subject, &apis, &remembered, &terms.claims_by_name()));
    covered.map(Box::new)
}

/// Whether a remembered consent can change the outcome, so that it is worth a read.
#[must_use]
pub fn depends_on_consent(request: &AuthorizationRequest, client: &Client) -> bool {
    let demanded = matches!(request.terms.prompt, Prompt::Pages { consent: true, .. });
    client.consent == ConsentPolicy::Ask && !demanded && client.remembers_consent_at(&request.redirect_uri)
}
