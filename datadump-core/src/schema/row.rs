//! Rows: validated, on their way to the database, and stored.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json};

use super::{Definition, Field, FieldSet, Presence, StorageName, Value, Values, definition::EXTRA};
use crate::{
    clock::Timestamp,
    error::{Fault, Place},
};

/// The number that the catalogue assigns to a storage. Numbers are not reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageId(pub(crate) i64);

impl StorageId {
    /// Returns the number.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Returns whether this is a system storage.
    pub(crate) fn is_system(self) -> bool {
        self.0 < 0
    }
}

/// A version of a storage's definition that is or was in force.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// Number of the storage.
    pub storage: StorageId,
    /// Number of the version.
    pub version: i32,
    /// The definition.
    pub definition: Definition,
    /// Index of each field by name.
    places: HashMap<String, usize>,
    /// The required fields.
    required: FieldSet,
    /// The fields with a default other than null.
    defaulted: FieldSet,
    /// Index of `_extra`, in a storage that is or was inferred.
    extra: Option<usize>,
}

impl InForce {
    /// Creates a version.
    pub fn new(storage: StorageId, version: i32, definition: Definition) -> Self {
        let names = definition.fields.iter().map(|field| field.name.to_string());
        let places = names.enumerate().map(|(place, name)| (name, place)).collect();
        let fields = |is_in: fn(&Field) -> bool| {
            let places = (0..).zip(&definition.fields).filter(|(_, field)| is_in(field));
            FieldSet::ascending(places.map(|(place, _)| place).collect())
        };
        let required = fields(|field| matches!(field.presence, Presence::Required { .. }));
        let defaulted = fields(|field| !field.default().is_null());
        let is_extra = |field: &Field| field.name.as_str() == EXTRA;
        let extra = definition.fields.iter().position(is_extra).filter(|_| definition.is_open());
        Self { storage, version, definition, places, required, defaulted, extra }
    }

    /// Returns the index of `_extra`, if the storage has it.
    pub(crate) fn extra(&self) -> Option<usize> {
        self.extra
    }

    /// Returns the faults of required fields that have no value, each with the index of the field.
    pub(crate) fn missing(&self, values: &Values) -> impl Iterator<Item = (usize, Fault)> {
        let places = self.required.iter().filter(|place| values.get(*place).is_none());
        places.filter_map(|place| {
            let at = Place::field(self.definition.fields.get(place)?.name.as_str());
            Some((place, Fault::new(at, "missing", "is missing")))
        })
    }

    /// Returns the fields with a default other than null.
    pub(crate) fn defaulted(&self) -> &FieldSet {
        &self.defaulted
    }

    /// Returns the default of a field; null if it has none.
    pub(crate) fn default(&self, place: usize) -> &Value {
        self.definition.fields.get(place).map_or(&Value::Null, Field::default)
    }

    /// Returns the index of a field. Records usually have their fields in the order of the definition, so
    /// `next`, the index after the previous result, is tried first.
    pub(crate) fn place(&self, name: &str, next: &mut usize) -> Option<usize> {
        let here = self.definition.fields.get(*next);
        let place = match here.filter(|field| field.name.as_str() == name) {
            Some(_) => *next,
            None => *self.places.get(name)?,
        };
        *next = place + 1;
        Some(place)
    }
}

/// A row that has been validated for a version of a storage. Only [`crate::validate`] creates one.
///
/// It has the values of the fields that were sent for it, so it costs what it holds and not what its storage
/// could hold. If it is stored as a new row, the other fields get their defaults; a required one may be missing
/// only if it is [merged](crate::store::Action::Merge) into an existing row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    proven_by: Arc<InForce>,
    key: Option<Value>,
    values: Values,
}

impl Row {
    /// Creates a row from values that have been validated against `proven_by`. Only
    /// [`crate::validate`] may call this; other modules pass typed values to `validate::typed`.
    pub(crate) fn from_validated(proven_by: Arc<InForce>, key: Option<Value>, values: Values) -> Self {
        Self { proven_by, key, values }
    }

    /// Returns the version that the row was validated for.
    pub fn proven_by(&self) -> &Arc<InForce> {
        &self.proven_by
    }

    /// Returns the storage of the row.
    pub fn storage(&self) -> StorageId {
        self.proven_by.storage
    }

    /// Returns the name of the storage.
    pub fn storage_name(&self) -> &StorageName {
        &self.proven_by.definition.name
    }

    /// Returns the key, or `None` if the database assigns the next number.
    pub fn key(&self) -> Option<&Value> {
        self.key.as_ref()
    }

    /// Returns the values that were sent.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Returns whether it can be stored as a new row: it has every required field.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// Returns the faults of required fields that are missing.
    pub(crate) fn missing(&self) -> impl Iterator<Item = Fault> {
        self.proven_by.missing(&self.values).map(|(_, fault)| fault)
    }

    /// Returns the value of the field with this index in a new row: the one sent, or the default.
    pub(crate) fn value(&self, place: usize) -> &Value {
        self.values.get(place).unwrap_or_else(|| self.proven_by.default(place))
    }

    /// Returns the values of a new row in the order of the definition's fields, including defaults.
    pub fn complete(&self) -> Vec<Value> {
        (0..self.proven_by.definition.fields.len()).map(|place| self.value(place).clone()).collect()
    }

    /// Splits the row into the version it was validated for, its key and the values that were sent.
    pub(crate) fn into_parts(self) -> (Arc<InForce>, Option<Value>, Values) {
        (self.proven_by, self.key, self.values)
    }

    /// Returns the approximate size in bytes, for queue limits.
    pub fn size(&self) -> usize {
        self.values.size() + self.key.as_ref().map_or(0, Value::size)
    }

    /// Returns what was sent as a record.
    pub(crate) fn sent(&self) -> Map<String, Json> {
        self.record(self.values.iter())
    }

    /// Returns a new row as a record, including defaults.
    pub fn to_record(&self) -> Map<String, Json> {
        let places = 0..self.proven_by.definition.fields.len();
        self.record(places.map(|place| (place, self.value(place))))
    }

    fn record<'v>(&self, values: impl Iterator<Item = (usize, &'v Value)>) -> Map<String, Json> {
        let definition = &self.proven_by.definition;
        let mut record = Map::new();
        if let Some(key) = &self.key {
            record.insert(definition.key.name.to_string(), key.to_json(&definition.key.kind));
        }
        for (place, value) in values {
            if let Some(field) = definition.fields.get(place) {
                record.insert(field.name.to_string(), value.to_json(&field.kind));
            }
        }
        record
    }
}

/// A row as stored in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    /// The key.
    pub key: Value,
    /// The values in the order of the definition's fields.
    pub values: Vec<Value>,
    /// Row version: incremented by each write, starting at 1 or at the version given by the first write.
    pub version: i32,
    /// Time of the first write.
    pub created_at: Timestamp,
    /// Time of the last write.
    pub updated_at: Timestamp,
}

impl StoredRow {
    /// Sets the fields that have a value to it.
    pub(crate) fn change(&mut self, values: &Values) {
        for (place, value) in values.iter() {
            if let Some(slot) = self.values.get_mut(place) {
                *slot = value.clone();
            }
        }
    }

    /// Returns the approximate size in bytes.
    pub fn size(&self) -> usize {
        self.values.iter().chain([&self.key]).map(Value::size).sum()
    }

    /// Converts to JSON: key, fields, then the service columns `version`, `created_at`, `updated_at`.
    pub fn to_json(&self, definition: &Definition) -> Json {
        // The key, the fields and three service columns.
        let mut record = Map::with_capacity(1 + definition.fields.len() + 3);
        record.insert(definition.key.name.to_string(), self.key.to_json(&definition.key.kind));
        record.extend(definition.members(&self.values));
        let service = definition.service();
        record.insert(service.version.into(), self.version.into());
        record.insert(service.created_at.into(), self.created_at.to_string().into());
        record.insert(service.updated_at.into(), self.updated_at.to_string().into());
        Json::Object(record)
    }
}
