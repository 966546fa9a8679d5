//! Values to try operations with: put into the API document, from where the interactive documentation
//! fills in its forms. They fit together: declare, write, read.

use serde_json::{Value as Json, json};

/// What a path is tried with.
const NAME: &str = "dog";
const KEY: &str = "CHIP1";
const SOURCE: &str = "animals";
const DEVICE: &str = "pico_w";

/// Operations of a device that do not say so by their names.
const DEVICES: [&str; 6] =
    ["list_sensors", "patch_sensor", "list_readings", "list_transitions", "send_command", "list_commands"];

/// A program for records that come with degrees Fahrenheit.
const PROGRAM: &str = ".celsius = (to_float!(.fahrenheit) - 32.0) * 5.0 / 9.0\ndel(.fahrenheit)";

/// The document with an example for every body and every segment of a path.
pub(super) fn add(document: &mut Json) {
    let paths = document
        .get_mut("paths")
        .and_then(Json::as_object_mut)
        .into_iter()
        .flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Json::as_object_mut).flat_map(|methods| methods.values_mut()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let body = body(&id);
        if let (Some(body), Some(content)) = (body, operation.pointer_mut("/requestBody/content")) {
            for media in content.as_object_mut().into_iter().flat_map(|content| content.values_mut()) {
                media["example"] = body.clone();
            }
        }
        // Not by index: that would add null where there are none.
        let parameters = operation.get_mut("parameters").and_then(Json::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            match parameter["in"].as_str().zip(parameter["name"].as_str()) {
                Some(("path", "name")) if id.contains("processor") => {
                    parameter["example"] = "in-celsius".into();
                }
                Some(("path", "name")) => parameter["example"] = NAME.into(),
                Some(("path", "id")) if id.contains("device") || DEVICES.contains(&id.as_str()) => {
                    parameter["example"] = DEVICE.into();
                }
                Some(("path", "source")) => parameter["example"] = SOURCE.into(),
                Some(("path", "key")) => parameter["example"] = KEY.into(),
                _ => {}
            }
        }
    }
}

fn body(operation: &str) -> Option<Json> {
    match operation {
        "declare_storage" | "plan_storage" => Some(json!({
            "name": NAME,
            "key": {"name": "chip_id", "type": "string", "max_length": 16},
            "fields": [
                {"name": "color", "type": "string", "max_length": 32, "db_index": true},
                {"name": "collar_size", "type": "integer"},
            ],
        })),
        "throw" | "throw_put" | "throw_at" | "throw_put_at" => Some(json!("{\"speed\": \"1.75\"}")),
        "set_source" => Some(json!({
            "routes": [{
                "storage": NAME,
                "when": {"kind": "dog"},
                "keep": ["chip_id", "color", "collar.size"],
                "rename": {"collar.size": "collar_size"},
                "cast": {"collar_size": "integer"},
            }],
            "unrouted": "drop",
        })),
        "patch_source" => Some(json!({"keep_raw": true})),
        "create_processor" => Some(json!({"name": "in-celsius", "takes": "record", "program": PROGRAM})),
        "set_processor" => Some(json!({"takes": "record", "program": PROGRAM})),
        "simulate" => Some(json!({"program": PROGRAM, "throws": [{"body": "{\"fahrenheit\": 98.6}"}]})),
        "replay_quarantined" => Some(json!({"dry_run": true})),
        "replay" => Some(json!({"filters": {"source": "inbox"}, "dry_run": true})),
        "save_row" | "replace_row" => Some(json!({"chip_id": KEY, "color": "red", "collar_size": 40})),
        "push" => {
            Some(json!("{\"device_id\": \"pico_w\", \"sensors\": {\"temperature\": 21.5, \"moisture\": 30}}"))
        }
        "patch_device" => Some(json!({"labels": {"room": "greenhouse"}, "period_s": 60})),
        "patch_sensor" => Some(json!({"period_s": 60})),
        "send_command" => Some(json!({"method": "pump", "params": {"seconds": 3}})),
        "ack_command" => Some(json!({"attempt": 1})),
        "answer_command" => Some(json!({"ok": true, "data": {"litres": 2}})),
        "patch_row" => Some(json!({"color": "black"})),
        _ => None,
    }
}
