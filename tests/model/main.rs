//! Model-based test: plays random games against the whole server and compares every response with a model.
//!
//! A game has a few hundred steps of users at browsers and of clients, at two places that look the same. Store calls
//! fail, functions crash between two calls, responses are lost, requests are repeated or concurrent, and the clock
//! moves both ways. `rules.rs` is the model: after each step, some order of events must explain every response. A game
//! is generated from a seed, so it can be replayed; a failing game is shrunk and printed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test panics when an expectation fails"
)]
#![expect(clippy::wildcard_enum_match_arm, reason = "every other response is a violation")]

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

/// The number of steps in a game.
const LENGTH: usize = 400;

/// Reads a number from the environment, for long manual runs.
#[expect(clippy::disallowed_methods, reason = "a developer chooses steps and seed of a long run")]
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Formats the seed of a failed game and its shrunk steps.
fn report(seed: u64, failure: Failure) -> String {
    let first = format!("seed {seed}, step {}: {}", failure.step, failure.violation);
    let (short, failure) = shortened(game(seed, LENGTH), None, failure);
    let lines: Vec<String> = short.iter().map(|step| format!("  {step:?}")).collect();
    format!("{first}\nreproduced by {} steps: {}\n{}", short.len(), failure.violation, lines.join("\n"))
}

/// Plays the games of every `stride`th seed, starting at `seed`, until `steps` have been played.
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

/// Steps, first seed and number of threads can be set for long runs: see CONTRIBUTING.md for the command.
#[test]
fn the_rules_explain_every_response() {
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

/// The number of steps within which each deliberate mistake must be found.
const PATIENCE: usize = 4000;

/// Finds the first failing game against a server with this mistake; returns its seed, the failure, and the steps
/// played.
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
        let (_, failure, steps) = found(mistake).unwrap_or_else(|| panic!("{mistake:?} was not found"));
        eprintln!("{mistake:?} after {steps} steps: {}", failure.violation);
    }
}

#[test]
fn a_failing_game_replays_exactly_and_is_shrunk() {
    let mistake = Sabotage::RedeemsTwice;
    let (seed, failure, _) = found(mistake).unwrap();
    let again = play(&game(seed, LENGTH), Some(mistake), &mut Played::default()).unwrap_err();
    assert_eq!(again, failure);
    let (short, shown) = shortened(game(seed, LENGTH), Some(mistake), failure);
    assert!(short.len() <= 8, "{short:#?}");
    let again = play(&short, Some(mistake), &mut Played::default()).unwrap_err();
    assert_eq!(again, shown, "the shrunk game replays as well");
}
