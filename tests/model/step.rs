//! Steps, and their generation from a seed. A step only says what is attempted; its target is resolved when it is
//! played, so any subset of a game is a valid game.

use crate::cast::{BROWSERS, CLIENTS, INTERACTIVE, SERVER, TENANTS, USERS, WARDEN};
use crate::rules::{Prompt, SECOND};

/// One action, and the faults during it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) fault: Option<Fault>,
    /// The response is sent but does not arrive.
    pub(crate) unheard: bool,
    /// Determines how the calls of concurrent requests interleave.
    pub(crate) salt: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Authorize(Authorize),
    SignIn(SignIn),
    Decide(Decide),
    /// Concurrent calls about one grant, chosen among those that have what the first call needs.
    Calls {
        grant: GrantPick,
        calls: Vec<Call>,
    },
    OwnToken {
        place: usize,
        client: usize,
        scope: u8,
        wrong_secret: bool,
    },
    LogOut {
        browser: usize,
        place: usize,
        hint: Option<usize>,
        confirmed: bool,
    },
    /// Advances the clock by milliseconds.
    Wait(u64),
    /// Sets the clock back by seconds.
    StepBack(u32),
    /// Restarts all functions.
    Restart,
    /// The store deletes some long-expired items.
    Collect(u8),
}

/// Selects a grant: the one `back` grants ago, among those not known to have ended or among all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantPick {
    pub(crate) back: usize,
    pub(crate) ended: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Authorize {
    pub(crate) browser: usize,
    pub(crate) place: usize,
    pub(crate) client: usize,
    pub(crate) scope: u8,
    pub(crate) orders: bool,
    pub(crate) prompt: Prompt,
    pub(crate) max_age: Option<u64>,
    /// Whether the session cookie of the other place is sent under this place's name.
    pub(crate) planted: bool,
}

/// Selects a page open in a browser: counted back from the newest, among those that may still be usable or among all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PagePick {
    pub(crate) back: usize,
    pub(crate) stale: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) page: PagePick,
    pub(crate) user: usize,
    pub(crate) wrong_password: bool,
    pub(crate) other_browser: bool,
    pub(crate) times: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Decide {
    pub(crate) page: PagePick,
    /// The withheld scopes; `None` denies the request.
    pub(crate) withheld: Option<u8>,
    pub(crate) other_browser: bool,
    pub(crate) times: usize,
}

/// A client's request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Redeem(Flaw),
    /// Presents the refresh token of an earlier generation.
    Refresh {
        back: u32,
        flaw: Flaw,
        scope: Option<u8>,
    },
    /// Presents an earlier access token.
    Userinfo {
        back: usize,
        elsewhere: bool,
    },
    Introspect {
        token: Which,
        caller: Caller,
    },
    Revoke {
        token: Which,
        caller: Caller,
    },
}

/// Selects a token of the grant, counted back from the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Access(usize),
    Refresh(u32),
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    Verifier,
    NoVerifier,
    RedirectUri,
    Secret,
    Client,
    Place,
    /// The code or token has a different ending.
    Forged,
}

/// Who asks about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Owner,
    Another,
    Warden,
    /// The owner, at the other place.
    Elsewhere,
    /// A bearer with an access token of this grant, or of an earlier one.
    Bearer(Option<usize>),
}

/// A fault injected into store calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The index of the first affected call.
    pub(crate) call: usize,
    /// Whether all later calls of the step are affected as well.
    pub(crate) lasting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FaultKind {
    /// The call does not reach the store.
    Unsent,
    /// The store executes the call, and its response is lost.
    Unanswered,
    Throttled,
    Denied,
    /// The function crashes before or after the call.
    CrashBefore,
    CrashAfter,
}

impl FaultKind {
    const ALL: [Self; 6] =
        [Self::Unsent, Self::Unanswered, Self::Throttled, Self::Denied, Self::CrashBefore, Self::CrashAfter];

    /// The number of fault kinds.
    pub(crate) const COUNT: usize = Self::ALL.len();
}

/// A random number generator (`SplitMix64`).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Returns true with a probability of `chance` percent.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// Returns 0 most of the time, and rarely a large number.
    fn recent(&mut self) -> usize {
        (self.next() | (1 << 12)).trailing_zeros() as usize
    }

    fn mask(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Generates the steps of the game of `seed`.
pub(crate) fn game(seed: u64, length: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    (0..length).map(|_| step(&mut random)).collect()
}

fn step(random: &mut Random) -> Step {
    let action = action(random);
    let fault = random.percent(25).then(|| fault(random));
    Step { action, fault, unheard: random.percent(6), salt: random.next() }
}

fn fault(random: &mut Random) -> Fault {
    Fault { kind: random.pick(&FaultKind::ALL), call: random.below(7), lasting: random.percent(40) }
}

fn action(random: &mut Random) -> Action {
    match random.below(1000) {
        0..210 => Action::Authorize(authorize(random)),
        210..360 => Action::SignIn(SignIn {
            page: page(random),
            user: random.below(USERS.len()),
            wrong_password: random.percent(5),
            other_browser: random.percent(4),
            times: if random.percent(10) { 2 } else { 1 },
        }),
        360..460 => Action::Decide(Decide {
            page: page(random),
            withheld: (!random.percent(10)).then(|| if random.percent(30) { random.mask() } else { 0 }),
            other_browser: random.percent(4),
            times: if random.percent(12) { 1 + random.below(3) } else { 1 },
        }),
        460..850 => calls(random),
        850..880 => Action::OwnToken {
            place: random.below(TENANTS.len()),
            client: if random.percent(80) { random.pick(&[SERVER, WARDEN]) } else { random.below(CLIENTS.len()) },
            scope: random.pick(&[8, 8, 32, 64, 104, 1]),
            wrong_secret: random.percent(8),
        },
        880..912 => Action::LogOut {
            browser: random.below(BROWSERS),
            place: random.below(TENANTS.len()),
            hint: random.percent(60).then(|| random.recent()),
            confirmed: random.percent(80),
        },
        912..972 => Action::Wait(wait(random)),
        972..980 => Action::StepBack(random.pick(&[1, 6, 60, 600])),
        980..990 => Action::Restart,
        _ => Action::Collect(random.mask()),
    }
}

fn page(random: &mut Random) -> PagePick {
    PagePick { back: random.recent(), stale: random.percent(12) }
}

/// Mostly short waits, and waits around the various lifetimes.
fn wait(random: &mut Random) -> u64 {
    let (short, long) =
        ([1, 250, 499, 500, 1000, 5000, 20_000], [59_999, 60_000, 90_000, 299_999, 300_000, 600_000, 900_000]);
    match random.below(100) {
        0..70 => random.pick(&short),
        70..98 => random.pick(&long),
        _ => 3600 * SECOND,
    }
}

fn authorize(random: &mut Random) -> Authorize {
    let prompt = match random.below(100) {
        0..60 => Prompt::AsNeeded,
        60..82 => Prompt::None,
        82..91 => Prompt::Login,
        _ => Prompt::Consent,
    };
    Authorize {
        browser: random.below(BROWSERS),
        place: random.below(TENANTS.len()),
        client: random.below(INTERACTIVE),
        scope: if random.percent(40) { 0b1_0011 } else { random.mask() },
        orders: random.percent(15),
        prompt,
        max_age: random.percent(12).then(|| random.pick(&[0, 60, 300])),
        planted: random.percent(4),
    }
}

fn calls(random: &mut Random) -> Action {
    let together = if random.percent(25) { 2 + random.below(3) } else { 1 };
    let calls = (0..together).map(|_| call(random, together == 1)).collect();
    Action::Calls { grant: GrantPick { back: random.recent(), ended: random.percent(20) }, calls }
}

fn call(random: &mut Random, alone: bool) -> Call {
    match random.below(100) {
        0..30 => Call::Redeem(flaw(random)),
        30..60 => Call::Refresh {
            back: u32::try_from(random.recent().saturating_sub(1)).unwrap(),
            flaw: flaw(random),
            scope: random.percent(25).then(|| random.mask()),
        },
        60..76 => Call::Userinfo { back: random.recent(), elsewhere: random.percent(15) },
        76..93 => Call::Introspect { token: which(random), caller: caller(random, alone) },
        _ => Call::Revoke { token: which(random), caller: caller(random, alone) },
    }
}

fn flaw(random: &mut Random) -> Flaw {
    let flaws =
        [Flaw::Verifier, Flaw::NoVerifier, Flaw::RedirectUri, Flaw::Secret, Flaw::Client, Flaw::Place, Flaw::Forged];
    if random.percent(20) { random.pick(&flaws) } else { Flaw::None }
}

fn which(random: &mut Random) -> Which {
    if random.percent(65) {
        Which::Access(random.recent())
    } else {
        Which::Refresh(u32::try_from(random.recent()).unwrap())
    }
}

/// The bearer's token and the named token are read in sequence, so only a call that runs alone has a definite outcome.
fn caller(random: &mut Random, alone: bool) -> Caller {
    match random.below(100) {
        0..45 => Caller::Owner,
        45..60 => Caller::Another,
        60..72 => Caller::Warden,
        72..80 => Caller::Elsewhere,
        80..90 if alone => Caller::Bearer(None),
        _ if alone => Caller::Bearer(Some(1 + random.recent())),
        _ => Caller::Owner,
    }
}
