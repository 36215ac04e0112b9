//! The whole server, played at random against a model of what it must answer.
//!
//! A game has a few hundred steps of users at browsers and of clients, at two places that look the same. Calls of the store
//! fail, functions die between two of them, answers are lost, requests come twice and at once, the clock moves both ways.
//! `rules.rs` is the model: after each step some order of what happened has to explain every answer. A game is drawn from
//! its seed, so it replays; when it fails it is made shorter and printed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops when something is not as it must be, and says so"
)]
#![expect(clippy::wildcard_enum_match_arm, reason = "whatever else an answer is, it is wrong")]

mod back;
mod cast;
mod front;
mod play;
mod rules;
mod sabotage;
mod step;
mod wire;
mod world;

use std::thread;
use std::time::Instant;

use play::{Failure, Played, play, shortened};
use sabotage::{SABOTAGES, Sabotage};
use step::{FaultKind, game};

/// The steps of one game.
const LENGTH: usize = 400;

/// A number from the environment, for long runs by hand.
#[expect(clippy::disallowed_methods, reason = "a developer chooses steps and seed of a long run")]
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The seed of a game that was lost, and how little of it shows why.
fn report(seed: u64, failure: Failure) -> String {
    let first = format!("seed {seed}, step {}: {}", failure.step, failure.violation);
    let (short, failure) = shortened(game(seed, LENGTH), None, failure);
    let lines: Vec<String> = short.iter().map(|step| format!("  {step:?}")).collect();
    format!("{first}\n{} steps show it: {}\n{}", short.len(), failure.violation, lines.join("\n"))
}

/// Plays the games of every `stride`th seed from `seed` on, until `steps` have been played.
fn games(seed: u64, stride: usize, steps: usize) -> Played {
    let mut played = Played::default();
    for seed in (seed..).step_by(stride) {
        if let Err(failure) = play(&game(seed, LENGTH), None, &mut played) {
            panic!("{}", report(seed, failure));
        }
        if played.steps >= steps {
            break;
        }
    }
    played
}

/// The number of steps, the first seed and the number of threads are for long runs: CONTRIBUTING.md has the command.
#[test]
fn whatever_happens_the_rules_explain_every_answer() {
    let (steps, seed, threads) =
        (number("MODEL_STEPS", 20_000), number("MODEL_SEED", 1) as u64, number("MODEL_THREADS", 2));
    let begun = Instant::now();
    let played = thread::scope(|scope| {
        let players: Vec<_> = (0..threads)
            .map(|player| scope.spawn(move || games(seed + player as u64, threads, steps / threads)))
            .collect();
        players.into_iter().map(|player| player.join().unwrap()).fold(Played::default(), Played::and)
    });
    assert!(played.steps >= steps && played.faults.len() == FaultKind::COUNT, "{played:?}");
    eprintln!("seeds from {seed}, {:?}: {played:#?}", begun.elapsed());
}

/// The steps in which each mistake has to be found.
const PATIENCE: usize = 4000;

/// The first game of a server with this mistake that is lost, its seed, and the steps that it took.
fn found(mistake: Sabotage) -> Option<(u64, Failure, usize)> {
    let mut played = Played::default();
    for seed in 0.. {
        if let Err(failure) = play(&game(seed, LENGTH), Some(mistake), &mut played) {
            return Some((seed, failure, played.steps));
        }
        if played.steps >= PATIENCE {
            break;
        }
    }
    None
}

#[test]
fn every_deliberate_mistake_is_found() {
    for mistake in SABOTAGES {
        let (_, failure, steps) = found(mistake).unwrap_or_else(|| panic!("{mistake:?} is not found"));
        eprintln!("{mistake:?} after {steps} steps: {}", failure.violation);
    }
}

#[test]
fn a_game_that_is_lost_replays_exactly_and_becomes_short() {
    let mistake = Sabotage::RedeemsTwice;
    let (seed, failure, _) = found(mistake).unwrap();
    let again = play(&game(seed, LENGTH), Some(mistake), &mut Played::default()).unwrap_err();
    assert_eq!(again, failure);
    let (short, shown) = shortened(game(seed, LENGTH), Some(mistake), failure);
    assert!(short.len() <= 8, "{short:#?}");
    let again = play(&short, Some(mistake), &mut Played::default()).unwrap_err();
    assert_eq!(again, shown, "what is short replays as well");
}
