//! Parses a definition from JSON and reports all faults at once, each with its place.

mod field;
mod members;
mod meta;

use serde_json::Value as Json;

use super::{
    Bounds, Definition, Field, FieldName, Key, Kind, Presence, StorageName, Value,
    definition::{EXTRA, ID},
    kind,
    pattern::PatternBudget,
};
use crate::error::{Error, Fault, Place, Result};
use members::{Faults, Members};

/// Maximum number of fields per storage.
pub const MAX_FIELDS: usize = 1000;

/// Parses a definition.
///
/// ```
/// use datadump_core::schema::parse;
/// let error = parse::definition(&serde_json::json!({
///     "name": "dog",
///     "key": {"name": "chip_id", "type": "string", "max_length": 16},
///     "fields": [{"name": "color", "type": "string"}],
/// })).unwrap_err();
/// assert!(error.to_string().starts_with("fields[0].max_length: "));
/// ```
pub fn definition(json: &Json) -> Result<Definition> {
    let mut faults = Faults::default();
    let parsed = read(json, &mut faults);
    let Faults(mut faults) = faults;
    match parsed {
        Some(definition) if faults.is_empty() => Ok(definition),
        _ => {
            if faults.is_empty() {
                faults.push(Fault::new(Place::body(), "invalid", "invalid definition"));
            }
            Err(Error::Definition(faults))
        }
    }
}

/// Parses a definition whose name is given separately.
pub fn named(name: &str, sent: &Json) -> Result<Definition> {
    let mut json = sent.clone();
    if let Some(members) = json.as_object_mut() {
        members.insert("name".into(), name.into());
    }
    definition(&json)
}

fn read(json: &Json, faults: &mut Faults) -> Option<Definition> {
    let mut members = Members::of(json, Place::body(), "a definition", faults)?;
    let name = members.name("name", StorageName::parse, faults);
    let key = members.required("key", faults).and_then(|json| key(json, &Place::field("key"), faults));
    let open = key.as_ref().is_some_and(|key| key.kind == Kind::Id);
    let fields = members.required("fields", faults).and_then(|json| fields(json, open, faults));
    let meta = members.optional("meta");
    members.finish("a definition", faults);
    let (key, mut fields) = (key?, fields?);
    distinct(&key, &fields, faults);
    distinct_origins(&fields, faults);
    let meta = match meta {
        None => super::Meta::default(),
        Some(json) => meta::read(json, &fields, faults)?,
    };
    if meta.auto && !open {
        let detail = "`auto` requires a key of type id";
        faults.add(Place::field("meta").name("auto"), "not-applicable", detail);
    }
    field::check_indexes(&fields, faults);
    if open {
        fields.push(extra());
    }
    Some(Definition { name: name?, key, fields, meta })
}

/// Returns the field for values that fit no other field.
fn extra() -> Field {
    Field {
        name: FieldName::reserved(EXTRA),
        kind: Kind::Json,
        bounds: Bounds::default(),
        pattern: None,
        nullable: true,
        presence: Presence::Optional(Value::Null),
        unique: false,
        db_index: false,
        renamed_from: None,
    }
}

fn fields(json: &Json, open: bool, faults: &mut Faults) -> Option<Vec<Field>> {
    let at = Place::field("fields");
    let Some(items) = json.as_array() else {
        faults.add(at, "mistyped", format!("{json} is not an array of fields"));
        return None;
    };
    if items.is_empty() && !open {
        faults.add(at, "empty", "[] has no field: a storage needs at least one");
        return None;
    }
    if items.len() > MAX_FIELDS {
        faults.add(
            at,
            "too-many",
            format!("a storage can have at most {MAX_FIELDS} fields, not {}", items.len()),
        );
        return None;
    }
    let naming = if open { FieldName::parse_open } else { FieldName::parse };
    let mut patterns = PatternBudget::default();
    let read: Vec<Option<Field>> = items
        .iter()
        .enumerate()
        .map(|(place, json)| field::read(json, &at.index(place), naming, &mut patterns, faults))
        .collect();
    read.into_iter().collect()
}

fn key(json: &Json, at: &Place, faults: &mut Faults) -> Option<Key> {
    let mut members = Members::of(json, at.clone(), "a key", faults)?;
    let type_name = members.text("type", faults);
    let name = match type_name.as_deref() {
        Some("id") => members.name("name", id_name, faults),
        _ => members.name("name", FieldName::parse, faults),
    };
    let kind = type_name.as_deref().and_then(|type_name| match type_name {
        "id" => Some(Kind::Id),
        "integer" => Some(Kind::Integer),
        "long" => Some(Kind::Long),
        "uuid" => Some(Kind::Uuid),
        "string" => {
            let max_length = members.required("max_length", faults)?;
            let range = 1..=kind::MAX_INDEXED_LENGTH;
            let max_length = members::whole(max_length, range, &at.name("max_length"), faults)?;
            Some(Kind::String { max_length })
        }
        other => {
            let detail = format!("{other:?} is not a key type: use one of {}", kind::KEY_KIND_NAMES);
            faults.add(at.name("type"), "unknown-type", detail);
            None
        }
    });
    let generated = members.flag("generated", faults).unwrap_or(kind == Some(Kind::Id));
    if generated && matches!(kind, Some(Kind::String { .. })) {
        faults.add(at.name("generated"), "not-applicable", "a string key cannot be generated");
    }
    if let Some(type_name) = &type_name {
        members.finish(&format!("a key of type {type_name}"), faults);
    }
    Some(Key { name: name?, kind: kind?, generated })
}

/// Parses the key name of an inferred storage: `_id`, or a field of the data.
fn id_name(text: &str) -> Result<FieldName, String> {
    if text == ID { Ok(FieldName::reserved(ID)) } else { FieldName::parse_open(text) }
}

/// Checks that the names of the key and the fields are distinct, ignoring case because databases differ in
/// case sensitivity.
fn distinct(key: &Key, fields: &[Field], faults: &mut Faults) {
    let mut seen = std::collections::BTreeMap::from([(key.name.folded(), None)]);
    for (place, field) in fields.iter().enumerate() {
        let at = Place::field("fields").index(place).name("name");
        match seen.insert(field.name.folded(), Some(place)) {
            None => {}
            Some(None) => {
                faults.add(at, "duplicate", format!("field `{}` has the same name as the key", field.name));
            }
            Some(Some(_)) => {
                let detail = format!("field `{}` is defined twice (names are case-insensitive)", field.name);
                faults.add(at, "duplicate", detail);
            }
        }
    }
}

/// Checks that no two fields are renamed from the same one.
fn distinct_origins(fields: &[Field], faults: &mut Faults) {
    for (place, field) in fields.iter().enumerate() {
        let Some(before) = &field.renamed_from else { continue };
        if fields.iter().take(place).any(|earlier| earlier.renamed_from.as_ref() == Some(before)) {
            let at = Place::field("fields").index(place).name("renamed_from");
            faults.add(at, "duplicate", format!("another field is also renamed from `{before}`"));
        }
    }
}
