//! Reads and writes the attributes of items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use protocol::types::time::{Lifetime, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::StoreFault;

/// The attributes of an item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The version with which items are written. Items of a newer version are refused (fault F-LAM-6).
const ITEM_VERSION: u64 = 1;

/// How long an item stays after it has logically expired, so that a replay is still recognized despite clock skew.
const TTL_MARGIN: Lifetime = Lifetime::seconds(3600);

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn instant(value: Timestamp) -> AttributeValue {
    number(value.millis())
}

/// The `ttl` attribute of an item that logically expires at `expires`: an hour later, in seconds.
pub(crate) fn ttl(expires: Timestamp) -> AttributeValue {
    number(expires.plus(TTL_MARGIN).seconds())
}

pub(crate) fn json(value: &impl Serialize) -> Result<AttributeValue, StoreFault> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(|_| StoreFault::Unreadable("value to write"))
}

pub(crate) fn version() -> AttributeValue {
    number(ITEM_VERSION)
}

/// Refuses an item written by a newer version.
pub(crate) fn known(item: Item) -> Result<Item, StoreFault> {
    match read_number(&item, "v")? {
        Some(ITEM_VERSION) => Ok(item),
        _ => Err(StoreFault::Unreadable("version")),
    }
}

pub(crate) fn read_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, StoreFault> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or(StoreFault::Unreadable(name))
}

pub(crate) fn read_json<T: DeserializeOwned>(item: &Item, name: &'static str) -> Result<T, StoreFault> {
    serde_json::from_str(read_text(item, name)?).map_err(|_| StoreFault::Unreadable(name))
}

pub(crate) fn read_number(item: &Item, name: &'static str) -> Result<Option<u64>, StoreFault> {
    let Some(value) = item.get(name) else { return Ok(None) };
    let number = value.as_n().ok().and_then(|digits| digits.parse().ok());
    number.map(Some).ok_or(StoreFault::Unreadable(name))
}

pub(crate) fn read_instant(item: &Item, name: &'static str) -> Result<Timestamp, StoreFault> {
    read_number(item, name)?.map(Timestamp::from_millis).ok_or(StoreFault::Unreadable(name))
}
