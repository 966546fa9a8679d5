//! YAML: a record per document, or per item of a document that is a list.

use serde_saphyr::{
    Options,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use super::{Input, Output, Processor, any::Any, found::Found};
use crate::{json::MAX_DEPTH, record::Failure};

/// Reads YAML documents.
#[derive(Debug)]
pub(super) struct Yaml;

impl Processor for Yaml {
    fn name(&self) -> &str {
        "yaml"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for document in documents(input.text()?)? {
            document.put_out(output);
        }
        Ok(())
    }
}

/// Whether a text is documents that hold something, and not a line that happens to be YAML.
pub(super) fn is_documents(text: &str) -> bool {
    let holds = |document: &Found| matches!(document, Found::Object(_) | Found::List(_));
    documents(text).is_ok_and(|documents| !documents.is_empty() && documents.iter().all(holds))
}

fn documents(text: &str) -> Result<Vec<Found>, Failure> {
    // What aliases stand for counts each time, so a small document does not become a large one.
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        max_events: 8_000_000,
        max_nodes: 4_000_000,
        max_documents: 1_000_000,
    };
    let options: Options = serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        // `no` is a country.
        strict_booleans: true,
        // It stays base64, as binary is in all formats.
        ignore_binary_tag_for_string: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    };
    let documents = serde_saphyr::from_multiple_with_options::<Any>(text, options);
    let documents = documents.map_err(|error| match error.to_string() {
        detail if detail.contains("epth") => Failure::new("too-deep", detail),
        detail => Failure::unreadable(format!("this is not YAML: {detail}")),
    })?;
    Ok(documents.into_iter().map(|document| document.0).collect())
}
