//! Example values in the API document, with which the interactive documentation fills in its forms. They fit
//! together: declare, write, read.

use serde_json::Value as Json;

use super::{
    batch, bulk, commands, devices, exports, hub, imports, processors, quarantine, queries, rows, series,
    sources, storages, throws,
};

/// Examples for path parameters; those of other resources are next to their example bodies.
const SOURCE: &str = "animals";
const DEVICE: &str = "pico_w";

/// Adds an example to every request body and path parameter of the document.
pub(super) fn add(document: &mut Json) {
    let paths = document.get_mut("paths").and_then(Json::as_object_mut).into_iter().flatten();
    for (path, methods) in paths {
        for operation in methods.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
            add_to(path, operation);
        }
    }
}

fn add_to(path: &str, operation: &mut Json) {
    let example = body(operation["operationId"].as_str().unwrap_or_default());
    if let (Some(example), Some(content)) = (example, operation.pointer_mut("/requestBody/content")) {
        for (kind, media) in content.as_object_mut().into_iter().flatten() {
            media["example"] = match (kind.as_str(), &example) {
                ("application/octet-stream", example) => example.to_string().into(),
                ("application/x-ndjson", Json::Array(rows)) => {
                    rows.iter().map(|row| format!("{row}\n")).collect::<String>().into()
                }
                (_, example) => example.clone(),
            };
        }
    }
    // `operation["parameters"]` would insert null if there are none.
    let parameters = operation.get_mut("parameters").and_then(Json::as_array_mut);
    for parameter in parameters.into_iter().flatten().filter(|parameter| parameter["in"] == "path") {
        let example = match parameter["name"].as_str() {
            Some("name") if path.starts_with("/api/v1/processor/") => processors::EXAMPLE_NAME,
            Some("name") => storages::EXAMPLE_NAME,
            Some("id") if path.starts_with("/api/v1/device/") => DEVICE,
            Some("source") => SOURCE,
            Some("key") => rows::EXAMPLE_KEY,
            _ => continue,
        };
        parameter["example"] = example.into();
    }
}

fn body(operation: &str) -> Option<Json> {
    let resources = [
        throws::example,
        sources::example,
        processors::example,
        quarantine::example,
        storages::example,
        rows::example,
        bulk::example,
        batch::example,
        queries::example,
        series::example,
        exports::example,
        imports::example,
        hub::example,
        devices::example,
        commands::example,
    ];
    resources.iter().find_map(|example| example(operation))
}
