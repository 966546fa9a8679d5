//! Formats values and definitions as JSON.

use std::io::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrono::NaiveTime;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::{Definition, Field, Key, Kind, Meta, Presence, Value, read::day};

impl Value {
    /// Converts to JSON. `kind` determines the scale of a decimal.
    pub fn to_json(&self, kind: &Kind) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Decimal(number) => decimal(*number, kind).into(),
            Self::Text(text) => text.clone().into(),
            Self::Uuid(uuid) => uuid.to_string().into(),
            Self::Date(days) => day(*days).to_string().into(),
            Self::Time(micros) => time(*micros).into(),
            Self::Timestamp(moment) => moment.to_string().into(),
            // The text was written by `serde_json`, so parsing cannot fail.
            Self::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
            Self::Binary(bytes) => BASE64.encode(bytes).into(),
        }
    }

    /// Appends the text of the value: of a string the string itself, and otherwise the JSON.
    pub(crate) fn write_text(&self, kind: &Kind, text: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = match self {
            Self::Null => text.write_all(b"null"),
            Self::Boolean(value) => write!(text, "{value}"),
            Self::Integer(number) => serde_json::to_writer(text, number).map_err(Into::into),
            Self::Float(number) => serde_json::to_writer(text, number).map_err(Into::into),
            Self::Decimal(number) => text.write_all(decimal(*number, kind).as_bytes()),
            Self::Text(value) | Self::Json(value) => text.write_all(value.as_bytes()),
            Self::Uuid(uuid) => {
                text.write_all(uuid.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes())
            }
            Self::Date(days) => write!(text, "{}", day(*days)),
            Self::Time(micros) => text.write_all(time(*micros).as_bytes()),
            Self::Timestamp(moment) => text.write_all(&moment.to_ascii()),
            Self::Binary(bytes) => text.write_all(BASE64.encode(bytes).as_bytes()),
        };
    }
}

fn decimal(number: i64, kind: &Kind) -> String {
    let scale = match kind {
        Kind::Decimal { scale, .. } => *scale as usize,
        _ => 0,
    };
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn time(micros: i64) -> String {
    let seconds = u32::try_from(micros / 1_000_000).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or(0);
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap_or_default();
    time.format("%H:%M:%S%.6f").to_string()
}

impl Definition {
    /// Converts to JSON that parses as the same definition.
    pub fn to_json(&self) -> Json {
        let mut json = json!({
            "name": self.name.as_str(),
            "key": key(&self.key),
            "fields": self.own_fields().map(field).collect::<Vec<_>>(),
        });
        let meta = meta(&self.meta);
        if let (false, Some(members)) = (meta.is_empty(), json.as_object_mut()) {
            members.insert("meta".into(), meta.into());
        }
        json
    }
}

fn key(key: &Key) -> Json {
    let mut members = kind(&key.kind);
    members.insert("name".into(), key.name.as_str().into());
    if key.generated {
        members.insert("generated".into(), true.into());
    }
    members.into()
}

fn field(field: &Field) -> Json {
    let mut members = kind(&field.kind);
    members.insert("name".into(), field.name.as_str().into());
    for (name, bound) in [("min", &field.bounds.min), ("max", &field.bounds.max)] {
        if let Some(bound) = bound {
            members.insert(name.into(), bound.to_json(&field.kind));
        }
    }
    if let Some(pattern) = &field.pattern {
        members.insert("pattern".into(), pattern.source().into());
    }
    for (name, flag) in [("nullable", field.nullable), ("unique", field.unique), ("db_index", field.db_index)]
    {
        if flag {
            members.insert(name.into(), true.into());
        }
    }
    let default = match &field.presence {
        Presence::Required { backfill } => {
            members.insert("required".into(), true.into());
            backfill.as_ref()
        }
        Presence::Optional(default) => Some(default),
    };
    if let Some(default) = default.filter(|default| !default.is_null()) {
        members.insert("default".into(), default.to_json(&field.kind));
    }
    if let Some(before) = &field.renamed_from {
        members.insert("renamed_from".into(), before.as_str().into());
    }
    members.into()
}

fn kind(kind: &Kind) -> Map<String, Json> {
    let mut members = Map::new();
    members.insert("type".into(), kind.name().into());
    match kind {
        Kind::Decimal { precision, scale } => {
            members.insert("precision".into(), (*precision).into());
            members.insert("scale".into(), (*scale).into());
        }
        Kind::String { max_length: max }
        | Kind::Text { max_length: Some(max) }
        | Kind::Binary { max_length: Some(max) } => {
            members.insert("max_length".into(), (*max).into());
        }
        Kind::Enum { values } => {
            members.insert("values".into(), values.clone().into());
        }
        Kind::Boolean
        | Kind::Integer
        | Kind::Long
        | Kind::Float
        | Kind::Text { max_length: None }
        | Kind::Uuid
        | Kind::Id
        | Kind::Date
        | Kind::Time
        | Kind::Timestamp
        | Kind::Json
        | Kind::Binary { max_length: None } => {}
    }
    members
}

fn meta(meta: &Meta) -> Map<String, Json> {
    let names = |fields: &[super::FieldName]| -> Vec<Json> {
        fields.iter().map(|field| field.as_str().into()).collect()
    };
    let mut members = Map::new();
    if !meta.unique_together.is_empty() {
        let groups: Vec<Json> = meta.unique_together.iter().map(|group| names(group).into()).collect();
        members.insert("unique_together".into(), groups.into());
    }
    if !meta.indexes.is_empty() {
        let indexes = meta.indexes.iter();
        let indexes: Vec<Json> = indexes
            .map(|index| json!({"fields": names(&index.fields), "kind": index.kind.keyword()}))
            .collect();
        members.insert("indexes".into(), indexes.into());
    }
    if let Some(retention) = &meta.retention {
        members.insert("retention".into(), retention.to_json());
    }
    for (name, flag) in
        [("auto", meta.auto), ("scans", meta.scans), ("require_version", meta.require_version)]
    {
        if flag {
            members.insert(name.into(), true.into());
        }
    }
    members
}
