//! Converts JSON Schema (2020-12) to the schemas of OpenAPI 3.0.

use serde_json::{Map, Value as Json};

/// Returns the same schema for OpenAPI 3.0.
pub(super) fn converted(schema: Json) -> Json {
    let Json::Object(schema) = schema else { return schema };
    let mut converted = Map::new();
    let mut default = None;
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("type", Json::Array(kinds)) => {
                let kind = kinds.into_iter().find(|kind| kind != "null");
                converted.extend(kind.map(|kind| ("type".to_owned(), kind)));
                converted.insert("nullable".into(), true.into());
            }
            ("contentEncoding", _) => drop(converted.insert("format".into(), "byte".into())),
            ("properties", Json::Object(properties)) => {
                let properties = properties.into_iter().map(|(name, schema)| {
                    let schema = with_title(&name, self::converted(schema));
                    (name, schema)
                });
                converted.insert(keyword, Json::Object(properties.collect()));
            }
            // Generated clients would send it, and overwrite the field of an existing row.
            ("default", value) => default = Some(value),
            (_, value) => drop(converted.insert(keyword, value)),
        }
    }
    if let Some(default) = default.filter(|default| !default.is_null()) {
        let before = converted.get("description").and_then(Json::as_str).unwrap_or_default();
        let description = format!("{before} Default: `{default}`.");
        converted.insert("description".into(), description.trim_start().into());
    }
    converted.into()
}

/// Names the type of an enum: generators would name it after the operation or storage and the field, which may be the
/// name of another storage's type.
pub(super) fn with_title(field: &str, mut schema: Json) -> Json {
    if schema.get("enum").is_some() {
        schema["title"] = format!("{field}_enum").into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_openapi_writes_differently_is_converted() {
        let schema = json!({"type": "object", "properties": {
            "a": {"type": ["string", "null"], "enum": ["x", null], "default": "x"},
            "b": {"type": "string", "contentEncoding": "base64", "description": "Bytes."},
            "c": {},
            "type": {"type": "integer", "default": 1, "description": "A field called `type`."},
        }, "required": ["a"]});
        let expected = json!({"type": "object", "properties": {
            "a": {"type": "string", "nullable": true, "enum": ["x", null], "title": "a_enum",
                "description": "Default: `\"x\"`."},
            "b": {"type": "string", "format": "byte", "description": "Bytes."},
            "c": {},
            "type": {"type": "integer", "description": "A field called `type`. Default: `1`."},
        }, "required": ["a"]});
        assert_eq!(converted(schema), expected);
    }
}
