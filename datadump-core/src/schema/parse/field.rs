//! Parses one field of a definition.

use serde_json::Value as Json;

use super::members::{Faults, Members, whole};
use crate::{
    error::Place,
    schema::{
        Bounds, Field, FieldName, IndexKind, Kind, Pattern, Presence, Value, kind, pattern::PatternBudget,
    },
};

pub(super) type Naming = fn(&str) -> Result<FieldName, String>;

pub(super) fn read(
    json: &Json,
    at: &Place,
    naming: Naming,
    patterns: &mut PatternBudget,
    faults: &mut Faults,
) -> Option<Field> {
    let mut members = Members::of(json, at.clone(), "a field", faults)?;
    let name = members.name("name", naming, faults);
    let type_name = members.text("type", faults);
    let kind = type_name.as_deref().and_then(|type_name| read_kind(type_name, &mut members, at, faults));
    let nullable = members.flag("nullable", faults).unwrap_or(false);
    let required = members.flag("required", faults);
    let unique = members.flag("unique", faults).unwrap_or(false);
    let db_index = members.flag("db_index", faults).unwrap_or(false);
    let is_renamed = members.optional("renamed_from").is_some();
    let renamed_from = is_renamed.then(|| members.name("renamed_from", naming, faults)).flatten();
    let default = members.optional("default");
    // The other members depend on the type.
    let kind = kind?;
    let (min, max) =
        if kind.takes_bounds() { (members.optional("min"), members.optional("max")) } else { (None, None) };
    let pattern = if kind.is_text() { members.optional("pattern") } else { None };
    members.finish(&format!("a field of type {}", kind.name()), faults);
    let bounds = read_bounds(&kind, min, max, at, faults);
    let pattern = pattern.and_then(|json| read_pattern(json, &at.name("pattern"), patterns, faults));
    let mut field = Field {
        name: name?,
        kind,
        bounds,
        pattern,
        nullable,
        presence: Presence::Required { backfill: None },
        unique,
        db_index,
        renamed_from,
    };
    let default = read_default(&field, default, at, faults);
    field.presence = match (required, default) {
        (Some(true), backfill) => Presence::Required { backfill },
        (_, Some(default)) => Presence::Optional(default),
        (_, None) if nullable => Presence::Optional(Value::Null),
        (None, None) => Presence::Required { backfill: None },
        (Some(false), None) => {
            let detail = "a field that is not required needs a default or must be nullable";
            faults.add(at.name("required"), "missing", detail);
            return None;
        }
    };
    Some(field)
}

fn read_kind(type_name: &str, members: &mut Members<'_>, at: &Place, faults: &mut Faults) -> Option<Kind> {
    let limit =
        |members: &mut Members<'_>, greatest, faults: &mut Faults| match members.optional("max_length") {
            Some(json) => whole(json, 1..=greatest, &at.name("max_length"), faults).map(Some),
            None => Some(None),
        };
    Some(match type_name {
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "uuid" => Kind::Uuid,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "timestamp" => Kind::Timestamp,
        "json" => Kind::Json,
        "text" => Kind::Text { max_length: limit(members, u32::MAX, faults)? },
        "binary" => Kind::Binary { max_length: limit(members, u32::MAX, faults)? },
        "string" => {
            let json = members.required("max_length", faults)?;
            let range = 1..=kind::MAX_STRING_LENGTH;
            Kind::String { max_length: whole(json, range, &at.name("max_length"), faults)? }
        }
        "decimal" => {
            let precision = members.required("precision", faults);
            let scale = members.required("scale", faults);
            let precision = whole(precision?, 1..=18, &at.name("precision"), faults)?;
            let scale = whole(scale?, 0..=precision, &at.name("scale"), faults)?;
            Kind::Decimal { precision, scale }
        }
        "enum" => {
            let json = members.required("values", faults)?;
            Kind::Enum { values: read_values(json, &at.name("values"), faults)? }
        }
        other => {
            let detail = format!("{other:?} is not a type: use one of {}", kind::KIND_NAMES);
            faults.add(at.name("type"), "unknown-type", detail);
            return None;
        }
    })
}

fn read_values(json: &Json, at: &Place, faults: &mut Faults) -> Option<Vec<String>> {
    let texts: Option<Vec<String>> =
        json.as_array().map(|items| items.iter().filter_map(Json::as_str).map(str::to_owned).collect());
    let items = json.as_array().map_or(0, Vec::len);
    let Some(values) = texts.filter(|texts| !texts.is_empty() && texts.len() == items) else {
        faults.add(at.clone(), "mistyped", format!("{json} is not an array of one or more strings"));
        return None;
    };
    if values.len() > 1000 {
        faults.add(at.clone(), "too-many", "an enum can have at most 1000 values");
        return None;
    }
    for (place, value) in values.iter().enumerate() {
        if value.contains('\0') {
            faults.add(at.index(place), "nul", "must not contain U+0000");
        }
        if values.iter().take(place).any(|earlier| earlier == value) {
            faults.add(at.index(place), "duplicate", format!("{value:?} is listed twice"));
        }
    }
    Some(values)
}

fn read_bounds(
    kind: &Kind,
    min: Option<&Json>,
    max: Option<&Json>,
    at: &Place,
    faults: &mut Faults,
) -> Bounds {
    let mut read = |name: &str, json: Option<&Json>| {
        let json = json?;
        kind.read(json).map_err(|wrong| faults.add(at.name(name), wrong.code, wrong.detail)).ok()
    };
    let bounds = Bounds { min: read("min", min), max: read("max", max) };
    if let (Some(min), Some(max)) = (&bounds.min, &bounds.max)
        && min.compare(max).is_none_or(std::cmp::Ordering::is_gt)
    {
        faults.add(at.name("min"), "out-of-range", "min is greater than max");
    }
    bounds
}

fn read_pattern(json: &Json, at: &Place, budget: &mut PatternBudget, faults: &mut Faults) -> Option<Pattern> {
    let Some(source) = json.as_str() else {
        faults.add(at.clone(), "mistyped", format!("{json} is not a string"));
        return None;
    };
    Pattern::parse(source, budget).map_err(|reason| faults.add(at.clone(), "pattern", reason)).ok()
}

fn read_default(field: &Field, default: Option<&Json>, at: &Place, faults: &mut Faults) -> Option<Value> {
    let json = default?;
    let value = if json.is_null() { Ok(Value::Null) } else { field.kind.read(json) };
    let checked = value.and_then(|value| field.check(&value).map(|()| value));
    match checked {
        Ok(Value::Null) => None,
        Ok(value) => Some(value),
        Err(wrong) => {
            let detail = format!("the default of `{}` does not fit the field: {}", field.name, wrong.detail);
            faults.add(at.name("default"), wrong.code, detail);
            None
        }
    }
}

/// Checks that fields with their own index have a type that can be indexed.
pub(super) fn check_indexes(fields: &[Field], faults: &mut Faults) {
    for (place, field) in fields.iter().enumerate() {
        let flags =
            [("unique", field.unique, IndexKind::Unique), ("db_index", field.db_index, IndexKind::Btree)];
        for (name, _, kind) in flags.into_iter().filter(|(_, flag, _)| *flag) {
            if let Some(detail) = not_indexable(field, kind) {
                let at = Place::field("fields").index(place).name(name);
                faults.add(at, "not-indexable", detail);
            }
        }
    }
}

/// Returns why a field cannot be in an index of this kind.
pub(super) fn not_indexable(field: &Field, index: IndexKind) -> Option<String> {
    let max = kind::MAX_INDEXED_LENGTH;
    let (can_be, instead) = match index {
        IndexKind::Btree => (field.kind.index_bytes().is_some(), "text, or a string"),
        IndexKind::Unique => (field.kind.can_be_unique(), "a string"),
    };
    let what = if index == IndexKind::Unique { "be unique" } else { "be indexed" };
    (!can_be).then(|| {
        format!(
            "field `{}` of type {} cannot {what}: use {instead} with a max_length of at most {max}",
            field.name, field.kind
        )
    })
}
