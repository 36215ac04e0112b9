//! The back channel: turns each call into a request and its meaning, and compares the responses with the rules.

use serde_json::Value;
use tests::Pkce;
use web::Response;

use crate::cast::{
    CLIENTS, DEFAULT_API, END, INTERACTIVE, LOOK, OPENID, ORDERS, SERVER, TENANTS, USERS, WARDEN, names, scope_of,
};
use crate::rules::{self, ACCESS_TOKEN, Event, Meaning, Moment, Named, Reply, State, Terms};
use crate::step::{Call, Caller, Flaw, GrantPick, Which};
use crate::world::{AccessToken, Answer, Grant, Sent, Violation, World, claims, credentials, must, url};

/// Every error code that a client may receive.
const ERRORS: [&str; 7] = [
    "invalid_grant",
    "invalid_client",
    "invalid_scope",
    "invalid_token",
    "insufficient_scope",
    "unauthorized_client",
    "invalid_request",
];

/// A client's request and what it means for the grant it concerns.
struct Asking {
    sent: Sent,
    meaning: Meaning,
    /// The token used as a bearer credential, if any.
    bearer: Option<Bearer>,
}

/// A grant and one of its tokens as a credential.
#[derive(Clone, Copy)]
struct Bearer {
    grant: usize,
    token: Named,
}

impl Asking {
    const fn of(sent: Sent, meaning: Meaning) -> Self {
        Self { sent, meaning, bearer: None }
    }
}

/// A form posted to a back-channel endpoint, authenticated as `client`.
fn posted(client: usize, right: bool, target: String, fields: &[(&str, &str)]) -> Sent {
    let mut fields = fields.to_vec();
    fields.push(("client_id", CLIENTS[client].id));
    credentials(Sent::form(target, &fields), client, right)
}

impl World {
    /// Plays concurrent calls about one grant.
    pub(crate) async fn calls(&mut self, pick: GrantPick, calls: &[Call], unheard: bool) -> Result<(), Violation> {
        let Some(index) = self.picked(pick, calls) else { return Ok(()) };
        let asked: Vec<Asking> = calls.iter().filter_map(|call| self.asking(index, *call)).collect();
        let requests: Vec<Sent> = asked.iter().map(|asking| asking.sent.clone()).collect();
        let answers = self.send(&requests).await?;
        let mut events = Vec::new();
        for (asking, answer) in asked.iter().zip(&answers) {
            let mut event =
                Event { meaning: asking.meaning, reply: self.reply(index, asking, answer, unheard)?, hit: answer.hit };
            if let Some(bearer) = asking.bearer {
                event.meaning = self.as_bearer(bearer, event)?;
            }
            events.push(event);
        }
        self.judge(index, &events)
    }

    /// Resolves `pick` to a grant.
    fn picked(&self, pick: GrantPick, calls: &[Call]) -> Option<usize> {
        let fits = |grant: &Grant| {
            let has = match calls.first() {
                Some(Call::Redeem(_)) | None => !grant.terms.own,
                Some(Call::Refresh { .. }) => !grant.refresh.is_empty(),
                Some(Call::Userinfo { .. }) => !grant.access.is_empty(),
                Some(Call::Introspect { token, .. } | Call::Revoke { token, .. }) => match token {
                    Which::Access(_) => !grant.access.is_empty(),
                    Which::Refresh(_) => !grant.refresh.is_empty(),
                },
            };
            has && (pick.ended || grant.states.iter().any(|state| !state.ended))
        };
        let all = self.grants.iter().enumerate().rev();
        all.filter(|(_, grant)| fits(grant)).map(|(index, _)| index).nth(pick.back)
    }

    /// Keeps the states of the grant that explain the replies.
    fn judge(&mut self, index: usize, events: &[Event]) -> Result<(), Violation> {
        let moment = Moment { now: self.now(), crowded: events.len() > 1 };
        let grant = &mut self.grants[index];
        let after = rules::explain(&grant.terms, &grant.states, events, moment);
        must(!after.is_empty(), || format!("{events:?} of {:?}, {:?}, at {}", grant.terms, grant.states, moment.now))?;
        grant.states = after;
        Ok(())
    }

    /// Decides whether the bearer's token was accepted, and what the request means in that case.
    fn as_bearer(&mut self, bearer: Bearer, event: Event) -> Result<Meaning, Violation> {
        if event.hit && matches!(event.reply, Reply::Unavailable | Reply::Lost) {
            return Ok(event.meaning);
        }
        let (now, taken) = (self.now(), event.reply != Reply::Refused(401, "invalid_token"));
        let grant = &mut self.grants[bearer.grant];
        let before = grant.states.clone();
        grant.states.retain(|state| rules::is_credential(*state, bearer.token, now) == taken);
        must(!grant.states.is_empty(), || {
            format!("a token {:?} of {:?}, {before:?}, accepted as a credential: {taken}", bearer.token, grant.terms)
        })?;
        Ok(if taken { event.meaning } else { Meaning::Refused(401, "invalid_token") })
    }

    fn asking(&self, index: usize, call: Call) -> Option<Asking> {
        match call {
            Call::Redeem(flaw) => self.redeem(index, flaw),
            Call::Refresh { back, flaw, scope } => self.refresh(index, back, Trying { flaw, scope }),
            Call::Userinfo { back, elsewhere } => self.userinfo(index, back, elsewhere),
            Call::Introspect { token, caller } => self.about(index, token, Question { caller, ends: false }),
            Call::Revoke { token, caller } => self.about(index, token, Question { caller, ends: true }),
        }
    }

    fn redeem(&self, index: usize, flaw: Flaw) -> Option<Asking> {
        let grant = self.grants.get(index).filter(|grant| !grant.terms.own)?;
        let (verifier, another) = (Pkce::new(&grant.seed).verifier, Pkce::new("another").verifier);
        let (code, client) = (forged(&grant.code), grant.terms.client);
        let fields: Vec<(&str, &str)> = [
            ("grant_type", Some("authorization_code")),
            ("code", Some(if flaw == Flaw::Forged { &code } else { &grant.code })),
            (
                "redirect_uri",
                Some(if flaw == Flaw::RedirectUri { "https://a.example/cb" } else { CLIENTS[client].redirect_uri }),
            ),
            (
                "code_verifier",
                match flaw {
                    Flaw::Verifier => Some(&another),
                    Flaw::NoVerifier => None,
                    _ => Some(&verifier),
                },
            ),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        let meaning = if flaw == Flaw::None { Meaning::Redeem } else { refused(flaw) };
        Some(Asking::of(to_token(grant, flaw, &fields), meaning))
    }

    fn refresh(&self, index: usize, back: u32, trying: Trying) -> Option<Asking> {
        let grant = &self.grants[index];
        let Trying { flaw, scope } = trying;
        let (generation, token) = grant.refresh_token(back)?;
        let of_codes = matches!(flaw, Flaw::Verifier | Flaw::NoVerifier | Flaw::RedirectUri);
        let flaw = if of_codes { Flaw::None } else { flaw };
        let token = if flaw == Flaw::Forged { forged(token) } else { token.clone() };
        let scope = scope.map(rules::nameable).filter(|scope| *scope != 0);
        let named = scope.map(|scope| names(scope).join(" "));
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        fields.extend(named.as_deref().map(|scope| ("scope", scope)));
        let meaning = if flaw == Flaw::None { Meaning::Refresh { generation, scope } } else { refused(flaw) };
        Some(Asking::of(to_token(grant, flaw, &fields), meaning))
    }

    fn userinfo(&self, index: usize, back: usize, elsewhere: bool) -> Option<Asking> {
        let grant = &self.grants[index];
        let token = grant.access_token(back)?;
        let place = if elsewhere { 1 - grant.place } else { grant.place };
        let sent = Sent::get(url(place, "/userinfo")).with("authorization", format!("Bearer {}", token.text));
        let named = grant.named(token);
        Some(Asking::of(sent, if elsewhere { Meaning::Refused(401, "invalid_token") } else { Meaning::Use(named) }))
    }

    /// An introspection or revocation request.
    fn about(&self, index: usize, which: Which, question: Question) -> Option<Asking> {
        let grant = &self.grants[index];
        let (text, named) = match which {
            Which::Access(back) => grant.access_token(back).map(|token| (&token.text, grant.named(token)))?,
            Which::Refresh(back) => {
                grant.refresh_token(back).map(|(generation, text)| (text, Named::Refresh(generation)))?
            }
        };
        let Question { caller, ends } = question;
        let path = if ends { "/oauth2/revoke" } else { "/oauth2/introspect" };
        let fields = [("token", text.as_str())];
        let owner = grant.terms.client;
        let (caller_client, place) = match caller {
            Caller::Bearer(another) => {
                let bearer = self.bearer(index, another)?;
                let mut asking = self.by_bearer(bearer, Sent::form(url(grant.place, path), &fields));
                asking.meaning = question.meaning(named, self.may_bearer(bearer, index, if ends { END } else { LOOK }));
                return Some(asking);
            }
            Caller::Owner => (owner, grant.place),
            Caller::Elsewhere => (owner, 1 - grant.place),
            Caller::Another => (if owner == SERVER { 3 } else { SERVER }, grant.place),
            Caller::Warden => (WARDEN, grant.place),
        };
        let sent = posted(caller_client, true, url(place, path), &fields);
        let public = CLIENTS[caller_client].secret.is_none();
        if public && !ends {
            return Some(Asking::of(sent, Meaning::Refused(401, "invalid_client")));
        }
        let may = place == grant.place && rules::is_entitled(caller_client, owner);
        Some(Asking::of(sent, question.meaning(named, may)))
    }

    /// The newest access token of a grant as a credential.
    fn bearer(&self, index: usize, another: Option<usize>) -> Option<Bearer> {
        let grant = match another {
            None => index,
            Some(back) => self.grants.len().checked_sub(1 + back)?,
        };
        let holder = self.grants.get(grant).filter(|holder| holder.place == self.grants[index].place)?;
        Some(Bearer { grant, token: holder.named(holder.access_token(0)?) })
    }

    fn by_bearer(&self, bearer: Bearer, sent: Sent) -> Asking {
        let token = self.grants[bearer.grant].access_token(0).map(|token| token.text.clone()).unwrap_or_default();
        let sent = sent.with("authorization", format!("Bearer {token}"));
        Asking { sent, meaning: Meaning::Ignored, bearer: Some(bearer) }
    }

    /// Whether a bearer may ask about the token: same user and client, or a workspace-wide scope.
    fn may_bearer(&self, bearer: Bearer, index: usize, power: u8) -> bool {
        let (holder, grant) = (&self.grants[bearer.grant], &self.grants[index]);
        let user = |grant: &Grant| grant.session.map(|session| self.sessions[session].user);
        let own = holder.terms.client == grant.terms.client && user(holder) == user(grant);
        own || matches!(bearer.token, Named::Access { scope, own: true, .. } if scope & power != 0)
    }

    /// Plays a client credentials request.
    pub(crate) async fn own_token(&mut self, place: usize, asked: OwnToken) -> Result<(), Violation> {
        let OwnToken { client, scope, wrong_secret } = asked;
        let named = names(scope).join(" ");
        let fields = [("grant_type", "client_credentials"), ("scope", named.as_str())];
        let sent = posted(client, !wrong_secret, url(place, "/oauth2/token"), &fields);
        let answers = self.send(&[sent]).await?;
        let expected = if wrong_secret {
            Reply::Refused(401, "invalid_client")
        } else {
            rules::own_token(&CLIENTS[client], scope)
        };
        let [Answer { response: Some(response), hit }] = answers.as_slice() else { return Ok(()) };
        if response.status() != 200 {
            let reply = refusal(response)?;
            return must(reply == expected || (*hit && reply == Reply::Unavailable), || {
                format!("a client that should see {expected:?} sees {reply:?}")
            });
        }
        let json = json(response)?;
        let expires = self.now() + ACCESS_TOKEN;
        let terms = Terms { client, scope, orders: false, own: true };
        let id = jti(&json)?;
        self.grants.push(Grant::own(place, terms, id, State::own(expires)));
        let index = self.grants.len() - 1;
        let reply = self.tokens(index, &json, false)?;
        must(reply == expected, || format!("a client that should see {expected:?} sees {reply:?}"))
    }

    /// Parses a response and checks the tokens in it.
    fn reply(&mut self, index: usize, asking: &Asking, answer: &Answer, unheard: bool) -> Result<Reply, Violation> {
        let Some(response) = &answer.response else { return Ok(Reply::Lost) };
        if response.status() != 200 {
            return refusal(response);
        }
        if asking.sent.url.ends_with("/oauth2/revoke") {
            return Ok(Reply::Done);
        }
        let json = json(response)?;
        if asking.sent.url.ends_with("/oauth2/token") {
            return self.tokens(index, &json, unheard);
        }
        if asking.sent.url.ends_with("/userinfo") {
            return self.claims(index, &json).map(|()| Reply::Claims);
        }
        let active = json["active"] == true;
        if active {
            self.described(index, &json)?;
        } else {
            must(json.as_object().is_some_and(|all| all.len() == 1), || {
                format!("inactive with further members: {json}")
            })?;
        }
        Ok(Reply::Active(active))
    }

    /// Checks issued tokens and records them.
    fn tokens(&mut self, index: usize, json: &Value, unheard: bool) -> Result<Reply, Violation> {
        let now = self.now();
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let access = text("access_token").unwrap_or_default();
        let scope = json["scope"].as_str().and_then(scope_of);
        let scope = scope.ok_or_else(|| Violation(format!("an unknown scope: {json}")))?;
        self.access_token(index, &access, scope)?;
        let nonce = match text("id_token") {
            Some(id_token) => self.id_token(index, &id_token)?,
            None => false,
        };
        let grant = &mut self.grants[index];
        must(json["id_token"].is_string() == (scope & OPENID != 0), || "an ID token without openid".into())?;
        grant.access.push(AccessToken { text: access, scope, expires: now / 1000 * 1000 + ACCESS_TOKEN });
        grant.id_token = text("id_token").or(grant.id_token.take());
        let generation = match text("refresh_token") {
            Some(token) => grant.refreshed(&token, unheard)?,
            None => 0,
        };
        Ok(Reply::Tokens { scope, generation, nonce })
    }

    fn access_token(&mut self, index: usize, token: &str, scope: u8) -> Result<(), Violation> {
        let claims = claims(token).ok_or_else(|| Violation("an access token that is not a JWT".into()))?;
        let (grant, now) = (&self.grants[index], self.now() / 1000);
        let issuer = url(grant.place, "");
        let mut audience = vec![if grant.terms.orders { ORDERS } else { DEFAULT_API }];
        if rules::is_ours(&grant.terms, scope) {
            audience.push(&issuer);
        }
        let aud: Vec<&str> = match &claims["aud"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        let right = claims["iss"] == issuer
            && aud == audience
            && claims["client_id"] == CLIENTS[grant.terms.client].id
            && claims["scope"].as_str().and_then(scope_of) == Some(scope)
            && scope & !grant.terms.scope == 0
            && claims["exp"] == now + ACCESS_TOKEN / 1000
            && claims["jti"].as_str().and_then(|jti| jti.split('.').next()) == Some(&grant.id);
        must(right, || format!("an access token of {:?}: {claims}", grant.terms))?;
        self.subject(index, &claims["sub"])
    }

    /// Checks an ID token and returns whether it has the nonce.
    fn id_token(&mut self, index: usize, token: &str) -> Result<bool, Violation> {
        let claims = claims(token).ok_or_else(|| Violation("an ID token that is not a JWT".into()))?;
        let grant = &self.grants[index];
        let session = grant.session.map(|session| (session, &self.sessions[session]));
        let (session, auth_time) =
            session.map(|(index, session)| (index, session.auth_time / 1000)).unwrap_or_default();
        let nonce = claims.get("nonce").is_some();
        let right = claims["iss"] == url(grant.place, "")
            && claims["aud"] == CLIENTS[grant.terms.client].id
            && (grant.vague || claims["auth_time"] == auth_time)
            && claims["exp"] == self.now() / 1000 + ACCESS_TOKEN / 1000
            && (!nonce || claims["nonce"] == grant.nonce);
        must(right, || format!("an ID token of {:?}: {claims}", grant.terms))?;
        if !grant.vague {
            let sid = claims["sid"].as_str().unwrap_or_default().to_owned();
            let known = *self.sids.entry(sid).or_insert(session);
            must(known == session, || "a sid shared by two sessions".into())?;
        }
        self.subject(index, &claims["sub"])?;
        Ok(nonce)
    }

    /// A `sub` identifies one user of one place, and a user has one `sub` per client; a client credentials token has
    /// the client as `sub`.
    fn subject(&mut self, index: usize, sub: &Value) -> Result<(), Violation> {
        let grant = &self.grants[index];
        let sub = sub.as_str().unwrap_or_default();
        let Some(session) = grant.session else {
            return must(sub == CLIENTS[grant.terms.client].id, || {
                format!("a client credentials token with sub {sub}")
            });
        };
        let (place, user) = (grant.place, self.sessions[session].user);
        let named = *self.subjects.entry(sub.into()).or_insert((place, user));
        let known = self.subject_of.entry((place, user, grant.terms.client)).or_insert_with(|| sub.into());
        must(known == sub && named == (place, user), || format!("{sub} is {named:?} and {:?}", (place, user)))
    }

    fn claims(&mut self, index: usize, json: &Value) -> Result<(), Violation> {
        self.subject(index, &json["sub"])?;
        let grant = &self.grants[index];
        let user = grant.session.map(|session| USERS[self.sessions[session].user]).unwrap_or_default();
        for (name, scope) in [("name", crate::cast::PROFILE), ("email", crate::cast::EMAIL)] {
            let told = json[name].as_str();
            let may = grant.terms.scope & scope != 0;
            must(told.is_none_or(|told| may && told.starts_with(user)), || format!("userinfo tells {name}: {json}"))?;
        }
        Ok(())
    }

    fn described(&mut self, index: usize, json: &Value) -> Result<(), Violation> {
        self.subject(index, &json["sub"])?;
        let grant = &self.grants[index];
        let scope = json["scope"].as_str().and_then(scope_of);
        let right = json["iss"] == url(grant.place, "")
            && json["client_id"] == CLIENTS[grant.terms.client].id
            && scope.is_some_and(|scope| scope & !grant.terms.scope == 0)
            // In whole seconds, rounded down.
            && json["exp"].as_u64().is_some_and(|exp| (exp + 1) * 1000 > self.now());
        must(right, || format!("introspection of {:?}: {json}", grant.terms))
    }
}

/// The refresh token presented, and how.
#[derive(Clone, Copy)]
struct Trying {
    flaw: Flaw,
    scope: Option<u8>,
}

/// Who asks about a token, and whether to revoke it.
#[derive(Clone, Copy)]
struct Question {
    caller: Caller,
    ends: bool,
}

impl Question {
    const fn meaning(self, named: Named, may: bool) -> Meaning {
        match (self.ends, may) {
            (true, true) => Meaning::End(named),
            (true, false) => Meaning::Ignored,
            (false, true) => Meaning::Look(named),
            (false, false) => Meaning::LookAway,
        }
    }
}

/// A client credentials request.
#[derive(Clone, Copy)]
pub(crate) struct OwnToken {
    pub(crate) client: usize,
    pub(crate) scope: u8,
    pub(crate) wrong_secret: bool,
}

impl Grant {
    fn own(place: usize, terms: Terms, id: String, state: State) -> Self {
        Self {
            place,
            terms,
            session: None,
            vague: false,
            id,
            code: String::new(),
            seed: String::new(),
            nonce: String::new(),
            states: [state].into(),
            refresh: std::collections::BTreeMap::new(),
            held: 0,
            access: Vec::new(),
            id_token: None,
        }
    }

    /// The access token issued `back` tokens ago.
    fn access_token(&self, back: usize) -> Option<&AccessToken> {
        self.access.get(self.access.len().checked_sub(1)?.saturating_sub(back))
    }

    /// The refresh token `back` generations before the current one.
    fn refresh_token(&self, back: u32) -> Option<(u32, &String)> {
        let generation = self.held.saturating_sub(back).max(1);
        self.refresh.range(..=generation).next_back().map(|(generation, token)| (*generation, token))
    }

    const fn named(&self, token: &AccessToken) -> Named {
        let AccessToken { expires, scope, .. } = *token;
        Named::Access { expires, scope, own: self.terms.own, ours: rules::is_ours(&self.terms, scope) }
    }

    /// Records an issued refresh token. Each generation has exactly one token, so they form a list and never a tree.
    fn refreshed(&mut self, token: &str, unheard: bool) -> Result<u32, Violation> {
        let parts: Vec<&str> = token.split('.').collect();
        let generation = parts.get(2).and_then(|generation| generation.parse::<u32>().ok()).unwrap_or_default();
        must(parts.get(1) == Some(&self.id.as_str()), || "a refresh token of another grant".into())?;
        let known = self.refresh.entry(generation).or_insert_with(|| token.to_owned());
        must(known == token, || format!("two refresh tokens of generation {generation}"))?;
        if !unheard {
            self.held = self.held.max(generation);
        }
        Ok(generation)
    }
}

/// A token request with `flaw`: by the grant's client or a wrong one, at the right or wrong place.
fn to_token(grant: &Grant, flaw: Flaw, fields: &[(&str, &str)]) -> Sent {
    let place = if flaw == Flaw::Place { 1 - grant.place } else { grant.place };
    let client = grant.terms.client;
    let client = if flaw == Flaw::Client { (client + 1) % INTERACTIVE } else { client };
    posted(client, flaw != Flaw::Secret, url(place, "/oauth2/token"), fields)
}

const fn refused(flaw: Flaw) -> Meaning {
    if matches!(flaw, Flaw::Secret) {
        Meaning::Refused(401, "invalid_client")
    } else {
        Meaning::Refused(400, "invalid_grant")
    }
}

/// Returns `token` with a different ending.
fn forged(token: &str) -> String {
    let (rest, end) = token.split_at(token.len().saturating_sub(4));
    format!("{rest}{}", if end == "AAAA" { "BBBA" } else { "AAAA" })
}

fn refusal(response: &Response) -> Result<Reply, Violation> {
    let status = response.status().as_u16();
    let json = json(response)?;
    let error = json["error"].as_str().unwrap_or_default();
    let tells = ["access_token", "id_token", "refresh_token", "sub"].iter().any(|name| json.get(name).is_some());
    must(!tells, || format!("a refusal that contains tokens: {json}"))?;
    if status == 503 && error == "temporarily_unavailable" {
        return Ok(Reply::Unavailable);
    }
    let known = ERRORS.into_iter().find(|known| *known == error);
    known.map(|known| Reply::Refused(status, known)).ok_or_else(|| Violation(format!("{status} {error}")))
}

fn json(response: &Response) -> Result<Value, Violation> {
    serde_json::from_slice(response.body()).map_err(|_| Violation(format!("{} without JSON", response.status())))
}

/// Returns the `jti` of a client credentials token in a response.
fn jti(json: &Value) -> Result<String, Violation> {
    let jti = json["access_token"].as_str().and_then(claims).and_then(|claims| {
        let (id, _) = claims["jti"].as_str()?.split_once('.')?;
        Some(id.to_owned())
    });
    jti.ok_or_else(|| Violation("an access token without jti".into()))
}

/// There are exactly two places, each the other's counterpart.
const _: () = assert!(TENANTS.len() == 2);
