//! Plays games and shrinks those that fail.

use std::collections::BTreeMap;

use crate::back::OwnToken;
use crate::front::LogOut;
use crate::sabotage::Sabotage;
use crate::step::{Action, FaultKind, Step};
use crate::world::{Tally, Violation, World};

/// A failed game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The index of the failing step.
    pub(crate) step: usize,
    pub(crate) violation: Violation,
}

/// Statistics of played games.
#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) steps: usize,
    pub(crate) requests: usize,
    pub(crate) calls: usize,
    pub(crate) grants: usize,
    pub(crate) faults: BTreeMap<FaultKind, usize>,
    pub(crate) answers: BTreeMap<String, usize>,
}

impl Played {
    /// The statistics of a game in `world` after `steps` steps.
    fn of(world: &World, steps: usize) -> Self {
        let (faults, calls) = world.faults();
        let Tally { requests, answers } = world.tally.clone();
        Self { steps, requests, calls, grants: world.grants.len(), faults, answers }
    }

    /// Adds two statistics.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.steps += other.steps;
        self.calls += other.calls;
        self.requests += other.requests;
        self.grants += other.grants;
        for (kind, times) in other.faults {
            *self.faults.entry(kind).or_default() += times;
        }
        for (answer, times) in other.answers {
            *self.answers.entry(answer).or_default() += times;
        }
        self
    }
}

/// Plays `steps` in a new world.
pub(crate) fn play(steps: &[Step], sabotage: Option<Sabotage>, played: &mut Played) -> Result<(), Failure> {
    // Tokio's time is paused and advances only when all tasks are idle, so retries do not wait in real time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(sabotage).await;
        let mut outcome = Ok(());
        let mut number = 0;
        for step in steps {
            number += 1;
            if let Err(violation) = world.play(step).await {
                outcome = Err(Failure { step: number - 1, violation });
                break;
            }
        }
        *played = std::mem::take(played).and(Played::of(&world, number));
        outcome
    })
}

impl World {
    async fn play(&mut self, step: &Step) -> Result<(), Violation> {
        fastrand::seed(step.salt);
        self.wire.begin(step.fault, step.salt);
        match &step.action {
            Action::Authorize(tried) => Box::pin(self.authorize(step, tried)).await,
            Action::SignIn(tried) => Box::pin(self.sign_in(step, tried)).await,
            Action::Decide(tried) => Box::pin(self.decide(step, tried)).await,
            Action::Calls { grant, calls } => Box::pin(self.calls(*grant, calls, step.unheard)).await,
            Action::OwnToken { place, client, scope, wrong_secret } => {
                let asked = OwnToken { client: *client, scope: *scope, wrong_secret: *wrong_secret };
                Box::pin(self.own_token(*place, asked)).await
            }
            Action::LogOut { browser, place, hint, confirmed } => {
                let tried = LogOut { browser: *browser, place: *place, hint: *hint, confirmed: *confirmed };
                Box::pin(self.log_out(&tried, step.unheard)).await
            }
            Action::Wait(millis) => {
                self.wait(*millis);
                Ok(())
            }
            Action::StepBack(seconds) => {
                self.step_back(*seconds);
                Ok(())
            }
            Action::Restart => {
                self.restart();
                Ok(())
            }
            Action::Collect(mask) => {
                self.collect(*mask);
                Ok(())
            }
        }
    }
}

/// Finds a shorter failing game by removing steps (delta debugging).
pub(crate) fn shortened(
    mut steps: Vec<Step>,
    sabotage: Option<Sabotage>,
    mut failure: Failure,
) -> (Vec<Step>, Failure) {
    steps.truncate(failure.step + 1);
    let mut size = steps.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < steps.len() {
            let rest: Vec<Step> = steps
                .iter()
                .enumerate()
                .filter(|(at, _)| !(from..from + size).contains(at))
                .map(|(_, step)| step.clone())
                .collect();
            match play(&rest, sabotage, &mut Played::default()) {
                Err(found) => {
                    steps = rest;
                    steps.truncate(found.step + 1);
                    failure = found;
                }
                Ok(()) => from += size,
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    simplified(steps, sabotage, failure)
}

/// Removes faults and lost responses that do not matter.
fn simplified(mut steps: Vec<Step>, sabotage: Option<Sabotage>, mut failure: Failure) -> (Vec<Step>, Failure) {
    let changes = [|step: &mut Step| step.fault = None, |step: &mut Step| step.unheard = false];
    for at in 0..steps.len() {
        for change in changes.iter().filter(|_| steps[at].fault.is_some() || steps[at].unheard).collect::<Vec<_>>() {
            let before = steps[at].clone();
            change(&mut steps[at]);
            match play(&steps, sabotage, &mut Played::default()) {
                Ok(()) => steps[at] = before,
                Err(found) => failure = found,
            }
        }
    }
    (steps, failure)
}
