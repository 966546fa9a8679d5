//! A valid definition of a storage. Only [`super::parse`] creates one.

use serde_json::Value as Json;

use super::{FieldName, Kind, Pattern, RetentionPolicy, StorageName, Value};

/// The definition of a storage.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Definition {
    /// Name of the storage.
    pub name: StorageName,
    /// The key that identifies a row.
    pub key: Key,
    /// The fields other than the key, in order.
    pub fields: Vec<Field>,
    /// Settings of the storage as a whole.
    pub meta: Meta,
}

/// The key of a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Name of the key.
    pub name: FieldName,
    /// Type of the key.
    pub kind: Kind,
    /// Generates a missing key: the next number, or a UUID v7.
    pub generated: bool,
}

/// A field of a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name of the field.
    pub name: FieldName,
    /// Type of the field.
    pub kind: Kind,
    /// Minimum and maximum.
    pub bounds: Bounds,
    /// Pattern that text must match.
    pub pattern: Option<Pattern>,
    /// Allows null.
    pub nullable: bool,
    /// Rule for records in which the field is missing.
    pub presence: Presence,
    /// Requires values to be unique.
    pub unique: bool,
    /// Gives the field an index of its own.
    pub db_index: bool,
    /// Name of the field in the previous version.
    pub renamed_from: Option<FieldName>,
}

/// Rule for records in which a field is missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    /// It must be present. Rows written before the field existed get `backfill`.
    Required {
        /// The default of the definition, which for a required field applies only to existing rows.
        backfill: Option<Value>,
    },
    /// It may be missing and then has this value: the default, or null for a nullable field.
    Optional(Value),
}

/// Minimum and maximum, both inclusive.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// The minimum.
    pub min: Option<Value>,
    /// The maximum.
    pub max: Option<Value>,
}

/// Settings of a storage as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta {
    /// Groups of fields whose combined values must be unique.
    pub unique_together: Vec<Vec<FieldName>>,
    /// Additional indexes.
    pub indexes: Vec<Index>,
    /// Lets the schema grow with the data: new names become fields, and values that do not fit a
    /// field are kept in `_extra`.
    pub auto: bool,
    /// Allows filters and orderings by fields without an index.
    pub scans: bool,
    /// Requires an update to state the row version it is based on.
    pub require_version: bool,
    /// Limits for the rows that are kept; `None` keeps all.
    pub retention: Option<RetentionPolicy>,
}

/// An index over one or more fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Index {
    /// The indexed fields, in order.
    pub fields: Vec<FieldName>,
    /// Kind of the index.
    pub kind: IndexKind,
}

/// The kinds of index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKind {
    /// A plain index.
    Btree,
    /// A unique index; nulls are distinct.
    Unique,
}

impl IndexKind {
    /// Returns the name used in definitions.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Btree => "btree",
            Self::Unique => "unique",
        }
    }

    /// Returns the name used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Btree => "index",
            Self::Unique => "unique index",
        }
    }
}

/// Names of the service columns in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceColumns {
    /// The row version.
    pub version: &'static str,
    /// Time of the first write.
    pub created_at: &'static str,
    /// Time of the last write.
    pub updated_at: &'static str,
}

impl ServiceColumns {
    /// Those of inferred storages.
    pub const OPEN: Self =
        Self { version: "_version", created_at: "_received_at", updated_at: "_updated_at" };
}

/// Field of an inferred storage for values that fit no other field.
pub const EXTRA: &str = "_extra";

/// Key of an inferred storage, unless the source names another field.
pub const ID: &str = "_id";

impl Definition {
    /// Returns whether the storage was inferred. Such a storage reserves only names that start with `_`,
    /// even if it is declared later, and is recognised by the type of its key.
    pub fn is_open(&self) -> bool {
        self.key.kind == Kind::Id
    }

    /// Returns the names of the service columns.
    pub fn service(&self) -> ServiceColumns {
        if self.is_open() {
            ServiceColumns::OPEN
        } else {
            ServiceColumns { version: "version", created_at: "created_at", updated_at: "updated_at" }
        }
    }

    /// Iterates over the fields that users define, without `_extra`.
    pub fn own_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.name.as_str() != EXTRA)
    }

    /// Returns the field with a name, and its index in the definition.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name.as_str() == name)
    }

    /// Returns values in the order of the fields as members of a JSON object.
    pub(crate) fn members(&self, values: &[Value]) -> impl Iterator<Item = (String, Json)> {
        let values = self.fields.iter().zip(values);
        values.map(|(field, value)| (field.name.to_string(), value.to_json(&field.kind)))
    }

    /// Returns all indexes other than that of the key, without duplicates and in a fixed order: those of
    /// `unique`, `db_index`, `unique_together` and `indexes`. Indexes that are redundant to a unique one
    /// on the same fields are omitted.
    pub fn all_indexes(&self) -> Vec<Index> {
        let single = |field: &Field, kind| Index { fields: vec![field.name.clone()], kind };
        let unique = self.fields.iter().filter(|f| f.unique).map(|f| single(f, IndexKind::Unique));
        let plain = self.fields.iter().filter(|f| f.db_index).map(|f| single(f, IndexKind::Btree));
        let together = self.meta.unique_together.iter();
        let together = together.map(|fields| Index { fields: fields.clone(), kind: IndexKind::Unique });
        let mut all: Vec<Index> =
            unique.chain(plain).chain(together).chain(self.meta.indexes.iter().cloned()).collect();
        all.sort();
        all.dedup();
        let uniques: Vec<Vec<FieldName>> = all
            .iter()
            .filter(|index| index.kind == IndexKind::Unique)
            .map(|index| index.fields.clone())
            .collect();
        all.retain(|index| index.kind == IndexKind::Unique || !uniques.contains(&index.fields));
        all
    }

    /// Returns whether queries may filter and order by a field: it is the first of an index, or the storage
    /// allows scans.
    pub fn allows_filters(&self, field: &FieldName) -> bool {
        self.meta.scans || self.is_indexed(field)
    }

    /// Returns whether a field is the first of an index.
    pub fn is_indexed(&self, field: &FieldName) -> bool {
        self.all_indexes().iter().any(|index| index.fields.first() == Some(field))
    }
}

impl Field {
    /// Returns the value of this field in new rows that do not have it; null if it has no default.
    pub(crate) fn default(&self) -> &Value {
        match &self.presence {
            Presence::Optional(default) => default,
            Presence::Required { .. } => &Value::Null,
        }
    }

    /// Returns the value of this field in rows written before it existed, if there is one.
    pub fn backfill(&self) -> Option<&Value> {
        match &self.presence {
            Presence::Required { backfill } => backfill.as_ref().or(self.nullable.then_some(&Value::Null)),
            Presence::Optional(default) => Some(default),
        }
    }
}
