//! The lifetimes of a workspace and of a client, in seconds, with the bounds of `Lifetimes::out_of_bounds`.

use super::{Key, Kind};

const DAY: i64 = 86_400;

const fn seconds(least: i64, most: i64) -> Kind {
    Kind::Whole { least, most, unit: "seconds" }
}

const CODE: Key =
    Key::with_default("authorization_code", seconds(1, 60), "60", "How long an authorization code can be redeemed.");
const DEVICE_REQUEST: Key = Key::with_default(
    "device_request",
    seconds(60, 600),
    "600",
    "How long a user may take to enter the code of a device, and to log in.",
);
const PUSHED_REQUEST: Key = Key::with_default(
    "pushed_request",
    seconds(5, 600),
    "60",
    "How long a browser may take to bring the request_uri of a pushed request.",
);
const ACCESS_TOKEN: Key = Key::with_default("access_token", seconds(1, DAY), "600", "The lifetime of access tokens.");
const ID_TOKEN: Key = Key::with_default("id_token", seconds(1, DAY), "3600", "The lifetime of ID tokens.");
const REFRESH_TOKEN: Key = Key::with_default(
    "refresh_token",
    seconds(1, 365 * DAY),
    "2592000",
    "The lifetime of all refresh tokens of a grant together.",
);
const REFRESH_TOKEN_IDLE: Key = Key::with_default(
    "refresh_token_idle",
    seconds(1, 365 * DAY),
    "1296000",
    "How long a refresh token may stay unused.",
);
const REFRESH_TOKEN_GRACE: Key = Key::with_default(
    "refresh_token_grace",
    seconds(0, 300),
    "60",
    "How long a replaced refresh token still yields its successor.",
);
const INTERACTION: Key =
    Key::with_default("interaction", seconds(1, 3600), "1800", "How long a user may take to log in and decide.");

pub(super) const LIFETIMES: &[Key] = &[
    CODE,
    PUSHED_REQUEST,
    DEVICE_REQUEST,
    ACCESS_TOKEN,
    ID_TOKEN,
    REFRESH_TOKEN,
    REFRESH_TOKEN_IDLE,
    REFRESH_TOKEN_GRACE,
    INTERACTION,
    Key::with_default("session", seconds(1, 365 * DAY), "43200", "The lifetime of a session, from the login on."),
    Key::with_default("session_idle", seconds(1, 365 * DAY), "3600", "How long a session may stay unused."),
];

/// The lifetimes that a client may have of its own.
pub(super) const OWN_LIFETIMES: &[Key] = &[
    CODE,
    PUSHED_REQUEST,
    DEVICE_REQUEST,
    ACCESS_TOKEN,
    ID_TOKEN,
    REFRESH_TOKEN,
    REFRESH_TOKEN_IDLE,
    REFRESH_TOKEN_GRACE,
    INTERACTION,
];
