//! Parses the `meta` of a definition.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    field::not_indexable,
    members::{Faults, Members},
};
use crate::{
    error::Place,
    schema::{Field, FieldName, Index, IndexKind, Meta, RetentionPolicy, kind::MAX_INDEX_ENTRY_BYTES},
};

/// Maximum number of fields per index.
const MAX_INDEX_FIELDS: usize = 16;

/// Maximum number of indexes per definition.
const MAX_INDEXES: usize = 64;

pub(super) fn read(json: &Json, fields: &[Field], faults: &mut Faults) -> Option<Meta> {
    let at = Place::field("meta");
    let mut members = Members::of(json, at.clone(), "meta", faults)?;
    let unique_together = members.optional("unique_together");
    let indexes = members.optional("indexes");
    let auto = members.flag("auto", faults).unwrap_or(false);
    let scans = members.flag("scans", faults).unwrap_or(false);
    let require_version = members.flag("require_version", faults).unwrap_or(false);
    let retention = members.optional("retention").map(|json| retention(json, &at.name("retention"), faults));
    members.finish("meta", faults);
    let unique_together = items(unique_together, &at.name("unique_together"), fields, faults, unique);
    let indexes = items(indexes, &at.name("indexes"), fields, faults, index);
    let retention = match retention {
        Some(retention) => Some(retention?),
        None => None,
    };
    let (unique_together, indexes) = (unique_together?, indexes?);
    Some(Meta { unique_together, indexes, auto, scans, require_version, retention })
}

/// Parses how long, and how much of, the rows are kept.
fn retention(json: &Json, at: &Place, faults: &mut Faults) -> Option<RetentionPolicy> {
    let mut members = Members::of(json, at.clone(), "retention", faults)?;
    let (age, rows, bytes) = (members.optional("age"), members.optional("rows"), members.optional("bytes"));
    members.finish("retention", faults);
    if age.is_none() && rows.is_none() && bytes.is_none() {
        faults.add(at.clone(), "missing", "retention needs at least one of `age`, `rows` and `bytes`");
        return None;
    }
    let before = faults.0.len();
    let mut read = |name, json: Option<&Json>, read: &dyn Fn(&Json) -> Option<u64>, expected: &str| {
        let json = json?;
        let limit = read(json);
        if limit.is_none() {
            faults.add(at.name(name), "retention", format!("{json} is not {expected}"));
        }
        limit
    };
    let age = read(
        "age",
        age,
        &|json| RetentionPolicy::parse_age(json.as_str()?).map(|age| age.as_secs()),
        "an age, such as \"30d\": a whole number with one of the units s, m, h, d and w",
    );
    let positive = |json: &Json| json.as_u64().filter(|number| *number > 0);
    let rows = read("rows", rows, &positive, "a positive whole number of rows");
    let size = |json: &Json| positive(json).or_else(|| RetentionPolicy::parse_size(json.as_str()?));
    let bytes = read(
        "bytes",
        bytes,
        &size,
        "a size, such as \"10GB\": a number of bytes, or a whole number with one of the units B, kB, MB, GB, TB, KiB, MiB, GiB and TiB",
    );
    (faults.0.len() == before).then(|| RetentionPolicy { age: age.map(Duration::from_secs), rows, bytes })
}

/// Parses each item of an optional array.
fn items<T>(
    json: Option<&Json>,
    at: &Place,
    fields: &[Field],
    faults: &mut Faults,
    parse: fn(&Json, &Place, &[Field], &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(json) = json else { return Some(Vec::new()) };
    let Some(items) = json.as_array().filter(|items| items.len() <= MAX_INDEXES) else {
        faults.add(at.clone(), "mistyped", format!("expected an array of at most {MAX_INDEXES} items"));
        return None;
    };
    items.iter().enumerate().map(|(place, json)| parse(json, &at.index(place), fields, faults)).collect()
}

fn index(json: &Json, at: &Place, fields: &[Field], faults: &mut Faults) -> Option<Index> {
    let mut members = Members::of(json, at.clone(), "an index", faults)?;
    let names = members.required("fields", faults);
    let kind = match members.optional("kind") {
        None => Some(IndexKind::Btree),
        Some(json) => match json.as_str() {
            Some("btree") => Some(IndexKind::Btree),
            Some("unique") => Some(IndexKind::Unique),
            Some("fulltext") => {
                faults.add(at.name("kind"), "not-available", "fulltext indexes are not available yet");
                None
            }
            _ => {
                let detail = format!("{json} is not a kind of index: use btree or unique");
                faults.add(at.name("kind"), "unknown-kind", detail);
                None
            }
        },
    };
    members.finish("an index", faults);
    let (names, kind) = (names?, kind?);
    Some(Index { fields: group(names, &at.name("fields"), fields, kind, faults)?, kind })
}

/// Parses the names of fields that are unique together.
fn unique(json: &Json, at: &Place, fields: &[Field], faults: &mut Faults) -> Option<Vec<FieldName>> {
    group(json, at, fields, IndexKind::Unique, faults)
}

/// Parses the field names of an index.
fn group(
    json: &Json,
    at: &Place,
    fields: &[Field],
    kind: IndexKind,
    faults: &mut Faults,
) -> Option<Vec<FieldName>> {
    let names = json.as_array().filter(|names| !names.is_empty() && names.len() <= MAX_INDEX_FIELDS);
    let Some(names) = names else {
        let detail = format!("{json} is not an array of 1 to {MAX_INDEX_FIELDS} field names");
        faults.add(at.clone(), "mistyped", detail);
        return None;
    };
    let mut group: Vec<FieldName> = Vec::new();
    let mut bytes = 0;
    for (place, name) in names.iter().enumerate() {
        let at = at.index(place);
        let field = fields.iter().find(|field| Some(field.name.as_str()) == name.as_str());
        let Some(field) = field else {
            faults.add(at, "unknown-field", format!("{name} is not a field of this storage"));
            return None;
        };
        if group.contains(&field.name) {
            faults.add(at, "duplicate", format!("field `{}` is listed twice", field.name));
            return None;
        }
        if let Some(detail) = not_indexable(field, kind) {
            faults.add(at, "not-indexable", detail);
            return None;
        }
        bytes += field.kind.index_bytes().unwrap_or_default();
        group.push(field.name.clone());
    }
    if bytes > MAX_INDEX_ENTRY_BYTES {
        let detail = format!(
            "these fields take up to {bytes} bytes together, but an index entry has at most {MAX_INDEX_ENTRY_BYTES}"
        );
        faults.add(at.clone(), "not-indexable", detail);
        return None;
    }
    Some(group)
}
