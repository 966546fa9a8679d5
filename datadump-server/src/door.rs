//! Who is told to come again before anything is done for them: when more is being written than can be
//! answered soon, another write is refused while it has cost next to nothing.
//!
//! Only single requests are: whoever throws over a WebSocket is slowed down by it instead.

use datadump_core::{Dump, Error as CoreError};
use poem::http::{Method, Uri};

use crate::problem::Problem;

/// The door of one server.
#[derive(Debug)]
pub(crate) struct Door {
    dump: Dump,
}

impl Door {
    pub(crate) fn new(dump: &Dump) -> Self {
        Self { dump: dump.clone() }
    }

    /// Refuses what would write, when too much is being written already.
    pub(crate) fn check(&self, method: &Method, uri: &Uri) -> Result<(), Problem> {
        if writes(method, uri.path()) && self.dump.is_busy() {
            return Err(CoreError::Overloaded.into());
        }
        Ok(())
    }
}

/// Whether a request is to write rows: a throw, or a row.
fn writes(method: &Method, path: &str) -> bool {
    let changes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
    if path == "/" || path.starts_with("/throw/") {
        return changes || *method == Method::GET;
    }
    changes && (path.starts_with("/api/v1/storage/") || path == "/api/data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_always_pass() {
        for (method, path, expected) in [
            (Method::POST, "/", true),
            (Method::PUT, "/", true),
            (Method::POST, "/throw/porch", true),
            (Method::GET, "/throw/porch", true),
            (Method::HEAD, "/throw/porch", false),
            (Method::POST, "/api/v1/storage/dog", true),
            (Method::DELETE, "/api/v1/storage/dog/A", true),
            (Method::GET, "/api/v1/storage/dog/A", false),
            (Method::POST, "/api/v1/factory/storage", false),
            (Method::POST, "/api/data", true),
            (Method::GET, "/ready", false),
        ] {
            assert_eq!(writes(&method, path), expected, "{method} {path}");
        }
    }
}
