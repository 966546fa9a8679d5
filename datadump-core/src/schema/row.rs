//! A row: a record that was proven to fit its storage, and a row as it is stored.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json};

use super::{Definition, StorageName, Value};
use crate::clock::Timestamp;

/// The number the catalogue gave a storage. It is never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageId(pub(crate) i64);

impl StorageId {
    /// As a number.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Whether it is one of the service's own storages.
    pub(crate) fn is_system(self) -> bool {
        self.0 < 0
    }
}

/// A version of a storage's definition that is, or was, in force.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The storage.
    pub storage: StorageId,
    /// Which version it is.
    pub version: i32,
    /// The definition.
    pub definition: Definition,
    /// Where each field stands in it.
    places: HashMap<String, usize>,
}

impl InForce {
    /// This version of this storage.
    pub fn new(storage: StorageId, version: i32, definition: Definition) -> Self {
        let names = definition.fields.iter().map(|field| field.name.to_string());
        let places = names.enumerate().map(|(place, name)| (name, place)).collect();
        Self { storage, version, definition, places }
    }

    /// The place of a field. Records mostly name their fields in the order of the definition: `next`,
    /// the place behind the last that was found, is looked at first.
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

/// A record that was proven to fit a version of a storage. Only [`crate::validate`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    proven_by: Arc<InForce>,
    key: Option<Value>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn proven(proven_by: Arc<InForce>, key: Option<Value>, values: Vec<Value>) -> Self {
        Self { proven_by, key, values }
    }

    /// The definition that proved it.
    pub fn proven_by(&self) -> &Arc<InForce> {
        &self.proven_by
    }

    /// The storage it belongs to.
    pub fn storage(&self) -> StorageId {
        self.proven_by.storage
    }

    /// Its storage's name.
    pub fn storage_name(&self) -> &StorageName {
        &self.proven_by.definition.name
    }

    /// Its key; none when the database is to give it the next number.
    pub fn key(&self) -> Option<&Value> {
        self.key.as_ref()
    }

    /// Its values, in the order of the definition's fields.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The definition that proved it, its key and its values.
    pub(crate) fn into_parts(self) -> (Arc<InForce>, Option<Value>, Vec<Value>) {
        (self.proven_by, self.key, self.values)
    }

    /// About how many bytes it holds, for the limits of queues.
    pub fn size(&self) -> usize {
        self.values.iter().chain(&self.key).map(size).sum()
    }

    /// The record it was made of, defaults filled in.
    pub fn to_record(&self) -> Map<String, Json> {
        let definition = &self.proven_by.definition;
        let mut record = Map::new();
        if let Some(key) = &self.key {
            record.insert(definition.key.name.to_string(), key.to_json(&definition.key.kind));
        }
        for (field, value) in definition.fields.iter().zip(&self.values) {
            record.insert(field.name.to_string(), value.to_json(&field.kind));
        }
        record
    }
}

fn size(value: &Value) -> usize {
    24 + match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Binary(bytes) => bytes.len(),
        _ => 0,
    }
}

/// A row as the database holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    /// Its key.
    pub key: Value,
    /// Its values, in the order of the definition's fields.
    pub values: Vec<Value>,
    /// How often it was written, or what its first write said.
    pub version: i32,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

impl StoredRow {
    /// About how many bytes it holds.
    pub fn size(&self) -> usize {
        self.values.iter().chain([&self.key]).map(size).sum()
    }

    /// The whole row as JSON: key, fields, then `version`, `created_at`, `updated_at`.
    pub fn to_json(&self, definition: &Definition) -> Json {
        // The key, the fields, and the service's own three.
        let mut record = Map::with_capacity(1 + definition.fields.len() + 3);
        record.insert(definition.key.name.to_string(), self.key.to_json(&definition.key.kind));
        for (field, value) in definition.fields.iter().zip(&self.values) {
            record.insert(field.name.to_string(), value.to_json(&field.kind));
        }
        let service = definition.service();
        record.insert(service.version.into(), self.version.into());
        record.insert(service.created_at.into(), self.created_at.to_string().into());
        record.insert(service.updated_at.into(), self.updated_at.to_string().into());
        Json::Object(record)
    }
}
