//! JSON objects with arbitrary members, such as rows and definitions.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value as Json;

/// An object with arbitrary members.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Object(pub(crate) Json);

impl Type for Object {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "object".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let any = MetaSchemaRef::Inline(Box::new(MetaSchema::ANY));
        let schema = MetaSchema { additional_properties: Some(Box::new(any)), ..MetaSchema::new("object") };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for Object {
    fn parse_from_json(value: Option<Json>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            object @ Json::Object(_) => Ok(Self(object)),
            other => Err(ParseError::expected_type(other)),
        }
    }
}

impl ToJSON for Object {
    fn to_json(&self) -> Option<Json> {
        Some(self.0.clone())
    }
}
