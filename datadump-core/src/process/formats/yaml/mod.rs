//! YAML: one record per document, or per item of a document that is a sequence.

mod exact_numbers;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    Options,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use serde_json::Value as Json;

use crate::{
    json::MAX_DEPTH,
    process::{Input, Output, Processor, parsed_value::ParsedValue, serde_value::SerdeValue},
    record::Failure,
};

#[derive(Debug)]
pub(in crate::process) struct Yaml;

impl Processor for Yaml {
    fn name(&self) -> &str {
        "yaml"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for document in documents(input.text()?, output)? {
            if output.is_full() {
                break;
            }
            document.emit(None, output);
        }
        Ok(())
    }
}

/// Returns whether text consists of YAML documents that are mappings or sequences.
pub(in crate::process) fn is_documents(text: &str) -> bool {
    let documents = serde_saphyr::from_multiple_with_options::<Shape>(text, options(MAX_NODES));
    documents.is_ok_and(|documents| !documents.is_empty() && documents.iter().all(|shape| shape.is_container))
}

/// Maximum number of nodes. Every expansion of an alias counts, so a small document cannot grow into a large one.
const MAX_NODES: usize = 4_000_000;

/// Maximum number of parser events that are kept to be repeated by aliases, and the memory of one.
const MAX_KEPT_EVENTS: usize = 200_000;
const EVENT_BYTES: usize = 256;

/// Memory of a node: a member of a list that may be moved while it grows, its name, its JSON, and the same with
/// positions if there are numbers that must be kept exactly.
const NODE_BYTES: usize = 3 * size_of::<(String, ParsedValue)>() + 3 * size_of::<Json>() + 256;

fn options(max_nodes: usize) -> Options {
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        max_events: 2 * max_nodes,
        max_nodes: max_nodes,
        max_documents: 1_000_000,
        max_recorded_anchor_events: MAX_KEPT_EVENTS,
        max_recorded_anchor_bytes: MAX_KEPT_EVENTS * 32,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        // `no` is a country code, not false.
        strict_booleans: true,
        // Binary stays base64 text, as in all formats.
        ignore_binary_tag_for_string: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// Returns the maximum number of nodes of a text: each is followed or preceded by one of these bytes. Aliases may
/// repeat them.
fn max_nodes(text: &str) -> usize {
    let bytes = text.as_bytes();
    let count = |byte| memchr::memchr_iter(byte, bytes).count();
    let separators: usize = b"\n,:-[{".iter().map(|byte| count(*byte)).sum();
    let repeated = if memchr::memchr(b'*', bytes).is_some() { 8 * separators + 10_000 } else { 0 };
    (separators + repeated + 10).min(MAX_NODES)
}

fn documents(text: &str, output: &mut Output) -> Result<Vec<ParsedValue>, Failure> {
    let max_nodes = max_nodes(text);
    let has_anchors = memchr::memchr(b'&', text.as_bytes()).is_some();
    let kept = if has_anchors { MAX_KEPT_EVENTS.min(max_nodes) * EVENT_BYTES } else { 0 };
    output.need(max_nodes.saturating_mul(NODE_BYTES) + kept + 2 * text.len())?;
    let options = options(max_nodes);
    let unreadable = |error: serde_saphyr::Error| match error.to_string() {
        detail if detail.contains("depth") || detail.contains("Depth") || detail.contains("nesting") => {
            Failure::new("too-deep", detail)
        }
        detail => Failure::unreadable(format!("invalid YAML: {detail}")),
    };
    let documents =
        serde_saphyr::from_multiple_with_options::<SerdeValue>(text, options.clone()).map_err(unreadable)?;
    let documents: Vec<_> = documents.into_iter().map(|document| document.0).collect();
    if documents.iter().any(exact_numbers::may_be_changed) {
        drop(documents);
        return exact_numbers::read(text, options).map_err(unreadable);
    }
    Ok(documents)
}

/// A document without its content.
struct Shape {
    is_container: bool,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_i64<E: Error>(self, _value: i64) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_u64<E: Error>(self, _value: u64) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_i128<E: Error>(self, _value: i128) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_u128<E: Error>(self, _value: u128) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_f64<E: Error>(self, _value: f64) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_str<E: Error>(self, _value: &str) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_none<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape { is_container: false })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape { is_container: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Shape, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape { is_container: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn documents_become_records() {
        let bomb = format!(
            "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{}",
            (1..12)
                .map(|level| {
                    let before = format!("*a{}", level - 1);
                    format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(","))
                })
                .collect::<String>()
        );
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for (body, expected) in [
            ("a: 1\nb: no\nc: 'yes'\n", &[r#"{"a":1,"b":"no","c":"yes"}"#][..]),
            ("---\na: 1\n---\n- 2\n- b: x\n...\n", &[r#"{"a":1}"#, r#"{"value":2}"#, r#"{"b":"x"}"#]),
            ("a: .nan\nb: [.inf]\nc: 1.5\n", &[r#"{"b":["Infinity"],"c":1.5} non_finite {"a":"NaN"}"#]),
            ("base: &b {x: 1}\nother:\n  <<: *b\n  y: 2\n", &[r#"{"base":{"x":1},"other":{"y":2,"x":1}}"#]),
            ("1: a\ntrue: b\na: 1\na: 2\n", &[r#"{"1":"a","true":"b","a":2}"#]),
            (
                "at: 2024-03-01T12:00:00Z\nzip: 01067\nhex: 0x10\n",
                &[r#"{"at":"2024-03-01T12:00:00Z","zip":"01067","hex":16}"#],
            ),
            ("data: !!binary aGVsbG8=\n", &[r#"{"data":"aGVsbG8="}"#]),
            (
                "id: 123456789012345678901234567890\nn: -99999999999999999999\nf: 1e30\n",
                &[r#"{"id":"123456789012345678901234567890","n":"-99999999999999999999","f":1e+30}"#],
            ),
            ("", &[]),
            (&bomb, &["error unreadable"]),
            (&deep, &["error too-deep"]),
            ("a: [1\n", &["error unreadable"]),
        ] {
            check(&Yaml, body, expected);
        }
    }
}
