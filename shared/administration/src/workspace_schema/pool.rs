//! The settings of an identity pool.

use super::forms::ATTRIBUTE;
use super::{Entries, Key, Kind};

/// The settings of a pool.
pub(super) const POOL: &[Key] = &[
    Key::required(
        "identifiers",
        Kind::List(&Kind::OneOf(&["email", "username"]), 2),
        "What users log in with: e-mail addresses, user names, or both.",
    ),
    Key::with_default(
        "sign_in",
        Kind::List(&Kind::OneOf(&["password"]), 1),
        "[\"password\"]",
        "The ways to sign in that are offered.",
    ),
    Key::with_default(
        "sign_up",
        Kind::OneOf(&["closed"]),
        "\"closed\"",
        "Who can make an account; \"closed\": operators, with `postern users`.",
    ),
    Key::with_default(
        "identifier_quarantine",
        Kind::Whole { least: 0, most: 315_360_000, unit: "seconds" },
        "7776000",
        "How long an identifier that was given up cannot be taken by another user, in seconds.",
    ),
    Key::with_default(
        "attributes",
        Kind::Tables(&Entries { noun: "attribute", id: "name", keys: ATTRIBUTES }),
        "[]",
        "What is known about users beside their identifiers.",
    ),
];

const ATTRIBUTES: &[Key] = &[
    Key::required("name", Kind::Text(&ATTRIBUTE), "A claim of OpenID Connect Core §5.1, or a name of your own."),
    Key::optional(
        "type",
        Kind::OneOf(&["text", "number", "boolean"]),
        "The type of an attribute of your own; text if not given.",
    ),
    Key::optional(
        "max_length",
        Kind::Whole { least: 1, most: 1024, unit: "characters" },
        "The maximum length of a text; 1024 if not given.",
    ),
    Key::with_default("required", Kind::Flag, "false", "Whether every user has it."),
    Key::optional(
        "read",
        Kind::OneOf(&["clients", "operators"]),
        "Who reads it; if not given, clients read standard claims, and the others as far as [[claims]] puts them into tokens.",
    ),
];
