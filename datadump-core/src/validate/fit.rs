//! schema × record → row, for inferred storages: whatever the record says is kept, in its field or
//! beside the fields.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    error::{Fault, Place},
    record::Record,
    schema::{
        Field, InForce, Kind, Presence, Row, Value,
        definition::EXTRA,
        infer::{self, Shape},
        name::fold,
    },
};

/// Fits records to one version of an inferred storage.
#[derive(Debug)]
pub struct Fitter {
    in_force: Arc<InForce>,
    folded: HashMap<String, String>,
    extra: Option<usize>,
    /// The most bytes a row may have in the database, when it bounds them.
    widest: Option<usize>,
}

/// A record that was fitted.
#[derive(Debug)]
pub struct Fitted {
    /// The row.
    pub row: Row,
    /// What of it is kept otherwise than one might expect.
    pub remarks: Vec<Fault>,
}

impl Fitter {
    /// For this version.
    pub fn new(in_force: Arc<InForce>, widest: Option<usize>) -> Self {
        let fields = in_force.definition.fields.iter().enumerate();
        let (mut folded, mut extra) = (HashMap::new(), None);
        for (place, field) in fields {
            if field.name.as_str() == EXTRA {
                extra = Some(place);
                continue;
            }
            folded.insert(field.name.folded(), field.name.to_string());
        }
        let key = &in_force.definition.key.name;
        folded.insert(key.folded(), key.to_string());
        Self { in_force, folded, extra, widest }
    }

    /// The version.
    pub fn in_force(&self) -> &Arc<InForce> {
        &self.in_force
    }

    /// The place of a field, which `_extra` is not.
    fn place(&self, name: &str, next: &mut usize) -> Option<usize> {
        self.in_force.place(name, next).filter(|place| Some(*place) != self.extra)
    }

    /// Takes note of what of a record the storage has no field for, or a narrower one.
    pub fn see(&self, record: &Record, shape: &mut Shape) {
        let key = self.in_force.definition.key.name.as_str();
        let mut next = 0;
        for (name, value) in record.fields.iter() {
            match self.place(name, &mut next).and_then(|place| self.in_force.definition.fields.get(place)) {
                None if name != key => shape.see(name, value, record.untyped),
                Some(field) if field.kind == Kind::Long && !value.is_i64() => {
                    let is_float = infer::kind_of(name, value, record.untyped) == Some(Kind::Float);
                    if is_float && cast_copied(field, value, record.untyped).is_none() {
                        shape.see(name, value, record.untyped);
                    }
                }
                _ => {}
            }
        }
    }

    /// Makes a row of a record. `id` is the key of one that brings none. Errs only where the
    /// storage demands a field that the record does not have.
    pub fn fit(&self, record: Record, id: Uuid) -> Result<Fitted, Vec<Fault>> {
        let definition = &self.in_force.definition;
        let mut values = vec![None; definition.fields.len()];
        let mut fit = Fit { extra: Map::new(), remarks: Vec::new() };
        let (mut key, mut next) = (None, 0);
        let (names, sent) = record.fields.into_parts();
        for (name, mut value) in names.list().iter().zip(sent) {
            if infer::replace_nul(&mut value) {
                fit.remark(name, "nul-replaced", "U+0000 became U+FFFD");
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
                // A null under a name that is no field yet says nothing that must be kept.
                if !value.is_null() || self.folded.contains_key(fold(name).as_ref()) {
                    fit.keep(name, value);
                }
                continue;
            };
            let Some((field, slot)) = definition.fields.get(place).zip(values.get_mut(place)) else {
                continue;
            };
            match cast(field, value, record.untyped) {
                Ok(value) => *slot = Some(value),
                Err(value) => {
                    let detail =
                        format!("{} does not fit {}; it is kept in {EXTRA}", shown(&value), field.kind);
                    fit.remark(name, "type-conflict", detail);
                    fit.keep(name, value);
                }
            }
        }
        for (name, value) in record.non_finite {
            fit.remark(
                &name,
                "not-finite",
                format!("{} is no finite number; it is kept in {EXTRA}", shown(&value)),
            );
            fit.keep(&name, value);
        }
        self.complete(values, fit, key, id)
    }

    /// Defaults, the width of the row, and what is kept beside the fields.
    fn complete(
        &self,
        values: Vec<Option<Value>>,
        mut fit: Fit,
        key: Option<Value>,
        id: Uuid,
    ) -> Result<Fitted, Vec<Fault>> {
        let definition = &self.in_force.definition;
        let mut faults = Vec::new();
        // In the room of what they were.
        let mut complete: Vec<Value> = values
            .into_iter()
            .zip(&definition.fields)
            .map(|(value, field)| match (value, &field.presence) {
                (Some(value), _) => value,
                (None, Presence::Optional(default)) => default.clone(),
                (None, Presence::Required { .. }) => {
                    faults.push(Fault::new(Place::field(field.name.as_str()), "missing", "is missing"));
                    Value::Null
                }
            })
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        if let Some(widest) = self.widest {
            self.narrow(&mut complete, widest, &mut fit);
        }
        if let (Some(slot), false) =
            (self.extra.and_then(|place| complete.get_mut(place)), fit.extra.is_empty())
        {
            *slot = Value::Json(Json::Object(fit.extra).to_string());
        }
        let key = key.unwrap_or(Value::Uuid(id));
        Ok(Fitted { row: Row::proven(self.in_force.clone(), Some(key), complete), remarks: fit.remarks })
    }

    /// Moves what a row of the database has no room for beside the fields, the last fields first.
    fn narrow(&self, values: &mut [Value], widest: usize, fit: &mut Fit) {
        let mut width: usize = 100 + values.len() / 8 + values.iter().map(least_width).sum::<usize>();
        if width <= widest {
            return;
        }
        for (field, value) in self.in_force.definition.fields.iter().zip(values).rev() {
            if width <= widest {
                return;
            }
            if field.name.as_str() == EXTRA || value.is_null() || !field.nullable {
                continue;
            }
            width -= least_width(value);
            let detail = format!("the row is too wide for the database; it is kept in {EXTRA}");
            fit.remark(field.name.as_str(), "row-too-wide", detail);
            fit.keep(field.name.as_str(), value.to_json(&field.kind));
            *value = Value::Null;
        }
    }

    /// Why a name is no field.
    fn why_not(&self, name: &str, value: &Json) -> Option<(&'static str, String)> {
        if let Some(other) = self.folded.get(fold(name).as_ref()) {
            return Some((
                "name-taken",
                format!("it differs from `{other}` only in case; it is kept in {EXTRA}"),
            ));
        }
        if let Err(reason) = crate::schema::FieldName::parse_open(name) {
            return Some(("name", format!("{reason}; it is kept in {EXTRA}")));
        }
        if self.in_force.definition.own_fields().count() >= crate::schema::parse::MAX_FIELDS {
            let most = crate::schema::parse::MAX_FIELDS;
            return Some((
                "too-many-fields",
                format!("the storage has {most} fields; it is kept in {EXTRA}"),
            ));
        }
        (!value.is_null())
            .then(|| ("not-a-field", format!("the storage has no such field now; it is kept in {EXTRA}")))
    }
}

/// What is gathered on the way.
struct Fit {
    extra: Map<String, Json>,
    remarks: Vec<Fault>,
}

impl Fit {
    fn remark(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.remarks.push(Fault::new(Place::field(name), code, detail));
    }

    fn keep(&mut self, name: &str, value: Json) {
        self.extra.insert(name.replace('\0', "\u{fffd}"), value);
    }

    /// The key a record brings. What cannot be one is kept, and stands for another that is as
    /// good: the same every time.
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
        self.remark(name, "key", format!("it cannot be a key; a digest of it is, and it is kept in {EXTRA}"));
        self.keep(name, value);
        let digest = Sha256::digest(text.as_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.iter()).for_each(|(byte, digit)| *byte = *digit);
        Some(Value::Uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()))
    }
}

/// A value as a field holds it, or the value itself when something would be lost.
fn cast(field: &Field, json: Json, untyped: bool) -> Result<Value, Json> {
    match (&field.kind, json) {
        // Most values that are not small: moved, not copied.
        (Kind::Text { max_length: None }, Json::String(text)) if !text.contains('\0') => {
            Ok(Value::Text(text))
        }
        (_, json) => cast_copied(field, &json, untyped).ok_or(json),
    }
}

/// The same out of a copy; none when something would be lost.
fn cast_copied(field: &Field, json: &Json, untyped: bool) -> Option<Value> {
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
            Value::Float(infer::plain_decimal(text)?)
        }
        // Only when it is written as we would write it: anything else is more than a number.
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
        (kind, json) => kind.read(json).ok()?,
    };
    field.check(&value).ok()?;
    Some(value)
}

/// A float that is a whole number of 64 bits.
fn whole(number: f64) -> Option<Value> {
    let json: Json = serde_json::from_str(&format!("{number:.0}")).ok()?;
    let whole = json.as_i64().filter(|whole| infer::is_exact(*whole))?;
    (number.fract() == 0.0).then_some(Value::Integer(whole))
}

/// The least bytes a value takes in a row: long texts are put elsewhere and leave a pointer.
fn least_width(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Text(text) | Value::Json(text) => (text.len() + 4).min(24),
        Value::Binary(bytes) => (bytes.len() + 4).min(24),
        Value::Uuid(_) => 16,
        _ => 8,
    }
}

/// A value for people, cut when it is long.
fn shown(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
