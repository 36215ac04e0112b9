//! The settings of a rule about users.

use super::forms::TEXT;
use super::{Key, Kind, UNBOUNDED};

/// A rule about users. Clients, scopes and resources have the same.
pub(super) const ALLOWED_USERS: &[Key] = &[
    Key::optional("groups", Kind::List(&Kind::Text(&TEXT), UNBOUNDED), "Users in one of these groups."),
    Key::optional("roles", Kind::List(&Kind::Text(&TEXT), UNBOUNDED), "Users with one of these roles."),
    Key::optional(
        "sources",
        Kind::List(&Kind::Text(&TEXT), UNBOUNDED),
        "Users who logged in with one of these identity sources: \"sandbox\", \"pool\" or the id of a provider.",
    ),
    Key::optional(
        "attributes",
        Kind::Open,
        "Users whose attributes of the pool, of your own, have one of these values: a list for each name.",
    ),
];
