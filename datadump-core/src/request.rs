//! What somebody asks for as JSON, read into what it says, with the place of what is wrong.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::error::{Error, Fault, Place, Result};

/// Reads it.
pub(super) fn read<T: DeserializeOwned>(json: &Json) -> Result<T> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().iter().fold(Place::body(), |at, step| match step {
            serde_path_to_error::Segment::Seq { index } => at.index(*index),
            serde_path_to_error::Segment::Map { key } => at.name(key),
            _ => at,
        });
        wrong(path, "invalid", error.inner().to_string())
    })
}

/// One thing that is wrong with it.
pub(super) fn wrong(at: Place, code: &'static str, detail: impl Into<String>) -> Error {
    Error::Settings(vec![Fault::new(at, code, detail)])
}
