//! Stored rows as the backends have read them, to decide what a write does to them.

use super::Column;
use crate::{
    clock::Timestamp,
    schema::{StoredRow, Value, Values},
};

/// A stored row, as far as the backend has read it.
pub(super) trait CurrentRow {
    fn key(&self) -> &Value;

    /// Returns the value of the field with this index.
    fn value(&self, place: usize) -> &Value;

    fn version(&self) -> i32;

    fn created_at(&self) -> Timestamp;

    fn updated_at(&self) -> Timestamp;

    /// Returns the value of a column.
    fn column(&self, column: Column) -> Value {
        match column {
            Column::Key => self.key().clone(),
            Column::Field(place) => self.value(place).clone(),
            Column::Version => Value::Integer(self.version().into()),
            Column::CreatedAt => Value::Timestamp(self.created_at()),
            Column::UpdatedAt => Value::Timestamp(self.updated_at()),
        }
    }
}

impl CurrentRow for StoredRow {
    fn key(&self) -> &Value {
        &self.key
    }

    fn value(&self, place: usize) -> &Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

/// A row with the fields that the backend has read.
#[derive(Debug)]
pub(super) struct PartialRow {
    pub(super) key: Value,
    /// The values that are not null.
    pub(super) values: Values,
    pub(super) version: i32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl CurrentRow for PartialRow {
    fn key(&self) -> &Value {
        &self.key
    }

    fn value(&self, place: usize) -> &Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}
