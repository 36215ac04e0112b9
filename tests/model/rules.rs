//! The rules of the model: what the server must answer, said once more and differently.
//!
//! Each rule is one function. Times are milliseconds. A grant is a small state, and a request is a transition of it; where
//! requests run at once or a call of the store fails, a rule gives every outcome that is allowed.

use std::collections::BTreeSet;

use crate::cast::{ALL, CLIENTS, Client, END, LOOK, OFFLINE, OPENID, Scope, WARDEN, scope_of};

pub(crate) const SECOND: u64 = 1000;
const CODE: u64 = 60 * SECOND;
pub(crate) const ACCESS_TOKEN: u64 = 300 * SECOND;
pub(crate) const INTERACTION: u64 = 600 * SECOND;
pub(crate) const SESSION: u64 = 1800 * SECOND;
const REFRESH_TOKEN: u64 = 3600 * SECOND;
const REFRESH_TOKEN_IDLE: u64 = 900 * SECOND;

/// How long after a redemption a second one is the client's own retry.
const RETRY_WINDOW: u64 = 500;

/// How far the clocks of two functions may be apart.
const SKEW: u64 = 5 * SECOND;

/// How long the store keeps what has ended, at least.
pub(crate) const KEPT: u64 = 3600 * SECOND;

/// What an authorization request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) client: usize,
    pub(crate) scope: Scope,
    /// For another API than the default one.
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

/// What one user has allowed one client: scopes, by API.
pub(crate) type Consent = [Scope; 2];

/// Whether what was allowed covers what is asked for: what was allowed for one API says nothing about another.
pub(crate) fn covers(consent: Consent, asked: &Asked) -> bool {
    asked.scope & !consent[usize::from(asked.orders)] == 0
}

/// What is remembered after what was asked for was allowed, but for `withheld`. What a form withholds is forgotten for this API,
/// whether it was asked for this time or not.
pub(crate) fn remembered(before: Consent, asked: &Asked, withheld: Scope) -> Consent {
    let mut after = before;
    let api = &mut after[usize::from(asked.orders)];
    *api = *api & !withheld | allowed(asked, withheld);
    after
}

/// What is granted when the user allows `asked` and keeps `withheld` back. That it is they cannot be kept back.
pub(crate) fn allowed(asked: &Asked, withheld: Scope) -> Scope {
    asked.scope & !(withheld & !OPENID)
}

/// What a browser is told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Next {
    LogIn,
    AskConsent,
    /// A code, for these scopes.
    Code(Scope),
    /// An error at the client.
    Error(&'static str),
    /// A page with this status.
    Page(u16),
}

/// What comes next for a user who logged in at `auth_time`, if anybody did, and has allowed `consent`.
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

/// Whether a login at `auth_time` is good enough: made for this request, or young enough where none was demanded.
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

/// Whether what its users allow this client is remembered.
pub(crate) const fn remembers(client: &Client) -> bool {
    client.assured
}

/// What never changes of a grant, or of a client's own token.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) client: usize,
    pub(crate) scope: Scope,
    pub(crate) orders: bool,
    /// A client's own token, which has no grant.
    pub(crate) own: bool,
}

/// Where a grant may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    pub(crate) ended: bool,
    code_expires: u64,
    pub(crate) redeemed: Option<u64>,
    /// The current refresh token; 0: there are none.
    pub(crate) generation: u32,
    pub(crate) replaced: Option<u64>,
    until: u64,
    idle: u64,
    pub(crate) expires: u64,
}

impl State {
    /// A code was issued at `now`, in an interaction that ends at `expires`.
    pub(crate) fn issued(now: u64, expires: u64) -> Self {
        let (code_expires, expires) = (now + CODE, expires.max(now + CODE));
        Self { ended: false, code_expires, redeemed: None, generation: 0, replaced: None, until: 0, idle: 0, expires }
    }

    /// Whether the code is still good.
    pub(crate) const fn unused(&self, now: u64) -> bool {
        !self.ended && self.redeemed.is_none() && now < self.code_expires
    }

    /// A client's own token was issued, which ends at `expires`.
    pub(crate) fn own(expires: u64) -> Self {
        Self { redeemed: Some(0), ..Self::issued(0, expires) }
    }

    /// Whether its access tokens are good, as far as the grant goes.
    const fn live(&self, now: u64) -> bool {
        self.redeemed.is_some() && !self.ended && now < self.expires
    }

    const fn refreshable(&self, now: u64) -> bool {
        self.generation > 0 && !self.ended && now < self.until && now < self.idle
    }
}

/// A token that is named in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// An access token that expires at this time, and whose scopes are these; a client's own or not, and for our own
    /// endpoints or not.
    Access { expires: u64, scope: Scope, own: bool, ours: bool },
    /// The refresh token of this generation.
    Refresh(u32),
}

/// What a request means for one grant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// Nothing, whatever the state: it is refused like this.
    Refused(u16, &'static str),
    /// The code, with all that belongs to it.
    Redeem,
    /// The refresh token of this generation, by its client, for all that was granted or a part.
    Refresh {
        generation: u32,
        scope: Option<Scope>,
    },
    /// Revocation by one who may.
    End(Named),
    /// Revocation of what is not the caller's: nothing happens.
    Ignored,
    /// Introspection by one who may, and by one who may not.
    Look(Named),
    LookAway,
    /// Userinfo.
    Use(Named),
}

/// What a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reply {
    /// Tokens for these scopes, a refresh token of this generation (0: none), with an ID token that has the nonce or not.
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
    /// Nothing arrived.
    Lost,
}

/// A request in what happens at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) meaning: Meaning,
    pub(crate) reply: Reply,
    /// A call of the store failed, or the function died: 503, or nothing, whether it took effect or not.
    pub(crate) hit: bool,
}

/// What surrounds a transition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: u64,
    /// Others run at the same time.
    pub(crate) crowded: bool,
}

const INVALID_GRANT: Reply = Reply::Refused(400, "invalid_grant");

/// The states in which the grant may be afterwards: those from which some order of the events explains all replies.
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
    let mut after = if silent { vec![state] } else { Vec::new() };
    for (next, reply) in transitions(terms, state, event.meaning, moment) {
        if silent || reply == event.reply {
            after.push(next);
        }
    }
    after
}

/// What a request does, and what it is answered.
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

/// A second valid use of a code ends the grant, unless it is the client's own retry or lost a race.
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

/// What a refresh presents.
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
        // The successor that was about to be handed out was itself replaced in between: the next try is right.
        outcomes.push((state, Reply::Unavailable));
    }
    outcomes
}

enum Reuse {
    Successor,
    Race,
    Theft,
    RaceOrTheft,
}

/// What the use of a refresh token means that is not the current one.
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

/// Revocation ends the grant: by an access token, expired or not, and by a refresh token, however old.
fn end(state: State, named: Named) -> Vec<(State, Reply)> {
    match named {
        Named::Refresh(generation) if generation > state.generation => vec![(state, Reply::Done)],
        Named::Access { .. } | Named::Refresh(_) => vec![(State { ended: true, ..state }, Reply::Done)],
    }
}

/// Whether introspection calls the token active.
fn is_good(state: State, named: Named, now: u64) -> bool {
    match named {
        Named::Access { expires, own: true, .. } => now < expires && !state.ended,
        Named::Access { expires, .. } => now < expires && state.live(now),
        Named::Refresh(generation) => state.refreshable(now) && generation == state.generation,
    }
}

/// What userinfo says to a token.
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

/// Whether introspection and revocation take this token as the caller's credential: it is good, and for them.
pub(crate) fn is_credential(state: State, named: Named, now: u64) -> bool {
    matches!(named, Named::Access { ours: true, .. }) && is_good(state, named, now)
}

/// Whether an access token with this scope is for our own endpoints: no API was named, and a scope is for one of them.
pub(crate) const fn is_ours(terms: &Terms, scope: Scope) -> bool {
    !terms.orders && scope & (OPENID | LOOK | END) != 0
}

/// Whether `caller` may ask about a token of `owner`, or end it.
pub(crate) fn is_entitled(caller: usize, owner: usize) -> bool {
    caller == owner || caller == WARDEN
}

/// What `client` is answered that asks for a token of its own with these scopes.
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
