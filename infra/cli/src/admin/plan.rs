//! `postern plan` and `postern diff`: what would change, without changing anything.

use administration::Provisioning;
use administration::plan::{Opening, Plan, difference};
use administration::workspace_file::{Loader, WorkspaceFile};
use protocol::types::secret::Secret;
use serde_json::{Value, json};
use signing::entropy::random;
use signing::{Purpose, Sealer, SystemEntropy};
use web::config::PublicUrl;

use super::changes::{as_json, as_text, counted, is_coloured};
use super::error::AdminError;
use super::stack::block_on;
use super::target::Target;
use crate::arguments::{DiffOptions, PlanOptions};
use crate::output::print;
use crate::workspace_files::read;

/// Prints what applying the files would change. Returns whether that is anything.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn plan(options: &PlanOptions) -> Result<bool, AdminError> {
    block_on(async {
        let target = Target::open(&options.target).await?;
        let files = read(&target.loader(), &options.files)?;
        let keys = target.keys();
        let plans = Provisioning::new(&keys).plan(files, &target.opening()).await?;
        print(&if options.json { in_json(&plans) } else { in_words(&plans) });
        Ok(plans.iter().any(|plan| plan.is_new() || !plan.changes.is_empty()))
    })
}

/// Prints what differs between two files. Returns whether that is anything.
///
/// # Errors
///
/// [`AdminError`] contains the problems of both files.
pub fn diff(options: &DiffOptions) -> Result<bool, AdminError> {
    let public_url = PublicUrl::parse(options.public_url.trim_end_matches('/')).map_err(AdminError::PublicUrl)?;
    // Secrets are sealed only to be compared; the key is discarded.
    let sealer = Sealer::derived(&Secret::new(random(&SystemEntropy)?), Purpose::ClientSecret)?;
    let loader =
        Loader { public_url: &public_url, upstream_secrets: &sealer, client_secrets: &sealer, entropy: &SystemEntropy };
    let one = |path: &std::path::PathBuf| -> Result<Option<WorkspaceFile>, AdminError> {
        Ok(read(&loader, std::slice::from_ref(path))?.pop())
    };
    let (Some(former), Some(later)) = (one(&options.former)?, one(&options.later)?) else { return Ok(false) };
    let opening = Opening { upstream_secrets: &sealer, client_secrets: &sealer };
    let changes = difference(&former, later, &opening);
    print(&if options.json {
        json!({ "changes": as_json(&changes) }).to_string()
    } else if changes.is_empty() {
        "The files mean the same.".into()
    } else {
        as_text(&changes, is_coloured())
    });
    Ok(!changes.is_empty())
}

/// The plans as JSON, for scripts.
fn in_json(plans: &[Plan]) -> String {
    let one = |plan: &Plan| json!({ "workspace": plan.workspace().to_string(), "new": plan.is_new(), "changes": as_json(&plan.changes) });
    json!({ "workspaces": plans.iter().map(one).collect::<Vec<Value>>() }).to_string()
}

fn in_words(plans: &[Plan]) -> String {
    plans.iter().map(|plan| described(plan, is_coloured())).collect::<Vec<_>>().join("\n")
}

/// A plan for people: a heading, and a line for each change.
fn described(plan: &Plan, coloured: bool) -> String {
    let id = plan.workspace();
    if plan.is_new() {
        let clients = plan.file().clients.len();
        return format!("{id} would be created, with {clients} clients:\n{}", as_text(&plan.changes, coloured));
    }
    if plan.changes.is_empty() {
        return format!("{id} is as in {}: nothing would change.", plan.file().name);
    }
    format!("{id} would have {}:\n{}", counted(plan.changes.len()), as_text(&plan.changes, coloured))
}
