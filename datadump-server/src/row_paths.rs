//! Rows whose keys are names of operations, such as `query`: `PUT /api/v1/storage/dog/query` is about a row, because
//! the operation `query` has another method.

use std::collections::HashMap;

use poem::http::{Method, Uri, uri::PathAndQuery};
use poem_openapi::OpenApi;

/// The path of all storages.
const STORAGES: &str = "/api/v1/storage/";

/// The operations at `/api/v1/storage/{name}/{operation}`, with their methods.
#[derive(Debug)]
pub(crate) struct RowPaths(HashMap<String, Vec<Method>>);

impl RowPaths {
    /// Returns the paths of an API.
    pub(crate) fn of<T: OpenApi>() -> Self {
        let mut operations: HashMap<String, Vec<Method>> = HashMap::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            let Some(word) = second_segment(&path.path).filter(|word| !word.starts_with('{')) else {
                continue;
            };
            let methods = path.operations.iter().map(|operation| operation.method.clone());
            operations.entry(word.to_owned()).or_default().extend(methods);
        }
        Self(operations)
    }

    /// Returns the URI of the row that a request is about, if its path is that of an operation with another method.
    pub(crate) fn redirect(&self, method: &Method, uri: &Uri) -> Option<Uri> {
        let word = second_segment(uri.path())?;
        let methods = self.0.get(word)?;
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        if methods.contains(method) || *method == Method::POST || *method == Method::OPTIONS {
            return None;
        }
        let path = uri.path().strip_suffix(word)?;
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = PathAndQuery::try_from(format!("{path}key/{word}{query}")).ok()?;
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).ok()
    }
}

/// Returns the segment after the name of the storage, if it is the last one.
pub(crate) fn second_segment(path: &str) -> Option<&str> {
    let (_, word) = path.strip_prefix(STORAGES)?.split_once('/')?;
    (!word.is_empty() && !word.contains('/')).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Resources;

    #[test]
    fn paths_of_operations_with_another_method_are_those_of_rows() {
        let paths = RowPaths::of::<Resources>();
        for (method, uri, expected) in [
            (Method::GET, "/api/v1/storage/dog/query", Some("/api/v1/storage/dog/key/query")),
            (Method::HEAD, "/api/v1/storage/dog/query", Some("/api/v1/storage/dog/key/query")),
            (
                Method::DELETE,
                "/api/v1/storage/dog/values?version=1",
                Some("/api/v1/storage/dog/key/values?version=1"),
            ),
            (Method::POST, "/api/v1/storage/dog/query", None),
            (Method::POST, "/api/v1/storage/dog/values", None),
            (Method::GET, "/api/v1/storage/dog/values", None),
            (Method::HEAD, "/api/v1/storage/dog/values", None),
            (Method::GET, "/api/v1/storage/dog/rex", None),
            (Method::PUT, "/api/v1/storage/query", None),
            (Method::GET, "/api/v1/storage/dog/key/query", None),
            (Method::GET, "/api/v1/source/dog/query", None),
        ] {
            let found = paths.redirect(&method, &uri.parse().unwrap()).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{method} {uri}");
        }
    }
}
