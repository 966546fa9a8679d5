//! The API, one file per resource.

mod batch;
mod bulk;
mod changes;
mod commands;
mod devices;
mod examples;
mod exports;
mod health;
mod hub;
mod idempotency;
mod import_answer;
mod imports;
mod keys;
mod metrics;
mod processors;
mod quarantine;
mod queries;
mod recent_throws;
mod replay_answer;
mod replays;
mod retention_answer;
mod rows;
mod selection;
mod series;
mod sources;
mod status;
mod storage_answer;
mod storage_states;
mod storages;
mod stream;
mod tag;
mod throw_response;
mod throws;
mod typed;
mod versions;
mod write_answer;

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use datadump_core::Dump;
use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{OpenApi, OpenApiService, registry::MetaApi, registry::Registry};
use serde_json::Value as Json;

use crate::{extract::flatten, history::History, live::Streams, metrics::Metrics, throwing::Thrower};

/// All resources, in the order of the document. They are grouped because a tuple has at most 16 members.
pub(crate) type Resources = (
    (
        throws::Throws,
        recent_throws::RecentThrows,
        sources::Sources,
        processors::Processors,
        quarantine::Quarantine,
        replays::Replays,
    ),
    (
        storages::Storages,
        versions::Versions,
        rows::Rows,
        bulk::Bulk,
        queries::Queries,
        series::SeriesOf,
        series::ManySeries,
        changes::Changes,
        keys::Keys,
        typed::Typed,
        batch::Batch,
        exports::Exports,
        imports::Imports,
    ),
    (hub::Hub, devices::Devices, commands::Commands),
    (stream::Stream, stream::ReadingStream),
    (status::Status, metrics::MetricsPage, health::Health),
);

/// Creates all resources.
pub(crate) fn resources(
    dump: &Dump,
    thrower: &Thrower,
    streams: &Streams,
    metrics: &Arc<Metrics>,
    history: &Arc<History>,
) -> Resources {
    (
        (
            throws::Throws { thrower: thrower.clone() },
            recent_throws::RecentThrows { dump: dump.clone() },
            sources::Sources { dump: dump.clone() },
            processors::Processors { dump: dump.clone() },
            quarantine::Quarantine { dump: dump.clone() },
            replays::Replays { dump: dump.clone() },
        ),
        (
            storages::Storages { dump: dump.clone() },
            versions::Versions { dump: dump.clone() },
            rows::Rows { dump: dump.clone() },
            bulk::Bulk { dump: dump.clone() },
            queries::Queries { dump: dump.clone() },
            series::SeriesOf { dump: dump.clone() },
            series::ManySeries { dump: dump.clone() },
            changes::Changes { dump: dump.clone() },
            keys::Keys { rows: rows::Rows { dump: dump.clone() } },
            typed::Typed { dump: dump.clone(), documents: Arc::new(typed::Documents::new(document)) },
            batch::Batch { dump: dump.clone() },
            exports::Exports::new(dump),
            imports::Imports { dump: dump.clone(), thrower: thrower.clone() },
        ),
        (
            hub::Hub { dump: dump.clone(), thrower: thrower.clone() },
            devices::Devices { dump: dump.clone() },
            commands::Commands { dump: dump.clone() },
        ),
        (stream::Stream { streams: streams.clone() }, stream::ReadingStream { streams: streams.clone() }),
        (
            status::Status {
                dump: dump.clone(),
                metrics: metrics.clone(),
                history: history.clone(),
                sizes: storage_states::StorageSizes::default(),
            },
            metrics::MetricsPage {
                dump: dump.clone(),
                thrower: thrower.clone(),
                metrics: metrics.clone(),
                gauges: metrics::CachedGauges::default(),
            },
            health::Health { dump: dump.clone() },
        ),
    )
}

/// Returns whether responses of an operation must never be recorded, because they contain a secret.
pub(crate) fn has_secret_response(operation: &str) -> bool {
    devices::SECRET_RESPONSES.contains(&operation)
}

/// Returns whether responses of an operation are never recorded, because they are of any length.
pub(crate) fn has_endless_response(operation: &str) -> bool {
    exports::ENDLESS_RESPONSES.contains(&operation)
}

/// Operations that only read although their method is POST.
const READING_POSTS: [&str; 4] = ["query_rows", "find_aggregates", "find_series", "find_export"];

/// Returns whether an operation only reads although its method is POST.
pub(crate) fn is_reading_post(operation: &str) -> bool {
    READING_POSTS.contains(&operation)
}

/// Returns whether an operation changes something although its method is GET.
pub(crate) fn is_get_with_side_effects(operation: &str) -> bool {
    let resources = [throws::GET_WITH_SIDE_EFFECTS, commands::GET_WITH_SIDE_EFFECTS];
    resources.iter().any(|operations| operations.contains(&operation))
}

/// Returns the OpenAPI document as JSON.
pub fn openapi() -> String {
    let mut document = document();
    examples::add(&mut document);
    format!("{document:#}")
}

/// Returns the OpenAPI document without examples.
fn document() -> Json {
    // The framework writes JSON, so parsing cannot fail.
    serde_json::from_str(&service().spec()).unwrap_or_default()
}

/// Returns the framework's page of interactive documentation, which contains the script of ours.
pub(crate) fn framework_page() -> String {
    service().rapidoc_html()
}

fn service() -> OpenApiService<DocumentedApi<Resources>, ()> {
    OpenApiService::new(DocumentedApi(PhantomData), "Data-Dump", env!("CARGO_PKG_VERSION"))
        .description(include_str!("description.md"))
        .license("MIT OR Apache-2.0")
        .server("/")
}

/// An API that is only documented, and needs no database.
struct DocumentedApi<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for DocumentedApi<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = T::meta();
        for operation in apis.iter_mut().flat_map(|api| &mut api.paths).flat_map(|path| &mut path.operations)
        {
            operation.params = flatten(std::mem::take(&mut operation.params));
            idempotency::document(operation);
        }
        apis
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn document() -> Json {
        serde_json::from_str(&openapi()).unwrap()
    }

    #[test]
    fn the_document_is_the_same_every_time() {
        assert_eq!(openapi(), openapi());
    }

    /// Client generators need a unique ID for every operation, one type of success, and one type of error.
    #[test]
    fn a_client_can_be_generated_for_every_operation() {
        let document = document();
        let mut ids = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} is not unique");
                assert!(operation["summary"].is_string(), "{method} {path} has no summary");
                assert!(operation["tags"][0].is_string(), "{method} {path} has no tag");
                for media in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                    let example = &media.1["example"];
                    assert!(!example.is_null(), "{method} {path} has no example");
                }
                let responses = operation["responses"].as_object().unwrap();
                let (mut successes, mut errors) = (BTreeSet::new(), BTreeSet::new());
                for (status, response) in responses {
                    let kinds = if status.starts_with('2') { &mut successes } else { &mut errors };
                    if status != "304" {
                        kinds.insert(response["content"].to_string());
                    }
                }
                assert_eq!((successes.len(), errors.len()), (1, 1), "{method} {path}");
                assert!(errors.first().unwrap().contains("schemas/Problem"), "{method} {path}");
            }
        }
        assert!(ids.contains("list_rows") && ids.contains("declare_storage"));
    }
}
