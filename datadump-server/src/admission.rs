//! Admission control: while the write queue is long, further writes are refused before they cost anything.
//!
//! This applies to single requests. A client that throws over a WebSocket is slowed down by flow control
//! instead.

use std::collections::HashSet;

use datadump_core::{Dump, Error as CoreError};
use poem::http::{Method, Uri};
use poem_openapi::OpenApi;

use crate::{api, problem::Problem, row_paths::second_segment};

/// Admission control for one server.
#[derive(Debug)]
pub(crate) struct Admission {
    dump: Dump,
    reads: ReadingPosts,
}

/// The operations at `/api/v1/storage/{name}/{operation}` that only read although their method is POST.
#[derive(Debug)]
struct ReadingPosts(HashSet<String>);

impl Admission {
    /// Creates admission control for the operations of an API.
    pub(crate) fn of<T: OpenApi>(dump: &Dump) -> Self {
        Self { dump: dump.clone(), reads: ReadingPosts::of::<T>() }
    }

    /// Refuses a write while the database is overloaded.
    pub(crate) fn check(&self, method: &Method, uri: &Uri) -> Result<(), Problem> {
        if self.reads.is_write(method, uri.path()) && self.dump.is_busy() {
            return Err(CoreError::Overloaded.into());
        }
        Ok(())
    }
}

impl ReadingPosts {
    fn of<T: OpenApi>() -> Self {
        let paths = T::meta().into_iter().flat_map(|api| api.paths);
        let reading = paths.filter(|path| {
            path.operations.iter().any(|operation| operation.operation_id.is_some_and(api::is_reading_post))
        });
        Self(reading.filter_map(|path| second_segment(&path.path).map(str::to_owned)).collect())
    }

    /// Returns whether a request writes rows: by a throw, a push, or directly.
    fn is_write(&self, method: &Method, path: &str) -> bool {
        let is_unsafe = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
        if path == "/" || path.starts_with("/throw/") {
            return is_unsafe || *method == Method::GET;
        }
        if *method == Method::POST && second_segment(path).is_some_and(|word| self.0.contains(word)) {
            return false;
        }
        is_unsafe && (path.starts_with("/api/v1/storage/") || ["/api/v1/batch", "/api/data"].contains(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Resources;

    #[test]
    fn reads_are_always_admitted() {
        let reads = ReadingPosts::of::<Resources>();
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
            (Method::POST, "/api/v1/batch", true),
            (Method::POST, "/api/data", true),
            (Method::POST, "/api/v1/storage/dog/query", false),
            (Method::POST, "/api/v1/storage/dog/aggregate", false),
            (Method::POST, "/api/v1/storage/dog/export", false),
            (Method::POST, "/api/v1/series", false),
            (Method::POST, "/api/v1/storage/dog/bulk", true),
            (Method::POST, "/api/v1/storage/dog/import", true),
            (Method::POST, "/api/v1/storage/query", true),
            (Method::DELETE, "/api/v1/storage/dog/query", true),
            (Method::GET, "/ready", false),
        ] {
            assert_eq!(reads.is_write(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn every_post_about_rows_either_reads_or_writes() {
        let reads = ReadingPosts::of::<Resources>();
        let mut found = Vec::new();
        for path in Resources::meta().into_iter().flat_map(|api| api.paths) {
            for operation in path.operations.iter().filter(|operation| operation.method == Method::POST) {
                let Some(id) = operation.operation_id else { continue };
                if path.path.starts_with("/api/v1/storage/") {
                    assert_eq!(reads.is_write(&Method::POST, &path.path), !api::is_reading_post(id), "{id}");
                    found.push(id);
                }
            }
        }
        found.sort_unstable();
        let expected =
            ["find_aggregates", "find_export", "import_rows", "query_rows", "save_row", "save_rows"];
        assert_eq!(found, expected, "does the new operation belong to `READING_POSTS`?");
    }
}
