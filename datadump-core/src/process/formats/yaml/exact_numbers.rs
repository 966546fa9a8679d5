//! Preserves YAML integers that have leading zeros or more than 64 bits, and notices decimals that lose digits.
//!
//! The library returns them as floats. This parses the document again with the position of every value
//! and keeps the original digits as text.

use std::fmt::{self, Formatter};

use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Options, Spanned};

use crate::{
    json::is_exact,
    process::{parsed_value::ParsedValue, serde_value::SerdeValue},
};

/// Returns whether a value contains a float that may have been written as an integer.
pub(super) fn may_be_changed(value: &ParsedValue) -> bool {
    match value {
        ParsedValue::Json(json) => json.is_f64() && json.as_f64().is_some_and(may_be_rounded),
        ParsedValue::NonFinite(_) | ParsedValue::Changed(_) => false,
        ParsedValue::Array(items) => items.iter().any(may_be_changed),
        ParsedValue::Object(members) => members.iter().any(|(_, member)| may_be_changed(member)),
    }
}

/// Parses the documents, with such integers as text.
pub(super) fn read(text: &str, options: Options) -> Result<Vec<ParsedValue>, serde_saphyr::Error> {
    let documents: Vec<Spanned<Node>> = serde_saphyr::from_multiple_with_options(text, options)?;
    Ok(documents.into_iter().map(|document| resolve(text, document)).collect())
}

/// Returns whether a float may have been written as an integer or with more digits than it holds.
fn may_be_rounded(float: f64) -> bool {
    float.fract() == 0.0 || format!("{float:e}").len() > 14
}

/// A value whose members have positions.
enum Node {
    Final(ParsedValue),
    Float(f64),
    List(Vec<Spanned<Node>>),
    Object(Vec<(String, Spanned<Node>)>),
}

fn resolve(text: &str, node: Spanned<Node>) -> ParsedValue {
    match node.value {
        Node::Final(found) => found,
        Node::Float(float) => {
            let span = node.defined.span();
            let at = |place: Option<u64>| place.and_then(|place| usize::try_from(place).ok());
            let written =
                at(span.byte_offset()).and_then(|start| text.get(start..start + at(span.byte_len())?));
            let digits = written.map(|written| written.trim().trim_start_matches(['-', '+']));
            match (written, digits) {
                (Some(written), Some(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    ParsedValue::text(written.trim())
                }
                (Some(written), _) if float.is_finite() && !is_exact(written.trim()) => {
                    ParsedValue::rounded(float, written.trim())
                }
                _ => ParsedValue::float(float),
            }
        }
        Node::List(items) => ParsedValue::Array(items.into_iter().map(|item| resolve(text, item)).collect()),
        Node::Object(members) => ParsedValue::Object(
            members.into_iter().map(|(name, member)| (name, resolve(text, member))).collect(),
        ),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(if may_be_rounded(value) { Node::Float(value) } else { Node::Final(ParsedValue::float(value)) })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        SerdeValue::deserialize(value.into_deserializer()).map(|any| Node::Final(any.0))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        SerdeValue::deserialize(value.into_deserializer()).map(|any| Node::Final(any.0))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        SerdeValue::deserialize(value.into_deserializer()).map(|any| Node::Final(any.0))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Final(ParsedValue::text(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        SerdeValue::deserialize(().into_deserializer()).map(|any| Node::Final(any.0))
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some((SerdeValue(name), value)) = members.next_entry()? {
            object.push((name.into_member_name(), value));
        }
        Ok(Node::Object(object))
    }
}
