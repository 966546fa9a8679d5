//! Timestamps in responses: RFC 3339 in UTC, always with microseconds.

use std::borrow::Cow;

use datadump_core::Timestamp;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

/// A timestamp in a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Moment {
    /// Returns a time for examples.
    pub(crate) fn example() -> Self {
        Self(Timestamp::parse("2026-03-01T12:00:00Z").unwrap_or(Timestamp::MIN))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Type for Moment {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for Moment {
    fn parse_from_json(value: Option<Json>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        let parsed = value.as_str().and_then(Timestamp::parse);
        parsed.map(Self).ok_or_else(|| ParseError::expected_type(value))
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Json> {
        Some(self.0.to_string().into())
    }
}
