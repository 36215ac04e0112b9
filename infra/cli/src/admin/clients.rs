//! `postern clients`: new secrets of clients.

use administration::{NewSecret, SecretRotation};
use protocol::types::id::ClientId;
use protocol::types::time::{Lifetime, Timestamp};
use serde_json::json;
use signing::SystemEntropy;

use super::error::AdminError;
use super::stack::block_on;
use super::target::Target;
use super::workspace_name::parse;
use crate::arguments::{ClientsAction, ClientsOptions};
use crate::output::print;

const DAY: u32 = 24 * 3600;

/// Gives a client a new secret, and prints it once.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn clients(options: &ClientsOptions) -> Result<(), AdminError> {
    let ClientsAction::RotateSecret { client, keep_days } = &options.action;
    block_on(async {
        let workspace = parse(options.workspace.as_deref())?;
        let id = ClientId::parse(client).map_err(|_| AdminError::Client(client.clone()))?;
        let target = Target::open(&options.target).await?;
        let keys = target.keys();
        let rotation = SecretRotation { connection: keys.connection, entropy: &SystemEntropy, now: target.now };
        let keep = Lifetime::seconds(keep_days.saturating_mul(DAY));
        let new = rotation.rotate(&workspace, &id, keep).await?;
        print(&if options.json { in_json(client, &new) } else { in_words(client, &new, *keep_days) });
        Ok(())
    })
}

fn in_json(client: &str, new: &NewSecret) -> String {
    json!({
        "client_id": client,
        "client_secret": new.secret.expose(),
        "client_secret_sha256": new.digests,
        "former": new.former,
        "former_until": new.former_until.map(Timestamp::seconds),
    })
    .to_string()
}

fn in_words(client: &str, new: &NewSecret, days: u32) -> String {
    let former = match (new.former, days) {
        (0, _) => "It has no other secret that is good.".to_owned(),
        (1, days) => format!("Its former secret is good for {days} more days at most."),
        (count, days) => format!("Its {count} former secrets are good for {days} more days at most."),
    };
    let digests = serde_json::to_value(&new.digests).unwrap_or_default();
    format!(
        "The new secret of {client}, which is shown only here:\n\n  {}\n\n{former} Functions know it within half a minute.\n\
         In the workspace file, client_secret_sha256 becomes:\n\n  client_secret_sha256 = {}",
        new.secret.expose(),
        administration::export::inline(&digests)
    )
}
