//! The front channel: follows each browser request to the next page, and compares every response with the rules.

use std::collections::BTreeSet;
use std::fmt;

use protocol::syntax::parameters::Parameters;
use tests::Pkce;
use tests::laptop::encoded;
use web::Response;

use crate::cast::{BROWSERS, CLIENTS, OPENID, ORDERS, USERS, names};
use crate::rules::{self, Asked, Consent, INTERACTION, Next, Prompt, SESSION, State, Terms};
use crate::step::{Authorize, Decide, PagePick, SignIn, Step};
use crate::world::{
    Answer, Form, Grant, Interaction, Known, Page, Sent, Session, Violation, World, must, session_cookie, url,
};

/// What a browser ends up with.
#[derive(Clone, PartialEq, Eq)]
enum Seen {
    /// A redirect to the login or consent page.
    LogIn(String),
    Consent(String),
    Code(String),
    Error(String),
    Page(u16),
    /// A page with a form.
    Form(Form),
    Lost,
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.sealed == other.sealed
    }
}

impl Eq for Form {}

/// Facts that the response may depend on and that are not known for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Guess {
    finished: bool,
    alive: bool,
    consent: Consent,
}

impl fmt::Debug for Seen {
    /// Omits sealed values.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogIn(_) => formatter.write_str("LogIn"),
            Self::Consent(_) => formatter.write_str("Consent"),
            Self::Code(code) => write!(formatter, "Code({code})"),
            Self::Error(error) => write!(formatter, "Error({error})"),
            Self::Page(status) => write!(formatter, "Page({status})"),
            Self::Form(form) => write!(formatter, "Form({})", form.action),
            Self::Lost => formatter.write_str("Lost"),
        }
    }
}

impl Seen {
    /// Whether this is the expected result.
    fn is(&self, next: Next) -> bool {
        match (self, next) {
            (Self::LogIn(_), Next::LogIn) | (Self::Consent(_), Next::AskConsent) | (Self::Code(_), Next::Code(_)) => {
                true
            }
            (Self::Error(seen), Next::Error(error)) => seen == error,
            (Self::Page(seen), Next::Page(status)) => *seen == status,
            _ => false,
        }
    }

    /// Whether a fault explains the result.
    fn is_fault(&self) -> bool {
        matches!(self, Self::Lost | Self::Page(503)) || *self == Self::Error("temporarily_unavailable".into())
    }
}

impl World {
    /// Plays an authorization request, up to the page that it leads to.
    pub(crate) async fn authorize(&mut self, step: &Step, tried: &Authorize) -> Result<(), Violation> {
        let now = self.now();
        let scope = match rules::nameable(tried.scope) {
            0 => OPENID,
            scope => scope,
        };
        let Authorize { client, orders, prompt, max_age, .. } = *tried;
        let asked = Asked { client, scope, orders, prompt, max_age: max_age.map(|age| age * 1000), began: now };
        let [pkce, nonce] = ["pkce", "nonce"].map(|name| format!("{name}-{}", step.salt));
        let target = url(tried.place, &format!("/oauth2/authorize?{}", parameters(&asked, &pkce, &nonce)));
        let cookies = self.cookies(tried.browser, tried.planted.then_some(tried.place));
        let answers = self.send(&[Sent::get(target).with("cookie", cookies)]).await?;
        let answer = &answers[0];
        let session = if tried.planted { None } else { self.session_of(tried.browser, tried.place) };
        let user = session.map(|session| self.sessions[session].user).unwrap_or_default();
        let cookie = answer.response.as_ref().and_then(bound).unwrap_or_default();
        let (place, expires, finished) = (tried.place, now + INTERACTION, Known::No);
        self.interactions.push(Interaction {
            place,
            asked,
            nonce,
            seed: pkce,
            expires,
            cookie,
            finished,
            grant: None,
            unseen: Vec::new(),
        });
        let interaction = self.interactions.len() - 1;
        let about = About { interaction, session, user, withheld: None };
        let guesses = self.guesses(&about);
        let auth_time = self.auth_time(session, true);
        let of = |guess: &Guess| vec![rules::decide(&asked, auth_time.filter(|_| guess.alive), guess.consent, now)];
        let seen = self.turn(&Turn { about, session, guesses: &guesses, of: &of }, answer, false)?;
        if step.unheard {
            return Ok(());
        }
        self.keep_cookies(tried.browser, answer);
        self.follow(tried.browser, interaction, seen).await
    }

    /// Follows redirects to the server's own pages, and keeps the last page.
    async fn follow(&mut self, browser: usize, interaction: usize, mut seen: Seen) -> Result<(), Violation> {
        for _ in 0..3 {
            let (Seen::LogIn(target) | Seen::Consent(target)) = &seen else { break };
            let (place, client) = (self.interactions[interaction].place, self.interactions[interaction].asked.client);
            let consents = matches!(seen, Seen::Consent(_));
            let request = Sent::get(target.clone()).with("cookie", self.cookies(browser, None));
            let answers = self.send(&[request]).await?;
            let next = shown(place, client, &answers[0])?;
            let (session, carries) = (self.session_of(browser, place), self.carries(browser, interaction));
            let there = session.is_some_and(|session| self.sessions[session].alive != Known::No)
                && self.auth_time(session, true).is_some();
            let waits = &self.interactions[interaction];
            let resumes = carries && self.now() < waits.expires && waits.finished != Known::Yes;
            let fits = match &next {
                seen if seen.is_fault() => answers[0].hit,
                Seen::Form(form) => {
                    resumes && form.action.ends_with("/login/consent") == consents && (!consents || there)
                }
                Seen::LogIn(_) => consents && resumes,
                Seen::Page(400) => !resumes || waits.finished != Known::No,
                _ => false,
            };
            must(fits, || format!("a page of {waits:?}, which resumes: {resumes}, is {next:?}"))?;
            self.keep_cookies(browser, &answers[0]);
            if let Seen::Form(form) = &next {
                let shown_to = if consents { session.map(|session| self.sessions[session].user) } else { None };
                self.pages.push(Page { browser, interaction, form: form.clone(), shown_to });
            }
            seen = next;
        }
        Ok(())
    }

    /// Plays the login form.
    pub(crate) async fn sign_in(&mut self, step: &Step, tried: &SignIn) -> Result<(), Violation> {
        let Some(page) = self.page(tried.page, false) else { return Ok(()) };
        let browser = (page.browser + usize::from(tried.other_browser)) % BROWSERS;
        let (name, wrong) = (USERS[tried.user], tried.wrong_password);
        let password = if wrong { "wrong".to_owned() } else { format!("{name}-password") };
        let request = self.filled(browser, &page, &[("username", name), ("password", &password)]);
        let (now, place) = (self.now(), self.interactions[page.interaction].place);
        let (asked, mine) = (self.interactions[page.interaction].asked, self.resumes(browser, page.interaction));
        let former = self.session_of(browser, place);
        let repeated = Repeated { user: tried.user, scope: Some(asked.scope), denied: false, whatever: true };
        let again = if mine && !wrong { self.again(page.interaction, repeated) } else { vec![Next::Page(400)] };
        let of = move |guess: &Guess| match (mine, wrong) {
            _ if guess.finished => again.clone(),
            (false, _) => vec![Next::Page(400)],
            (true, true) => vec![Next::Page(403)],
            (true, false) => vec![rules::decide(&asked, Some(now), guess.consent, now)],
        };
        let about = About { interaction: page.interaction, session: None, user: tried.user, withheld: None };
        let guesses = self.guesses(&about);
        let answers = self.send(&vec![request; tried.times]).await?;
        let mut seen = Vec::new();
        for answer in &answers {
            let begun = answer.response.as_ref().and_then(|response| set_cookie(response, &session_cookie(place)));
            must(begun.is_none() || (mine && !wrong), || "a session without a login".into())?;
            let session = self.begun(place, tried.user, begun);
            let turn = Turn { about: About { session: None, ..about }, session, guesses: &guesses, of: &of };
            let turned = self.turn(&turn, answer, tried.times > 1)?;
            if let Some(former) = former.filter(|_| session.is_some() || turned.is_fault()) {
                let alive = &mut self.sessions[former].alive;
                *alive = if session.is_some() { Known::No } else { alive.perhaps(false) };
            }
            seen.push(turned);
        }
        let turned: Vec<_> = answers.iter().zip(seen).collect();
        one_gets_on(&guesses, mine, &turned)?;
        self.turned(step, browser, page.interaction, turned).await
    }

    /// Plays the consent form.
    pub(crate) async fn decide(&mut self, step: &Step, tried: &Decide) -> Result<(), Violation> {
        let Some(page) = self.page(tried.page, true) else { return Ok(()) };
        let browser = (page.browser + usize::from(tried.other_browser)) % BROWSERS;
        let (now, place) = (self.now(), self.interactions[page.interaction].place);
        let (asked, mine) = (self.interactions[page.interaction].asked, self.resumes(browser, page.interaction));
        let withheld = names(tried.withheld.map_or(0, rules::nameable));
        let mut fields = vec![("decision", if tried.withheld.is_some() { "allow" } else { "deny" })];
        fields.extend(withheld.iter().map(|scope| ("withhold", *scope)));
        let request = self.filled(browser, &page, &fields);
        let session = self.session_of(browser, place);
        let (auth_time, user) = (self.auth_time(session, true), session.map(|session| self.sessions[session].user));
        let granted = tried.withheld.map(|withheld| rules::allowed(&asked, withheld)).filter(|scope| *scope != 0);
        let allows = tried.withheld.is_some();
        let repeated =
            Repeated { user: user.unwrap_or_default(), scope: granted, denied: granted.is_none(), whatever: false };
        let again = if mine && page.shown_to == user { self.again(page.interaction, repeated) } else { Vec::new() };
        let of = move |guess: &Guess| {
            let auth_time = auth_time.filter(|_| guess.alive);
            let good = auth_time.is_some_and(|auth_time| rules::satisfies(&asked, auth_time, now));
            match (auth_time, granted) {
                (Some(_), _) if guess.finished && (good || !allows) && !again.is_empty() => again.clone(),
                _ if !mine || guess.finished => vec![Next::Page(400)],
                (None, _) => vec![Next::LogIn],
                _ if page.shown_to != user => vec![Next::AskConsent],
                (Some(_), _) if allows && !good => vec![Next::LogIn],
                (_, Some(scope)) => vec![Next::Code(scope)],
                (_, None) => vec![Next::Error("access_denied")],
            }
        };
        let about =
            About { interaction: page.interaction, session, user: user.unwrap_or_default(), withheld: tried.withheld };
        let guesses = self.guesses(&about);
        let answers = self.send(&vec![request; tried.times]).await?;
        let mut seen = Vec::new();
        for answer in &answers {
            let turn = Turn { about, session, guesses: &guesses, of: &of };
            seen.push(self.turn(&turn, answer, tried.times > 1)?);
        }
        let turned: Vec<_> = answers.iter().zip(seen).collect();
        one_gets_on(&guesses, mine, &turned)?;
        self.turned(step, browser, page.interaction, turned).await
    }

    /// Compares the result with the rules, and records what has changed.
    fn turn(&mut self, turn: &Turn<'_>, answer: &Answer, many: bool) -> Result<Seen, Violation> {
        let About { interaction, withheld, .. } = turn.about;
        let (place, asked) = (self.interactions[interaction].place, self.interactions[interaction].asked);
        let seen = shown(place, asked.client, answer)?;
        let possible: BTreeSet<Next> = turn.guesses.iter().flat_map(turn.of).collect();
        let ends = |next: &Next| matches!(next, Next::Code(_) | Next::Error("access_denied"));
        let may_end = possible.iter().any(ends);
        let wrong = || Violation(format!("{seen:?} for {asked:?}, expected one of {possible:?}: {:?}", turn.guesses));
        if many {
            let second = may_end && seen.is(Next::Page(400));
            let right = second || possible.iter().any(|next| seen.is(*next)) || (answer.hit && seen.is_fault());
            must(right, || wrong().0)?;
        } else {
            let kept = explained(turn.guesses, &seen, answer.hit, turn.of).ok_or_else(wrong)?;
            self.learn(&turn.about, &kept);
        }
        let code = possible.iter().find_map(|next| if let Next::Code(scope) = next { Some(*scope) } else { None });
        let issued = matches!(seen, Seen::Code(_));
        if let (Some(withheld), Some(_)) = (withheld.filter(|_| issued || many || seen.is_fault()), code) {
            self.remember(&turn.about, rules::nameable(withheld), !issued);
        }
        if let (Seen::Code(code), Some(scope)) = (&seen, code) {
            let session = turn.session.ok_or_else(|| Violation("a code without a session".into()))?;
            let waits = &self.interactions[interaction];
            let repeats = waits.finished != Known::No && waits.grant.is_none() && !waits.unseen.is_empty();
            if withheld.is_none() && repeats && !CLIENTS[asked.client].trusted {
                // The decision on the consent page was lost, and a login form does not repeat it.
                return Ok(seen);
            }
            self.granted(interaction, Granted { session, scope, code: code.clone() })?;
            // Which of concurrent submissions created the grant is not seen.
            if let Some(grant) = self.interactions[interaction].grant.filter(|_| many) {
                self.grants[grant].vague |= self.grants[grant].session != Some(session);
            }
        } else if seen.is(Next::Error("access_denied")) {
            self.interactions[interaction].finished = Known::Yes;
        } else if may_end && seen.is_fault() {
            let now = self.now();
            let waits = &mut self.interactions[interaction];
            waits.finished = waits.finished.perhaps(true);
            waits.unseen.push(now);
            // The concurrent submission whose answer is lost may have created the grant.
            if let Some(grant) = waits.grant.filter(|_| many) {
                self.grants[grant].vague = true;
            }
        }
        Ok(seen)
    }

    /// The allowed results of resubmitting a form that already finished its interaction: the same response, while it is
    /// still usable.
    fn again(&self, interaction: usize, repeated: Repeated) -> Vec<Next> {
        let (waits, over) = (&self.interactions[interaction], Next::Page(400));
        let Some(grant) = waits.grant.map(|grant| &self.grants[grant]) else {
            let denied = repeated.denied.then_some(Next::Error("access_denied"));
            // A code nobody has seen can exist only if a response was lost.
            let code = repeated.scope.filter(|_| !waits.unseen.is_empty()).map(Next::Code);
            return [Some(over), denied, code].into_iter().flatten().collect();
        };
        let same = grant.session.is_some_and(|session| self.sessions[session].user == repeated.user)
            && (repeated.whatever || repeated.scope == Some(grant.terms.scope));
        let answer =
            |state: &State| if same && state.unused(self.now()) { Next::Code(grant.terms.scope) } else { over };
        grant.states.iter().map(answer).collect()
    }

    /// Records the consent after the user withheld `withheld`; with `perhaps`, only as a possibility.
    fn remember(&mut self, about: &About, withheld: u8, perhaps: bool) {
        let (interaction, user) = (&self.interactions[about.interaction], about.user);
        let (place, asked) = (interaction.place, interaction.asked);
        if !rules::remembers(&CLIENTS[asked.client]) {
            return;
        }
        let known = self.consents.entry((place, user, asked.client)).or_insert_with(|| [Consent::default()].into());
        let after: BTreeSet<Consent> =
            known.iter().map(|before| rules::remembered(*before, &asked, withheld)).collect();
        if perhaps {
            known.extend(after);
        } else {
            *known = after;
        }
    }

    /// Stores the cookies of the response and follows its redirect.
    async fn turned(
        &mut self,
        step: &Step,
        browser: usize,
        interaction: usize,
        answers: Vec<(&Answer, Seen)>,
    ) -> Result<(), Violation> {
        if step.unheard {
            return Ok(());
        }
        for (answer, _) in &answers {
            self.keep_cookies(browser, answer);
        }
        match answers.into_iter().next_back() {
            Some((_, seen)) => self.follow(browser, interaction, seen).await,
            None => Ok(()),
        }
    }

    /// Plays a logout, including the confirmation page.
    pub(crate) async fn log_out(&mut self, tried: &LogOut, unheard: bool) -> Result<(), Violation> {
        let LogOut { browser, place, hint, confirmed } = *tried;
        let hinted = hint.and_then(|back| self.grants.iter().rev().filter(|grant| grant.id_token.is_some()).nth(back));
        let (foreign, of) = (hinted.is_some_and(|grant| grant.place != place), hinted.and_then(|grant| grant.session));
        let query =
            hinted.and_then(|grant| grant.id_token.as_deref()).map(|token| encoded(&[("id_token_hint", token)]));
        let target = url(place, &format!("/oidc/logout?{}", query.unwrap_or_default()));
        let request = Sent::get(target).with("cookie", self.cookies(browser, None));
        let session = self.session_of(browser, place);
        let ends = session.is_some() && session == of;
        let vague = hinted.is_some_and(|grant| grant.vague);
        let answers = self.send(&[request]).await?;
        let seen = shown(place, 0, &answers[0])?;
        let possible = session.map_or(Known::No, |session| self.sessions[session].alive);
        let alive: BTreeSet<bool> = possible
            .possible()
            .iter()
            .copied()
            .filter(|alive| {
                let there = *alive && self.auth_time(session, true).is_some();
                match &seen {
                    seen if seen.is_fault() => answers[0].hit,
                    Seen::Page(400) => foreign,
                    Seen::Page(200) => !foreign && (!there || ends || vague),
                    Seen::Form(_) => !foreign && there && (!ends || vague),
                    _ => false,
                }
            })
            .collect();
        must(!alive.is_empty(), || {
            format!("{seen:?} at a logout: foreign {foreign}, ends {ends}, possible {possible:?}")
        })?;
        if let Some(session) = session {
            let (known, unexpired) = (Known::of(&alive), self.auth_time(Some(session), true).is_some());
            self.sessions[session].alive = match &seen {
                Seen::Page(200) if unexpired => Known::No,
                // One that had expired may be left as it is, and count again when the clock is set back.
                Seen::Page(200) => known.perhaps(false),
                seen if seen.is_fault() && (ends || vague) && !foreign => known.perhaps(false),
                _ => known,
            };
        }
        if unheard {
            return Ok(());
        }
        self.keep_cookies(browser, &answers[0]);
        if let (Seen::Form(form), Some(session)) = (seen, session) {
            return self.confirm(browser, form, Confirming { place, session, confirmed }).await;
        }
        Ok(())
    }

    /// Submits the logout confirmation page.
    async fn confirm(&mut self, browser: usize, form: Form, confirming: Confirming) -> Result<(), Violation> {
        let Confirming { place, session, confirmed } = confirming;
        let decision = if confirmed { "sign-out" } else { "stay" };
        let fields = [(form.field, form.sealed.as_str()), ("decision", decision)];
        let request = Sent::form(form.action.clone(), &fields).with("cookie", self.cookies(browser, None));
        let answers = self.send(&[request.with("sec-fetch-site", "same-origin".into())]).await?;
        let seen = shown(place, 0, &answers[0])?;
        must(seen == Seen::Page(200) || (answers[0].hit && seen.is_fault()), || format!("{seen:?} after {decision}"))?;
        if confirmed {
            let alive = &mut self.sessions[session].alive;
            *alive = if seen.is_fault() { alive.perhaps(false) } else { Known::No };
        }
        self.keep_cookies(browser, &answers[0]);
        Ok(())
    }

    /// Records a new session.
    fn begun(&mut self, place: usize, user: usize, cookie: Option<String>) -> Option<usize> {
        let (cookie, now) = (cookie?, self.now());
        let session = Session { place, user, cookie, auth_time: now, expires: now + SESSION, alive: Known::Yes };
        self.sessions.push(session);
        Some(self.sessions.len() - 1)
    }

    /// Records an issued code. The grant id is derived from the interaction, so each interaction has one code.
    fn granted(&mut self, interaction: usize, granted: Granted) -> Result<(), Violation> {
        let Granted { session, scope, code } = granted;
        let now = self.now();
        let waits = &self.interactions[interaction];
        if let Some(known) = waits.grant.map(|grant| &self.grants[grant]) {
            return must(known.code == code, || format!("{code}: a second code for one interaction"));
        }
        let id = code.split('.').nth(1).unwrap_or_default().to_owned();
        let terms = Terms { client: waits.asked.client, scope, orders: waits.asked.orders, own: false };
        let (expires, vague) = (waits.expires, !waits.unseen.is_empty());
        let states = waits.unseen.iter().chain([&now]).map(|at| State::issued(*at, expires)).collect();
        let (place, seed, nonce) = (waits.place, waits.seed.clone(), waits.nonce.clone());
        must(self.grants.iter().all(|grant| grant.id != id || grant.place != place), || {
            "two codes for one grant".into()
        })?;
        let waits = &mut self.interactions[interaction];
        (waits.finished, waits.grant) = (Known::Yes, Some(self.grants.len()));
        self.grants.push(Grant {
            place,
            terms,
            session: Some(session),
            vague,
            id,
            code,
            seed,
            nonce,
            states,
            refresh: std::collections::BTreeMap::new(),
            held: 0,
            access: Vec::new(),
            id_token: None,
        });
        Ok(())
    }

    /// All combinations of uncertain facts that the response may depend on.
    fn guesses(&self, about: &About) -> BTreeSet<Guess> {
        let interaction = &self.interactions[about.interaction];
        let alive = about.session.map_or(Known::No, |session| self.sessions[session].alive);
        let key = (interaction.place, about.user, interaction.asked.client);
        let none = [Consent::default()].into();
        let consents = self.consents.get(&key).unwrap_or(&none);
        let mut guesses = BTreeSet::new();
        for finished in interaction.finished.possible().iter().copied() {
            for alive in alive.possible().iter().copied() {
                guesses.extend(consents.iter().map(|consent| Guess { finished, alive, consent: *consent }));
            }
        }
        guesses
    }

    /// Narrows the uncertain facts to those guesses that explain the result.
    fn learn(&mut self, about: &About, kept: &BTreeSet<Guess>) {
        let interaction = &mut self.interactions[about.interaction];
        interaction.finished = Known::of(&kept.iter().map(|guess| guess.finished).collect());
        let key = (interaction.place, about.user, interaction.asked.client);
        if let Some(session) = about.session {
            self.sessions[session].alive = Known::of(&kept.iter().map(|guess| guess.alive).collect());
        }
        if let Some(consents) = self.consents.get_mut(&key) {
            *consents = kept.iter().map(|guess| guess.consent).collect();
        }
    }

    /// Resolves `pick` among the pages that show this form.
    fn page(&self, pick: PagePick, consents: bool) -> Option<Page> {
        let waits = |page: &Page| {
            let interaction = &self.interactions[page.interaction];
            interaction.finished != Known::Yes && self.now() < interaction.expires
        };
        let of = |page: &&Page| page.form.action.ends_with("/login/consent") == consents && (pick.stale || waits(page));
        self.pages.iter().rev().filter(of).nth(pick.back).cloned()
    }

    fn filled(&self, browser: usize, page: &Page, fields: &[(&str, &str)]) -> Sent {
        let mut all = vec![(page.form.field, page.form.sealed.as_str())];
        all.extend_from_slice(fields);
        let sent = Sent::form(page.form.action.clone(), &all).with("cookie", self.cookies(browser, None));
        sent.with("sec-fetch-site", "same-origin".into())
    }

    /// Whether an unfinished interaction can continue in this browser.
    fn resumes(&self, browser: usize, interaction: usize) -> bool {
        self.carries(browser, interaction) && self.now() < self.interactions[interaction].expires
    }

    fn carries(&self, browser: usize, interaction: usize) -> bool {
        let (name, value) = &self.interactions[interaction].cookie;
        self.jars[browser].get(name).is_some_and(|kept| kept == value)
    }

    /// The session whose cookie the browser has for `place`.
    fn session_of(&self, browser: usize, place: usize) -> Option<usize> {
        let cookie = self.jars[browser].get(&session_cookie(place))?;
        self.sessions.iter().position(|session| session.place == place && session.cookie == *cookie)
    }

    /// The login time of the session, if the session exists.
    fn auth_time(&self, session: Option<usize>, alive: bool) -> Option<u64> {
        let session = session.map(|session| &self.sessions[session]).filter(|session| self.now() < session.expires)?;
        alive.then_some(session.auth_time)
    }

    /// The `Cookie` header of a browser; for a planted request, the other place's session cookie under this place's
    /// name.
    fn cookies(&self, browser: usize, planted: Option<usize>) -> String {
        let mut jar = self.jars[browser].clone();
        if let Some(place) = planted {
            jar.remove(&session_cookie(place));
            if let Some(foreign) = jar.get(&session_cookie(1 - place)).cloned() {
                jar.insert(session_cookie(place), foreign);
            }
        }
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&mut self, browser: usize, answer: &Answer) {
        for (name, value, kept) in answer.response.iter().flat_map(cookies) {
            if kept {
                self.jars[browser].insert(name, value);
            } else {
                self.jars[browser].remove(&name);
            }
        }
    }
}

/// Classifies a response. Redirects may lead only to the server's own pages and the client's redirect URI.
fn shown(place: usize, client: usize, answer: &Answer) -> Result<Seen, Violation> {
    let Some(response) = &answer.response else { return Ok(Seen::Lost) };
    let status = response.status().as_u16();
    if status != 303 {
        let form = (status == 200).then(|| form(response)).flatten();
        return Ok(form.map_or(Seen::Page(status), Seen::Form));
    }
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    if location.starts_with(&url(place, "/login?interaction=")) {
        return Ok(Seen::LogIn(location));
    }
    if location.starts_with(&url(place, "/login/consent?interaction=")) {
        return Ok(Seen::Consent(location));
    }
    let query = location.strip_prefix(CLIENTS[client].redirect_uri).and_then(|rest| rest.strip_prefix('?'));
    let query = query.ok_or_else(|| Violation(format!("sent to {location}")))?;
    let answered = Parameters::parse(query.as_bytes()).unwrap();
    let one = |name| answered.all(name).next().map(str::to_owned);
    must(one("iss") == Some(url(place, "")), || format!("a response with another issuer: {location}"))?;
    match (one("code"), one("error")) {
        (Some(code), None) => Ok(Seen::Code(code)),
        (None, Some(error)) => Ok(Seen::Error(error)),
        _ => Err(Violation(format!("neither code nor error, or both: {location}"))),
    }
}

/// What a response is about.
#[derive(Clone, Copy)]
struct About {
    interaction: usize,
    /// The session that it may depend on.
    session: Option<usize>,
    user: usize,
    /// The scopes the user withholds from the remembered consent if a code is issued.
    withheld: Option<u8>,
}

/// One of the concurrent responses to a form.
struct Turn<'a> {
    about: About,
    /// The session that a code belongs to.
    session: Option<usize>,
    guesses: &'a BTreeSet<Guess>,
    of: &'a dyn Fn(&Guess) -> Vec<Next>,
}

/// A resubmitted form: the user and the allowed scopes, or a denial.
#[derive(Clone, Copy)]
struct Repeated {
    user: usize,
    scope: Option<u8>,
    denied: bool,
    /// A login form, which does not repeat the decision made later.
    whatever: bool,
}

/// An issued code.
struct Granted {
    session: usize,
    scope: u8,
    code: String,
}

/// A logout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogOut {
    pub(crate) browser: usize,
    pub(crate) place: usize,
    pub(crate) hint: Option<usize>,
    pub(crate) confirmed: bool,
}

/// The submission of the logout confirmation page.
struct Confirming {
    place: usize,
    session: usize,
    confirmed: bool,
}

/// The guesses that explain the result; all of them if a fault does, `None` if nothing does.
fn explained(
    guesses: &BTreeSet<Guess>,
    seen: &Seen,
    hit: bool,
    of: impl Fn(&Guess) -> Vec<Next>,
) -> Option<BTreeSet<Guess>> {
    let explains = |guess: &Guess| of(guess).into_iter().any(|next| seen.is(next));
    let kept: BTreeSet<Guess> = guesses.iter().copied().filter(explains).collect();
    if !kept.is_empty() {
        return Some(kept);
    }
    (hit && seen.is_fault()).then(|| guesses.clone())
}

/// Asserts that one of several concurrent submissions of a form succeeds.
fn one_gets_on(guesses: &BTreeSet<Guess>, mine: bool, answers: &[(&Answer, Seen)]) -> Result<(), Violation> {
    let open = mine && guesses.iter().all(|guess| !guess.finished) && answers.iter().all(|(answer, _)| !answer.hit);
    must(!open || answers.iter().any(|(_, seen)| !seen.is(Next::Page(400))), || "no submission succeeds".into())
}

/// The query of an authorization request.
fn parameters(asked: &Asked, seed: &str, nonce: &str) -> String {
    let (client, challenge) = (&CLIENTS[asked.client], Pkce::new(seed).challenge);
    let (scope, max_age) = (names(asked.scope).join(" "), asked.max_age.map(|age| (age / 1000).to_string()));
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", client.id),
        ("redirect_uri", client.redirect_uri),
        ("scope", &scope),
        ("state", "state"),
        ("nonce", nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    fields.extend(max_age.as_deref().map(|age| ("max_age", age)));
    fields.extend(asked.orders.then_some(("resource", ORDERS)));
    let prompt = match asked.prompt {
        Prompt::AsNeeded => None,
        Prompt::None => Some("none"),
        Prompt::Login => Some("login"),
        Prompt::Consent => Some("consent"),
    };
    fields.extend(prompt.map(|prompt| ("prompt", prompt)));
    encoded(&fields)
}

/// Name and value of each cookie set, and whether it is kept.
fn cookies(response: &Response) -> Vec<(String, String, bool)> {
    let set = response.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    set.filter_map(|cookie| {
        let (name, value) = cookie.split(';').next()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned(), !cookie.contains("Max-Age=0")))
    })
    .collect()
}

fn set_cookie(response: &Response, wanted: &str) -> Option<String> {
    cookies(response).into_iter().find(|(name, _, kept)| *kept && name == wanted).map(|(_, value, _)| value)
}

/// The cookie that binds an interaction to its browser.
fn bound(response: &Response) -> Option<(String, String)> {
    let found = cookies(response).into_iter().find(|(name, _, kept)| *kept && name.starts_with("browser"));
    found.map(|(name, value, _)| (name, value))
}

/// Parses the form of a page. Its values are sealed and need no unescaping.
fn form(response: &Response) -> Option<Form> {
    let html = std::str::from_utf8(response.body()).ok()?;
    let after = |mark: &str| html.split_once(mark).and_then(|(_, rest)| rest.split_once('"')).map(|(found, _)| found);
    let action = after("<form method=\"post\" action=\"")?.to_owned();
    let of = |field: &'static str| {
        let sealed = after(&format!("name=\"{field}\" value=\""))?.to_owned();
        Some(Form { action: action.clone(), field, sealed })
    };
    of("interaction").or_else(|| of("confirmation"))
}
