//! Identifiers: the only way for a user's name into SQL, always quoted.

use sea_query::{Alias, DynIden, IntoIden};
use sha2::{Digest, Sha256};

use super::Dialect;
use crate::{
    schema::{Definition, FieldName, Index, StorageId, StorageName},
    store::query::Column,
};

/// Columns that every table of PostgreSQL has. Their names are compared with case.
const POSTGRES_SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// Prefixes of columns that are not those of a field.
const TEMPORARY: &str = "__new_";
const LEFTOVER: &str = "__old_";
const SPARE: &str = "__spare_";

/// An identifier. Only made here, from names that the schema has validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Name(String);

impl Name {
    /// Returns the column of a field or key: its name, unless the database has a column of that name in every
    /// table.
    pub(in crate::store) fn field(dialect: Dialect, field: &FieldName) -> Self {
        let field = field.as_str();
        // No field can have such a name. SQLite's `rowid` is not affected: a column of that name hides it.
        if dialect == Dialect::Postgres && POSTGRES_SYSTEM_COLUMNS.contains(&field) {
            return Self(format!("__field_{field}"));
        }
        Self(field.to_owned())
    }

    /// Returns the index for the default ordering of lists, newest first.
    pub(in crate::store) fn newest_index(storage: StorageId) -> Self {
        Self(format!("dd_newest_{}", storage.get()))
    }

    /// Returns the constraint of the key. It is an index, whose default name could be that of another storage's
    /// table.
    pub(in crate::store) fn key_constraint(storage: StorageId) -> Self {
        Self(format!("dd_key_{}", storage.get()))
    }

    /// Returns the sequence that generates a storage's keys.
    pub(in crate::store) fn sequence(storage: StorageId) -> Self {
        Self(format!("dd_seq_{}", storage.get()))
    }

    /// Returns the trigger, and its function, that copies writes to the columns that a migration fills.
    pub(in crate::store) fn keeper(storage: StorageId) -> Self {
        Self(format!("dd_keep_{}", storage.get()))
    }

    /// Returns the name of an index while it is built on a column that will replace an existing one.
    pub(in crate::store) fn grown(&self) -> Self {
        Self(format!("{}_grown", self.0))
    }

    /// Returns a column that exists only while a migration fills it. No field can have such a name.
    pub(in crate::store) fn temporary(field: &FieldName) -> Self {
        Self(format!("{TEMPORARY}{}", digest(field.as_str())))
    }

    /// Returns a column that no field uses any more, but that still has values. No field can have such a name.
    pub(in crate::store) fn leftover(number: usize) -> Self {
        Self(format!("{LEFTOVER}{number}"))
    }

    /// Returns a column without values, for the next field that needs one. No field can have such a name.
    pub(in crate::store) fn spare(number: usize) -> Self {
        Self(format!("{SPARE}{number}"))
    }

    /// Returns the name of a column, as the database tells it.
    pub(in crate::store) fn existing(column: String) -> Self {
        Self(column)
    }

    pub(in crate::store) fn is_temporary(&self) -> bool {
        self.0.starts_with(TEMPORARY)
    }

    pub(in crate::store) fn is_leftover(&self) -> bool {
        self.0.starts_with(LEFTOVER)
    }

    pub(in crate::store) fn is_spare(&self) -> bool {
        self.0.starts_with(SPARE)
    }

    /// Returns the name without quotes.
    pub(in crate::store) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name in double quotes, as both databases accept it.
    pub(in crate::store) fn quoted(&self) -> String {
        format!("\"{}\"", self.0.replace('"', "\"\""))
    }
}

impl From<Name> for DynIden {
    fn from(name: Name) -> Self {
        Alias::new(name.0).into_iden()
    }
}

/// Returns the table of a storage. System storages have a different prefix.
pub(in crate::store) fn table(storage: &StorageName) -> Name {
    if storage.is_system() { Name(format!("datadump{storage}")) } else { Name(format!("storage_{storage}")) }
}

pub(in crate::store) fn column(dialect: Dialect, definition: &Definition, column: Column) -> Name {
    match column {
        Column::Key => Name::field(dialect, &definition.key.name),
        Column::Field(place) => match definition.fields.get(place) {
            Some(field) => Name::field(dialect, &field.name),
            None => Name(String::new()),
        },
        Column::Version | Column::CreatedAt | Column::UpdatedAt => Name(column.name(definition).to_owned()),
    }
}

/// Returns the name of an index: short enough for both databases, and the same for the same fields.
pub(in crate::store) fn index_name(storage: StorageId, index: &Index) -> Name {
    let fields = index.fields.iter().map(FieldName::as_str);
    let text = [index.kind.keyword()].into_iter().chain(fields).collect::<Vec<_>>().join(" ");
    Name(format!("dd_ix_{}_{}", storage.get(), digest(&text)))
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
