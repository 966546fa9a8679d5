//! Parses requests: JSON into types, where an error names the place of the fault, and parameters that are on or off.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::error::{Error, Fault, Place, Result};

/// Deserializes a request.
pub(crate) fn read<T: DeserializeOwned>(json: &Json) -> Result<T> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().iter().fold(Place::body(), |at, step| match step {
            serde_path_to_error::Segment::Seq { index } => at.index(*index),
            serde_path_to_error::Segment::Map { key } => at.name(key),
            _ => at,
        });
        invalid(path, "invalid", error.inner().to_string())
    })
}

/// Parses a query parameter that is on or off. A name without a value is on.
pub fn parse_flag(text: &str) -> Option<bool> {
    match text {
        "" | "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// Returns an error about one part of a request.
pub(crate) fn invalid(at: Place, code: &'static str, detail: impl Into<String>) -> Error {
    Error::Settings(vec![Fault::new(at, code, detail)])
}
