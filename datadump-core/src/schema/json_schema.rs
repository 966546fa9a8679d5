//! Describes the rows of a storage as JSON Schema (2020-12).

use serde_json::{Map, Value as Json, json};

use super::{Definition, Field, Key, Kind, Presence, definition::EXTRA, portable_pattern};

/// The forms in which a row is read and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowForm {
    /// A stored row.
    Stored,
    /// A part of a stored row, as a query returns it that selects fields.
    Part,
    /// A new row, or a replacement.
    Input,
    /// Changes to a row, as a merge patch.
    Patch,
}

impl RowForm {
    fn is_sent(self) -> bool {
        matches!(self, Self::Input | Self::Patch)
    }
}

impl Definition {
    /// Returns a document that describes a row. Its definition of what may be sent is at `#/$defs/RowInput`, and that
    /// of a patch at `#/$defs/RowPatch`.
    ///
    /// ```
    /// # use datadump_core::schema::parse;
    /// # use serde_json::json;
    /// let dog = parse::definition(&json!({
    ///     "name": "dog",
    ///     "key": {"name": "chip_id", "type": "string", "max_length": 16},
    ///     "fields": [{"name": "collar_size", "type": "integer", "min": 0}],
    /// })).unwrap();
    /// let schema = dog.json_schema("https://data.example/api/v1/storage/dog/schema.json", 1);
    /// assert_eq!(schema["$defs"]["Row"]["properties"]["collar_size"]["minimum"], 0);
    /// ```
    pub fn json_schema(&self, id: &str, version: i32) -> Json {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": id,
            "title": self.name.as_str(),
            "description": format!("A row of the storage `{}`, version {version} of its definition.", self.name),
            "$ref": "#/$defs/Row",
            "$defs": {
                "Row": self.row_schema(RowForm::Stored),
                "RowInput": self.row_schema(RowForm::Input),
                "RowPatch": self.row_schema(RowForm::Patch),
            },
        })
    }

    /// Returns the schema of a row in this form.
    pub fn row_schema(&self, form: RowForm) -> Json {
        let mut properties = Map::new();
        if form != RowForm::Patch {
            properties.insert(self.key.name.to_string(), key(&self.key, form));
        }
        for field in &self.fields {
            properties.insert(field.name.to_string(), self::field(field, form));
        }
        let service = self.service();
        let times = [
            (service.created_at, "Time of the first write."),
            (service.updated_at, "Time of the last write."),
        ];
        properties.insert(service.version.into(), version(form));
        for (name, description) in times {
            let time = json!({
                "type": "string", "format": "date-time", "readOnly": true, "description": description,
            });
            properties.insert(name.into(), time);
        }
        let required = self.required(form, &properties);
        let description = match form {
            RowForm::Stored => format!("A row of the storage `{}`.", self.name),
            RowForm::Part => format!("The selected fields of a row of the storage `{}`.", self.name),
            RowForm::Input => format!("A row to be written to the storage `{}`.", self.name),
            RowForm::Patch => format!("Changes to a row of the storage `{}`.", self.name),
        };
        let mut schema = json!({"type": "object", "description": description, "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        // A later version may add fields to the rows that are read.
        if form.is_sent() {
            schema["additionalProperties"] = false.into();
        }
        schema
    }

    fn required(&self, form: RowForm, properties: &Map<String, Json>) -> Vec<String> {
        match form {
            RowForm::Stored => properties.keys().cloned().collect(),
            RowForm::Part | RowForm::Patch => Vec::new(),
            RowForm::Input => {
                let key = Some(&self.key).filter(|key| !key.generated).map(|key| &key.name);
                let is_required = |field: &&Field| matches!(field.presence, Presence::Required { .. });
                let fields = self.fields.iter().filter(is_required).map(|field| &field.name);
                key.into_iter().chain(fields).map(ToString::to_string).collect()
            }
        }
    }
}

impl Kind {
    /// Returns the schema of a value that filters compare with.
    pub fn json_schema(&self) -> Map<String, Json> {
        let mut schema = of_kind(self, RowForm::Input);
        // A value outside these limits matches nothing, or is refused with a reason.
        for limit in ["minLength", "maxLength", "pattern", "minimum", "maximum", "contentEncoding"] {
            schema.remove(limit);
        }
        schema
    }
}

fn version(form: RowForm) -> Json {
    let mut schema = json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX});
    if form.is_sent() {
        let expected = "Version that the row is expected to have. The write is refused if it has another.";
        schema["description"] = expected.into();
    } else {
        schema["description"] = "Version of the row, which every write increments.".into();
        schema["readOnly"] = true.into();
    }
    schema
}

fn key(key: &Key, form: RowForm) -> Json {
    let mut schema = of_kind(&key.kind, form);
    if schema.get("type").is_some_and(|kind| kind == "string") && key.kind != Kind::Uuid {
        schema.insert("minLength".into(), 1.into());
    }
    let generated = if form == RowForm::Input && key.generated { " Generated if it is omitted." } else { "" };
    schema.insert("description".into(), format!("Key of the row.{generated}").into());
    schema.into()
}

fn field(field: &Field, form: RowForm) -> Json {
    let mut schema = of_kind(&field.kind, form);
    let mut remarks: Vec<String> = Vec::new();
    if field.name.as_str() == EXTRA {
        remarks.push("Values that fit no other field.".into());
    }
    remarks.extend(remark(&field.kind).map(str::to_owned));
    let is_number = matches!(field.kind, Kind::Integer | Kind::Long | Kind::Float);
    let bounds = [("minimum", "At least", &field.bounds.min), ("maximum", "At most", &field.bounds.max)];
    for (keyword, words, bound) in bounds {
        match bound.as_ref().map(|bound| bound.to_json(&field.kind)) {
            Some(bound) if is_number => drop(schema.insert(keyword.into(), bound)),
            // Only numbers have bounds in JSON Schema.
            Some(Json::String(bound)) => remarks.push(format!("{words} {bound}.")),
            _ => {}
        }
    }
    if let Some(pattern) = &field.pattern {
        match portable_pattern::of(pattern.source()) {
            Some(portable) => drop(schema.insert("pattern".into(), portable.into())),
            None => remarks.push(format!("Matches the regular expression `{}`.", pattern.source())),
        }
    }
    if field.unique {
        remarks.push("Unique.".into());
    }
    if let (RowForm::Input, Presence::Optional(default)) = (form, &field.presence) {
        schema.insert("default".into(), default.to_json(&field.kind));
    }
    if !remarks.is_empty() {
        schema.insert("description".into(), remarks.join(" ").into());
    }
    if field.nullable { or_null(schema) } else { schema.into() }
}

/// Returns what the schema of a kind does not say.
fn remark(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Decimal { .. } => Some("An exact decimal number, as text."),
        Kind::Time => Some("A time of day."),
        Kind::Json => Some("Any JSON value."),
        Kind::Binary { .. } => Some("Binary data, as base64."),
        _ => None,
    }
}

/// Allows null in addition.
fn or_null(mut schema: Map<String, Json>) -> Json {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.clone(), "null"]);
    }
    if let Some(values) = schema.get_mut("enum").and_then(Json::as_array_mut) {
        values.push(Json::Null);
    }
    schema.into()
}

fn of_kind(kind: &Kind, form: RowForm) -> Map<String, Json> {
    let schema = match kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Integer => json!({
            "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX,
        }),
        Kind::Long => json!({"type": "integer", "format": "int64"}),
        Kind::Float => json!({"type": "number", "format": "double"}),
        Kind::Decimal { precision, scale } => {
            json!({"type": "string", "pattern": decimal_pattern(*precision, *scale, form)})
        }
        Kind::String { max_length: max } | Kind::Text { max_length: Some(max) } => {
            json!({"type": "string", "maxLength": max})
        }
        Kind::Text { max_length: None } => json!({"type": "string"}),
        Kind::Uuid => json!({"type": "string", "format": "uuid"}),
        Kind::Id => json!({"type": "string", "maxLength": super::kind::MAX_INDEXED_LENGTH}),
        Kind::Date => json!({"type": "string", "format": "date"}),
        // Not of the format `time`, which requires an offset from UTC.
        Kind::Time => json!({"type": "string", "pattern": time_pattern(form)}),
        Kind::Timestamp => json!({"type": "string", "format": "date-time"}),
        Kind::Json => json!({}),
        Kind::Binary { max_length } => {
            let mut schema = json!({"type": "string", "contentEncoding": "base64"});
            if let Some(max) = max_length {
                schema["maxLength"] = (u64::from(*max).div_ceil(3) * 4).into();
            }
            schema
        }
        Kind::Enum { values } => json!({"type": "string", "enum": values}),
    };
    match schema {
        Json::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// Returns the pattern of a decimal: exactly as it is stored, or anything that fits.
fn decimal_pattern(precision: u32, scale: u32, form: RowForm) -> String {
    let whole = match precision - scale {
        0 => "0".to_owned(),
        1 => "[0-9]".to_owned(),
        digits if form.is_sent() => format!("[0-9]{{1,{digits}}}"),
        digits => format!("(0|[1-9][0-9]{{0,{}}})", digits - 1),
    };
    let fraction = match scale {
        0 => String::new(),
        _ if form.is_sent() => format!(r"(\.[0-9]{{1,{scale}}})?"),
        _ => format!(r"\.[0-9]{{{scale}}}"),
    };
    format!("^-?{whole}{fraction}$")
}

fn time_pattern(form: RowForm) -> &'static str {
    match form.is_sent() {
        true => r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$",
        false => r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}$",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::parse;

    /// A storage with one field, called `f`.
    fn with(field: &Json) -> Definition {
        let mut field = field.clone();
        field["name"] = "f".into();
        let key = json!({"name": "id", "type": "uuid", "generated": true});
        parse::definition(&json!({"name": "it", "key": key, "fields": [field]})).unwrap()
    }

    #[test]
    fn fields_are_described_with_their_limits() {
        for (field, stored, input) in [
            (json!({"type": "boolean"}), json!({"type": "boolean"}), json!({"type": "boolean"})),
            (
                json!({"type": "integer", "min": 0, "default": 7}),
                json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX}),
                json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX, "default": 7}),
            ),
            (
                json!({"type": "float", "max": 1.5, "nullable": true}),
                json!({"type": ["number", "null"], "format": "double", "maximum": 1.5}),
                json!({"type": ["number", "null"], "format": "double", "maximum": 1.5, "default": null}),
            ),
            (
                json!({"type": "decimal", "precision": 5, "scale": 2, "min": "0.5"}),
                json!({"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,2})\.[0-9]{2}$",
                    "description": "An exact decimal number, as text. At least 0.50."}),
                json!({"type": "string", "pattern": r"^-?[0-9]{1,3}(\.[0-9]{1,2})?$",
                    "description": "An exact decimal number, as text. At least 0.50."}),
            ),
            (
                json!({"type": "string", "max_length": 8, "pattern": "[a-z]+", "unique": true}),
                json!({"type": "string", "maxLength": 8, "pattern": "^[a-z]+$", "description": "Unique."}),
                json!({"type": "string", "maxLength": 8, "pattern": "^[a-z]+$", "description": "Unique."}),
            ),
            (
                json!({"type": "enum", "values": ["a", "b"], "nullable": true}),
                json!({"type": ["string", "null"], "enum": ["a", "b", null]}),
                json!({"type": ["string", "null"], "enum": ["a", "b", null], "default": null}),
            ),
            (
                json!({"type": "binary", "max_length": 4}),
                json!({"type": "string", "contentEncoding": "base64", "maxLength": 8,
                    "description": "Binary data, as base64."}),
                json!({"type": "string", "contentEncoding": "base64", "maxLength": 8,
                    "description": "Binary data, as base64."}),
            ),
        ] {
            let definition = with(&field);
            for (form, expected) in [(RowForm::Stored, stored), (RowForm::Input, input)] {
                assert_eq!(definition.row_schema(form)["properties"]["f"], expected, "{field} {form:?}");
            }
        }
    }

    #[test]
    fn required_is_what_is_always_there_or_must_be_sent() {
        for (field, sent) in [
            (json!({"type": "integer"}), vec!["f"]),
            (json!({"type": "integer", "nullable": true}), vec![]),
            (json!({"type": "integer", "default": 1}), vec![]),
            (json!({"type": "integer", "default": 1, "required": true}), vec!["f"]),
        ] {
            let definition = with(&field);
            let required = |form| definition.row_schema(form)["required"].clone();
            assert_eq!(required(RowForm::Stored), json!(["id", "f", "version", "created_at", "updated_at"]));
            let sent = if sent.is_empty() { Json::Null } else { json!(sent) };
            assert_eq!(required(RowForm::Input), sent, "{field}");
            assert_eq!((required(RowForm::Part), required(RowForm::Patch)), (Json::Null, Json::Null));
        }
    }

    #[test]
    fn decimals_match_their_pattern() {
        for (precision, scale, stored, sent) in [
            (3, 0, "^-?(0|[1-9][0-9]{0,2})$", "^-?[0-9]{1,3}$"),
            (1, 0, "^-?[0-9]$", "^-?[0-9]$"),
            (2, 2, r"^-?0\.[0-9]{2}$", r"^-?0(\.[0-9]{1,2})?$"),
        ] {
            assert_eq!(decimal_pattern(precision, scale, RowForm::Stored), stored);
            assert_eq!(decimal_pattern(precision, scale, RowForm::Input), sent);
        }
    }
}
