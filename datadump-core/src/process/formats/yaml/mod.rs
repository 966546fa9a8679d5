//! YAML: one record per document, or per item of a document that is a sequence.

mod exact_numbers;

use serde_saphyr::{
    Options,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

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
        documents(input.text()?)?.into_iter().for_each(|document| document.emit(None, output));
        Ok(())
    }
}

/// Returns whether text consists of YAML documents that are mappings or sequences.
pub(in crate::process) fn is_documents(text: &str) -> bool {
    let holds = |document: &ParsedValue| matches!(document, ParsedValue::Object(_) | ParsedValue::Array(_));
    documents(text).is_ok_and(|documents| !documents.is_empty() && documents.iter().all(holds))
}

fn documents(text: &str) -> Result<Vec<ParsedValue>, Failure> {
    // Every expansion of an alias counts, so a small document cannot grow into a large one.
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        max_events: 8_000_000,
        max_nodes: 4_000_000,
        max_documents: 1_000_000,
    };
    let options: Options = serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        // `no` is a country code, not false.
        strict_booleans: true,
        // Binary stays base64 text, as in all formats.
        ignore_binary_tag_for_string: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    };
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
        return exact_numbers::read(text, options).map_err(unreadable);
    }
    Ok(documents)
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
