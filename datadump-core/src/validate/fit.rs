//! Fits records to inferred storages without losing data: values that do not fit a field are kept in
//! `_extra`.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json, map::Entry};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    clock::{UTC, Zone},
    error::{Fault, Place},
    record::{Change, Record},
    schema::{
        Field, InForce, Kind, Row, Value, Values, ValuesBuilder,
        definition::EXTRA,
        infer::{self, Shape},
        name::fold,
        parse::MAX_FIELDS,
        rounding, shown,
    },
};

/// End of a remark about a value that is kept in `_extra`.
pub(crate) const STORED_IN_EXTRA: &str = "; stored in _extra";

/// Fits records to one version of an inferred storage.
#[derive(Debug)]
pub struct Fitter {
    in_force: Arc<InForce>,
    folded: HashMap<String, String>,
    /// Maximum size of a row in the database, if it has one.
    max_width: Option<usize>,
}

/// A fitted record.
#[derive(Debug)]
pub struct FittedRow {
    /// The row.
    pub row: Row,
    /// Values that are stored differently from how they were sent.
    pub remarks: Vec<Fault>,
}

impl Fitter {
    /// Creates a fitter for one version of a storage.
    pub fn new(in_force: Arc<InForce>, max_width: Option<usize>) -> Self {
        let fields = in_force.definition.own_fields();
        let mut folded: HashMap<String, String> =
            fields.map(|field| (field.name.folded(), field.name.to_string())).collect();
        let key = &in_force.definition.key.name;
        folded.insert(key.folded(), key.to_string());
        Self { in_force, folded, max_width }
    }

    /// Returns the version.
    pub fn in_force(&self) -> &Arc<InForce> {
        &self.in_force
    }

    /// Returns the index of a field other than `_extra`.
    fn place(&self, name: &str, next: &mut usize) -> Option<usize> {
        self.in_force.place(name, next).filter(|place| Some(*place) != self.in_force.extra())
    }

    /// Adds the fields of a record that the storage lacks, or whose type is too narrow, to a shape.
    pub fn observe(&self, record: &Record, shape: &mut Shape) {
        let key = self.in_force.definition.key.name.as_str();
        let mut next = 0;
        for (name, value) in record.fields.iter() {
            match self.place(name, &mut next).and_then(|place| self.in_force.definition.fields.get(place)) {
                None if name != key => shape.observe(name, value, record.untyped),
                Some(field) if field.kind == Kind::Long && !value.is_i64() => {
                    let is_float = infer::kind_of(name, value, record.untyped) == Some(Kind::Float);
                    if is_float && cast_copied(field, value, record.untyped, &UTC).is_none() {
                        shape.observe(name, value, record.untyped);
                    }
                }
                _ => {}
            }
        }
    }

    /// Converts a record to a row. `id` becomes the key if the record has none, local times are those of
    /// `zone`, and the originals of `changes` go to `_extra`. Fails only if a required field is missing and
    /// the record has no key.
    pub fn fit(
        &self,
        record: Record,
        id: Uuid,
        zone: &Zone,
        changes: &[Change],
    ) -> Result<FittedRow, Vec<Fault>> {
        let definition = &self.in_force.definition;
        let mut values = ValuesBuilder::with_capacity(record.fields.len() + 1);
        let mut fit = Fit { extra: Map::new(), remarks: Vec::new() };
        let (mut key, mut next) = (None, 0);
        for change in changes.iter().filter(|change| !change.original.is_null()) {
            fit.keep(&change.field, change.original.clone());
        }
        let (names, sent) = record.fields.into_parts();
        for (name, mut value) in names.list().iter().zip(sent) {
            if infer::replace_nul(&mut value) {
                fit.remark(name, "nul-replaced", "U+0000 was replaced by U+FFFD");
            }
            if name == definition.key.name.as_str() {
                key = fit.key(name, value);
                continue;
            }
            let Some(place) = self.place(name, &mut next) else {
                let why = self.why_not(name, &value);
                if let (Some((code, detail)), false) = (why, value.is_null()) {
                    fit.remark(name, code, detail);
                }
                // A null for an unknown field carries no information.
                if !value.is_null() || self.folded.contains_key(fold(name).as_ref()) {
                    fit.keep(name, value);
                }
                continue;
            };
            let Some(field) = definition.fields.get(place) else { continue };
            if let Some((code, detail)) = rounding(&field.kind, &value)
                && cast_copied(field, &value, record.untyped, zone).is_some()
            {
                fit.remark(name, code, detail);
                fit.keep(name, value.clone());
            }
            match cast(field, value, record.untyped, zone) {
                Ok(value) => values.push(place, value),
                Err(value) => {
                    let detail =
                        format!("{} does not fit type {}{STORED_IN_EXTRA}", shown(&value), field.kind);
                    fit.remark(name, "type-conflict", detail);
                    fit.keep(name, value);
                    if field.nullable {
                        values.push(place, Value::Null);
                    }
                }
            }
        }
        for (name, value) in record.non_finite {
            let detail = format!("{} is not a finite number{STORED_IN_EXTRA}", shown(&value));
            fit.remark(&name, "not-finite", detail);
            fit.keep(&name, value);
            let field = self.place(&name, &mut next).map(|place| (place, definition.fields.get(place)));
            if let Some((place, Some(field))) = field
                && field.nullable
            {
                values.push(place, Value::Null);
            }
        }
        self.complete(values, fit, key, id)
    }

    /// Limits the width of the row, and fills `_extra`.
    fn complete(
        &self,
        values: ValuesBuilder,
        mut fit: Fit,
        key: Option<Value>,
        id: Uuid,
    ) -> Result<FittedRow, Vec<Fault>> {
        let mut values = values.finish();
        // With a key of its own, the record may be merged into a row that has the required fields.
        if key.is_none() {
            let faults: Vec<Fault> = self.in_force.missing(&values).map(|(_, fault)| fault).collect();
            if !faults.is_empty() {
                return Err(faults);
            }
        }
        if let Some(max_width) = self.max_width {
            self.narrow(&mut values, max_width, &mut fit);
        }
        if let (Some(place), false) = (self.in_force.extra(), fit.extra.is_empty()) {
            values.set(place, Value::Json(Json::Object(fit.extra).to_string()));
        }
        let key = key.unwrap_or(Value::Uuid(id));
        let row = Row::from_validated(self.in_force.clone(), Some(key), values);
        Ok(FittedRow { row, remarks: fit.remarks })
    }

    /// Moves fields to `_extra`, last ones first, until the row fits the database.
    fn narrow(&self, values: &mut Values, max_width: usize, fit: &mut Fit) {
        let fields = &self.in_force.definition.fields;
        let defaults = self.in_force.defaulted().iter().filter(|place| values.get(*place).is_none());
        let defaults = defaults.map(|place| self.in_force.default(place));
        let stored = values.iter().map(|(_, value)| value).chain(defaults);
        let mut width: usize = 100 + fields.len() / 8 + stored.map(min_width).sum::<usize>();
        if width <= max_width {
            return;
        }
        values.replace_from_last(|place, value| {
            let field = fields.get(place)?;
            if width <= max_width || field.name.as_str() == EXTRA || value.is_null() || !field.nullable {
                return None;
            }
            width -= min_width(value);
            let detail = format!("the row is too wide for the database{STORED_IN_EXTRA}");
            fit.remark(field.name.as_str(), "row-too-wide", detail);
            fit.keep(field.name.as_str(), value.to_json(&field.kind));
            Some(Value::Null)
        });
    }

    /// Returns why a name is not a field.
    fn why_not(&self, name: &str, value: &Json) -> Option<(&'static str, String)> {
        if let Some(other) = self.folded.get(fold(name).as_ref()) {
            let detail = format!("the name differs from `{other}` only in case{STORED_IN_EXTRA}");
            return Some(("name-taken", detail));
        }
        if let Err(reason) = crate::schema::FieldName::parse_open(name) {
            return Some(("name", format!("{reason}{STORED_IN_EXTRA}")));
        }
        if self.in_force.definition.own_fields().count() >= MAX_FIELDS {
            let detail = format!("the storage has reached its limit of {MAX_FIELDS} fields{STORED_IN_EXTRA}");
            return Some(("too-many-fields", detail));
        }
        (!value.is_null()).then(|| ("not-a-field", format!("the storage has no such field{STORED_IN_EXTRA}")))
    }
}

/// State of fitting one record.
struct Fit {
    extra: Map<String, Json>,
    remarks: Vec<Fault>,
}

impl Fit {
    fn remark(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.remarks.push(Fault::new(Place::field(name), code, detail));
    }

    /// Adds a value to `_extra`. If there is one with this name already, they become an array.
    fn keep(&mut self, name: &str, value: Json) {
        match self.extra.entry(name.replace('\0', "\u{fffd}")) {
            Entry::Vacant(vacant) => {
                vacant.insert(value);
            }
            Entry::Occupied(mut kept) => match kept.get_mut() {
                Json::Array(several) => several.push(value),
                first => *first = Json::Array(vec![first.take(), value]),
            },
        }
    }

    /// Returns the key of a record. A value that cannot be a key is kept in `_extra` and replaced by its
    /// digest, so that the same record always gets the same key.
    fn key(&mut self, name: &str, value: Json) -> Option<Value> {
        let text = match &value {
            Json::Null => return None,
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let usable = !matches!(text.as_str(), "" | "." | "..");
        if let Some(key) = usable.then(|| Kind::Id.read(&text.clone().into()).ok()).flatten() {
            return Some(key);
        }
        let detail = format!("the value cannot be a key; its digest is the key{STORED_IN_EXTRA}");
        self.remark(name, "key", detail);
        self.keep(name, value);
        let digest = Sha256::digest(text.as_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.iter()).for_each(|(byte, digit)| *byte = *digit);
        Some(Value::Uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()))
    }
}

/// Converts a value to the type of a field; returns it unchanged if the conversion would lose data.
fn cast(field: &Field, json: Json, untyped: bool, zone: &Zone) -> Result<Value, Json> {
    match (&field.kind, json) {
        // Moves the string instead of copying it.
        (Kind::Text { max_length: None }, Json::String(text)) if !text.contains('\0') => {
            Ok(Value::Text(text))
        }
        (_, json) => cast_copied(field, &json, untyped, zone).ok_or(json),
    }
}

/// Converts a copy of a value; returns `None` if the conversion would lose data.
fn cast_copied(field: &Field, json: &Json, untyped: bool, zone: &Zone) -> Option<Value> {
    if json.is_null() {
        return field.nullable.then_some(Value::Null);
    }
    let value = match (&field.kind, json) {
        (Kind::Text { .. } | Kind::String { .. }, Json::Number(_) | Json::Bool(_)) => {
            Value::Text(json.to_string())
        }
        (Kind::Long | Kind::Integer, Json::Number(number)) if number.is_f64() => whole(number.as_f64()?)?,
        (Kind::Float, Json::Number(number)) => match number.as_i64() {
            Some(whole) if !infer::is_exact(whole) => return None,
            Some(_) => field.kind.read(json).ok()?,
            None if number.is_u64() => return None,
            None => field.kind.read(json).ok()?,
        },
        (Kind::Float, Json::String(text)) if untyped && infer::plain_decimal(text).is_some() => {
            // Not a negative zero.
            Value::Float(infer::plain_decimal(text)? + 0.0)
        }
        // Only if formatting the number gives the same text; otherwise the text contains more information.
        (Kind::Long | Kind::Integer | Kind::Float | Kind::Boolean, Json::String(text)) => {
            let value = field.kind.read_text(text).ok()?;
            let exact = match &value {
                Value::Integer(number) => number.to_string() == *text,
                Value::Float(number) => {
                    let written = Json::from(*number).to_string();
                    written == *text
                }
                _ => true,
            };
            exact.then_some(value)?
        }
        (Kind::Timestamp, Json::Number(_)) if infer::is_moment(field.name.as_str()) => {
            Value::Timestamp(infer::moment(json)?)
        }
        (Kind::Timestamp, Json::String(text)) => Value::Timestamp(zone.read(text)?),
        (kind, json) => kind.read(json).ok()?,
    };
    field.check(&value).ok()?;
    Some(value)
}

/// Converts a float that is a 64-bit integer.
fn whole(number: f64) -> Option<Value> {
    let json: Json = serde_json::from_str(&format!("{number:.0}")).ok()?;
    let whole = json.as_i64().filter(|whole| infer::is_exact(*whole))?;
    (number.fract() == 0.0).then_some(Value::Integer(whole))
}

/// Returns the minimum size of a value in a row: long values are stored out of line.
fn min_width(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Text(text) | Value::Json(text) => (text.len() + 4).min(24),
        Value::Binary(bytes) => (bytes.len() + 4).min(24),
        Value::Uuid(_) => 16,
        _ => 8,
    }
}
