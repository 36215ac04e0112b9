//! The rules of the model: an independent specification of the server's responses.
//!
//! Each rule is one function. Times are in milliseconds. A grant is a small state machine, and a request is a
//! transition; for concurrent requests and failed store calls, a rule returns every allowed outcome.

use std::collections::BTreeSet;

use crate::cast::{ALL, CLIENTS, Client, END, LOOK, OFFLINE, OPENID, Scope, WARDEN, scope_of};

pub(crate) const SECOND: u64 = 1000;
const CODE: u64 = 60 * SECOND;
pub(crate) const ACCESS_TOKEN: u64 = 300 * SECOND;
pub(crate) const INTERACTION: u64 = 600 * SECOND;
pub(crate) const SESSION: u64 = 1800 * SECOND;
const REFRESH_TOKEN: u64 = 3600 * SECOND;
const REFRESH_TOKEN_IDLE: u64 = 900 * SECOND;

/// How long after a redemption a second one counts as the client's own retry.
const RETRY_WINDOW: u64 = 500;

/// The maximum skew between the clocks of two functions.
const SKEW: u64 = 5 * SECOND;

/// The minimum time that the store keeps expired items.
pub(crate) const KEPT: u64 = 3600 * SECOND;

/// What an authorization request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) client: usize,
    pub(crate) scope: Scope,
    /// Whether another API than the default one is requested.
    pub(crate) orders: bool,
    pub(crate) prompt: Prompt,
    pub(crate) max_age: Option<u64>,
    pub(crate) began: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    AsNeeded,
    None,
    Login,
    Consent,
}

/// What one user has allowed one client: scopes per API.
pub(crate) type Consent = [Scope; 2];

/// Whether a consent covers the request. Consent for one API says nothing about another.
pub(crate) fn covers(consent: Consent, asked: &Asked) -> bool {
    asked.scope & !consent[usize::from(asked.orders)] == 0
}

/// The remembered consent after the request was allowed except for `withheld`. Requested scopes that are withheld are
/// forgotten for this API; those that were not requested are not on the page, and stay as they are.
pub(crate) fn remembered(before: Consent, asked: &Asked, withheld: Scope) -> Consent {
    let mut after = before;
    let api = &mut after[usize::from(asked.orders)];
    *api = *api & !(withheld & asked.scope) | allowed(asked, withheld);
    after
}

/// The granted scope when the user allows `asked` but withholds `withheld`. `openid` cannot be withheld.
pub(crate) fn allowed(asked: &Asked, withheld: Scope) -> Scope {
    asked.scope & !(withheld & !OPENID)
}

/// The next result for a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Next {
    LogIn,
    AskConsent,
    /// A code for these scopes.
    Code(Scope),
    /// An error at the client.
    Error(&'static str),
    /// A page with this status.
    Page(u16),
}

/// The result for a user who logged in at `auth_time`, if at all, and has given `consent`.
pub(crate) fn decide(asked: &Asked, auth_time: Option<u64>, consent: Consent, now: u64) -> Next {
    let client = &CLIENTS[asked.client];
    if !auth_time.is_some_and(|auth_time| satisfies(asked, auth_time, now)) {
        return if asked.prompt == Prompt::None { Next::Error("login_required") } else { Next::LogIn };
    }
    let must_ask = asked.prompt == Prompt::Consent || !client.assured || !covers(consent, asked);
    match (client.trusted || !must_ask, asked.prompt) {
        (true, _) => Next::Code(asked.scope),
        (false, Prompt::None) => Next::Error("consent_required"),
        (false, _) => Next::AskConsent,
    }
}

/// Whether a login at `auth_time` satisfies the request: made for it, or recent enough where no login was forced.
pub(crate) fn satisfies(asked: &Asked, auth_time: u64, now: u64) -> bool {
    let sane = auth_time <= now + SKEW;
    let for_this = auth_time >= asked.began && sane;
    let young = match asked.max_age {
        None => true,
        Some(0) => false,
        Some(age) => auth_time >= now.saturating_sub(age) && sane,
    };
    for_this || (young && asked.prompt != Prompt::Login)
}

/// Whether consent for this client is remembered.
pub(crate) const fn remembers(client: &Client) -> bool {
    client.assured
}

/// The immutable part of a grant or of a client credentials token.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) client: usize,
    pub(crate) scope: Scope,
    pub(crate) orders: bool,
    /// Whether this is a client credentials token, which has no grant.
    pub(crate) own: bool,
}

/// A possible state of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    pub(crate) ended: bool,
    code_expires: u64,
    pub(crate) redeemed: Option<u64>,
    /// The generation of the current refresh token; 0 if there is none.
    pub(crate) generation: u32,
    pub(crate) replaced: Option<u64>,
    until: u64,
    idle: u64,
    pub(crate) expires: u64,
}

impl State {
    /// The state after a code was issued at `now`, in an interaction that ends at `expires`.
    pub(crate) fn issued(now: u64, expires: u64) -> Self {
        let (code_expires, expires) = (now + CODE, expires.max(now + CODE));
        Self { ended: false, code_expires, redeemed: None, generation: 0, replaced: None, until: 0, idle: 0, expires }
    }

    /// Whether the code can still be redeemed.
    pub(crate) const fn unused(&self, now: u64) -> bool {
        !self.ended && self.redeemed.is_none() && now < self.code_expires
    }

    /// The state of a client credentials token that expires at `expires`.
    pub(crate) fn own(expires: u64) -> Self {
        Self { redeemed: Some(0), ..Self::issued(0, expires) }
    }

    /// Whether the grant allows its access tokens.
    const fn live(&self, now: u64) -> bool {
        self.redeemed.is_some() && !self.ended && now < self.expires
    }

    const fn refreshable(&self, now: u64) -> bool {
        self.generation > 0 && !self.ended && now < self.until && now < self.idle
    }
}

/// A token named in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// An access token with its expiry and scopes, whether it is a client credentials token, and whether it is valid at
    /// the server's own endpoints.
    Access { expires: u64, scope: Scope, own: bool, ours: bool },
    /// The refresh token of this generation.
    Refresh(u32),
}

/// What a request means for one grant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// Refused like this, whatever the state.
    Refused(u16, &'static str),
    /// Redemption of the code with valid credentials.
    Redeem,
    /// The refresh token of this generation, presented by its client, for the whole scope or a part of it.
    Refresh {
        generation: u32,
        scope: Option<Scope>,
    },
    /// Revocation by an authorized caller.
    End(Named),
    /// Revocation of a token that is not the caller's: no effect.
    Ignored,
    /// Introspection by an authorized caller, and by another.
    Look(Named),
    LookAway,
    /// Userinfo.
    Use(Named),
}

/// The reply to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reply {
    /// Tokens for these scopes, a refresh token of this generation (0 for none), and an ID token with or without the
    /// nonce.
    Tokens {
        scope: Scope,
        generation: u32,
        nonce: bool,
    },
    Refused(u16, &'static str),
    Done,
    Active(bool),
    Claims,
    Unavailable,
    /// No response arrived.
    Lost,
}

/// One of several concurrent requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) meaning: Meaning,
    pub(crate) reply: Reply,
    /// A store call failed or the function crashed: a 503 or no response, whether or not the request took effect.
    pub(crate) hit: bool,
}

/// The context of a transition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: u64,
    /// Whether other requests run concurrently.
    pub(crate) crowded: bool,
}

const INVALID_GRANT: Reply = Reply::Refused(400, "invalid_grant");

/// The possible states afterwards: those for which some order of the events explains all replies.
pub(crate) fn explain(terms: &Terms, states: &BTreeSet<State>, events: &[Event], moment: Moment) -> BTreeSet<State> {
    let Some(_) = events.first() else { return states.clone() };
    let mut after = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        let next: BTreeSet<State> = states.iter().flat_map(|state| outcomes(terms, *state, *event, moment)).collect();
        if next.is_empty() {
            continue;
        }
        let rest: Vec<Event> =
            events.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, event)| *event).collect();
        after.extend(explain(terms, &next, &rest, moment));
    }
    after
}

/// The states after `event` that its reply allows.
fn outcomes(terms: &Terms, state: State, event: Event, moment: Moment) -> Vec<State> {
    let silent = event.hit && matches!(event.reply, Reply::Unavailable | Reply::Lost);
    // The write succeeded and its answer was lost; before the function tried again, another request ended the grant.
    let overtaken = event.hit && moment.crowded && event.reply == INVALID_GRANT;
    let mut after = if silent { vec![state] } else { Vec::new() };
    for (next, reply) in transitions(terms, state, event.meaning, moment) {
        if silent || reply == event.reply {
            after.push(next);
        } else if overtaken && matches!(reply, Reply::Tokens { .. }) {
            after.push(State { ended: true, ..next });
        }
    }
    after
}

/// The allowed effects of a request and its replies.
fn transitions(terms: &Terms, state: State, meaning: Meaning, moment: Moment) -> Vec<(State, Reply)> {
    let now = moment.now;
    match meaning {
        Meaning::Refused(status, error) => vec![(state, Reply::Refused(status, error))],
        Meaning::Redeem => redeem(terms, state, moment),
        Meaning::Refresh { generation, scope } => refresh(terms, state, Presented { generation, scope }, moment),
        Meaning::End(named) => end(state, named),
        Meaning::Ignored => vec![(state, Reply::Done)],
        Meaning::Look(named) => vec![(state, Reply::Active(is_good(state, named, now)))],
        Meaning::LookAway => vec![(state, Reply::Active(false))],
        Meaning::Use(named) => vec![(state, use_token(state, named, now))],
    }
}

fn redeem(terms: &Terms, state: State, moment: Moment) -> Vec<(State, Reply)> {
    let now = moment.now;
    if state.ended {
        return vec![(state, INVALID_GRANT)];
    }
    if let Some(redeemed) = state.redeemed {
        return second_use(state, redeemed, moment);
    }
    if now >= state.code_expires {
        return vec![(state, INVALID_GRANT)];
    }
    let refreshes = terms.scope & OFFLINE != 0;
    let (until, idle) = if refreshes { (now + REFRESH_TOKEN, now + REFRESH_TOKEN_IDLE) } else { (0, 0) };
    let generation = u32::from(refreshes);
    let expires = state.expires.max(now + ACCESS_TOKEN).max(until);
    let after = State { redeemed: Some(now), generation, until, idle, expires, ..state };
    let nonce = terms.scope & OPENID != 0;
    vec![(after, Reply::Tokens { scope: terms.scope, generation, nonce })]
}

/// A second valid use of a code revokes the grant, unless it is the client's own retry or lost a race.
fn second_use(state: State, redeemed: u64, moment: Moment) -> Vec<(State, Reply)> {
    let retry = (state, INVALID_GRANT);
    let theft = (State { ended: true, ..state }, INVALID_GRANT);
    if moment.now < redeemed + RETRY_WINDOW {
        vec![retry]
    } else if moment.crowded && redeemed == moment.now {
        vec![retry, theft]
    } else {
        vec![theft]
    }
}

/// What a refresh request presents.
#[derive(Clone, Copy)]
struct Presented {
    generation: u32,
    scope: Option<Scope>,
}

fn refresh(terms: &Terms, state: State, presented: Presented, moment: Moment) -> Vec<(State, Reply)> {
    let (now, client) = (moment.now, &CLIENTS[terms.client]);
    let refused = vec![(state, INVALID_GRANT)];
    if state.ended || state.generation == 0 || presented.generation > state.generation {
        return refused;
    }
    let (current, previous) = (presented.generation == state.generation, presented.generation + 1 == state.generation);
    if (current || previous) && !state.refreshable(now) {
        return refused;
    }
    if !current {
        match reuse(state, previous, client, moment) {
            Reuse::Successor => {}
            Reuse::Race => return refused,
            Reuse::Theft => return vec![(State { ended: true, ..state }, INVALID_GRANT)],
            Reuse::RaceOrTheft => return vec![(state, INVALID_GRANT), (State { ended: true, ..state }, INVALID_GRANT)],
        }
    }
    let scope = presented.scope.unwrap_or(terms.scope);
    if scope & !terms.scope != 0 {
        return vec![(state, Reply::Refused(400, "invalid_scope"))];
    }
    let expires = state.expires.max(now + ACCESS_TOKEN);
    let rotated = current && client.rotates;
    let mut after = State { expires, ..state };
    if current {
        after.idle = (now + REFRESH_TOKEN_IDLE).min(state.until);
    }
    if rotated {
        (after.generation, after.replaced) = (state.generation + 1, Some(now));
    }
    let generation = if client.rotates { after.generation } else { 0 };
    let mut outcomes = vec![(after, Reply::Tokens { scope, generation, nonce: false })];
    if moment.crowded && client.rotates {
        // The successor to be issued was itself rotated in between; a retry succeeds.
        outcomes.push((state, Reply::Unavailable));
    }
    if moment.crowded && !current {
        // The same for a replaced token that still counts because a clock was set back: its successor is gone, and nobody has it.
        outcomes.push((state, INVALID_GRANT));
    }
    outcomes
}

enum Reuse {
    Successor,
    Race,
    Theft,
    RaceOrTheft,
}

/// Classifies the use of a refresh token that is not the current one.
fn reuse(state: State, previous: bool, client: &Client, moment: Moment) -> Reuse {
    let replaced = state.replaced.unwrap_or_default();
    match () {
        () if !previous => Reuse::Theft,
        () if replaced > moment.now + SKEW => Reuse::Race,
        () if moment.now < replaced + client.grace => Reuse::Successor,
        () if moment.crowded && replaced == moment.now => Reuse::RaceOrTheft,
        () => Reuse::Theft,
    }
}

/// Revokes the grant: by an access token, expired or not, or by a refresh token, however old.
fn end(state: State, named: Named) -> Vec<(State, Reply)> {
    match named {
        Named::Refresh(generation) if generation > state.generation => vec![(state, Reply::Done)],
        Named::Access { .. } | Named::Refresh(_) => vec![(State { ended: true, ..state }, Reply::Done)],
    }
}

/// Whether introspection reports the token as active.
fn is_good(state: State, named: Named, now: u64) -> bool {
    match named {
        Named::Access { expires, own: true, .. } => now < expires && !state.ended,
        Named::Access { expires, .. } => now < expires && state.live(now),
        Named::Refresh(generation) => state.refreshable(now) && generation == state.generation,
    }
}

/// The reply of userinfo to a token.
fn use_token(state: State, named: Named, now: u64) -> Reply {
    let invalid = Reply::Refused(401, "invalid_token");
    let Named::Access { expires, scope, own, ours } = named else { return invalid };
    match () {
        () if now >= expires => invalid,
        () if scope & OPENID == 0 => Reply::Refused(403, "insufficient_scope"),
        () if own || !ours || !state.live(now) => invalid,
        () => Reply::Claims,
    }
}

/// Whether introspection and revocation accept this token as the caller's credential: valid, and issued for this
/// server.
pub(crate) fn is_credential(state: State, named: Named, now: u64) -> bool {
    matches!(named, Named::Access { ours: true, .. }) && is_good(state, named, now)
}

/// Whether an access token with this scope is valid at the server's own endpoints: no API was named, and one of its
/// scopes belongs to them.
pub(crate) const fn is_ours(terms: &Terms, scope: Scope) -> bool {
    !terms.orders && scope & (OPENID | LOOK | END) != 0
}

/// Whether `caller` may introspect or revoke a token of `owner`.
pub(crate) fn is_entitled(caller: usize, owner: usize) -> bool {
    caller == owner || caller == WARDEN
}

/// The reply to a client credentials request of `client` for these scopes.
pub(crate) fn own_token(client: &Client, asked: Scope) -> Reply {
    match scope_of(client.own_scope) {
        _ if client.secret.is_none() || client.own_scope.is_empty() => Reply::Refused(400, "unauthorized_client"),
        Some(registered) if asked & !registered == 0 => Reply::Tokens { scope: asked, generation: 0, nonce: false },
        _ => Reply::Refused(400, "invalid_scope"),
    }
}

/// The scopes of users' tokens that a mask may name.
pub(crate) const fn nameable(mask: u8) -> Scope {
    mask & ALL
}
