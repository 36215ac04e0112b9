//! `postern sealing`: lists and changes the data keys of a stack.

use administration::sealing_keys::{PUBLISHED_BEFORE_SEALING, remove, remove_now, role, rotate};
use protocol::types::time::Lifetime;
use serde_json::json;
use signing::Purpose;
use store::WrappedSealingKeys;

use super::error::AdminError;
use super::stack::{Stack, block_on};
use crate::arguments::{SealingAction, SealingOptions};
use crate::output::print;

/// Lists the data keys of a stack, or performs one step on those of a purpose.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn sealing(options: &SealingOptions) -> Result<(), AdminError> {
    block_on(async {
        let stack = Stack::from_env()?;
        let sets = run_sealing_step(&stack, &options.action).await?;
        print(&if options.json { as_json(&sets) } else { as_table(&sets) });
        Ok(())
    })
}

/// Runs `action` and returns the resulting data keys of the affected purposes.
async fn run_sealing_step(
    stack: &Stack,
    action: &SealingAction,
) -> Result<Vec<(Purpose, WrappedSealingKeys)>, AdminError> {
    let (keys, now) = (stack.keys(), stack.now);
    let (purpose, changed) = match action {
        SealingAction::List => {
            let mut all = Vec::new();
            for purpose in Purpose::OF_DATA_KEYS {
                all.extend(keys.sealing_keys(purpose).await?.map(|keys| (purpose, keys)));
            }
            return Ok(all);
        }
        SealingAction::Add { purpose } => (*purpose, keys.add_sealing(*purpose).await?),
        SealingAction::Rotate { purpose, now: at_once } => {
            let published = if *at_once { Lifetime::seconds(0) } else { PUBLISHED_BEFORE_SEALING };
            (*purpose, keys.step_sealing(*purpose, |keys| rotate(keys, published, now)).await?)
        }
        SealingAction::Remove { purpose, now: true } => (*purpose, keys.step_sealing(*purpose, remove_now).await?),
        SealingAction::Remove { purpose, now: false } => {
            (*purpose, keys.step_sealing(*purpose, |keys| remove(keys, *purpose, now)).await?)
        }
    };
    Ok(vec![(purpose, changed)])
}

fn as_json(sets: &[(Purpose, WrappedSealingKeys)]) -> String {
    let versions = sets.iter().flat_map(|(purpose, keys)| {
        keys.versions.iter().map(|key| {
            json!({
                "purpose": purpose.name(),
                "version": key.version,
                "role": role(keys, key).as_str(),
                "since": key.since.seconds(),
            })
        })
    });
    json!({ "versions": versions.collect::<Vec<_>>() }).to_string()
}

fn as_table(sets: &[(Purpose, WrappedSealingKeys)]) -> String {
    let head = format!("{:<16}  {:>7}  {:<7}  SINCE (SECONDS)", "PURPOSE", "VERSION", "ROLE");
    let lines = sets.iter().flat_map(|(purpose, keys)| {
        keys.versions.iter().map(|key| {
            let (purpose, role, since) = (purpose.name(), role(keys, key).as_str(), key.since.seconds());
            format!("\n{purpose:<16}  {:>7}  {role:<7}  {since}", key.version)
        })
    });
    head + &lines.collect::<String>()
}
