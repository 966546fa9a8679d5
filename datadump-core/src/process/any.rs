//! Reads whatever a `serde` format holds.

use std::fmt::{self, Formatter};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::found::Found;

/// Any value.
#[derive(Debug)]
pub(super) struct Any(pub(super) Found);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor).map(Self)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Found;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Found, E> {
        Ok(Found::Plain(Json::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Found, E> {
        Ok(Found::Plain(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Found, E> {
        Ok(Found::Plain(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Found, E> {
        Ok(Found::whole(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Found, E> {
        Ok(i128::try_from(value).map_or_else(|_| Found::text(value.to_string()), Found::whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Found, E> {
        Ok(Found::float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Found, E> {
        Ok(Found::text(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Found, E> {
        Ok(Found::text(value))
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Found, E> {
        Ok(Found::text(BASE64_STANDARD.encode(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Found, E> {
        Ok(Found::Plain(Json::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Found, E> {
        Ok(Found::Plain(Json::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Found, A::Error> {
        let mut list = Vec::new();
        while let Some(Any(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Found::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Found, A::Error> {
        let mut object = Vec::new();
        while let Some((Any(name), Any(value))) = members.next_entry()? {
            object.push((name.into_name(), value));
        }
        Ok(Found::Object(object))
    }
}
