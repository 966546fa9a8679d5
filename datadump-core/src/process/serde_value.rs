//! Deserializes any value of a `serde` format.

use std::fmt::{self, Formatter};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::parsed_value::ParsedValue;

/// Any value, deserialized from a self-describing format.
#[derive(Debug)]
pub(super) struct SerdeValue(pub(super) ParsedValue);

impl<'de> Deserialize<'de> for SerdeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = ParsedValue;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<ParsedValue, E> {
        Ok(ParsedValue::Json(Json::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<ParsedValue, E> {
        Ok(ParsedValue::Json(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<ParsedValue, E> {
        Ok(ParsedValue::Json(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<ParsedValue, E> {
        Ok(ParsedValue::integer(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<ParsedValue, E> {
        Ok(i128::try_from(value).map_or_else(|_| ParsedValue::text(value.to_string()), ParsedValue::integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<ParsedValue, E> {
        Ok(ParsedValue::float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<ParsedValue, E> {
        Ok(ParsedValue::text(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<ParsedValue, E> {
        Ok(ParsedValue::text(value))
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<ParsedValue, E> {
        Ok(ParsedValue::bytes(value))
    }

    fn visit_unit<E: Error>(self) -> Result<ParsedValue, E> {
        Ok(ParsedValue::Json(Json::Null))
    }

    fn visit_none<E: Error>(self) -> Result<ParsedValue, E> {
        Ok(ParsedValue::Json(Json::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<ParsedValue, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<ParsedValue, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ParsedValue, A::Error> {
        let mut list = Vec::new();
        while let Some(SerdeValue(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(ParsedValue::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ParsedValue, A::Error> {
        let mut object = Vec::new();
        while let Some((SerdeValue(name), SerdeValue(value))) = members.next_entry()? {
            object.push((name.into_member_name(), value));
        }
        Ok(ParsedValue::Object(object))
    }
}
