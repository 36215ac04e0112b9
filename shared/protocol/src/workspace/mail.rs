//! How a workspace sends mail.

use serde::{Deserialize, Serialize};

use crate::users::mail::MailAddress;

/// The settings of mail. Without them nothing that needs mail is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The sender's address.
    pub from: MailAddress,
    /// Where answers go, if not to the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MailAddress>,
}
