//! Errors that end a file early.

use crate::{
    error::{Error, Fault, Place},
    record::Failure,
};

/// Formats of imports.
pub(super) const FORMATS: [&str; 4] = ["csv", "tsv", "ndjson", "json"];

/// The error that ends a file early.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is not valid in its format.
    Malformed { line: usize, code: &'static str, detail: String },
    /// Any other error.
    Other(Error),
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Returns the error about a format that cannot be imported.
pub(super) fn unknown_format(why: &str) -> Error {
    let detail = format!("{why}: `format` is one of {}", FORMATS.join(", "));
    Error::Settings(vec![Fault::new(Place::Parameter("format".into()), "unknown-format", detail)])
}

/// Returns the error of a chunk whose processor failed. A processor that took too long or panicked says nothing about
/// the file: the import can be continued.
pub(super) fn unreadable(failure: &Failure, line: usize) -> ReadError {
    match failure.code {
        "timeout" => Error::Overloaded.into(),
        "panicked" => Error::internal(failure.detail.clone()).into(),
        code => ReadError::Malformed { line, code, detail: failure.detail.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_that_did_not_end_says_nothing_about_the_file() {
        for (code, is_about_the_file) in [("timeout", false), ("panicked", false), ("unreadable", true)] {
            let error = unreadable(&Failure::new(code, "why"), 7);
            let found = matches!(error, ReadError::Malformed { line: 7, .. });
            assert_eq!(found, is_about_the_file, "{error:?}");
        }
    }
}
