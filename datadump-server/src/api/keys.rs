//! The idempotency key in the API document: at every operation that takes one, from one place.

use serde_json::{Map, Value as Json, json};

use crate::extract::{IDEMPOTENCY_KEY, REPLAYED};

const KEY: &str = "A name for this request, of 1 to 255 visible characters of ASCII. Sent again with the \
     same name within a day, the request takes effect once and is answered as the first time; with \
     another body it is refused with 422.";

const AGAIN: &str = "`true` when this was answered before, to a request with the same idempotency key.";

/// The document with the header at every operation that takes it: all with POST, and throws with PUT.
pub(super) fn add(document: &mut Json) {
    let paths = document.get_mut("paths").and_then(Json::as_object_mut);
    let operations = paths.into_iter().flat_map(|paths| paths.values_mut()).filter_map(Json::as_object_mut);
    for (method, operation) in operations.flatten() {
        let is_throw = operation["operationId"].as_str().is_some_and(|id| id.starts_with("throw_put"));
        if method != "post" && !is_throw {
            continue;
        }
        let Some(operation) = operation.as_object_mut() else { continue };
        let parameters = operation.entry("parameters").or_insert_with(|| Json::Array(Vec::new()));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(parameter());
        }
        let answers = operation.get_mut("responses").and_then(Json::as_object_mut);
        for (status, answer) in answers.into_iter().flatten() {
            if let Some(answer) = answer.as_object_mut().filter(|_| status.starts_with('2')) {
                let headers = answer.entry("headers").or_insert_with(|| Json::Object(Map::new()));
                if let Some(headers) = headers.as_object_mut() {
                    // The framework writes names in capitals.
                    headers.retain(|name, _| !name.eq_ignore_ascii_case(REPLAYED));
                    headers.insert(REPLAYED.into(), header());
                }
            }
        }
    }
}

fn parameter() -> Json {
    json!({
        "name": IDEMPOTENCY_KEY,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "in": "header",
        "description": KEY,
        "required": false,
        "deprecated": false,
        "explode": true,
    })
}

fn header() -> Json {
    json!({"description": AGAIN, "required": false, "deprecated": false, "schema": {"type": "boolean"}})
}
