//! `postern apply`: applies workspace files to a stack, or to the state of a laptop.

use std::io::{IsTerminal as _, Write as _};

use administration::Provisioning;
use administration::plan::Plan;
use administration::sector_documents;
use http_client::Fetcher;
use serde_json::{Value, json};

use super::changes::{as_json, counted};
use super::error::AdminError;
use super::stack::block_on;
use super::target::Target;
use crate::arguments::ApplyOptions;
use crate::output::print;
use crate::workspace_files::read;

/// Applies workspaces, and creates the keys that are lacking. What has been changed since the plan was made is never
/// overwritten.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn apply(options: &ApplyOptions) -> Result<(), AdminError> {
    block_on(async {
        let target = Target::prepare(&options.target).await?;
        let files = read(&target.loader(), &options.files)?;
        sector_documents::check(&files, &Fetcher::new(target.public_url.reach())).await?;
        let keys = target.keys();
        let provisioning = Provisioning::new(&keys);
        let plans = provisioning.plan(files, &target.opening()).await?;
        for plan in &plans {
            provisioning.carry_out(plan, &mut |done| show_progress(plan, done)).await?;
        }
        print(&if options.json { in_json(&plans) } else { in_words(&plans) });
        Ok(())
    })
}

/// Says how many clients are done, on a line that is written over, to people who wait.
fn show_progress(plan: &Plan, done: usize) {
    let (mut errors, all) = (std::io::stderr(), plan.file().clients.len());
    if all < 100 || !errors.is_terminal() || (!done.is_multiple_of(50) && done != all) {
        return;
    }
    let end = if done == all { "\n" } else { "" };
    // Ignore EPIPE.
    let _ = write!(errors, "\r{}: {done} of {all} clients{end}", plan.workspace());
}

fn in_json(plans: &[Plan]) -> String {
    let applied = plans.iter().map(|plan| {
        json!({
            "issuer": plan.file().workspace.issuer.as_str(),
            "clients": plan.file().clients.len(),
            "new": plan.is_new(),
            "changes": as_json(&plan.changes),
        })
    });
    json!({ "applied": applied.collect::<Vec<Value>>() }).to_string()
}

fn in_words(plans: &[Plan]) -> String {
    let line = |plan: &Plan| {
        let (issuer, clients) = (plan.file().workspace.issuer.as_str(), plan.file().clients.len());
        let what = if plan.is_new() { "new".into() } else { counted(plan.changes.len()) };
        format!("Applied {issuer} with {clients} clients: {what}.")
    };
    plans.iter().map(line).collect::<Vec<_>>().join("\n")
}
