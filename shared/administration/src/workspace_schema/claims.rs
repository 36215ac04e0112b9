//! The claims of a workspace.

use protocol::workspace::claim_rule::ClaimPlace;

use super::forms::{CLAIM, CLAIM_SOURCE, SCOPE};
use super::{Key, Kind, UNBOUNDED};

/// The settings of a claim.
pub(super) const CLAIM_KEYS: &[Key] = &[
    Key::required("name", Kind::Text(&CLAIM), "Its name in tokens and answers."),
    Key::optional(
        "from",
        Kind::Text(&CLAIM_SOURCE),
        "Where it comes from: user.…, client.metadata.…, client.client_name, client.organization_name, source.id, source.issuer, grant.scope or grant.issued.",
    ),
    Key::optional("value", Kind::Constant, "What it always is, instead of from."),
    Key::required(
        "in",
        Kind::List(&Kind::OneOf(&ClaimPlace::NAMES), ClaimPlace::NAMES.len()),
        "What it is put into; introspection also answers what the access token has.",
    ),
    Key::with_default(
        "scopes",
        Kind::List(&Kind::Text(&SCOPE), UNBOUNDED),
        "[]",
        "It is there if one of these was granted; always if there are none.",
    ),
];
