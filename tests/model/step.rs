//! Steps, and how they are drawn from a seed. A step says only what is tried; what it is tried on is looked up when it is
//! played, so that any part of a game is a game.

use crate::cast::{BROWSERS, CLIENTS, INTERACTIVE, SERVER, TENANTS, USERS, WARDEN};
use crate::rules::{Prompt, SECOND};

/// One thing that somebody does, and what goes wrong meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) fault: Option<Fault>,
    /// The answer does not arrive, although it was sent.
    pub(crate) unheard: bool,
    /// How calls of requests that run at once interleave.
    pub(crate) salt: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Authorize(Authorize),
    SignIn(SignIn),
    Decide(Decide),
    /// These at once, all about one grant: the one so many grants ago, of those that have what the first call takes.
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
    /// Milliseconds.
    Wait(u64),
    /// Seconds.
    StepBack(u32),
    /// All functions start anew.
    Restart,
    /// The store removes some of what has long ended.
    Collect(u8),
}

/// A grant: so many grants ago, of those that are not known to have ended, or of all.
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
    /// The session cookie of the other place stands under the name of this one's.
    pub(crate) planted: bool,
}

/// A page that is open in a browser: so many pages ago, of those that can be of use still or of all.
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
    /// The scopes that are kept back; `None` is a no to all.
    pub(crate) withheld: Option<u8>,
    pub(crate) other_browser: bool,
    pub(crate) times: usize,
}

/// A request of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Redeem(Flaw),
    /// The token so many generations ago.
    Refresh {
        back: u32,
        flaw: Flaw,
        scope: Option<u8>,
    },
    /// With the access token so many tokens ago.
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

/// A token of the grant: so many tokens ago.
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
    /// The end of the code or token is another.
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
    /// Whoever holds an access token of this grant, or of the one so many grants ago.
    Bearer(Option<usize>),
}

/// What goes wrong with calls of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The number of the first call that it happens to.
    pub(crate) call: usize,
    /// It happens to all later calls of the step as well.
    pub(crate) lasting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FaultKind {
    /// The call does not reach the store.
    Unsent,
    /// The store does it, and its answer is lost.
    Unanswered,
    Throttled,
    Denied,
    /// The function dies before the call, or after it.
    CrashBefore,
    CrashAfter,
}

impl FaultKind {
    const ALL: [Self; 6] =
        [Self::Unsent, Self::Unanswered, Self::Throttled, Self::Denied, Self::CrashBefore, Self::CrashAfter];

    /// How many kinds there are.
    pub(crate) const COUNT: usize = Self::ALL.len();
}

/// Random numbers from a seed (`SplitMix64`).
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

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Whether something happens that happens so many times in a hundred.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// Mostly 0, and seldom much.
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

/// The steps of the game of `seed`.
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

/// Short times mostly, and those around which something ends.
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

/// A bearer's token and the named one are read one after the other, so what happens meanwhile would show.
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
